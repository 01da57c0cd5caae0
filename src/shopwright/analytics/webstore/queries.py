"""All SQL of the webstore's admin lists. Its orders are those of the storefront and the kiosks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.states import SHOWN_KINDS, ImageKind
from shopwright.catalog.designs.models import AiStyle, Color, Font, Sticker, Template
from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import TenantModel
from shopwright.kernel.edge import Paging
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.pricing import KIOSK, STOREFRONT
from shopwright.orders.storefront.words import OF_ORDER, OF_OUTSIDE, OF_PAYMENT, OF_PRODUCTION, Word
from shopwright.payments.models import Payment

CHANNELS = (STOREFRONT, KIOSK)
COUNTED: dict[str, type[TenantModel]] = {
    "brands": Brand,
    "phone_models": DeviceModel,
    "templates": Template,
    "ai_styles": AiStyle,
    "fonts": Font,
    "colors": Color,
    "stickers": Sticker,
    "vending_machines": Machine,
    "vending_sessions": KioskSession,
    "payments": Payment,
}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with the names of its first designed item, and its last payment."""

    order: Order
    brand: str | None
    model: str | None
    template: str | None
    design_id: int | None
    payment: Payment | None
    session_id: str | None
    machine: str | None


async def list_orders(
    session: AsyncSession, ctx: Actor, word: Word | None, paging: Paging
) -> tuple[list[OrderRow], int]:
    """Newest first, with how many there are in all."""
    statement = _orders(ctx)
    if word is not None:
        statement = statement.where(_says(ctx, word))
    total = await session.scalar(statement.with_only_columns(func.count()).order_by(None))
    rows = await session.scalars(
        statement.order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return await describe_orders(session, ctx, list(rows)), total or 0


async def describe_orders(
    session: AsyncSession, ctx: Actor, orders: Collection[Order]
) -> list[OrderRow]:
    ids = [order.id for order in orders]
    named = await _names(session, ctx, ids)
    payments = await _payments(session, ctx, ids)
    kiosks = await _kiosks(session, ctx, ids)
    return [
        OrderRow(
            order,
            *named.get(order.id, (None, None, None, None)),
            payments.get(order.id),
            *kiosks.get(order.id, (None, None)),
        )
        for order in orders
    ]


async def list_images(
    session: AsyncSession, ctx: Actor, kind: ImageKind | None, paging: Paging
) -> tuple[list[tuple[DesignImage, Order | None]], int]:
    """Customers' pictures, newest first, each with the order of its design."""
    kinds = [kind] if kind else list(SHOWN_KINDS)
    mine = select(DesignImage).where(
        DesignImage.organization_id == ctx.organization_id, DesignImage.kind.in_(kinds)
    )
    total = await session.scalar(mine.with_only_columns(func.count()))
    images = list(
        await session.scalars(
            mine.order_by(DesignImage.created_at.desc(), DesignImage.id.desc())
            .limit(paging.limit)
            .offset(paging.offset)
        )
    )
    by_design = await _orders_of(session, ctx, {image.design_id for image in images})
    return [(image, by_design.get(image.design_id or 0)) for image in images], total or 0


async def find_images(
    session: AsyncSession, ctx: Actor, design_ids: Collection[int]
) -> dict[int, list[DesignImage]]:
    """Of designs, oldest first."""
    rows = await session.scalars(
        select(DesignImage)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.design_id.in_(design_ids), DesignImage.kind.in_(SHOWN_KINDS))
        .order_by(DesignImage.id)
    )
    found: dict[int, list[DesignImage]] = {}
    for row in rows:
        found.setdefault(row.design_id or 0, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class Sum:
    """Of one currency: totals never add currencies."""

    currency: str
    orders: int
    total_minor: int
    refunded_minor: int


async def count_by_status(
    session: AsyncSession, ctx: Actor, since: datetime | None = None
) -> dict[OrderStatus, int]:
    statement = select(Order.status, func.count()).where(*_mine(ctx)).group_by(Order.status)
    if since is not None:
        statement = statement.where(Order.placed_at >= since)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def sum_paid(session: AsyncSession, ctx: Actor, since: datetime | None = None) -> list[Sum]:
    """What was paid for, by currency, the largest first."""
    paid = (
        OrderStatus.PAID, OrderStatus.COMPLETED, OrderStatus.SHIPPED, OrderStatus.DELIVERED,
    )  # fmt: skip
    statement = (
        select(
            Order.currency,
            func.count(),
            func.sum(Order.total_minor),
            func.sum(Order.refunded_minor),
        )
        .where(*_mine(ctx), Order.status.in_(paid))
        .group_by(Order.currency)
        .order_by(func.sum(Order.total_minor).desc())
    )
    if since is not None:
        statement = statement.where(Order.placed_at >= since)
    rows = await session.execute(statement)
    return [Sum(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


async def count_templates(session: AsyncSession, ctx: Actor) -> list[tuple[Template, int, int]]:
    """Every template with how often it was ordered and how many designs were begun with it."""
    ordered = (
        select(func.coalesce(func.sum(OrderItem.quantity), 0))
        .join(Order, Order.id == OrderItem.order_id)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(OrderItem.template_id == Template.id)
        .where(*_mine(ctx), Order.status.not_in((OrderStatus.CANCELED, OrderStatus.REFUNDED)))
        .scalar_subquery()
    )
    begun = (
        select(func.count())
        .select_from(Design)
        .where(Design.organization_id == ctx.organization_id, Design.template_id == Template.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Template, ordered, begun)
        .where(Template.organization_id == ctx.organization_id)
        .order_by(ordered.desc(), Template.display_order, Template.id)
    )
    return [(row[0], int(row[1]), int(row[2])) for row in rows]


async def count_rows(session: AsyncSession, ctx: Actor) -> dict[str, int]:
    """How many of each the shop has."""
    counts = {
        name: select(func.count())
        .select_from(model)
        .where(model.organization_id == ctx.organization_id)
        .scalar_subquery()
        for name, model in COUNTED.items()
    }
    counts["orders"] = select(func.count()).select_from(Order).where(*_mine(ctx)).scalar_subquery()
    counts["order_images"] = (
        select(func.count())
        .select_from(DesignImage)
        .where(DesignImage.organization_id == ctx.organization_id)
        .where(DesignImage.kind.in_(SHOWN_KINDS))
        .scalar_subquery()
    )
    row = (await session.execute(select(*counts.values()))).one()
    return dict(zip(counts, row, strict=True))


def _mine(ctx: Actor) -> tuple[ColumnElement[bool], ...]:
    return Order.organization_id == ctx.organization_id, Order.channel.in_(CHANNELS)


def _orders(ctx: Actor) -> Select[Any]:
    return select(Order).where(*_mine(ctx))


def _says(ctx: Actor, word: Word) -> ColumnElement[bool]:
    """Orders of which ``words.word_of`` says this."""
    plain = [status for status, said in OF_ORDER.items() if said is word]
    ways: list[ColumnElement[bool]] = [
        Order.status == status
        for status in plain
        if status not in {OrderStatus.PAID, OrderStatus.PENDING_PAYMENT}
    ]
    return or_(false(), *ways, _says_of_paid(word), _says_of_unpaid(ctx, word))


def _says_of_paid(word: Word) -> ColumnElement[bool]:
    made = [status for status, said in OF_PRODUCTION.items() if said is word]
    outside = [code for code, said in OF_OUTSIDE.items() if said is word]
    here = and_(Order.outside_reference.is_(None), Order.production_status.in_(made))
    status = func.coalesce(Order.outside_status, "")
    there = status.in_(outside)
    if word is Word.SENT_TO_CHINESE:
        there = status.not_in(list(OF_OUTSIDE))
    return and_(
        Order.status == OrderStatus.PAID,
        or_(here, and_(Order.outside_reference.is_not(None), there)),
    )


def _says_of_unpaid(ctx: Actor, word: Word) -> ColumnElement[bool]:
    last = (
        select(Payment.status)
        .where(Payment.organization_id == ctx.organization_id, Payment.order_id == Order.id)
        .order_by(Payment.attempt.desc())
        .limit(1)
        .scalar_subquery()
    )
    status = func.coalesce(last, "")
    said = [code for code, of in OF_PAYMENT.items() if of is word]
    fits = status.in_(said)
    if word is Word.PENDING_PAYMENT:
        fits = status.not_in(list(OF_PAYMENT))
    return and_(Order.status == OrderStatus.PENDING_PAYMENT, fits)


async def _names(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, tuple[str | None, str | None, str | None, int | None]]:
    """Brand, model, template and design of each order's first designed item."""
    rows = await session.execute(
        select(
            OrderItem.order_id,
            Brand.display_name,
            DeviceModel.display_name,
            Template.name,
            OrderItem.design_id,
        )
        .join(Template, Template.id == OrderItem.template_id)
        .join(DeviceModel, DeviceModel.id == OrderItem.device_model_id)
        .join(Brand, Brand.id == DeviceModel.brand_id)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(Template.organization_id == ctx.organization_id)
        .where(DeviceModel.organization_id == ctx.organization_id)
        .where(Brand.organization_id == ctx.organization_id)
        .where(OrderItem.order_id.in_(order_ids))
        .order_by(OrderItem.position.desc())
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


async def _payments(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, Payment]:
    """The last of each order."""
    rows = await session.scalars(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.order_id.in_(order_ids))
        .order_by(Payment.attempt)
    )
    return {row.order_id: row for row in rows}


async def _kiosks(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, tuple[str, str]]:
    """Session and machine of the orders that came from a kiosk."""
    rows = await session.execute(
        select(KioskSession.order_id, KioskSession.session_id, Machine.code)
        .join(Machine, Machine.id == KioskSession.machine_id)
        .where(KioskSession.organization_id == ctx.organization_id)
        .where(Machine.organization_id == ctx.organization_id)
        .where(KioskSession.order_id.in_(order_ids))
    )
    return {row[0] or 0: (row[1], row[2]) for row in rows}


async def _orders_of(
    session: AsyncSession, ctx: Actor, design_ids: set[int | None]
) -> dict[int, Order]:
    rows = await session.execute(
        select(OrderItem.design_id, Order)
        .join(Order, Order.id == OrderItem.order_id)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(Order.organization_id == ctx.organization_id)
        .where(OrderItem.design_id.in_(design_ids - {None}))
    )
    return {row[0] or 0: row[1] for row in rows}
