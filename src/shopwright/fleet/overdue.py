"""What nobody answered in time: commands, and printers that programs outside report on."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select

from shopwright.fleet import command_queries, device_state, queries, service
from shopwright.fleet.drivers import installed_drivers
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.outside import is_told
from shopwright.fleet.states import CommandStatus, ConnectionState, DrivenBy
from shopwright.kernel.actor import system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, ReadSession
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
            commands = await command_queries.list_open(session)
            silent = await _list_silent(session, now - SILENT)
        await self._time_out(commands, now)
        for printer in silent:
            if is_told(printer):
                await self._lose(printer, now)

    async def _time_out(self, commands: Sequence[PrinterCommand], now: datetime) -> None:
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
        ctx = system_actor(printer.organization_id, "fleet")
        async with self._database.write() as session:
            found = await service.get_printer(session, ctx, printer.id)
            if found.last_seen_at != printer.last_seen_at:
                return  # somebody reported on it just now
            await device_state.record_loss(
                session,
                ctx,
                printer_id=printer.id,
                connection=ConnectionState.OFFLINE,
                sentence=UNHEARD,
                now=now,
            )


async def _list_silent(session: ReadSession, since: datetime) -> list[Printer]:
    """Of every organization; those with a driver of ours tell when they are lost themselves."""
    has_driver = (Printer.driven_by == DrivenBy.SERVER) & Printer.driver.in_(installed_drivers())
    rows = await session.scalars(
        select(Printer)
        .where(Printer.is_active, Printer.connection == ConnectionState.ONLINE)
        .where(Printer.driven_by != DrivenBy.AGENT, ~has_driver)
        .where(or_(Printer.last_seen_at.is_(None), Printer.last_seen_at <= since))
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)
