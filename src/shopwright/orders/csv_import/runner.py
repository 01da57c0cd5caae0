"""The loop that goes on with spreadsheets which nobody waits for any more."""

import asyncio
from dataclasses import dataclass, field

import structlog

from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database
from shopwright.orders.csv_import import queries, service

log = structlog.get_logger()

PAUSE_S = 5.0
TURN_S = 60.0  # of one import, before the next one has its turn


@dataclass(slots=True)
class ImportRunner:
    """An import that has not moved for one pause was left: its request is over, or its process
    died. Two at one import would do no harm, but read the file twice."""

    database: Database
    clock: Clock
    _seen: dict[int, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(PAUSE_S)

    async def turn(self) -> None:
        """One look at what is running."""
        async with self.database.read() as session:
            running = await queries.list_running(session)
        left = [row for row in running if self._seen.get(row.id) == row.position]
        self._seen = {row.id: row.position for row in running}
        for row in left:
            log.info("an import goes on", id=row.id, position=row.position, total=row.total)
            await service.run_import(
                self.database,
                organization_id=row.organization_id,
                import_id=row.id,
                now=self.clock.now(),
                seconds=TURN_S,
            )
