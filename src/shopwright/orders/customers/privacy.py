"""A customer's right to see what is known, and to have it forgotten.

Forgetting keeps the books: orders, amounts, countries and what was made stay; names, addresses,
messages and files go, also from what channels sent and from the audit log.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money
from shopwright.kernel.times import plain
from shopwright.orders.attachments import queries as attachment_queries
from shopwright.orders.customers import privacy_queries as queries
from shopwright.orders.customers import service
from shopwright.orders.drafts import OrderDraft
from shopwright.orders.events import CustomerAnonymised
from shopwright.orders.models import Customer, Order, OrderItem
from shopwright.orders.states import OPEN, OrderStatus
from shopwright.parts import order_parts as parts

ANONYMISED = "Anonymised"  # also the mark by which a later version of an order stays so
REMOVED = "(removed)"
UNFINISHED = OPEN | {OrderStatus.PENDING_PAYMENT}


class CustomerHasOpenOrders(Conflict):
    code = "customer-has-open-orders"
    title = "This customer has open orders"


async def export_customer(session: AsyncSession, ctx: Actor, *, ref: Ref) -> dict[str, Any]:
    """Everything of one customer as JSON values; raises NotFound."""
    customer = await service.get_customer(session, ctx, ref)
    orders = await queries.list_orders(session, ctx, customer.id)
    ids = [order.id for order in orders]
    items = await queries.list_items(session, ctx, ids)
    return {
        "customer": _values(customer, "name", "email", "phone", "channel", "external_id", "notes")
        | {"created_at": plain(customer.created_at)},
        "orders": [_order(order, [i for i in items if i.order_id == order.id]) for order in orders],
        "notes": [
            _values(note, "order_id", "content") | _at(note)
            for note in await queries.list_notes(session, ctx, ids)
        ],
        "communications": [
            _values(said, "order_id", "message", "direction", "channel") | _at(said)
            for said in await queries.list_communications(session, ctx, ids)
        ],
        "requests": [
            _values(one, "title", "description", "status", "priority") | _at(one)
            for one in await queries.list_requests(session, ctx, customer.id)
        ],
        "feedback": [
            _values(one, "order_id", "rating", "comment", "source") | _at(one)
            for one in await queries.list_feedback(session, ctx, customer.id)
        ],
        "files": [
            _values(one, "name", "file_type", "size_bytes", "description", "order_id") | _at(one)
            for one in await attachment_queries.list_of_customer(session, ctx, customer.id, ids)
        ],
    }


async def anonymise_customer(
    session: WriteSession, ctx: Actor, *, ref: Ref, confirm: str, reason: str, now: datetime
) -> tuple[Customer, Sequence[str]]:
    """The customer as it stands then, and the hashes of stored files that nobody has any more.

    Raises Invalid unless ``confirm`` is the name, CustomerHasOpenOrders while something is owed.
    """
    customer = await service.get_customer(session, ctx, ref)
    if confirm.strip() != customer.name:
        raise Invalid(f"Confirm with the customer's name as it stands here: {customer.name}.")
    orders = await queries.list_orders(session, ctx, customer.id)
    unfinished = [order.number for order in orders if order.status in UNFINISHED]
    if unfinished:
        raise CustomerHasOpenOrders(
            f"Order #{unfinished[0]} of {customer.name} is not finished yet. Ship or cancel it "
            "first: its address is needed until then."
        )
    event = _event_of(customer, orders)  # before the names go
    gone = await _forget_orders(session, ctx, customer.id, orders)
    _forget_person(customer, now)
    await session.flush()
    audit.record(session, ctx, "customer.anonymised", customer.id, reason=reason)
    touch(session, ctx.organization_id, "customer", customer.id)
    for order in orders:
        touch(session, ctx.organization_id, "order", order.id)
    await events.publish(session, event)
    return customer, gone


def _event_of(customer: Customer, orders: Sequence[Order]) -> CustomerAnonymised:
    names = {customer.name, customer.email}
    names |= {name for order in orders for name in (order.buyer_name, order.buyer_email)}
    return CustomerAnonymised(
        customer.organization_id,
        customer.id,
        tuple(order.number for order in orders),
        tuple(sorted(name for name in names if name)),
    )


def _forget_person(customer: Customer, now: datetime) -> None:
    customer.name = f"{ANONYMISED} customer {customer.id}"
    customer.email = customer.phone = customer.channel = customer.external_id = None
    customer.notes = ""
    customer.last_customer_contact_at = None
    customer.anonymised_at = now


async def _forget_orders(
    session: WriteSession, ctx: Actor, customer_id: int, orders: Sequence[Order]
) -> Sequence[str]:
    ids = [order.id for order in orders]
    for order in orders:
        forget_buyer(order)
    await queries.blank_items(session, ctx, ids)
    await parts.forget_customer(session, ctx, order_ids=ids)
    await queries.blank_audit(session, ctx, ids)
    await queries.blank_texts(session, ctx, customer_id, ids, REMOVED)
    await queries.blank_inbox(session, ctx, orders)
    photos = await _forget_photos(session, ctx, orders)
    kept = await attachment_queries.remove_of_customer(session, ctx, customer_id, ids)
    return [*photos, *kept]


async def _forget_photos(
    session: WriteSession, ctx: Actor, orders: Sequence[Order]
) -> Sequence[str]:
    """What was made for somebody may bear their name."""
    hashes = sorted({order.photo_sha256 for order in orders if order.photo_sha256})
    for order in orders:
        order.photo_sha256 = None
    return [sha256 for sha256 in hashes if await files.forget_file(session, ctx, sha256)]


def forget_buyer(order: Order) -> None:
    """The country stays: taxes were paid by it."""
    order.buyer_name, order.buyer_email = ANONYMISED, None
    order.ship_to = {k: v for k, v in order.ship_to.items() if k == "country"}
    order.notes = order.buyer_message = order.gift_message = ""


def without_buyer(draft: OrderDraft) -> OrderDraft:
    """A later version of an anonymised order brings nothing personal back."""
    return replace(
        draft,
        buyer_name=ANONYMISED,
        buyer_email=None,
        ship_to={k: v for k, v in draft.ship_to.items() if k == "country"},
        buyer_message="",
        gift_message="",
        items=tuple(replace(item, personalisation=()) for item in draft.items),
    )


def _order(order: Order, items: Sequence[OrderItem]) -> dict[str, Any]:
    facts = _values(
        order, "number", "channel", "external_id", "status", "buyer_name", "buyer_email",
        "ship_to", "currency", "notes", "buyer_message", "gift_message",
    )  # fmt: skip
    return facts | {
        "total_amount": float(Money(order.total_minor, order.currency).decimal),
        "placed_at": plain(order.placed_at),
        "items": [
            _values(item, "title", "sku", "quantity", "options", "personalisation")
            for item in items
        ],
    }


def _values(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _at(row: Any) -> dict[str, str]:
    return {"created_at": plain(row.created_at)}
