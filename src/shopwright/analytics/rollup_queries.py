"""SQL that keeps the roll-ups: who may count, what changed, and the days it changes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, and_, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.analytics.counting import (
    AMOUNTS,
    COUNTED,
    DAYS,
    SOURCES,
    list_counted,
)
from shopwright.analytics.models import (
    CountedOrder,
    FilamentDay,
    OrderDay,
    PlateSum,
    PrintDay,
    PrinterTimeMark,
    PrinterTimeSum,
    PrintSum,
    RollupState,
)
from shopwright.analytics.states import RollupSubject
from shopwright.inventory.models import FilamentMovement
from shopwright.kernel.db import Base, WriteSession, insert_for
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus

KEPT: Mapping[RollupSubject, tuple[type[Base], ...]] = {
    RollupSubject.ORDERS: (OrderDay, CountedOrder),
    RollupSubject.PRINTS: (PrintDay,),
    RollupSubject.FILAMENT: (FilamentDay,),
    RollupSubject.WORK: (PrintSum,),
    RollupSubject.PLATES: (PlateSum,),
    RollupSubject.PRINTER_TIME: (PrinterTimeSum, PrinterTimeMark),
}


class Standing(NamedTuple):
    """An order as it is and, from ``day`` on, as it is counted; None when it is not."""

    order_id: int
    placed_at: datetime
    now_currency: str
    now_status: OrderStatus
    total_minor: int
    refunded_minor: int
    day: date | None
    currency: str | None
    status: OrderStatus | None
    revenue_minor: int | None


async def find_state(
    session: WriteSession, organization_id: int, subject: RollupSubject, *, is_shared: bool
) -> RollupState | None:
    """Held until the commit: shared by those who count, alone by the one who builds."""
    state: RollupState | None = await session.scalar(
        select(RollupState)
        .where(RollupState.organization_id == organization_id, RollupState.subject == subject)
        .with_for_update(read=is_shared)
        .execution_options(populate_existing=True)
    )
    return state


async def get_state(
    session: AsyncSession, organization_id: int, subject: RollupSubject
) -> RollupState | None:
    """As it stands now; somebody may move it at any time."""
    return await session.get(
        RollupState, (organization_id, subject), execution_options=CROSS_TENANT
    )


async def add_state(session: WriteSession, organization_id: int, subject: RollupSubject) -> None:
    """An empty one, in the organization's time zone, unless somebody was faster."""
    zone = select(Organization.time_zone).where(Organization.id == organization_id)
    await session.execute(
        insert_for(session, RollupState)
        .values(
            organization_id=organization_id,
            subject=subject,
            time_zone=zone.scalar_subquery(),
            counted_to=0,
            is_complete=False,
        )
        .on_conflict_do_nothing(index_elements=["organization_id", "subject"])
    )


async def move_state(session: WriteSession, state: RollupState, **values: Any) -> None:
    await session.execute(
        update(RollupState)
        .where(RollupState.organization_id == state.organization_id)
        .where(RollupState.subject == state.subject)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def empty(session: WriteSession, organization_id: int, subject: RollupSubject) -> None:
    for kept in KEPT[subject]:
        table = _table(kept)
        await session.execute(delete(table).where(table.c.organization_id == organization_id))


async def find_next(
    session: AsyncSession, organization_id: int, subject: RollupSubject, after: int, limit: int
) -> tuple[int, int]:
    """The last id of the next rows, and how many these are."""
    source = SOURCES[subject]
    following = (
        select(source.id)
        .where(source.organization_id == organization_id, source.id > after)
        .order_by(source.id)
        .limit(limit)
        .subquery()
    )
    rows = await session.execute(
        select(func.coalesce(func.max(following.c.id), after), func.count()).select_from(following)
    )
    last, count = rows.one()
    return last, count


async def list_stale(session: AsyncSession) -> list[tuple[int, RollupSubject]]:
    """Organizations and subjects whose roll-up is missing, unfinished or of another time zone."""
    found: list[tuple[int, RollupSubject]] = []
    for subject in COUNTED:
        is_its = and_(
            RollupState.organization_id == Organization.id, RollupState.subject == subject
        )
        rows = await session.scalars(
            select(Organization.id)
            .outerjoin(RollupState, is_its)
            .where(
                RollupState.is_complete.is_not(True)
                | (RollupState.time_zone != Organization.time_zone)
            )
            .order_by(Organization.id),
            execution_options=CROSS_TENANT,
        )
        found += [(organization_id, subject) for organization_id in rows]
    return found


async def get_time_zone(session: AsyncSession, organization_id: int) -> str:
    found = await session.scalars(
        select(Organization.time_zone).where(Organization.id == organization_id)
    )
    return found.one()


async def list_standings(
    session: AsyncSession, organization_id: int, condition: ColumnElement[bool]
) -> list[Standing]:
    rows = await session.execute(
        select(
            Order.id, Order.placed_at, Order.currency, Order.status, Order.total_minor,
            Order.refunded_minor, CountedOrder.day, CountedOrder.currency, CountedOrder.status,
            CountedOrder.revenue_minor,
        )
        .outerjoin(
            CountedOrder,
            and_(
                CountedOrder.order_id == Order.id,
                CountedOrder.organization_id == organization_id,
            ),
        )
        .where(Order.organization_id == organization_id, condition)
    )  # fmt: skip
    return [Standing._make(row) for row in rows]


async def list_movement_ids(
    session: AsyncSession, organization_id: int, keys: Collection[str]
) -> list[int]:
    rows = await session.scalars(
        select(FilamentMovement.id)
        .where(FilamentMovement.organization_id == organization_id)
        .where(FilamentMovement.key.in_(keys))
    )
    return list(rows)


async def set_counted(
    session: WriteSession, organization_id: int, zone: ZoneInfo, condition: ColumnElement[bool]
) -> None:
    """These orders stand in the roll-up as they are now."""
    counted = list_counted(organization_id, zone).where(condition)
    names = [column.name for column in counted.selected_columns]
    insert = insert_for(session, _table(CountedOrder)).from_select(names, counted)
    changed = {name: insert.excluded[name] for name in names[2:]}
    await session.execute(insert.on_conflict_do_update(index_elements=["order_id"], set_=changed))


async def add_to_days(
    session: WriteSession, subject: RollupSubject, rows: Sequence[dict[str, Any]]
) -> None:
    """Add the amounts to their days. Sort the rows, so that no two transactions deadlock."""
    if rows:
        insert = insert_for(session, _table(DAYS[subject]))
        await session.execute(_adding(insert, subject), list(rows))


async def count_into_days(
    session: WriteSession,
    organization_id: int,
    subject: RollupSubject,
    zone: ZoneInfo,
    condition: ColumnElement[bool],
) -> None:
    """Add what counting these rows gives; none of them may be counted yet. In the order of the
    days, so that no two transactions deadlock."""
    keys = [column.name for column in _table(DAYS[subject]).primary_key]
    counted = COUNTED[subject](organization_id, zone, condition)
    counted = counted.order_by(*(name for name in keys if name != "organization_id"))
    counted = counted.add_columns(literal(organization_id).label("organization_id"))
    names = [column.name for column in counted.selected_columns]
    insert = insert_for(session, _table(DAYS[subject])).from_select(names, counted)
    await session.execute(_adding(insert, subject))


def _adding(insert: Any, subject: RollupSubject) -> Any:
    table = _table(DAYS[subject])
    sums = {name: table.c[name] + insert.excluded[name] for name in AMOUNTS[subject]}
    keys = [column.name for column in table.primary_key]
    return insert.on_conflict_do_update(index_elements=keys, set_=sums)


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  a mapped class of ours has one
    return table
