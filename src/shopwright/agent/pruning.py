"""What the journal needs no longer goes: an agent that nobody looks at for years fills no disk."""

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select

from shopwright.accounts.models import AuditEntry
from shopwright.agent.files import AgentFiles
from shopwright.agent.journal import Journal
from shopwright.fleet.models import PrinterCommand
from shopwright.fleet.states import OPEN_COMMANDS
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.effects import OPEN_EFFECTS, Effect
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.telemetry.storage import TelemetryStorage

log = structlog.get_logger()

EVERY_S = 3600.0
KEPT = timedelta(days=7)  # the server has it all; this is for whoever looks into a journal


class Pruner:
    """Settled commands and what belongs to them; events and print files have bounds of their
    own."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        files: AgentFiles,
        storage: TelemetryStorage,
        clock: Clock,
    ) -> None:
        self._database = database
        self._journal = journal
        self._files = files
        self._storage = storage
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.prune()
            await asyncio.sleep(EVERY_S)

    async def prune(self) -> None:
        """Nothing while the server lacks something: it may still ask for a command of before."""
        await self._files.remove_leftovers()
        if await self._journal.count_waiting():
            return
        before = self._clock.now() - KEPT
        async with self._database.write() as session:
            dropped = await _drop_commands(session, before)
            await _drop_effects(session, before)
            await session.execute(
                delete(AuditEntry)
                .where(AuditEntry.created_at < before)
                .execution_options(**CROSS_TENANT)
            )
        await self._storage.drop_intervals(before)
        if dropped:
            log.info("old commands left the journal", commands=dropped)


async def _drop_commands(session: WriteSession, before: datetime) -> int:
    gone = await session.scalars(
        delete(PrinterCommand)
        .where(PrinterCommand.status.not_in(OPEN_COMMANDS), PrinterCommand.completed_at < before)
        .returning(PrinterCommand.id)
        .execution_options(**CROSS_TENANT)
    )
    return len(list(gone))


async def _drop_effects(session: WriteSession, before: datetime) -> None:
    """Those whose command is gone; one in doubt stays as long as its command."""
    held = select(PrinterCommand.effect_id).where(PrinterCommand.effect_id.is_not(None))
    await session.execute(
        delete(Effect)
        .where(Effect.status.not_in(OPEN_EFFECTS), Effect.created_at < before)
        .where(Effect.id.not_in(held))
        .execution_options(synchronize_session=False, **CROSS_TENANT)
    )
