"""All SQL of suppliers. Status and stage are written here only, by compare-and-set."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.devices.models import DeviceModel
from shopwright.catalog.models import RecipeStep
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.kiosk.models import KioskSession, Machine
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import WORKABLE
from shopwright.payments.models import Payment
from shopwright.payments.states import PaymentStatus
from shopwright.suppliers.models import Supplier, SupplierOffer, SupplierOrder
from shopwright.suppliers.states import (
    OPEN_STAGES,
    PlacingStage,
    SupplierOrderStatus,
)

MANUFACTURER = "manufacturer"
TOPIC = "supplier"
LIVE = OPEN_STAGES | {PlacingStage.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Line:
    """An order line of a paid order that is not held, with what the manufacturer asks about it.

    ``machine`` is the kiosk's code; ``payment_key`` that of a payment the manufacturer took.
    """

    item: OrderItem
    order: Order
    device: DeviceModel | None
    machine: str | None
    payment_key: str | None


async def list_lines(
    session: AsyncSession, ctx: Actor, item_ids: Collection[int], *, with_held: bool = False
) -> dict[int, Line]:
    """By item id; those of held orders only for whoever asks."""
    organization_id = ctx.organization_id
    rows = await session.execute(
        select(OrderItem, Order, DeviceModel)
        .join(
            Order,
            (Order.id == OrderItem.order_id) & (Order.organization_id == OrderItem.organization_id),
        )
        .outerjoin(
            DeviceModel,
            (DeviceModel.id == OrderItem.device_model_id)
            & (DeviceModel.organization_id == OrderItem.organization_id),
        )
        .where(OrderItem.organization_id == organization_id, OrderItem.id.in_(item_ids))
        .where(OrderItem.is_cancelled.is_(False))
        .where(Order.status.in_(WORKABLE))
        .where(true() if with_held else Order.is_held.is_(False))
    )
    found = [(row[0], row[1], row[2]) for row in rows]
    order_ids = {order.id for _, order, _ in found}
    machines = await _list_machines(session, ctx, order_ids)
    keys = await _list_payment_keys(session, ctx, order_ids)
    return {
        item.id: Line(item, order, device, machines.get(order.id), keys.get(order.id))
        for item, order, device in found
    }


async def _list_machines(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, str]:
    rows = await session.execute(
        select(KioskSession.order_id, Machine.code)
        .join(
            Machine,
            (Machine.id == KioskSession.machine_id)
            & (Machine.organization_id == KioskSession.organization_id),
        )
        .where(KioskSession.organization_id == ctx.organization_id)
        .where(KioskSession.order_id.in_(order_ids))
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


async def _list_payment_keys(
    session: AsyncSession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, str]:
    rows = await session.execute(
        select(Payment.order_id, Payment.key)
        .where(Payment.organization_id == ctx.organization_id, Payment.order_id.in_(order_ids))
        .where(Payment.provider == MANUFACTURER, Payment.status == PaymentStatus.PAID)
        .order_by(Payment.id)
    )
    return {row[0]: row[1] for row in rows}


async def list_recipe_steps(
    session: AsyncSession, ctx: Actor, step_ids: Collection[int]
) -> dict[int, RecipeStep]:
    rows = await session.scalars(
        select(RecipeStep)
        .where(RecipeStep.organization_id == ctx.organization_id, RecipeStep.id.in_(step_ids))
        .execution_options(populate_existing=True)
    )
    return {step.id: step for step in rows}


async def list_suppliers(
    session: AsyncSession, ctx: Actor, *, is_active: bool | None = None
) -> list[Supplier]:
    statement = select(Supplier).where(Supplier.organization_id == ctx.organization_id)
    if is_active is not None:
        statement = statement.where(Supplier.is_active.is_(is_active))
    return list(await session.scalars(statement.order_by(Supplier.id)))


async def find_supplier(session: AsyncSession, ctx: Actor, ref: Ref) -> Supplier | None:
    found: Supplier | None = await session.scalar(
        select(Supplier)
        .where(Supplier.organization_id == ctx.organization_id, ref.where(Supplier))
        .execution_options(populate_existing=True)
    )
    return found


async def note_supplier(session: WriteSession, ctx: Actor, supplier_id: int, **values: Any) -> None:
    await session.execute(
        update(Supplier)
        .where(Supplier.organization_id == ctx.organization_id, Supplier.id == supplier_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def list_offers(
    session: AsyncSession,
    ctx: Actor,
    *,
    variant_ids: Collection[int] | None = None,
    device_model_ids: Collection[int] = (),
    skus: Collection[str] = (),
    supplier_id: int | None = None,
) -> list[SupplierOffer]:
    """Active ones, of these variants, device models or SKUs; without any, all."""
    statement = (
        select(SupplierOffer)
        .where(SupplierOffer.organization_id == ctx.organization_id)
        .where(SupplierOffer.is_active.is_(True))
        .order_by(SupplierOffer.id)
        .execution_options(populate_existing=True)
    )
    if supplier_id is not None:
        statement = statement.where(SupplierOffer.supplier_id == supplier_id)
    if variant_ids is not None:
        statement = statement.where(
            or_(
                SupplierOffer.variant_id.in_(variant_ids),
                SupplierOffer.device_model_id.in_(device_model_ids),
                SupplierOffer.sku.in_(skus),
            )
        )
    return list(await session.scalars(statement))


async def find_offer(session: AsyncSession, ctx: Actor, ref: Ref) -> SupplierOffer | None:
    found: SupplierOffer | None = await session.scalar(
        select(SupplierOffer)
        .where(SupplierOffer.organization_id == ctx.organization_id, ref.where(SupplierOffer))
        .execution_options(populate_existing=True)
    )
    return found


async def is_key_used(session: AsyncSession, key: str) -> bool:
    """By anybody: several shops may use one account at the manufacturer."""
    ours = select(SupplierOrder.id).where(
        or_(SupplierOrder.key == key, SupplierOrder.payment_key == key)
    )
    paid = select(Payment.id).where(Payment.provider == MANUFACTURER, Payment.key == key)
    for statement in (ours, paid):
        if await session.scalar(statement.limit(1).execution_options(**CROSS_TENANT)) is not None:
            return True
    return False


async def find_order(session: AsyncSession, ctx: Actor, ref: Ref) -> SupplierOrder | None:
    found: SupplierOrder | None = await session.scalar(
        select(SupplierOrder)
        .where(SupplierOrder.organization_id == ctx.organization_id, ref.where(SupplierOrder))
        .execution_options(populate_existing=True)
    )
    return found


async def list_orders(
    session: AsyncSession, ctx: Actor, condition: ColumnElement[bool]
) -> list[SupplierOrder]:
    rows = await session.scalars(
        select(SupplierOrder)
        .where(SupplierOrder.organization_id == ctx.organization_id, condition)
        .order_by(SupplierOrder.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def page_orders(
    session: AsyncSession, ctx: Actor, condition: ColumnElement[bool], paging: Paging
) -> tuple[list[SupplierOrder], int]:
    """Newest first, and how many there are."""
    where = (SupplierOrder.organization_id == ctx.organization_id) & condition
    rows = await session.scalars(
        select(SupplierOrder)
        .where(where)
        .order_by(SupplierOrder.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    total = await session.scalar(select(func.count()).select_from(SupplierOrder).where(where))
    return list(rows), total or 0


async def find_item(session: AsyncSession, ctx: Actor, ref: Ref) -> OrderItem | None:
    found: OrderItem | None = await session.scalar(
        select(OrderItem).where(
            OrderItem.organization_id == ctx.organization_id, ref.where(OrderItem)
        )
    )
    return found


async def list_of_order(session: AsyncSession, ctx: Actor, order_id: int) -> list[SupplierOrder]:
    return await list_orders(session, ctx, SupplierOrder.order_id == order_id)


async def list_due(session: AsyncSession, now: datetime, limit: int) -> list[SupplierOrder]:
    """Of all shops: what is to be placed or asked about now."""
    rows = await session.scalars(
        select(SupplierOrder)
        .where(SupplierOrder.stage.in_(LIVE), SupplierOrder.next_look_at <= now)
        .order_by(SupplierOrder.next_look_at, SupplierOrder.id)
        .limit(limit)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def list_due_at(
    session: AsyncSession, ctx: Actor, supplier_id: int, now: datetime, limit: int
) -> list[SupplierOrder]:
    """Accepted ones of one manufacturer whose standing is to be asked now."""
    rows = await session.scalars(
        select(SupplierOrder)
        .where(SupplierOrder.organization_id == ctx.organization_id)
        .where(SupplierOrder.supplier_id == supplier_id)
        .where(SupplierOrder.stage == PlacingStage.ACCEPTED, SupplierOrder.next_look_at <= now)
        .order_by(SupplierOrder.next_look_at, SupplierOrder.id)
        .limit(limit)
    )
    return list(rows)


async def next_due(session: AsyncSession) -> datetime | None:
    due: datetime | None = await session.scalar(
        select(func.min(SupplierOrder.next_look_at))
        .where(SupplierOrder.stage.in_(LIVE))
        .execution_options(**CROSS_TENANT)
    )
    return due


async def move_stage(
    session: WriteSession,
    ctx: Actor,
    order_id: int,
    sources: Collection[PlacingStage],
    target: PlacingStage,
    **values: Any,
) -> SupplierOrder | None:
    """Compare-and-set; None when it was in none of ``sources``."""
    return await _move(
        session, ctx, order_id, SupplierOrder.stage.in_(sources), stage=target, **values
    )


async def move_status(
    session: WriteSession,
    ctx: Actor,
    order_id: int,
    sources: Collection[SupplierOrderStatus],
    target: SupplierOrderStatus,
    **values: Any,
) -> SupplierOrder | None:
    """Compare-and-set of what the manufacturer says; None when it was in none of ``sources``."""
    return await _move(
        session, ctx, order_id, SupplierOrder.status.in_(sources), status=target, **values
    )


async def note_order(
    session: WriteSession, ctx: Actor, order_id: int, **values: Any
) -> SupplierOrder | None:
    """Whatever is neither stage nor status."""
    return await _move(session, ctx, order_id, SupplierOrder.id == order_id, **values)


async def look_soon(
    session: WriteSession, ctx: Actor, condition: ColumnElement[bool], now: datetime
) -> list[int]:
    """Somebody says that something happened: these are asked about at once."""
    rows = await session.scalars(
        update(SupplierOrder)
        .where(SupplierOrder.organization_id == ctx.organization_id, condition)
        .where(SupplierOrder.stage.in_(LIVE), SupplierOrder.next_look_at.is_not(None))
        .values(next_look_at=now, looks=0)
        .returning(SupplierOrder.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows)


async def lock_orders(
    session: WriteSession, ctx: Actor, order_ids: Sequence[int]
) -> list[SupplierOrder]:
    """Whoever else records something of them waits until the commit."""
    rows = await session.scalars(
        select(SupplierOrder)
        .where(SupplierOrder.organization_id == ctx.organization_id)
        .where(SupplierOrder.id.in_(order_ids))
        .order_by(SupplierOrder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def _move(
    session: WriteSession, ctx: Actor, order_id: int, condition: ColumnElement[bool], **values: Any
) -> SupplierOrder | None:
    moved: SupplierOrder | None = await session.scalar(
        update(SupplierOrder)
        .where(SupplierOrder.organization_id == ctx.organization_id)
        .where(SupplierOrder.id == order_id, condition)
        .values(**values)
        .returning(SupplierOrder)
        .execution_options(populate_existing=True)
    )
    return moved
