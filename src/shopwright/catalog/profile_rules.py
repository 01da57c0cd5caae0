"""What a product profile says about an order's item, and what one piece should cost."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Protocol

BASIS_POINTS = 10_000  # of a whole


class Costed(Protocol):
    """A product with the costs of one piece."""

    material_cost_minor: int | None
    overhead_cost_minor: int | None
    target_margin_bp: int | None


def match_title(title: str, names: Iterable[tuple[int, str]]) -> int | None:
    """The product an item's title means: the same name (case aside), else one within the other.

    Of several that are within each other the longest name is meant: it says the most.
    """
    wanted = _fold(title)
    if not wanted:
        return None
    near: list[tuple[int, int]] = []
    for product_id, name in names:
        known = _fold(name)
        if known == wanted:
            return product_id
        if known and (known in wanted or wanted in known):
            near.append((len(known), product_id))
    return max(near, key=lambda each: (each[0], -each[1]))[1] if near else None


def suggest_price_of(product: Costed) -> int | None:
    """(material + overhead) × (1 + margin), in minor units; None when neither cost is known."""
    if product.material_cost_minor is None and product.overhead_cost_minor is None:
        return None
    cost = (product.material_cost_minor or 0) + (product.overhead_cost_minor or 0)
    return with_margin(cost, product.target_margin_bp)


def with_margin(cost_minor: int, margin_bp: int | None) -> int:
    """Rounded half to even to a minor unit."""
    raised = Decimal(cost_minor) * (BASIS_POINTS + (margin_bp or 0)) / BASIS_POINTS
    return int(raised.to_integral_value(ROUND_HALF_EVEN))


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
