"""Manufacturers with what is open there, what a person must decide, and an order's pieces that are
made outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.devices.models import DeviceModel
from shopwright.catalog.models import Product, Variant
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.states import WORKABLE, StepStatus
from shopwright.suppliers import queries
from shopwright.suppliers.models import Supplier, SupplierOffer, SupplierOrder
from shopwright.suppliers.states import (
    TERMINAL,
    PlacingStage,
    SupplierHealth,
    SupplierOrderStatus,
)
from shopwright.web.pips import Pip

MAX_ROWS = 100
HEALTH: Mapping[SupplierHealth, Pip] = {
    SupplierHealth.UNTRIED: Pip("not tried yet", "grey", "help-circle"),
    SupplierHealth.WORKING: Pip("answers", "green", "circle-check"),
    SupplierHealth.FAILING: Pip("does not answer", "amber", "plug-connected-x"),
    SupplierHealth.REFUSED: Pip("account refused", "red", "key"),
}
OFF = Pip("switched off", "grey", "ban")
STAGES: Mapping[PlacingStage, Pip] = {
    PlacingStage.WAITING: Pip("waits", "violet", "clock"),
    PlacingStage.SENDING: Pip("being placed", "blue", "send"),
    PlacingStage.DOUBTFUL: Pip("in doubt", "amber", "help-circle"),
    PlacingStage.REFUSED: Pip("refused", "red", "circle-x"),
    PlacingStage.WITHDRAWN: Pip("withdrawn", "grey", "ban"),
}
STATUSES: Mapping[SupplierOrderStatus, Pip] = {
    SupplierOrderStatus.WAITING_PAYMENT: Pip("waits for payment", "violet", "credit-card"),
    SupplierOrderStatus.CANCELLED: Pip("cancelled there", "red", "ban"),
    SupplierOrderStatus.PAYING: Pip("being paid", "violet", "credit-card"),
    SupplierOrderStatus.PAID: Pip("paid", "violet", "credit-card"),
    SupplierOrderStatus.PAYMENT_FAILED: Pip("payment failed", "red", "credit-card"),
    SupplierOrderStatus.REFUNDING: Pip("being refunded", "amber", "arrow-back-up"),
    SupplierOrderStatus.REFUNDED: Pip("refunded", "red", "arrow-back-up"),
    SupplierOrderStatus.WAITING_TO_PRINT: Pip("accepted", "blue", "check"),
    SupplierOrderStatus.PICKING_UP: Pip("being prepared", "blue", "package"),
    SupplierOrderStatus.PICKUP_DONE: Pip("prepared", "blue", "package"),
    SupplierOrderStatus.PRINTING: Pip("printing there", "blue", "printer"),
    SupplierOrderStatus.PRINTED: Pip("made", "green", "circle-check"),
    SupplierOrderStatus.PRINT_FAILED: Pip("print failed", "red", "circle-x"),
    SupplierOrderStatus.PRINT_CANCELLED: Pip("print cancelled", "red", "ban"),
    SupplierOrderStatus.SHIPPING: Pip("being sent", "blue", "truck-delivery"),
    SupplierOrderStatus.SHIPPED: Pip("sent", "green", "truck-delivery"),
}


@dataclass(frozen=True, slots=True)
class SupplierRow:
    supplier: Supplier
    open_count: int

    @property
    def pip(self) -> Pip:
        return HEALTH[self.supplier.health] if self.supplier.is_active else OFF


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """A supplier order with the order and line it is for."""

    row: SupplierOrder
    supplier_name: str
    order_number: int
    title: str

    @property
    def pip(self) -> Pip:
        if self.row.stage is PlacingStage.ACCEPTED:
            return STATUSES[self.row.status]
        return STAGES[self.row.stage]

    @property
    def is_doubtful(self) -> bool:
        return self.row.stage is PlacingStage.DOUBTFUL

    @property
    def is_open(self) -> bool:
        return self.row.next_look_at is not None

    @property
    def sentence(self) -> str | None:
        """Why it does not go on, as far as somebody said."""
        row = self.row
        if row.stage is PlacingStage.WAITING:
            return row.waiting_reason
        return None if row.stage is PlacingStage.ACCEPTED else row.last_error


@dataclass(frozen=True, slots=True)
class OfferRow:
    offer: SupplierOffer
    supplier_name: str
    name: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What the orders that are open cost; ``unpriced`` of them nobody gave a price."""

    currency: str | None
    cost_minor: int
    count: int


async def list_suppliers(session: AsyncSession, ctx: Actor) -> list[SupplierRow]:
    rows = await session.execute(
        select(SupplierOrder.supplier_id, func.count())
        .where(SupplierOrder.organization_id == ctx.organization_id, _is_open())
        .group_by(SupplierOrder.supplier_id)
    )
    counts = {row[0]: row[1] for row in rows}
    return [
        SupplierRow(supplier, counts.get(supplier.id, 0))
        for supplier in await queries.list_suppliers(session, ctx)
    ]


async def list_balances(session: AsyncSession, ctx: Actor) -> list[Balance]:
    """Of each currency by itself; sums never mix them."""
    rows = await session.execute(
        select(
            SupplierOrder.cost_currency,
            func.coalesce(func.sum(SupplierOrder.cost_minor), 0),
            func.count(),
        )
        .where(SupplierOrder.organization_id == ctx.organization_id, _is_open())
        .group_by(SupplierOrder.cost_currency)
        .order_by(SupplierOrder.cost_currency)
    )
    return [Balance(row[0], int(row[1] or 0), row[2]) for row in rows]


async def list_problems(session: AsyncSession, ctx: Actor) -> list[OutsideRow]:
    return await _list(session, ctx, SupplierOrder.problem.is_not(None))


async def list_latest(session: AsyncSession, ctx: Actor) -> list[OutsideRow]:
    return await _list(session, ctx, SupplierOrder.problem.is_(None))


async def list_of_order(session: AsyncSession, ctx: Actor, order_id: int) -> list[OutsideRow]:
    rows = await _list(session, ctx, SupplierOrder.order_id == order_id)
    return rows[::-1]


async def list_offers(session: AsyncSession, ctx: Actor) -> list[OfferRow]:
    rows = await session.execute(
        select(SupplierOffer, Supplier.name, Product.name, Variant.sku, DeviceModel.display_name)
        .join(Supplier, Supplier.id == SupplierOffer.supplier_id)
        .outerjoin(Variant, Variant.id == SupplierOffer.variant_id)
        .outerjoin(Product, Product.id == Variant.product_id)
        .outerjoin(DeviceModel, DeviceModel.id == SupplierOffer.device_model_id)
        .where(SupplierOffer.organization_id == ctx.organization_id)
        .where(Supplier.organization_id == ctx.organization_id)
        .where(or_(Variant.id.is_(None), Variant.organization_id == ctx.organization_id))
        .where(or_(Product.id.is_(None), Product.organization_id == ctx.organization_id))
        .where(or_(DeviceModel.id.is_(None), DeviceModel.organization_id == ctx.organization_id))
        .where(SupplierOffer.is_active.is_(True))
        .order_by(SupplierOffer.id)
    )
    return [
        OfferRow(row[0], row[1], f"{row[2]} ({row[3]})" if row[2] else row[4] or "") for row in rows
    ]


async def count_unordered(session: AsyncSession, ctx: Actor) -> int:
    """Pieces of paid orders that are to be bought and that nobody offers."""
    found = await session.scalar(
        select(func.count())
        .select_from(PieceStep)
        .join(OrderItem, OrderItem.id == PieceStep.order_item_id)
        .join(Order, Order.id == OrderItem.order_id)
        .where(PieceStep.organization_id == ctx.organization_id)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(Order.organization_id == ctx.organization_id)
        .where(PieceStep.kind == StepKind.OUTSOURCE, PieceStep.status == StepStatus.OWED)
        .where(Order.status.in_(WORKABLE), Order.is_held.is_(False))
    )
    return found or 0


async def list_variants(session: AsyncSession, ctx: Actor) -> Sequence[tuple[int, str]]:
    """What an offer may be for, and what may be made instead."""
    rows = await session.execute(
        select(Variant.id, Product.name, Variant.sku)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.organization_id == ctx.organization_id)
        .where(Product.organization_id == ctx.organization_id, Variant.is_active.is_(True))
        .order_by(Product.name, Variant.sku)
        .limit(1000)
    )
    return [(row[0], f"{row[1]} ({row[2]})") for row in rows]


async def _list(
    session: AsyncSession, ctx: Actor, condition: ColumnElement[bool]
) -> list[OutsideRow]:
    rows = await session.execute(
        select(SupplierOrder, Supplier.name, Order.number, OrderItem.title)
        .join(Supplier, Supplier.id == SupplierOrder.supplier_id)
        .join(Order, Order.id == SupplierOrder.order_id)
        .join(OrderItem, OrderItem.id == SupplierOrder.order_item_id)
        .where(SupplierOrder.organization_id == ctx.organization_id)
        .where(Supplier.organization_id == ctx.organization_id)
        .where(Order.organization_id == ctx.organization_id)
        .where(OrderItem.organization_id == ctx.organization_id, condition)
        .order_by(SupplierOrder.id.desc())
        .limit(MAX_ROWS)
    )
    return [OutsideRow(row[0], row[1], row[2], row[3]) for row in rows]


def _is_open() -> ColumnElement[bool]:
    return SupplierOrder.stage.in_(queries.LIVE) & SupplierOrder.status.not_in(TERMINAL)
