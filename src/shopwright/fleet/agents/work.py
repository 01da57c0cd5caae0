"""What an agent is to do: it holds its printers' leases, fetches commands, asks before a start."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shopwright.fleet import queries
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service
from shopwright.fleet.agents.codec import DeviceState, state_of
from shopwright.fleet.discovery import queries as discovery_queries
from shopwright.fleet.models import Agent, Printer, PrinterCommand
from shopwright.fleet.service import START_EFFECT
from shopwright.fleet.setup import connection_tests
from shopwright.fleet.setup.connection_tests import Trial
from shopwright.fleet.states import CommandStatus
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Conflict

LEASE_S = 60.0  # an agent asks at least every 25 s


class AgentRunsTwice(Conflict):
    code = "agent-runs-twice"
    title = "This agent runs somewhere else as well"


class StartForbidden(Conflict):
    code = "start-forbidden"
    title = "This start must not be sent"


@dataclass(frozen=True, slots=True)
class Hello:
    """What an agent says of itself with each request for work."""

    run: str
    journal: str
    version: str
    machine: str
    waiting_events: int
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    command: PrinterCommand
    effect: Effect | None


@dataclass(frozen=True, slots=True)
class Assigned:
    """``access_code`` is plain: it goes only to the agent bound to the printer."""

    printer: Printer
    epoch: int
    access_code: str = field(repr=False)
    state: DeviceState


@dataclass(frozen=True, slots=True)
class Search:
    number: int
    seconds: float


@dataclass(frozen=True, slots=True)
class PendingTest:
    """``trial`` holds a plain access code: it goes only to the agent that was chosen."""

    id: int
    trial: Trial


@dataclass(frozen=True, slots=True)
class Work:
    printers: tuple[Assigned, ...]
    tasks: tuple[Task, ...]
    held: dict[int, str]  # why a printer of the agent is not its to drive yet
    search: Search | None = None  # look for printers on its network
    tests: tuple[PendingTest, ...] = ()  # ways to printers to try

    @property
    def cursor(self) -> str:
        """Another one whenever there is something new to do."""
        ways: list[Any] = [
            [*_way_of(one.printer), one.epoch, one.access_code] for one in self.printers
        ]
        tasks = [(task.command.id, task.effect and task.effect.status) for task in self.tasks]
        search = self.search.number if self.search else None
        tests = [test.id for test in self.tests]
        text = json.dumps([ways, tasks, sorted(self.held), search, tests], default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def sent_to(agent: Agent, journal: str) -> str:
    return f"agent:{agent.id}:{journal}"


async def greet(
    session: WriteSession, ctx: Actor, agent: Agent, hello: Hello, now: datetime
) -> None:
    """Note that it lives. Raises AgentRunsTwice while another copy of it does too: with a journal
    of its own, or begun later from a copy of this one's folder."""
    agent = await agent_queries.lock_agent(session, agent)
    is_other = agent.journal not in {None, hello.journal}
    is_older = agent.run is not None and hello.run < agent.run  # their ids sort by time
    if (is_other or is_older) and service.is_connected(agent, now) and agent.run != hello.run:
        folder = "another data folder" if is_other else "a copy of this data folder"
        raise AgentRunsTwice(
            f"The agent {agent.name} runs on {agent.machine or 'another machine'} already, with "
            f"{folder}. Stop that one, or enrol this one anew."
        )
    was_away = agent.is_lost or not service.is_connected(agent, now)
    agent.journal, agent.version, agent.machine = hello.journal, hello.version, hello.machine
    agent.waiting_events = hello.waiting_events
    agent.clock_skew_ms = int((now - hello.sent_at) / timedelta(milliseconds=1))
    is_new_run = agent.run != hello.run
    agent.run, agent.last_seen_at, agent.is_lost = hello.run, now, False
    await session.flush()
    if was_away or is_new_run:
        service.touch_agent(session, agent)
    await _hold(session, ctx, agent, now, is_new_run=is_new_run)


async def fetch(session: WriteSession, ctx: Actor, agent: Agent, now: datetime) -> Work:
    """Its printers and open commands. What is no start is its alone from then on."""
    printers = await agent_queries.list_printers(session, ctx, agent.id)
    ids = [printer.id for printer in printers]
    epochs = await _own_epochs(session, agent, ids)
    slots = await queries.list_slots(session, ctx, ids)
    vault = session.context.vault
    assigned = tuple(
        Assigned(
            printer,
            epochs[printer.id],
            vault.decrypt(printer.access_code),
            state_of(printer, slots.get(printer.id, [])),
        )
        for printer in printers
        if printer.id in epochs
    )
    name = sent_to(agent, agent.journal or "")
    listed = await agent_queries.list_work(session, ctx, list(epochs), name, now)
    tasks = [
        task
        for command, effect in listed
        if (task := await _hand_out(session, ctx, command, effect, epochs, name, now))
    ]
    held = {
        printer.id: f"{printer.name} is still held by another process; its turn comes by itself."
        for printer in printers
        if printer.id not in epochs
    }
    tests = await connection_tests.list_open(session, ctx, agent.id, now)
    return Work(
        assigned,
        tuple(tasks),
        held,
        await _find_search(session, ctx, now),
        tuple(PendingTest(one.id, connection_tests.read_request(one, vault)) for one in tests),
    )


async def _find_search(session: WriteSession, ctx: Actor, now: datetime) -> Search | None:
    found = await discovery_queries.find_search(session, ctx)
    if found is None or found.ends_at <= now:
        return None
    return Search(found.number, (found.ends_at - now).total_seconds())


async def permit_start(
    session: WriteSession,
    ctx: Actor,
    agent: Agent,
    *,
    command_id: int,
    epoch: int,
    now: datetime,
) -> None:
    """The one who gets this sends the start; asked again by the same journal it is given again,
    as the journal knows whether it was sent. Raises StartForbidden with the reason."""
    printers = await agent_queries.list_printers(session, ctx, agent.id)
    ids = [printer.id for printer in printers]
    command = await agent_queries.find_command(session, ctx, command_id, ids)
    if command is None or command.kind != START_EFFECT or command.effect_id is None:
        raise StartForbidden("This start is not this agent's, or the printer was given to another.")
    epochs = await _own_epochs(session, agent, ids)
    if epochs.get(command.printer_id) != epoch:
        raise StartForbidden("The printer was driven by somebody else since.")
    name = sent_to(agent, agent.journal or "")
    effect = await effects.find_by_id(session, ctx.organization_id, command.effect_id)
    if command.sent_to == name and effect and effect.status is EffectStatus.SENDING:
        return
    handed = await agent_queries.hand_out(
        session, ctx, command.id, epoch=epoch, sent_to=name, now=now
    )
    if handed is None:
        raise StartForbidden("It was withdrawn, has ended, or its time is over.")
    begun = await effects.begin_sending(session, ctx.organization_id, command.effect_id, now)
    if begun is None:
        raise StartForbidden("It was withdrawn, or outside effects are held since a restore.")


async def _hand_out(
    session: WriteSession,
    ctx: Actor,
    command: PrinterCommand,
    effect: Effect | None,
    epochs: dict[int, int],
    name: str,
    now: datetime,
) -> Task | None:
    """A start stays pending: it is given only when it is about to be sent."""
    if effect is None and command.status is CommandStatus.PENDING:
        handed = await agent_queries.hand_out(
            session, ctx, command.id, epoch=epochs[command.printer_id], sent_to=name, now=now
        )
        return Task(handed, None) if handed else None
    return Task(command, effect)


async def _hold(
    session: WriteSession, ctx: Actor, agent: Agent, now: datetime, *, is_new_run: bool
) -> None:
    """Renew the leases of its printers; a new start of the agent takes them in a new epoch."""
    owner = owner_of(agent)
    printers = await agent_queries.list_printers(session, ctx, agent.id)
    leases = await agent_queries.find_leases(session, [printer.id for printer in printers])
    held = {
        lease.printer_id: lease.epoch
        for lease in leases.values()
        if lease.owner == owner and not is_new_run
    }
    await queries.renew_leases(session, owner, held, now, LEASE_S)
    for printer in printers:
        if printer.id not in held:
            await queries.take_lease(session, printer.id, owner, now, LEASE_S)


async def _own_epochs(
    session: WriteSession, agent: Agent, printer_ids: Sequence[int]
) -> dict[int, int]:
    leases = await agent_queries.find_leases(session, printer_ids)
    owner = owner_of(agent)
    return {lease.printer_id: lease.epoch for lease in leases.values() if lease.owner == owner}


def owner_of(agent: Agent) -> str:
    return f"agent:{agent.id}"


def _way_of(printer: Printer) -> tuple[Any, ...]:
    """What the agent needs to know of it beside the code: another way, another answer."""
    return (
        printer.id,
        printer.name,
        printer.driver,
        printer.host,
        sorted(printer.ports.items()),
        printer.serial,
        printer.model,
        printer.nozzle_um,
    )
