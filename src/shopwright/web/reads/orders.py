"""Orders as people look for them and work on them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import AuditEntry
from shopwright.catalog.models import Product, RecipeStep, Variant
from shopwright.kernel.edge import Ref
from shopwright.orders.models import (
    Hold,
    Order,
    OrderCommunication,
    OrderItem,
    OrderNote,
    Piece,
    PieceStep,
)
from shopwright.orders.states import OPEN, WORKABLE, OrderStatus, ProductionStatus, StepStatus
from shopwright.print_files.models import PrintFile
from shopwright.shipping.models import Parcel, ParcelItem
from shopwright.shipping.states import ParcelStatus
from shopwright.web.order_history import tell
from shopwright.web.paging import Window
from shopwright.web.pips import STEPS, Pip, order_pip
from shopwright.web.reads.nav import READY_TO_PACK
from shopwright.web.reads.order_filters import BY_PROMISE, OrderSearch

BOARD_CARDS = 60  # of a column
MAX_PIECES = 200  # of an item on its page; the counters tell the rest
HISTORY = 60
_URGENCY = (Order.priority, Order.promised_on.asc().nulls_last(), Order.placed_at, Order.id)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One line of the list; the columns of ``_LIST`` in order."""

    id: int
    number: int
    channel: str
    status: OrderStatus
    production_status: ProductionStatus
    is_held: bool
    priority: int
    buyer_name: str
    currency: str
    total_minor: int
    promised_on: date | None
    placed_at: datetime
    pieces_total: int
    pieces_good: int
    is_gift: bool
    first_title: str | None
    item_count: int
    unit_count: int | None

    @property
    def pip(self) -> Pip:
        return order_pip(self.status, self.production_status, is_held=self.is_held)

    @property
    def what(self) -> str:
        """``Dragon, red +2``."""
        more = f" +{self.item_count - 1}" if self.item_count > 1 else ""
        return f"{self.first_title or 'no items'}{more}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


async def list_orders(
    session: AsyncSession, organization_id: int, wanted: OrderSearch, zone: str, window: Window
) -> tuple[list[OrderRow], int]:
    """A page of orders, newest first (the open ones by promise), and how many match."""
    conditions = wanted.conditions(organization_id, zone)
    total = (
        select(func.count()).select_from(Order).where(*conditions).scalar_subquery().label("total")
    )
    by_promise = [Order.promised_on.asc().nulls_last()] if wanted.kind in BY_PROMISE else []
    statement = (
        _list(organization_id)
        .add_columns(total)
        .where(*conditions)
        .order_by(*by_promise, Order.placed_at.desc(), Order.id.desc())
        .limit(window.limit)
        .offset(window.offset)
    )
    rows = [tuple(row) for row in await session.execute(statement)]
    return [OrderRow(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


async def list_board(
    session: AsyncSession, organization_id: int, wanted: OrderSearch, zone: str
) -> dict[ProductionStatus, list[OrderRow]]:
    """Paid orders that have not left, by how far their making is; the most urgent of each."""
    first = func.row_number().over(partition_by=Order.production_status, order_by=_URGENCY)
    chosen = (
        select(Order.id, first.label("place"))
        .where(*wanted.conditions(organization_id, zone), Order.status.in_(WORKABLE))
        .subquery()
    )
    shown = select(chosen.c.id).where(chosen.c.place <= BOARD_CARDS)
    rows = await session.execute(
        _list(organization_id)
        .where(Order.organization_id == organization_id, Order.id.in_(shown))
        .order_by(*_URGENCY)
    )
    found: dict[ProductionStatus, list[OrderRow]] = {status: [] for status in ProductionStatus}
    for row in rows:
        order = OrderRow(*row)
        found[order.production_status].append(order)
    return found


async def count_board(
    session: AsyncSession, organization_id: int, wanted: OrderSearch, zone: str
) -> dict[ProductionStatus, int]:
    rows = await session.execute(
        select(Order.production_status, func.count())
        .where(*wanted.conditions(organization_id, zone), Order.status.in_(WORKABLE))
        .group_by(Order.production_status)
    )
    return {row[0]: row[1] for row in rows}


async def list_to_pack(session: AsyncSession, organization_id: int, limit: int) -> list[OrderRow]:
    rows = await session.execute(
        _list(organization_id)
        .where(Order.organization_id == organization_id, READY_TO_PACK)
        .order_by(Order.promised_on.asc().nulls_last(), Order.id)
        .limit(limit)
    )
    return [OrderRow(*row) for row in rows]


async def list_late(
    session: AsyncSession, organization_id: int, before: date, limit: int
) -> list[OrderRow]:
    """Open orders whose promise is broken or due, that are not ready to pack."""
    rows = await session.execute(
        _list(organization_id)
        .where(Order.organization_id == organization_id, Order.status.in_(OPEN))
        .where(Order.promised_on <= before, Order.pieces_good < Order.pieces_total)
        .order_by(Order.promised_on, Order.id)
        .limit(limit)
    )
    return [OrderRow(*row) for row in rows]


def _list(organization_id: int) -> Any:
    mine = and_(OrderItem.order_id == Order.id, OrderItem.organization_id == organization_id)
    first = (
        select(OrderItem.title).where(mine).order_by(OrderItem.position).limit(1).scalar_subquery()
    )
    count = select(func.count()).select_from(OrderItem).where(mine).scalar_subquery()
    units = select(func.sum(OrderItem.quantity)).where(mine).scalar_subquery()
    return select(
        Order.id, Order.number, Order.channel, Order.status, Order.production_status,
        Order.is_held, Order.priority, Order.buyer_name, Order.currency, Order.total_minor,
        Order.promised_on, Order.placed_at, Order.pieces_total, Order.pieces_good, Order.is_gift,
        first, count, units,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepView:
    id: int
    name: str
    status: StepStatus
    print_job_id: int | None
    failures: int

    @property
    def pip(self) -> Pip:
        return STEPS[self.status]


@dataclass(frozen=True, slots=True)
class PieceView:
    number: int
    is_good: bool
    is_released: bool
    steps: tuple[StepView, ...]


@dataclass(slots=True)
class ItemView:
    """One position; the columns of ``_ITEM`` in order, then its pieces."""

    id: int
    position: int
    title: str
    sku: str | None
    quantity: int
    price_minor: int
    options: list[Any]
    personalisation: list[Any]
    is_cancelled: bool
    waiting_code: str | None
    waiting_reason: str | None
    pieces_total: int
    pieces_good: int
    variant_id: int | None
    product_id: int | None
    product_name: str | None
    pieces: list[PieceView] = field(default_factory=list)
    packed: int = 0

    @property
    def to_pack(self) -> int:
        return 0 if self.is_cancelled else max(0, self.quantity - self.packed)

    @property
    def step_counts(self) -> list[tuple[str, list[tuple[Pip, int]]]]:
        """Per recipe step: how many of its copies are in which state."""
        counts: dict[str, Counter[StepStatus]] = defaultdict(Counter)
        for piece in self.pieces:
            for step in piece.steps:
                counts[step.name][step.status] += 1
        return [
            (name, [(STEPS[status], by[status]) for status in StepStatus if by[status]])
            for name, by in counts.items()
        ]


@dataclass(frozen=True, slots=True)
class ParcelView:
    id: int
    number: int
    status: ParcelStatus
    carrier: str | None
    tracking_code: str | None
    packed_by: str
    shipped_at: datetime | None


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of an order's history."""

    at: datetime
    action: str
    actor: str
    reason: str | None
    facts: dict[str, Any]

    @property
    def sentence(self) -> str:
        return tell(self.action, self.facts)


async def find_order(session: AsyncSession, organization_id: int, ref: Ref) -> Order | None:
    order: Order | None = await session.scalar(
        select(Order).where(Order.organization_id == organization_id, ref.where(Order))
    )
    return order


def address_lines(order: Order) -> list[str]:
    """As on a label; the buyer's name where the address has none."""
    lines = [str(value) for value in order.ship_to.values() if value]
    return (
        lines if order.ship_to.get("name") or not order.buyer_name else [order.buyer_name, *lines]
    )


async def list_items(session: AsyncSession, organization_id: int, order_id: int) -> list[ItemView]:
    """The order's positions with their pieces and how many are packed."""
    rows = await session.execute(
        select(
            OrderItem.id, OrderItem.position, OrderItem.title, OrderItem.sku, OrderItem.quantity,
            OrderItem.price_minor, OrderItem.options, OrderItem.personalisation,
            OrderItem.is_cancelled, OrderItem.waiting_code, OrderItem.waiting_reason,
            OrderItem.pieces_total, OrderItem.pieces_good, Variant.id, Product.id, Product.name,
        )
        .outerjoin(
            Variant,
            and_(Variant.id == OrderItem.variant_id, Variant.organization_id == organization_id),
        )
        .outerjoin(
            Product,
            and_(Product.id == Variant.product_id, Product.organization_id == organization_id),
        )
        .where(OrderItem.organization_id == organization_id, OrderItem.order_id == order_id)
        .order_by(OrderItem.position)
    )  # fmt: skip
    items = [ItemView(*row) for row in rows]
    await _add_pieces(session, organization_id, items)
    await _add_packed(session, organization_id, items)
    return items


async def _add_pieces(
    session: AsyncSession, organization_id: int, items: Sequence[ItemView]
) -> None:
    name = case(
        (RecipeStep.name != "", RecipeStep.name),
        (PrintFile.name.is_not(None), PrintFile.name),
        else_="",
    )
    rows = await session.execute(
        select(
            Piece.order_item_id, Piece.id, Piece.number, Piece.steps_total, Piece.steps_good,
            Piece.is_released, PieceStep.id, name, PieceStep.plate_number, PieceStep.status,
            PieceStep.print_job_id, PieceStep.failures,
        )
        .join(
            PieceStep,
            and_(PieceStep.piece_id == Piece.id, PieceStep.organization_id == organization_id),
        )
        .join(
            RecipeStep,
            and_(
                RecipeStep.id == PieceStep.recipe_step_id,
                RecipeStep.organization_id == organization_id,
            ),
        )
        .outerjoin(
            PrintFile,
            and_(
                PrintFile.id == PieceStep.print_file_id,
                PrintFile.organization_id == organization_id,
            ),
        )
        .where(Piece.organization_id == organization_id, Piece.number <= MAX_PIECES)
        .where(Piece.order_item_id.in_([item.id for item in items]))
        .where(PieceStep.status != StepStatus.SCRAP)
        .order_by(Piece.order_item_id, Piece.number, RecipeStep.position)
    )  # fmt: skip
    grouped: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row[0], row[1]].append(row)
    by_item = {item.id: item for item in items}
    for (item_id, _), of_piece in grouped.items():
        by_item[item_id].pieces.append(_piece(of_piece))


def _piece(rows: Sequence[Any]) -> PieceView:
    _, _, number, steps_total, steps_good, is_released, *_ = rows[0]
    steps = tuple(
        StepView(row[6], _step_name(row[7], row[8]), row[9], row[10], row[11]) for row in rows
    )
    return PieceView(number, steps_good >= steps_total > 0, is_released, steps)


def _step_name(name: str, plate_number: int | None) -> str:
    return f"{name}, plate {plate_number}" if plate_number else name


async def _add_packed(
    session: AsyncSession, organization_id: int, items: Sequence[ItemView]
) -> None:
    rows = await session.execute(
        select(ParcelItem.order_item_id, func.sum(ParcelItem.quantity))
        .where(ParcelItem.organization_id == organization_id)
        .where(ParcelItem.order_item_id.in_([item.id for item in items]))
        .group_by(ParcelItem.order_item_id)
    )
    packed = {row[0]: row[1] for row in rows}
    for item in items:
        item.packed = packed.get(item.id, 0)


async def list_parcels(
    session: AsyncSession, organization_id: int, order_id: int
) -> list[ParcelView]:
    rows = await session.execute(
        select(
            Parcel.id, Parcel.number, Parcel.status, Parcel.carrier, Parcel.tracking_code,
            Parcel.packed_by, Parcel.shipped_at,
        )
        .where(Parcel.organization_id == organization_id, Parcel.order_id == order_id)
        .order_by(Parcel.number)
    )  # fmt: skip
    return [ParcelView(*row) for row in rows]


async def list_holds(session: AsyncSession, organization_id: int, order_id: int) -> list[Hold]:
    rows = await session.scalars(
        select(Hold)
        .where(Hold.organization_id == organization_id, Hold.order_id == order_id)
        .where(Hold.released_at.is_(None))
        .order_by(Hold.id)
    )
    return list(rows)


async def list_notes(session: AsyncSession, organization_id: int, order_id: int) -> list[OrderNote]:
    rows = await session.scalars(
        select(OrderNote)
        .where(OrderNote.organization_id == organization_id, OrderNote.order_id == order_id)
        .order_by(OrderNote.id)
    )
    return list(rows)


async def list_messages(
    session: AsyncSession, organization_id: int, order_id: int
) -> list[OrderCommunication]:
    rows = await session.scalars(
        select(OrderCommunication)
        .where(OrderCommunication.organization_id == organization_id)
        .where(OrderCommunication.order_id == order_id)
        .order_by(OrderCommunication.id)
    )
    return list(rows)


async def list_history(
    session: AsyncSession, organization_id: int, order_id: int
) -> list[Happening]:
    """What was done to the order, newest first."""
    rows = await session.execute(
        select(
            AuditEntry.created_at, AuditEntry.action, AuditEntry.actor, AuditEntry.reason,
            AuditEntry.facts,
        )
        .where(AuditEntry.organization_id == organization_id)
        .where(AuditEntry.subject == "order", AuditEntry.subject_id == order_id)
        .order_by(AuditEntry.id.desc())
        .limit(HISTORY)
    )  # fmt: skip
    return [Happening(*row) for row in rows]
