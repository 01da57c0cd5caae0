"""A later file about an order that is here: what it would be then, and how that differs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.orders.csv_import.rows import number_items
from shopwright.orders.csv_import.table import SheetOrder
from shopwright.orders.customers.privacy import ANONYMISED
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import LEFT, STOPPED, TRANSITIONS, OrderStatus

MONEY = {
    "subtotal_minor": "items",
    "shipping_minor": "shipping",
    "tax_minor": "tax",
    "discount_minor": "discount",
    "total_minor": "total",
}
# Member of an order → what a preview calls it; the contents are personal and not repeated.
PERSONAL = {"buyer_name": "buyer", "buyer_email": "e-mail address", "ship_to": "address"}
KEPT = (
    "buyer_name", "buyer_email", "ship_to", "refunded_minor", "buyer_message", "gift_message",
    "is_gift", "promised_on", *MONEY,
)  # fmt: skip
ITEM_WORDS = {"options": "options", "personalisation": "personalisation", "price_minor": "price"}


def is_anonymised(order: Order) -> bool:
    """Nothing of it comes back."""
    return order.buyer_name == ANONYMISED


def merge(sheet: SheetOrder, order: Order, items: Sequence[OrderItem]) -> OrderDraft:
    """The order as it would be: what the file says, and what it does not say as it is.

    Raises Invalid for what cannot be followed.
    """
    said = sheet.draft
    if said.currency != order.currency:
        raise Invalid(
            f"Order {sheet.external_id} is in {order.currency} here and in {said.currency} in the "
            "file."
        )
    values: dict[str, Any] = {name: getattr(order, name) for name in KEPT}
    values |= {name: getattr(said, name) for name in KEPT if name in sheet.said}
    values["ship_to"] = order.ship_to | (said.ship_to if "ship_to" in sheet.said else {})
    if "subtotal_minor" in sheet.said and "total_minor" not in sheet.said:
        values["total_minor"] = order.total_minor + said.subtotal_minor - order.subtotal_minor
    return replace(
        said,
        status=_status(sheet, order),
        items=said.items if "items" in sheet.said else _as_drafts(items),
        **values,
    )


def differences(draft: OrderDraft, order: Order, items: Sequence[OrderItem]) -> Iterator[str]:
    """One sentence for each; none when the file says what is known. Raises Invalid for a change
    that comes too late."""
    if draft.status is not order.status:
        yield f"becomes {draft.status}"
    for name, word in PERSONAL.items():
        if getattr(draft, name) != getattr(order, name):
            yield f"other {word}"
    for name, word in MONEY.items():
        before, after = getattr(order, name), getattr(draft, name)
        if before != after:
            yield f"{word} {_money(before, order)} → {_money(after, order)}"
    yield from _item_differences(draft, order, items)


def item_ids(items: Sequence[OrderItem]) -> dict[int, str]:
    """By row. Items of imports before items had ids get theirs from what they say."""
    if any(item.external_id for item in items):
        return {item.id: item.external_id for item in items if item.external_id}
    drafts = [ItemDraft(title=item.title, quantity=1, sku=item.sku) for item in items]
    numbered = number_items(drafts)
    return {item.id: str(d.external_id) for item, d in zip(items, numbered, strict=True)}


def _status(sheet: SheetOrder, order: Order) -> OrderStatus:
    wanted = sheet.draft.status
    if "status" in sheet.said and wanted in TRANSITIONS[order.status]:
        return wanted
    return order.status


def _as_drafts(items: Sequence[OrderItem]) -> tuple[ItemDraft, ...]:
    known = item_ids(items)
    return tuple(
        ItemDraft(
            title=item.title,
            quantity=item.quantity,
            sku=item.sku,
            price_minor=item.price_minor,
            external_id=known[item.id],
            variant_id=item.variant_id,
            options=_pairs(item.options),
            personalisation=_pairs(item.personalisation),
            promised_on=item.promised_on,
        )
        for item in items
        if item.id in known
    )


def _item_differences(draft: OrderDraft, order: Order, items: Sequence[OrderItem]) -> Iterator[str]:
    """What has left or was stopped is neither made smaller nor taken away."""
    ids = item_ids(items)
    known = {ids[item.id]: item for item in items if item.id in ids}
    wanted = {str(item.external_id): item for item in draft.items}
    is_over = order.status in LEFT | STOPPED
    for key, said in wanted.items():
        if key not in known:
            yield f"adds {said.quantity} × {said.title!r}"
        else:
            yield from _one_item(said, known[key], is_over=is_over)
    for key, item in known.items():
        if key not in wanted and not (item.is_cancelled or is_over):
            yield f"takes away {item.title!r}"


def _one_item(said: ItemDraft, item: OrderItem, *, is_over: bool) -> Iterator[str]:
    if said.sku and said.sku.strip() != item.sku:
        if item.pieces_total:
            raise Invalid(
                f"{item.title!r} has the SKU {item.sku!r} here and {said.sku!r} in the file, and "
                "its work is planned already. Cancel the order here, or make a new one."
            )
        yield f"SKU of {item.title!r}: {item.sku or 'none'} → {said.sku}"
    if said.quantity > item.quantity or (said.quantity < item.quantity and not is_over):
        yield f"{item.title!r}: {item.quantity} → {said.quantity} pieces"
    if said.title != item.title:
        yield f"{item.title!r} is called {said.title!r}"
    for name, word in ITEM_WORDS.items():
        if _comparable(getattr(said, name)) != _comparable(getattr(item, name)):
            yield f"other {word} of {item.title!r}"


def _comparable(value: Any) -> Any:
    return value if isinstance(value, int) else _pairs(value)


def _pairs(value: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(text)) for name, text in value)


def _money(minor: int, order: Order) -> str:
    return f"{Money(minor, order.currency).decimal:f}"
