"""The loop that builds what the writes cannot keep: after an upgrade, when a shop moves to another
time zone, and how long printers were in each state."""

import asyncio

import structlog

from shopwright.analytics import printer_time, rollups
from shopwright.kernel.db import Database
from shopwright.kernel.live import Hub
from shopwright.kernel.signals import Signal
from shopwright.telemetry.storage import TelemetryStorage

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
TOPICS = frozenset({rollups.TOPIC, "organization"})


class RollupKeeper:
    """One per worker; two of them share the work without harm."""

    def __init__(self, database: Database, hub: Hub, storage: TelemetryStorage) -> None:
        self._database = database
        self._storage = storage
        self._hub = hub
        self._wake = asyncio.Event()

    async def run(self) -> None:
        leave = self._hub.listen_to_all(self._hear)
        try:
            while True:
                self._wake.clear()
                built = await rollups.build_stale(self._database)
                if built:
                    log.info("the reports were counted anew", rollups=built)
                await printer_time.count_all(self._database, self._storage)
                await self._wait()
        finally:
            leave()

    def _hear(self, signal: Signal) -> None:
        if signal.topic in TOPICS:
            self._wake.set()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)
        except TimeoutError:
            return
