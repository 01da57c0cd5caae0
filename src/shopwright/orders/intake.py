"""Orders arrive: placed by hand one at a time, or imported from a channel a page at a time.

Importing the same version again changes nothing; a later version updates what a person did not.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel import bulk, events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid
from shopwright.kernel.live import touch
from shopwright.kernel.money import check_currency
from shopwright.orders import changes, part_needs, piece_queries, progress, queries, stop
from shopwright.orders.csv_import import queries as csv_import_queries
from shopwright.orders.customers import counters as customer_counters
from shopwright.orders.customers import matching as customer_matching
from shopwright.orders.customers import privacy as customer_privacy
from shopwright.orders.drafts import MAX_ITEMS, MAX_QUANTITY, ItemDraft, OrderDraft
from shopwright.orders.events import OrderPaid, OrdersArrived, OrdersPlaced
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import LEFT, OPEN, STOPPED, WORKABLE, OrderStatus


async def place_order(
    session: WriteSession, ctx: Actor, *, draft: OrderDraft, now: datetime
) -> Order:
    """One order by hand; raises Invalid when it has no items or an impossible quantity."""
    check_draft(draft)
    (customer_id,) = await customer_matching.match_customers(session, ctx, [draft])
    number = (await queries.take_order_numbers(session, ctx, 1))[0]
    order = _new_order(ctx, draft, number, customer_id, now)
    session.add(order)
    await session.flush()
    audit.record(session, ctx, "order.placed", order.id, channel=draft.channel)
    touch(session, ctx.organization_id, "order", order.id)
    await events.publish(
        session, OrdersPlaced(ctx.organization_id, tuple(item.id for item in order.items))
    )
    await _tell_arrived(session, ctx, {order.id: order.status})
    await customer_counters.recount(session, ctx, [customer_id])
    return order


async def import_orders(
    session: WriteSession,
    ctx: Actor,
    *,
    connection_id: int | None,
    drafts: Sequence[OrderDraft],
    now: datetime,
) -> tuple[int, int]:
    """Store one page of a channel's orders; returns how many were new and how many changed."""
    await piece_queries.lock_pieces(session, ctx)
    wanted = {str(draft.external_id): draft for draft in drafts}
    known = await _find_known(session, ctx, connection_id, wanted)
    fresh = [draft for key, draft in wanted.items() if key not in known]
    bought = await customer_matching.match_customers(session, ctx, fresh)
    arrived, item_ids = await _add_page(session, ctx, fresh, bought, now)
    changed = [order for key, order in known.items() if _is_newer(wanted[key], order)]
    for order in changed:
        draft = wanted[str(order.external_id)]
        item_ids += await _update_order(session, ctx, order, draft, now)
    if item_ids:
        await events.publish(session, OrdersPlaced(ctx.organization_id, tuple(item_ids)))
    await _tell_arrived(session, ctx, arrived)
    await customer_counters.recount(session, ctx, [*bought, *(o.customer_id for o in changed)])
    return len(fresh), len(changed)


async def _find_known(
    session: WriteSession, ctx: Actor, connection_id: int | None, wanted: Mapping[str, OrderDraft]
) -> dict[str, Order]:
    """Those of the connection; what came from the same channel by file becomes its own."""
    channels = {draft.channel for draft in wanted.values()}
    if connection_id is not None:
        for channel in channels:
            await csv_import_queries.adopt_orders(
                session, ctx, channel=channel, connection_id=connection_id, external_ids=wanted
            )
    known = await queries.find_orders_by_external(session, ctx, connection_id, wanted)
    return {key: order for key, order in known.items() if order.channel in channels}


async def _tell_arrived(
    session: WriteSession, ctx: Actor, statuses: Mapping[int, OrderStatus]
) -> None:
    """Once per page; the history of a shop that was connected just now is no news."""
    arrived = tuple(order_id for order_id, status in statuses.items() if status in OPEN)
    if arrived:
        await events.publish(session, OrdersArrived(ctx.organization_id, arrived))


def check_draft(draft: OrderDraft) -> None:
    """Raises Invalid or UnknownCurrency with the sentence for the person who typed it."""
    check_currency(draft.currency)
    if not 1 <= len(draft.items) <= MAX_ITEMS:
        raise Invalid(
            f"An order has between 1 and {MAX_ITEMS} items; this one has {len(draft.items)}."
        )
    for item in draft.items:
        if not 1 <= item.quantity <= MAX_QUANTITY:
            raise Invalid(
                f"The quantity of {item.title!r} must be between 1 and {MAX_QUANTITY}, "
                f"not {item.quantity}."
            )


async def _add_page(
    session: WriteSession,
    ctx: Actor,
    drafts: Sequence[OrderDraft],
    customer_ids: Sequence[int | None],
    now: datetime,
) -> tuple[dict[int, OrderStatus], list[int]]:
    """Orders with their items, two statements for all of them: status by id, and the items' ids."""
    if not drafts:
        return {}, []
    numbers = await queries.take_order_numbers(session, ctx, len(drafts))
    rows = [
        _order_row(ctx, draft, number, customer_id, now)
        for draft, number, customer_id in zip(drafts, numbers, customer_ids, strict=True)
    ]
    order_ids = await bulk.insert_rows(session, Order, rows)
    for order_id in order_ids:
        touch(session, ctx.organization_id, "order", order_id)
    items = [
        {**row, "order_id": order_id}
        for draft, order_id in zip(drafts, order_ids, strict=True)
        for row in _item_rows(ctx, draft)
    ]
    statuses = {i: draft.status for i, draft in zip(order_ids, drafts, strict=True)}
    return statuses, await bulk.insert_rows(session, OrderItem, items)


def _new_order(
    ctx: Actor, draft: OrderDraft, number: int, customer_id: int | None, now: datetime
) -> Order:
    order = Order(**_order_row(ctx, draft, number, customer_id, now))
    order.items = [OrderItem(**row) for row in _item_rows(ctx, draft)]
    return order


def _order_row(
    ctx: Actor, draft: OrderDraft, number: int, customer_id: int | None, now: datetime
) -> dict[str, Any]:
    is_shipped = draft.status in LEFT
    return {
        "organization_id": ctx.organization_id,
        "number": number,
        "channel": draft.channel,
        "connection_id": draft.connection_id,
        "external_id": draft.external_id,
        "customer_id": customer_id,
        "priority": draft.priority,
        "notes": draft.notes,
        "placed_at": draft.placed_at,
        "status": draft.status,
        "cancelled_at": now if draft.status in STOPPED else None,
        "shipped_at": (draft.updated_at or now) if is_shipped else None,
        **_facts(draft, now),
    }


def _item_rows(ctx: Actor, draft: OrderDraft) -> list[dict[str, Any]]:
    is_cancelled = draft.status in STOPPED
    return [
        _item_row(ctx, item, position, is_cancelled=is_cancelled)
        for position, item in enumerate(draft.items, 1)
    ]


def _facts(draft: OrderDraft, now: datetime) -> dict[str, object]:
    """What the source knows and a later version of it may change."""
    return {
        "buyer_name": draft.buyer_name,
        "buyer_email": draft.buyer_email,
        "ship_to": draft.ship_to,
        "currency": draft.currency.upper(),
        "subtotal_minor": draft.subtotal_minor,
        "shipping_minor": draft.shipping_minor,
        "tax_minor": draft.tax_minor,
        "discount_minor": draft.discount_minor,
        "total_minor": draft.total_minor,
        "refunded_minor": draft.refunded_minor,
        "buyer_message": draft.buyer_message,
        "gift_message": draft.gift_message,
        "is_gift": draft.is_gift,
        "promised_on": draft.promised_on,
        "source_updated_at": draft.updated_at,
        "updated_at": now,
    }


def _item_row(ctx: Actor, draft: ItemDraft, position: int, *, is_cancelled: bool) -> dict[str, Any]:
    return {
        "organization_id": ctx.organization_id,
        "position": position,
        "external_id": draft.external_id,
        "title": draft.title,
        "sku": draft.sku.strip() if draft.sku else None,
        "variant_id": draft.variant_id,
        "quantity": draft.quantity,
        "price_minor": draft.price_minor,
        "options": [list(pair) for pair in draft.options],
        "personalisation": [list(pair) for pair in draft.personalisation],
        "promised_on": draft.promised_on,
        "is_cancelled": is_cancelled,
        "design_id": draft.design_id,
        "template_id": draft.template_id,
        "device_model_id": draft.device_model_id,
    }


def _is_newer(draft: OrderDraft, order: Order) -> bool:
    if draft.updated_at is None or order.source_updated_at is None:
        return True
    if draft.is_new_content:
        return draft.updated_at >= order.source_updated_at
    return draft.updated_at > order.source_updated_at


async def _update_order(
    session: WriteSession, ctx: Actor, order: Order, draft: OrderDraft, now: datetime
) -> list[int]:
    """Take over a later version; returns the ids of items that became new work."""
    if order.buyer_name == customer_privacy.ANONYMISED:
        draft = customer_privacy.without_buyer(draft)
    was_promised_on = order.promised_on
    for name, value in _facts(draft, now).items():
        setattr(order, name, value)
    items = await queries.list_order_items(session, ctx, order.id)
    if order.promised_on != was_promised_on:
        await part_needs.follow_items(session, ctx, order, items)
    grown = await changes.follow_items(
        session, ctx, order=order, items=items, drafts=draft.items, now=now
    )
    grown += await _add_items(session, ctx, order, items, draft)
    if grown:
        await changes.reopen(session, ctx, order=order, item_ids=grown, now=now)
    await session.flush()
    await _follow_status(session, ctx, order, draft, now)
    audit.record(session, ctx, "order.updated", order.id, channel=draft.channel)
    touch(session, ctx.organization_id, "order", order.id)
    return grown


async def _add_items(
    session: WriteSession,
    ctx: Actor,
    order: Order,
    items: Sequence[OrderItem],
    draft: OrderDraft,
) -> list[int]:
    known = {item.external_id for item in items}
    last = max((item.position for item in items), default=0)
    new = [each for each in draft.items if each.external_id not in known]
    is_cancelled = order.status in STOPPED
    rows = [
        {**_item_row(ctx, each, position, is_cancelled=is_cancelled), "order_id": order.id}
        for position, each in enumerate(new, last + 1)
    ]
    added = await bulk.insert_rows(session, OrderItem, rows)
    return [] if is_cancelled else added


async def _follow_status(
    session: WriteSession, ctx: Actor, order: Order, draft: OrderDraft, now: datetime
) -> None:
    """What the source says happened: paid now, cancelled, refunded, or shipped by other means."""
    if draft.status in STOPPED:
        await stop.stop_order(
            session,
            ctx,
            order=order,
            status=draft.status,
            reason=f"{draft.channel} says so",
            now=now,
        )
    elif draft.status in WORKABLE and order.status in {
        OrderStatus.PENDING,
        OrderStatus.PENDING_PAYMENT,
    }:
        await pay_order(session, ctx, order=order, now=now)
    elif draft.status in LEFT and order.status in OPEN:
        await _follow_shipped(session, ctx, order, now)
    if draft.status is OrderStatus.DELIVERED:
        await progress.declare_delivered(session, ctx, order_id=order.id, now=now)


async def _follow_shipped(session: WriteSession, ctx: Actor, order: Order, now: datetime) -> None:
    """It left by other means: nothing of it need be made, and the channel knows already."""
    if order.status is OrderStatus.PENDING:
        await pay_order(session, ctx, order=order, now=now)
    completed = await progress.complete_by_hand(session, ctx, order_id=order.id, now=now)
    await progress.declare_shipped(
        session, ctx, order=completed, said=progress.Declaration(), now=now
    )


async def pay_order(session: WriteSession, ctx: Actor, *, order: Order, now: datetime) -> None:
    """The money is there: work may begin."""
    paid = await queries.change_status(
        session,
        ctx,
        order.id,
        [OrderStatus.PENDING, OrderStatus.PENDING_PAYMENT],
        OrderStatus.PAID,
        updated_at=now,
    )
    if paid:
        audit.record(session, ctx, "order.paid", order.id)
        touch(session, ctx.organization_id, "order", order.id)
        await events.publish(session, OrderPaid(ctx.organization_id, order.id))
        await customer_counters.recount(session, ctx, [order.customer_id])
