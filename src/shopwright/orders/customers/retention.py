"""Personal data is not kept for longer than it is needed: a loop that empties what is over.

What a channel sent about an order stays as a row, by which the same event is known again, but its
body goes some time after the order is done. Previews of spreadsheets that nobody took in go too.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.channels.service import ORDER_EVENT, source_of
from shopwright.fleet.setup import printer_imports
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.inbox import InboundEvent, InboundStatus
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.csv_import import queries as csv_import_queries
from shopwright.orders.customers import counters
from shopwright.orders.models import Order
from shopwright.orders.states import LEFT, STOPPED

log = structlog.get_logger()

PAUSE_S = 3_600.0
PAGE = 500  # rows a transaction empties
UNUSED_IMPORTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Event:
    id: int
    organization_id: int
    source: str
    key: str
    received_at: datetime

    @property
    def external_id(self) -> str:
        """Keys begin with it (``channels.service.event_key``)."""
        return self.key.partition(":")[0]


@dataclass(frozen=True, slots=True)
class PersonalDataKeeper:
    """``days`` after an event came in its body goes, once its order is done; 0 keeps all."""

    database: Database
    clock: Clock
    days: int

    async def run(self) -> None:
        """Until cancelled."""
        await counters.count_older(self.database)
        while True:
            emptied = await self.sweep()
            if emptied:
                log.info("old channel events were emptied", count=emptied)
            await asyncio.sleep(PAUSE_S)

    async def sweep(self) -> int:
        """How many bodies went."""
        now = self.clock.now()
        async with self.database.write() as session:
            await csv_import_queries.drop_unused(session, now - UNUSED_IMPORTS)
            await printer_imports.drop_unused(session, now - UNUSED_IMPORTS)
        if self.days == 0:
            return 0
        return await self._empty_events(now - timedelta(days=self.days))

    async def _empty_events(self, before: datetime) -> int:
        """Page by page, so that the writer is free in between."""
        emptied, last = 0, None
        while True:
            async with self.database.read() as reading:
                page = await _list_old(reading, before, last)
                done = await _done(reading, page)
            if not page:
                return emptied
            last = page[-1]
            if done:
                async with self.database.write() as session:
                    await _empty(session, done, self.clock.now())
                emptied += len(done)


async def _list_old(session: AsyncSession, before: datetime, after: _Event | None) -> list[_Event]:
    """With a body still, and dealt with, the oldest first. Those emptied are in no index of it."""
    at, event_id = InboundEvent.received_at, InboundEvent.id
    statement = (
        select(event_id, InboundEvent.organization_id, InboundEvent.source, InboundEvent.key, at)
        .where(InboundEvent.kind == ORDER_EVENT, InboundEvent.emptied_at.is_(None), at < before)
        .where(InboundEvent.status != InboundStatus.RECEIVED)
        .order_by(at, event_id)
        .limit(PAGE)
        .execution_options(**CROSS_TENANT)
    )
    if after is not None:
        is_later = or_(at > after.received_at, and_(at == after.received_at, event_id > after.id))
        statement = statement.where(at >= after.received_at, is_later)
    return [_Event(*row) for row in await session.execute(statement)]


async def _done(session: AsyncSession, page: Sequence[_Event]) -> list[int]:
    """Ids of those whose order has left or was stopped, or never came to be."""
    by_source = defaultdict[tuple[int, str], list[_Event]](list)
    for event in page:
        by_source[event.organization_id, event.source].append(event)
    done: list[int] = []
    for (organization_id, source), events in by_source.items():
        needed = await _open_orders(session, organization_id, source, events)
        done += [event.id for event in events if event.external_id not in needed]
    return done


async def _open_orders(
    session: AsyncSession, organization_id: int, source: str, events: Sequence[_Event]
) -> set[str]:
    connection = source.removeprefix(source_of(0).removesuffix("0"))
    if not connection.isdigit():
        return {event.external_id for event in events}  # no connection's: not ours to judge
    rows = await session.scalars(
        select(Order.external_id)
        .where(Order.organization_id == organization_id, Order.connection_id == int(connection))
        .where(Order.external_id.in_([event.external_id for event in events]))
        .where(Order.status.not_in(LEFT | STOPPED))
    )
    return {str(external_id) for external_id in rows}


async def _empty(session: WriteSession, ids: Sequence[int], now: datetime) -> None:
    await session.execute(
        update(InboundEvent)
        .where(InboundEvent.id.in_(ids))
        .values(payload={}, emptied_at=now)
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )
