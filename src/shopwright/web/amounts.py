"""Prices and grams as people type them, refused in sentences."""

from decimal import Decimal, InvalidOperation

from shopwright.inventory.rules import MAX_GRAMS, to_mg
from shopwright.kernel.errors import Invalid

MAX_PRICE = Decimal(10) ** 9


def read_price(text: str) -> Decimal | None:
    """None for an empty field; raises Invalid for what is no amount."""
    price = _read(text, f"{text.strip()[:20]!r} is no price. Write it like 12.50.")
    if price is not None and not 0 <= price <= MAX_PRICE:
        raise Invalid("A price is 0 or more.")
    return price


def read_grams(text: str) -> int | None:
    """Milligrams; None for an empty field; raises Invalid for what is no weight."""
    grams = _read(text, f"{text.strip()[:20]!r} is no weight. Write the grams, like 750.")
    if grams is not None and not 0 <= grams <= MAX_GRAMS:
        raise Invalid(f"A weight is between 0 and {MAX_GRAMS} grams.")
    return None if grams is None else to_mg(grams)


def _read(text: str, refusal: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as err:
        raise Invalid(refusal) from err
    if not value.is_finite():
        raise Invalid(refusal)
    return value
