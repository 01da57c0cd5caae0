"""What nobody answered in time: commands, and printers that programs outside report on."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from shopwright.fleet import command_queries, device_state, queries
from shopwright.fleet.models import Printer
from shopwright.fleet.outside import is_told
from shopwright.fleet.states import CommandStatus, ConnectionState, DrivenBy
from shopwright.kernel.actor import system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database
from shopwright.kernel.live import touch
from shopwright.kernel.tenancy import CROSS_TENANT

ROUND_S = 5.0
SILENT = timedelta(minutes=5)  # programs outside report at their own pace
UNHEARD = "Nobody reported on it for 5 minutes."

log = structlog.get_logger()


class OverdueWatch:
    """Agents time their own commands; everybody else's are looked at here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled; a round that failed is tried again."""
        while True:
            await asyncio.sleep(ROUND_S)
            try:
                await self.look()
            except Exception:
                log.exception("overdue commands could not be looked at; it is tried again")

    async def look(self) -> None:
        now = self._clock.now()
        async with self._database.read() as session:
            statement = select(Printer).where(
                Printer.is_active, Printer.driven_by != DrivenBy.AGENT
            )
            printers = list(await session.scalars(statement.execution_options(**CROSS_TENANT)))
        await self._time_out([printer.id for printer in printers], now)
        for printer in printers:
            if _is_silent(printer, now):
                await self._lose(printer, now)

    async def _time_out(self, printer_ids: list[int], now: datetime) -> None:
        async with self._database.read() as session:
            commands = await command_queries.list_open(session, printer_ids)
        over = [(command, command_queries.why_over(command, now)) for command in commands]
        for command, why in over:
            if why is None:
                continue
            async with self._database.write() as session:
                own = command.organization_id
                await queries.settle_command(
                    session, own, command.id, CommandStatus.TIMEOUT, why, now
                )
                touch(session, own, "printer", command.printer_id)

    async def _lose(self, printer: Printer, now: datetime) -> None:
        async with self._database.write() as session:
            await device_state.record_loss(
                session,
                system_actor(printer.organization_id, "fleet"),
                printer_id=printer.id,
                connection=ConnectionState.OFFLINE,
                sentence=UNHEARD,
                now=now,
            )


def _is_silent(printer: Printer, now: datetime) -> bool:
    if printer.connection is not ConnectionState.ONLINE or not is_told(printer):
        return False
    return printer.last_seen_at is None or now - printer.last_seen_at >= SILENT
