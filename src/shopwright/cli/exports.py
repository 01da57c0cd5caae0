"""What ``export`` writes: the columns of each table and one page of its rows.

Pages follow the id, so rows that come in meanwhile move none that is still to be written.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.inventory.models import Filament, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.money import Money
from shopwright.orders.csv_import.rows import ADDRESS
from shopwright.orders.models import Order, OrderItem
from shopwright.shipping.models import Parcel, ParcelItem

PAGE = 500
MILLIGRAMS, MICROS = Decimal(1000), Decimal(10) ** 6

Cell = str | int | bool | Decimal | date | datetime | None
Row = dict[str, Cell]
Page = Callable[[AsyncSession, Actor, int], Awaitable[list[tuple[int, Row]]]]


class ExportName(StrEnum):
    ORDERS = "orders"
    ITEMS = "items"
    PARCELS = "parcels"
    FILAMENT = "filament"


COLUMNS: dict[ExportName, list[str]] = {
    ExportName.ORDERS: [
        *("number", "channel", "external_id", "status", "production_status", "is_held"),
        *("priority", "buyer_name", "buyer_email", *ADDRESS, "currency", "subtotal", "shipping"),
        *("tax", "discount", "total", "refunded", "promised_on", "placed_at", "updated_at"),
        *("shipped_at", "cancelled_at", "pieces_total", "pieces_good", "is_gift"),
        *("gift_message", "buyer_message", "notes"),
    ],
    ExportName.ITEMS: [
        *("order_number", "position", "external_id", "title", "sku", "quantity", "price"),
        *("currency", "options", "personalisation", "promised_on", "is_cancelled"),
        *("pieces_total", "pieces_good", "waiting_reason"),
    ],
    ExportName.PARCELS: [
        *("order_number", "parcel", "status", "quantity", "carrier", "tracking_code"),
        *("packed_by", "packed_at", "shipped_at", "delivered_at"),
    ],
    ExportName.FILAMENT: [
        *("uuid", "vendor", "material", "color_name", "color", "spools", "remaining_g"),
        *("low_stock_threshold_g", "cost_per_gram", "currency", "is_hidden", "updated_at"),
    ],
}


async def list_pages(
    session: AsyncSession, ctx: Actor, name: ExportName
) -> AsyncIterator[list[Row]]:
    """One page after the other, the oldest row first."""
    after = 0
    while True:
        page = await PAGES[name](session, ctx, after)
        if not page:
            return
        yield [row for _, row in page]
        after = page[-1][0]


async def _orders(session: AsyncSession, ctx: Actor, after: int) -> list[tuple[int, Row]]:
    rows = await session.scalars(
        select(Order)
        .where(Order.organization_id == ctx.organization_id, Order.id > after)
        .order_by(Order.id)
        .limit(PAGE)
    )
    return [(order.id, _order_row(order)) for order in rows]


def _order_row(order: Order) -> Row:
    facts: Row = {
        "number": order.number,
        "channel": order.channel,
        "external_id": order.external_id,
        "status": order.status.value,
        "production_status": order.production_status.value,
        "is_held": order.is_held,
        "priority": order.priority,
        "buyer_name": order.buyer_name,
        "buyer_email": order.buyer_email,
    }
    money: Row = {
        name: Money(getattr(order, f"{name}_minor"), order.currency).decimal
        for name in ("subtotal", "shipping", "tax", "discount", "total", "refunded")
    }
    return facts | _address(order) | {"currency": order.currency} | money | _order_rest(order)


def _address(order: Order) -> Row:
    """What has no column of its own stands in ``address``."""
    rest = [str(line) for key, line in order.ship_to.items() if key not in ADDRESS.values()]
    found: Row = {column: order.ship_to.get(key) for column, key in ADDRESS.items()}
    return found | {"address": ", ".join(filter(None, [str(found["address"] or ""), *rest]))}


def _order_rest(order: Order) -> Row:
    return {
        "promised_on": order.promised_on,
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "shipped_at": order.shipped_at,
        "cancelled_at": order.cancelled_at,
        "pieces_total": order.pieces_total,
        "pieces_good": order.pieces_good,
        "is_gift": order.is_gift,
        "gift_message": order.gift_message,
        "buyer_message": order.buyer_message,
        "notes": order.notes,
    }


async def _items(session: AsyncSession, ctx: Actor, after: int) -> list[tuple[int, Row]]:
    rows = await session.execute(
        select(OrderItem, Order.number, Order.currency)
        .join(Order, Order.id == OrderItem.order_id)
        .where(Order.organization_id == ctx.organization_id)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.id > after)
        .order_by(OrderItem.id)
        .limit(PAGE)
    )
    return [(item.id, _item_row(item, number, currency)) for item, number, currency in rows]


def _item_row(item: OrderItem, number: int, currency: str) -> Row:
    return {
        "order_number": number,
        "position": item.position,
        "external_id": item.external_id,
        "title": item.title,
        "sku": item.sku,
        "quantity": item.quantity,
        "price": Money(item.price_minor, currency).decimal,
        "currency": currency,
        "options": _pairs(item.options),
        "personalisation": _pairs(item.personalisation),
        "promised_on": item.promised_on,
        "is_cancelled": item.is_cancelled,
        "pieces_total": item.pieces_total,
        "pieces_good": item.pieces_good,
        "waiting_reason": item.waiting_reason,
    }


def _pairs(pairs: Sequence[Sequence[str]]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in pairs)


async def _parcels(session: AsyncSession, ctx: Actor, after: int) -> list[tuple[int, Row]]:
    packed = (
        select(func.coalesce(func.sum(ParcelItem.quantity), 0))
        .where(ParcelItem.organization_id == ctx.organization_id)
        .where(ParcelItem.parcel_id == Parcel.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Parcel, Order.number, packed)
        .join(Order, Order.id == Parcel.order_id)
        .where(Order.organization_id == ctx.organization_id)
        .where(Parcel.organization_id == ctx.organization_id, Parcel.id > after)
        .order_by(Parcel.id)
        .limit(PAGE)
    )
    return [(parcel.id, _parcel_row(parcel, number, quantity)) for parcel, number, quantity in rows]


def _parcel_row(parcel: Parcel, number: int, quantity: int) -> Row:
    return {
        "order_number": number,
        "parcel": parcel.number,
        "status": parcel.status.value,
        "quantity": int(quantity),  # PostgreSQL sums to a Decimal
        "carrier": parcel.carrier,
        "tracking_code": parcel.tracking_code,
        "packed_by": parcel.packed_by,
        "packed_at": parcel.created_at,
        "shipped_at": parcel.shipped_at,
        "delivered_at": parcel.delivered_at,
    }


async def _filament(session: AsyncSession, ctx: Actor, after: int) -> list[tuple[int, Row]]:
    mine = (
        select(Spool)
        .where(Spool.organization_id == ctx.organization_id, Spool.is_empty.is_(False))
        .where(Spool.filament_id == Filament.id)
    )
    count = mine.with_only_columns(func.count(Spool.id)).scalar_subquery()
    remaining = mine.with_only_columns(
        func.coalesce(func.sum(Spool.remaining_mg), 0)
    ).scalar_subquery()
    rows = await session.execute(
        select(Filament, Organization.currency, count, remaining)
        .join(Organization, Organization.id == Filament.organization_id)
        .where(Filament.organization_id == ctx.organization_id, Filament.id > after)
        .order_by(Filament.id)
        .limit(PAGE)
    )
    return [(row[0].id, _filament_row(*row)) for row in rows]


def _filament_row(filament: Filament, currency: str, spools: int, remaining_mg: int) -> Row:
    return {
        "uuid": filament.uuid,
        "vendor": filament.vendor,
        "material": filament.material,
        "color_name": filament.color_name,
        "color": filament.color,
        "spools": spools,
        "remaining_g": int(remaining_mg) / MILLIGRAMS,
        "low_stock_threshold_g": filament.low_stock_threshold_mg / MILLIGRAMS,
        "cost_per_gram": filament.cost_per_gram_micros / MICROS,
        "currency": currency,
        "is_hidden": filament.is_hidden,
        "updated_at": filament.updated_at,
    }


PAGES: dict[ExportName, Page] = {
    ExportName.ORDERS: _orders,
    ExportName.ITEMS: _items,
    ExportName.PARCELS: _parcels,
    ExportName.FILAMENT: _filament,
}
