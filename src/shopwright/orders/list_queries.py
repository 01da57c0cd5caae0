"""Orders as JSON made by the database: one statement and one round trip for a page of the list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.inventory.models import FilamentMovement
from shopwright.inventory.states import MovementReason
from shopwright.kernel import tenancy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.json_sql import (
    JsonBool,
    JsonList,
    JsonText,
    JsonValue,
    MinorUnits,
    PlainMoment,
    WholeMinutes,
    json_object,
)
from shopwright.kernel.revisions import revision_of
from shopwright.orders.models import (
    FilamentUsage,
    Order,
    OrderCommunication,
    OrderItem,
    OrderLabel,
)
from shopwright.orders.states import OrderStatus, ProductionStatus

TOPIC = "order"

orders = Order.__table__
items = OrderItem.__table__
labels = OrderLabel.__table__
usages = FilamentUsage.__table__
movements = FilamentMovement.__table__
communications = OrderCommunication.__table__
MG_PER_G = 1000.0
Columns = Any  # the columns of a sub-select, by name
Members = dict[str, Any]
MINOR_UNITS = MinorUnits(orders.c.currency).label("minor_units")
OWN: BindParameter[int] = bindparam("organization_id")

# Which parameter of the list asks for what; a statement holds only those that were given.
CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    "since": orders.c.placed_at >= bindparam("since", type_=orders.c.placed_at.type),
    "until": orders.c.placed_at < bindparam("until", type_=orders.c.placed_at.type),
    "channel": orders.c.channel == bindparam("channel"),
    "customer_id": orders.c.customer_id == bindparam("customer_id"),
    "connection_id": orders.c.connection_id == bindparam("connection_id"),
    "priority": orders.c.priority == bindparam("priority"),
    "is_held": orders.c.is_held == bindparam("is_held", type_=Boolean()),
}
# One of several words of ours. They stand in the statement's text: PostgreSQL keeps a plan only
# while it knows that any other would be as cheap, and planning takes as long as the reading.
CHOICES: Mapping[str, ColumnElement[str]] = {
    "status": orders.c.status,
    "production_status": orders.c.production_status,
}


class Ordering(StrEnum):
    NEWEST = "newest"
    URGENT = "urgent"  # by priority, then by age


SORTED_BY: Mapping[Ordering, tuple[ColumnElement[Any], ...]] = {
    Ordering.NEWEST: (orders.c.placed_at.desc(), orders.c.id.desc()),
    Ordering.URGENT: (orders.c.priority, orders.c.placed_at, orders.c.id),
}

REVISION = tenancy.checked(select(revision_of(TOPIC)))


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What was asked for: ``words`` per name of CHOICES, ``values`` per name of CONDITIONS, and
    ``text`` for a search."""

    words: tuple[tuple[str, tuple[str, ...]], ...]
    values: Mapping[str, Any]


def order_filter(
    *,
    statuses: list[OrderStatus] | None = None,
    production_statuses: list[ProductionStatus] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    channel: str | None = None,
    customer_id: int | None = None,
    connection_id: int | None = None,
    priority: int | None = None,
    is_held: bool | None = None,
    text: str | None = None,
) -> OrderFilter:
    """``until`` is not included."""
    words = {"status": statuses, "production_status": production_statuses}
    asked = {
        "since": since,
        "until": until,
        "channel": channel,
        "customer_id": customer_id,
        "connection_id": connection_id,
        "priority": priority,
        "is_held": is_held,
        "text": _pattern(text) if text else None,
    }
    return OrderFilter(
        words=tuple((name, _choice(chosen)) for name, chosen in words.items() if chosen),
        values={name: value for name, value in asked.items() if value is not None},
    )


def _choice(words: Sequence[StrEnum]) -> tuple[str, ...]:
    return tuple(sorted({word.value for word in words}))


async def list_orders_json(
    database: Database,
    ctx: Actor,
    wanted: OrderFilter,
    *,
    limit: int,
    offset: int,
    ordering: Ordering = Ordering.NEWEST,
) -> tuple[str, int, str]:
    """The page as a JSON array, how many there are in all, and the revision they belong to."""
    asked = frozenset(wanted.values)
    statement = _list_statement(asked, wanted.words, ordering, limit, offset > 0)
    parameters = {"organization_id": ctx.organization_id, **wanted.values}
    if offset:
        parameters["offset"] = offset
    row = await database.fetch_row(statement, parameters)
    if row is None:
        raise LookupError("this statement always has one row")
    rows, total, revision = tuple(row)
    return rows, total, revision


@dataclass(frozen=True, slots=True)
class OneOrder:
    """A JSON object, the revision it belongs to, and where its photo lies."""

    json: str
    revision: str
    photo_sha256: str | None


async def find_order_json(session: AsyncSession, ctx: Actor, order_id: int) -> OneOrder:
    result = await session.execute(
        _one_statement(), {"organization_id": ctx.organization_id, "order_id": order_id}
    )
    return OneOrder(*result.one())


@lru_cache(maxsize=256)
def _list_statement(
    asked: frozenset[str],
    words: tuple[tuple[str, tuple[str, ...]], ...],
    ordering: Ordering,
    limit: int,
    has_offset: bool,
) -> Select[Any]:
    conditions = _conditions(asked, words)
    first = (
        select(orders, MINOR_UNITS)
        .where(*conditions)
        .order_by(*SORTED_BY[ordering])
        .limit(literal_column(str(limit)))
    )
    page = (first.offset(bindparam("offset")) if has_offset else first).subquery("page")
    members = _brief(page) if ordering is Ordering.NEWEST else _brief(page) | _making(page)
    rows = select(JsonText(JsonList(json_object(**members)))).select_from(page)
    total = select(func.count()).select_from(orders).where(*conditions).scalar_subquery()
    return tenancy.checked(select(rows.scalar_subquery(), total, revision_of(TOPIC)))


def _conditions(
    asked: frozenset[str], words: tuple[tuple[str, tuple[str, ...]], ...]
) -> list[ColumnElement[bool]]:
    conditions = [orders.c.organization_id == OWN]
    conditions += [CONDITIONS[name] for name in sorted(asked & CONDITIONS.keys())]
    for name, chosen in words:
        conditions.append(or_(*(CHOICES[name] == literal_column(f"'{word}'") for word in chosen)))
    if "text" in asked:
        conditions.append(_mentions())
    return conditions


@lru_cache(maxsize=1)
def _one_statement() -> Select[Any]:
    wanted = (
        select(orders, MINOR_UNITS)
        .where(orders.c.organization_id == OWN, orders.c.id == bindparam("order_id"))
        .subquery("wanted")
    )
    label = and_(labels.c.order_id == wanted.c.id, labels.c.organization_id == OWN)
    whole = json_object(
        **_brief(wanted, _whole_item),
        **_rest(wanted),
        **_making(wanted),
        **_used(wanted),
        **_label(),
    )
    return tenancy.checked(
        select(JsonText(whole), revision_of(TOPIC), wanted.c.photo_sha256).select_from(
            wanted.outerjoin(labels, label)
        )
    )


def _brief(
    source: FromClause, item: Callable[[Columns, Columns], Members] | None = None
) -> Members:
    """What the list shows: the shop manager's members first, then ours."""
    order = source.c
    return {
        "id": order.id,
        "etsy_order_id": case((order.channel == "etsy", order.external_id)),
        "buyer_name": order.buyer_name,
        "buyer_email": order.buyer_email,
        "status": order.status,
        "production_status": order.production_status,
        "total_amount": order.total_minor / order.minor_units,
        "currency": order.currency,
        "created_at": PlainMoment(order.placed_at),
        "items": _items_of(source, item or _brief_item),
        "uuid": order.uuid,
        "number": order.number,
        "channel": order.channel,
        "priority": order.priority,
        "pieces_total": order.pieces_total,
        "pieces_good": order.pieces_good,
        "is_held": JsonBool(order.is_held),
        "promised_on": order.promised_on,
        "updated_at": PlainMoment(order.updated_at),
    }


def _rest(source: FromClause) -> Members:
    """What only one order's own answer shows."""
    order = source.c
    return {
        "connection_id": order.connection_id,
        "external_id": order.external_id,
        "customer_id": order.customer_id,
        "subtotal_amount": order.subtotal_minor / order.minor_units,
        "shipping_amount": order.shipping_minor / order.minor_units,
        "tax_amount": order.tax_minor / order.minor_units,
        "discount_amount": order.discount_minor / order.minor_units,
        "refunded_amount": order.refunded_minor / order.minor_units,
        "ship_to": JsonValue(order.ship_to),
        "notes": order.notes,
        "buyer_message": order.buyer_message,
        "gift_message": order.gift_message,
        "is_gift": JsonBool(order.is_gift),
        "shipped_at": PlainMoment(order.shipped_at),
        "cancelled_at": PlainMoment(order.cancelled_at),
    }


def _making(source: FromClause) -> Members:
    """How its printing goes."""
    order = source.c
    return {
        "print_notes": order.print_notes,
        "estimated_print_time": order.estimated_print_min,
        "actual_print_time": WholeMinutes(order.print_started_at, order.print_completed_at),
        "print_started_at": PlainMoment(order.print_started_at),
        "print_completed_at": PlainMoment(order.print_completed_at),
        "print_failures_count": order.print_failures,
    }


def _used(source: FromClause) -> Members:
    """Filament that printers and people used for it, and when its buyer was last talked to."""
    order = source.c
    by_hand = _sum(usages.c.amount_mg, usages, order)
    printed = _sum(movements.c.delta_mg, movements, order).where(
        movements.c.reason == MovementReason.PRINT
    )
    used_mg = by_hand.scalar_subquery() - printed.scalar_subquery()
    assigned = select(usages.c.id).where(
        usages.c.organization_id == OWN, usages.c.order_id == order.id
    )
    contact = select(func.max(communications.c.created_at)).where(
        communications.c.organization_id == OWN, communications.c.order_id == order.id
    )
    return {
        "total_filament_used": used_mg / MG_PER_G,
        "filament_assigned": JsonBool(assigned.exists()),
        "last_customer_contact_at": PlainMoment(contact.scalar_subquery()),
    }


def _label() -> Members:
    return {
        "shipping_provider": labels.c.provider,
        "shipping_label_status": labels.c.status,
        "shipping_label_url": labels.c.label_url,
        "tracking_number": labels.c.tracking_number,
    }


def _sum(column: Columns, table: FromClause, order: Columns) -> Select[Any]:
    return select(func.coalesce(func.sum(column), 0)).where(
        table.c.organization_id == OWN, table.c.order_id == order.id
    )


def _items_of(
    source: FromClause, members: Callable[[Columns, Columns], Members]
) -> ColumnElement[str]:
    of_order = (
        select(items)
        .where(items.c.organization_id == OWN, items.c.order_id == source.c.id)
        .order_by(items.c.position)
        .correlate(source)
        .subquery("of_order")
    )
    element = json_object(**members(of_order.c, source.c))
    return select(JsonList(element)).select_from(of_order).correlate(source).scalar_subquery()


def _brief_item(item: Columns, order: Columns) -> Members:
    return {
        "id": item.id,
        "title": item.title,
        "quantity": item.quantity,
        "price": item.price_minor / order.minor_units,
        "sku": item.sku,
        "personalisation": JsonValue(item.personalisation),
        "pieces_total": item.pieces_total,
        "pieces_good": item.pieces_good,
        "waiting_code": item.waiting_code,
    }


def _whole_item(item: Columns, order: Columns) -> Members:
    return {
        **_brief_item(item, order),
        "uuid": item.uuid,
        "variant_id": item.variant_id,
        "external_id": item.external_id,
        "options": JsonValue(item.options),
        "promised_on": item.promised_on,
        "is_cancelled": JsonBool(item.is_cancelled),
        "waiting_reason": item.waiting_reason,
    }


def _mentions() -> ColumnElement[bool]:
    """In the buyer, a number people read out, a title or a SKU."""
    text = bindparam("text", type_=String())
    in_item = (
        select(items.c.order_id)
        .where(items.c.organization_id == OWN)
        .where(or_(*(_like(column, text) for column in (items.c.title, items.c.sku))))
    )
    columns = (orders.c.buyer_name, orders.c.buyer_email, orders.c.external_id)
    return or_(
        *(_like(column, text) for column in columns),
        _like(cast(orders.c.number, String), text),
        orders.c.id.in_(in_item),
    )


def _like(column: Any, text: Any) -> ColumnElement[bool]:
    return func.lower(column).like(text, escape="\\")


def _pattern(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
