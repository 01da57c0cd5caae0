"""The telemetry database: a second SQLite file that syncs less often, or tables beside others."""

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url

from shopwright.kernel import ids, migrations
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import BUSY_TIMEOUT_MS
from shopwright.telemetry import queries
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.migrations import SCRIPTS, VERSION_TABLE
from shopwright.telemetry.queries import RING, PrinterBatch
from shopwright.telemetry.samples import Interval, NewSample, Sample, WrittenInterval

T = TypeVar("T")


class TelemetryStorage:
    """Synchronous statements on threads: they share nothing with the business data's sessions.

    One connection writes; reads are rare and open their own, so only who wrote has to ``close``.
    The tables are made or migrated by the first use.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.origin = ids.new_uuid()  # so that this process knows its own batches
        self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._is_prepared = False
        self._preparing = threading.Lock()
        sync_url = migrations.sync_url(url)
        self._writer = create_engine(sync_url, pool_size=1, max_overflow=0)
        self._reader = create_engine(sync_url, poolclass=NullPool)
        if self._is_sqlite:
            event.listen(self._writer, "connect", _prepare_sqlite)
            event.listen(self._writer, "begin", _begin_immediate)

    async def prepare(self) -> None:
        """Make or migrate the tables now, at the start, instead of with the first use."""
        await asyncio.to_thread(self._prepare)

    async def write(self, batch: Mapping[int, PrinterBatch]) -> None:
        """All of it, by printer, in one transaction; raises SQLAlchemyError and wrote nothing."""

        def work(connection: Connection) -> None:
            queries.write(connection, batch)
            queries.announce(connection, self.origin, batch.keys())

        await self._run(self._writer, work)

    async def add_report(self, snapshot: Snapshot, sample: NewSample) -> int:
        """What a client reported of a printer nobody here drives; returns the sample's number."""

        def work(connection: Connection) -> int:
            queries.announce(connection, self.origin, [snapshot.printer_id])
            return queries.add_report(connection, snapshot, sample)

        return await self._run(self._writer, work)

    async def add_hearsay(self, known: Snapshot, sample: NewSample) -> int:
        """A sample that moves nothing; ``known`` is what is known of the printer otherwise."""
        return await self._run(
            self._writer, lambda connection: queries.add_hearsay(connection, known, sample)
        )

    async def read_latest(self) -> list[Snapshot]:
        """The last snapshot of every printer of every organization."""
        return await self._run(self._reader, queries.read_latest)

    async def read_latest_of(self, printer_ids: Iterable[int]) -> list[Snapshot]:
        """The last snapshots of these printers, whose ever they are."""
        wanted = list(printer_ids)
        return await self._run(self._reader, lambda c: queries.read_latest(c, wanted))

    async def list_samples(self, ctx: Actor, printer_id: int, *, limit: int = RING) -> list[Sample]:
        """Newest first, at most as many as the ring holds."""
        organization_id = ctx.organization_id
        return await self._run(
            self._reader, lambda c: queries.list_samples(c, organization_id, printer_id, limit)
        )

    async def list_intervals(
        self, ctx: Actor, printer_id: int, *, since: datetime, until: datetime
    ) -> list[Interval]:
        """Those that overlap the span, oldest first, not cut to it; the open one has no end."""
        organization_id = ctx.organization_id
        return await self._run(
            self._reader,
            lambda c: queries.list_intervals(c, organization_id, printer_id, since, until),
        )

    async def list_fleet_intervals(
        self, ctx: Actor, states: Collection[str], *, since: datetime, until: datetime
    ) -> dict[int, list[Interval]]:
        """Of all printers in one of these states; an open one ends with the last report."""
        organization_id = ctx.organization_id
        return await self._run(
            self._reader,
            lambda c: queries.list_fleet_intervals(c, organization_id, states, since, until),
        )

    async def list_closed(
        self, ctx: Actor, after: Mapping[int, int], *, limit: int
    ) -> list[WrittenInterval]:
        """Intervals that ended and change no more, by id: of each of these printers those with a
        higher id than the one beside it. ``limit`` holds for each 200 printers."""
        owner = ctx.organization_id
        return await self._run(
            self._reader,
            lambda c: queries.list_written(c, owner, after, limit, is_closed=True),
        )

    async def list_later(self, ctx: Actor, after: Mapping[int, int]) -> list[WrittenInterval]:
        """The same with those that have not ended, all of them."""
        owner = ctx.organization_id
        return await self._run(
            self._reader,
            lambda c: queries.list_written(c, owner, after, None, is_closed=False),
        )

    async def drop_intervals(self, before: datetime) -> None:
        """States that ended before then, of every printer: not for a server's storage."""
        await self._run(self._writer, lambda c: queries.drop_intervals(c, before))

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.dispose)

    async def _run(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            self._prepare()
            with engine.begin() as connection:
                return work(connection)

        return await asyncio.to_thread(run)

    def _prepare(self) -> None:
        with self._preparing:
            if self._is_prepared:
                return
            if self._is_sqlite:
                Path(make_url(self._url).database or "").parent.mkdir(parents=True, exist_ok=True)
            migrations.upgrade_now(self._url, SCRIPTS, VERSION_TABLE)
            self._is_prepared = True


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """NORMAL: a power cut may cost the last second of curves, never the file."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
