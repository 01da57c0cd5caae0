"""Keeps the roll-ups in step: once per transaction, by the difference it makes.

A roll-up that is not there yet is built in pieces; until it is complete, reports count the rows.
Counting holds the roll-up's state shared, building holds it alone: whatever is written meanwhile
is counted by exactly one of the two.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_

from shopwright.analytics import rollup_queries as queries
from shopwright.analytics.counting import COUNTED, SOURCES
from shopwright.analytics.days import day_of
from shopwright.analytics.models import RollupState
from shopwright.analytics.rollup_queries import Standing
from shopwright.analytics.states import SOLD, RollupSubject
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.live import touch
from shopwright.kernel.times import zone_of
from shopwright.orders.models import Order
from shopwright.orders.piece_queries import batched
from shopwright.orders.states import OrderStatus

AT_ONCE = 500  # rows named in one statement
BUILT_AT_ONCE = 20_000  # in one transaction: some 0.2 s, in which nobody else writes on SQLite
TOPIC = "rollup"  # touched when one waits to be built


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
        await _count(session, state, condition)


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
    for subject in COUNTED:
        async with database.write() as session:
            await _reset(session, await _hold(session, organization_id, subject))
        await _build(database, organization_id, subject)


async def _count(session: WriteSession, state: RollupState, condition: ColumnElement[bool]) -> None:
    """Orders change again and again; a job ends once, and movements are append-only."""
    owner, zone = state.organization_id, zone_of(state.time_zone)
    if state.subject is RollupSubject.ORDERS:
        await _count_orders(session, owner, zone, condition)
    else:
        await queries.count_into_days(session, owner, state.subject, zone, condition)


async def _count_orders(
    session: WriteSession, organization_id: int, zone: ZoneInfo, condition: ColumnElement[bool]
) -> None:
    changes: dict[tuple[date, str, OrderStatus], list[int]] = defaultdict(lambda: [0, 0])
    changed = []
    for order in await queries.list_standings(session, organization_id, condition):
        now = _as_it_is(order, zone)
        if now == order[6:]:
            continue
        day, currency, status, revenue = now
        _add(changes[day, currency, status], 1, revenue)
        if order.day and order.currency and order.status:
            before = changes[order.day, order.currency, order.status]
            _add(before, -1, -(order.revenue_minor or 0))
        changed.append(order.order_id)
    if changed:
        condition = Order.id.in_(changed)
        await queries.set_counted(session, organization_id, zone, condition)
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
    await queries.add_to_days(session, RollupSubject.ORDERS, rows)


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
    """Count the next rows, which nobody has counted yet; True when these were the last."""
    owner, subject, after = state.organization_id, state.subject, state.counted_to
    last, count = await queries.find_next(session, owner, subject, after, BUILT_AT_ONCE)
    if count:
        zone, source = zone_of(state.time_zone), SOURCES[subject]
        condition = and_(source.id > after, source.id <= last)
        await queries.count_into_days(session, owner, subject, zone, condition)
        if subject is RollupSubject.ORDERS:
            await queries.set_counted(session, owner, zone, condition)
    is_complete = count < BUILT_AT_ONCE
    await queries.move_state(session, state, counted_to=last, is_complete=is_complete)
    return is_complete
