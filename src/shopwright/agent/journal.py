"""What an agent has to tell, written down in the same transaction as what it tells of.

The journal is a database of the program's own schema. The runner works on it as it would on the
server's; these subscribers add a row for each thing that the server must hear, numbered without
gaps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import delete, func, select, update

from shopwright.fleet import queries, service
from shopwright.fleet.agents import codec as agent_codec
from shopwright.fleet.agents.codec import Fact, StartEnded
from shopwright.fleet.events import (
    CommandSettled,
    DeviceJobReported,
    DeviceShowsJob,
    PrinterChanged,
    PrinterLost,
    StartPhase,
    StartSettled,
)
from shopwright.fleet.models import AgentEvent, AgentJournal
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database, ReadSession, WriteSession
from shopwright.kernel.events import Subscriptions

log = structlog.get_logger()

KEPT = 2000  # delivered events kept, should the server be restored from a backup
BATCH = 200
ACTOR = "agent"


@dataclass(frozen=True, slots=True)
class Batch:
    first: int
    is_oldest: bool
    events: list[dict[str, Any]]


class Journal:
    """``wake`` is called after each commit that wrote something to tell."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.id = ""
        self.wake: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Its identity, made with the first start."""
        async with self._database.write() as session:
            found = await session.scalar(select(AgentJournal))
            if found is None:
                found = AgentJournal(journal=ids.new_uuid())
                session.add(found)
                await session.flush()
        self.id = found.journal

    def subscribe(self, subscriptions: Subscriptions) -> None:
        subscriptions.subscribe(StartPhase, self._on_phase)
        subscriptions.subscribe(StartSettled, self._on_start_settled)
        subscriptions.subscribe(CommandSettled, self._on_command)
        subscriptions.subscribe(DeviceJobReported, self._on_device)
        subscriptions.subscribe(DeviceShowsJob, self._on_device)
        subscriptions.subscribe(PrinterLost, self._on_printer)
        subscriptions.subscribe(PrinterChanged, self._on_printer)

    async def count_waiting(self) -> int:
        async with self._database.read() as session:
            row = await _row(session)
            return row.last_sequence - row.delivered

    async def read_batch(self) -> Batch | None:
        """What the server does not have yet, oldest first; None when it has everything."""
        async with self._database.read() as session:
            row = await _row(session)
            if row.last_sequence == row.delivered:
                return None
            found = list(
                await session.scalars(
                    select(AgentEvent)
                    .where(AgentEvent.sequence > row.delivered)
                    .order_by(AgentEvent.sequence)
                    .limit(BATCH)
                )
            )
            oldest = await session.scalar(select(func.min(AgentEvent.sequence)))
        return Batch(
            found[0].sequence, found[0].sequence == oldest, [_sent(event) for event in found]
        )

    async def mark_delivered(self, sequence: int) -> None:
        """The server has everything up to this one; further back, it lost something.

        Further on than this journal goes, this is an old copy of it, put back from a backup.
        """
        async with self._database.write() as session:
            row = await _row(session)
            if sequence > row.last_sequence:
                await self._begin_anew(session, row)
                return
            await session.execute(update(AgentJournal).values(delivered=sequence))
            await session.execute(delete(AgentEvent).where(AgentEvent.sequence <= sequence - KEPT))

    async def _begin_anew(self, session: WriteSession, row: AgentJournal) -> None:
        """Under another name, or the server would take what happens now for what it knows already.
        What this copy had delivered is not told again."""
        renewed = ids.new_uuid()
        await session.execute(delete(AgentEvent).where(AgentEvent.sequence <= row.delivered))
        await session.execute(update(AgentJournal).values(journal=renewed))
        log.warning("the journal is older than what the server has; it goes on as a new one")
        self.id = renewed

    async def go_back(self, expected: int) -> None:
        """The server was restored: tell again from ``expected``, as far as it is kept."""
        async with self._database.write() as session:
            oldest = await session.scalar(select(func.min(AgentEvent.sequence)))
            if oldest is not None:
                await session.execute(
                    update(AgentJournal).values(delivered=max(expected, oldest) - 1)
                )

    async def restate(self, organization_id: int) -> None:
        """Tell every printer's state anew: the server may have taken them for lost meanwhile."""
        ctx = system_actor(organization_id, ACTOR)
        async with self._database.write() as session:
            for printer in await queries.list_printers(session, ctx):
                await self._write_state(session, ctx, printer.id)

    async def _on_phase(self, session: WriteSession, event: StartPhase) -> None:
        await self._write(session, event.printer_id, event)

    async def _on_start_settled(self, session: WriteSession, event: StartSettled) -> None:
        """Published after its command was settled in the same transaction."""
        ctx = system_actor(event.organization_id, ACTOR)
        command = await queries.find_start(session, ctx, event.printer_id, event.device_job_id)
        if command is not None:
            ended = StartEnded(
                command.id, command.status, event.result, event.sentence, self._clock.now()
            )
            await self._write(session, event.printer_id, ended)

    async def _on_command(self, session: WriteSession, event: CommandSettled) -> None:
        await self._write(session, event.printer_id, event)

    async def _on_device(
        self, session: WriteSession, event: DeviceJobReported | DeviceShowsJob
    ) -> None:
        """The printer's own row comes first, as whoever hears of the job looks at it."""
        await self._state_once(session, event.organization_id, event.printer_id)
        await self._write(session, event.printer_id, event)

    async def _on_printer(self, session: WriteSession, event: PrinterLost | PrinterChanged) -> None:
        await self._state_once(session, event.organization_id, event.printer_id)

    async def _state_once(
        self, session: WriteSession, organization_id: int, printer_id: int
    ) -> None:
        """Once per transaction: events are published after the row was written."""
        written: set[int] = session.info.setdefault("states_written", set())
        if printer_id not in written:
            written.add(printer_id)
            await self._write_state(session, system_actor(organization_id, ACTOR), printer_id)

    async def _write_state(self, session: WriteSession, ctx: Actor, printer_id: int) -> None:
        printer = await service.get_printer(session, ctx, printer_id)
        slots = await queries.list_slots(session, ctx, [printer_id])
        state = agent_codec.state_of(printer, slots.get(printer_id, []))
        await self._write(session, printer_id, state)

    async def _write(self, session: WriteSession, printer_id: int, fact: Fact) -> None:
        kind, content = agent_codec.encode(fact)
        sequence = await session.scalar(
            update(AgentJournal)
            .values(last_sequence=AgentJournal.last_sequence + 1)
            .returning(AgentJournal.last_sequence)
        )
        session.add(
            AgentEvent(
                sequence=sequence,
                printer_id=printer_id,
                kind=kind,
                content=content,
                at=self._clock.now(),
            )
        )
        await session.flush()
        session.after_commit(self.wake)


async def read_until(database: Database) -> datetime | None:
    """Which samples the server has."""
    async with database.read() as session:
        return (await _row(session)).samples_until


async def note_until(database: Database, until: datetime) -> None:
    async with database.write() as session:
        await session.execute(update(AgentJournal).values(samples_until=until))


async def _row(session: ReadSession | WriteSession) -> AgentJournal:
    found: AgentJournal = (
        await session.scalars(select(AgentJournal).execution_options(populate_existing=True))
    ).one()
    return found


def _sent(event: AgentEvent) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "printer_id": event.printer_id,
        "kind": event.kind,
        "content": msgspec.json.decode(event.content),
    }
