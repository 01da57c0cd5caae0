"""Keeps the roll-ups in step: once per transaction, by the difference it makes.

A roll-up that is not there yet is built in pieces; until it is complete, reports count the rows.
Counting holds the roll-up's state shared, building holds it alone: whatever is written meanwhile
is counted by exactly one of the two.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_

from shopwright.analytics import rollup_queries as queries
from shopwright.analytics.days import day_of, zone_of
from shopwright.analytics.models import FilamentDay, OrderDay, PrintDay, RollupState
from shopwright.analytics.rollup_queries import SOURCES, Standing
from shopwright.analytics.states import SOLD, PrintOutcome, RollupSubject
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.live import touch
from shopwright.orders.piece_queries import batched
from shopwright.orders.states import OrderStatus

AT_ONCE = 500  # rows named in one statement
BUILT_AT_ONCE = 5_000  # in one transaction: some 0.2 s, in which nobody else may write on SQLite
TOPIC = "rollup"  # touched when one waits to be built

Count = Callable[[WriteSession, int, ZoneInfo, ColumnElement[bool]], Awaitable[None]]


async def follow(
    session: WriteSession, organization_id: int, subject: RollupSubject, ids: Collection[int]
) -> None:
    """Count what this transaction changed of these rows, last in it."""
    state = await queries.find_state(session, organization_id, subject, is_shared=True)
    if state is None:
        await _begin(session, organization_id, subject)
        return
    counted = sorted(ids if state.is_complete else (i for i in ids if i <= state.counted_to))
    for some in batched(counted, AT_ONCE):
        condition = SOURCES[subject].id.in_(some)
        await COUNTS[subject](session, organization_id, zone_of(state.time_zone), condition)


async def follow_movements(
    session: WriteSession, organization_id: int, keys: Collection[str]
) -> None:
    ids: list[int] = []
    for some in batched(sorted(keys), AT_ONCE):
        ids += await queries.list_movement_ids(session, organization_id, some)
    await follow(session, organization_id, RollupSubject.FILAMENT, ids)


async def build_stale(database: Database) -> int:
    """Build what is missing, unfinished or of another time zone; returns how many that were."""
    async with database.read() as session:
        stale = await queries.list_stale(session)
    for organization_id, subject in stale:
        await _build(database, organization_id, subject)
    return len(stale)


async def rebuild(database: Database, organization_id: int) -> None:
    """Throw the roll-ups of one organization away and count its rows anew."""
    for subject in RollupSubject:
        async with database.write() as session:
            await _reset(session, await _hold(session, organization_id, subject))
        await _build(database, organization_id, subject)


async def count_orders(
    session: WriteSession, organization_id: int, zone: ZoneInfo, condition: ColumnElement[bool]
) -> None:
    changes: dict[tuple[date, str, OrderStatus], list[int]] = defaultdict(lambda: [0, 0])
    counted = []
    for order in await queries.list_standings(session, organization_id, condition):
        now = _as_it_is(order, zone)
        if now == order[6:]:
            continue
        day, currency, status, revenue = now
        _add(changes[day, currency, status], 1, revenue)
        if order.day and order.currency and order.status:
            before = changes[order.day, order.currency, order.status]
            _add(before, -1, -(order.revenue_minor or 0))
        counted.append(
            {
                "order_id": order.order_id,
                "organization_id": organization_id,
                "day": day,
                "currency": currency,
                "status": status,
                "revenue_minor": revenue,
            }
        )
    await queries.set_counted(session, sorted(counted, key=lambda row: int(str(row["order_id"]))))
    rows = [
        {
            "organization_id": organization_id,
            "day": day,
            "currency": currency,
            "status": status,
            "orders": orders,
            "revenue_minor": revenue,
        }
        for (day, currency, status), (orders, revenue) in sorted(changes.items())
        if orders or revenue
    ]
    await queries.add_to_days(session, OrderDay, rows, ("orders", "revenue_minor"))


async def count_prints(
    session: WriteSession, organization_id: int, zone: ZoneInfo, condition: ColumnElement[bool]
) -> None:
    """A job ends once, so nothing is known of those that are counted."""
    ended: dict[tuple[date, int, PrintOutcome], int] = defaultdict(int)
    for at, printer_id, outcome in await queries.list_ended_prints(
        session, organization_id, condition
    ):
        ended[day_of(at, zone), printer_id, outcome] += 1
    rows = [
        {
            "organization_id": organization_id,
            "day": day,
            "printer_id": printer_id,
            "outcome": outcome,
            "prints": prints,
        }
        for (day, printer_id, outcome), prints in sorted(ended.items())
    ]
    await queries.add_to_days(session, PrintDay, rows, ("prints",))


async def count_filament(
    session: WriteSession, organization_id: int, zone: ZoneInfo, condition: ColumnElement[bool]
) -> None:
    """Movements are append-only."""
    used: dict[tuple[date, int, str], int] = defaultdict(int)
    for at, filament_id, material, amount_mg in await queries.list_uses(
        session, organization_id, condition
    ):
        used[day_of(at, zone), filament_id, material] += amount_mg
    rows = [
        {
            "organization_id": organization_id,
            "day": day,
            "filament_id": filament_id,
            "material": material,
            "used_mg": used_mg,
        }
        for (day, filament_id, material), used_mg in sorted(used.items())
    ]
    await queries.add_to_days(session, FilamentDay, rows, ("used_mg",))


COUNTS: Mapping[RollupSubject, Count] = {
    RollupSubject.ORDERS: count_orders,
    RollupSubject.PRINTS: count_prints,
    RollupSubject.FILAMENT: count_filament,
}


def _as_it_is(order: Standing, zone: ZoneInfo) -> tuple[date, str, OrderStatus, int]:
    is_sold = order.now_status in SOLD
    revenue = order.total_minor - order.refunded_minor if is_sold else 0
    return day_of(order.placed_at, zone), order.now_currency, order.now_status, revenue


def _add(sums: list[int], *amounts: int) -> None:
    for at, amount in enumerate(amounts):
        sums[at] += amount


async def _begin(session: WriteSession, organization_id: int, subject: RollupSubject) -> None:
    """The first of its kind, or the first since an upgrade: a small shop is counted at once, a
    larger one by the keeper."""
    state = await _hold(session, organization_id, subject)
    if not await _count_next(session, state):
        touch(session, organization_id, TOPIC)


async def _hold(session: WriteSession, organization_id: int, subject: RollupSubject) -> RollupState:
    await queries.add_state(session, organization_id, subject)
    state = await queries.find_state(session, organization_id, subject, is_shared=False)
    if state is None:
        raise LookupError(f"organization {organization_id} is gone")
    return state


async def _reset(session: WriteSession, state: RollupState) -> None:
    await queries.empty(session, state.organization_id, state.subject)
    zone = await queries.get_time_zone(session, state.organization_id)
    await queries.move_state(session, state, time_zone=zone, counted_to=0, is_complete=False)


async def _build(database: Database, organization_id: int, subject: RollupSubject) -> None:
    is_complete = False
    while not is_complete:
        async with database.write() as session:
            state = await _hold(session, organization_id, subject)
            if state.time_zone != await queries.get_time_zone(session, organization_id):
                await _reset(session, state)
            else:
                is_complete = state.is_complete or await _count_next(session, state)


async def _count_next(session: WriteSession, state: RollupState) -> bool:
    """Count the next rows; True when these were the last."""
    owner, subject, after = state.organization_id, state.subject, state.counted_to
    ids = await queries.next_ids(session, owner, subject, after, BUILT_AT_ONCE)
    is_complete = len(ids) < BUILT_AT_ONCE
    if ids:
        source = SOURCES[subject]
        condition = and_(source.id > after, source.id <= ids[-1])
        await COUNTS[subject](session, owner, zone_of(state.time_zone), condition)
    await queries.move_state(
        session, state, counted_to=ids[-1] if ids else after, is_complete=is_complete
    )
    return is_complete
