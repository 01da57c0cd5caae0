"""Counts what printers printed and judges what came due, now and then."""

import asyncio

import structlog

from shopwright.fleet.maintenance import queries, service
from shopwright.kernel.actor import system_actor
from shopwright.kernel.edge import Process

log = structlog.get_logger()

ROUND_S = 300.0  # hours and days move slowly; prints, tasks and reports are judged at once


class MaintenanceKeeper:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(ROUND_S)

    async def look(self) -> None:
        """Once at every organization that has printers; one that fails does not keep the others."""
        async with self._process.database.read() as session:
            found = await queries.list_organizations_with_printers(session)
        for organization_id in found:
            ctx = system_actor(organization_id, "maintenance")
            try:
                await service.count_hours(self._process, ctx, now=self._process.clock.now())
            except Exception:
                log.exception("maintenance was not judged", organization_id=organization_id)
