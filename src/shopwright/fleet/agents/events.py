"""Applies what an agent tells, in order and exactly once: its rows change here by the same
functions as under a runner of our own, and the same events are published."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from shopwright.fleet import device_state, queries, service
from shopwright.fleet.agents import codec
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents.codec import DeviceState, StartEnded, Told
from shopwright.fleet.agents.work import owner_of
from shopwright.fleet.device_state import OUT_OF_REACH
from shopwright.fleet.events import (
    CommandSettled,
    DeviceJobReported,
    DeviceShowsJob,
    PrinterLost,
    StartPhase,
    StartSettled,
)
from shopwright.fleet.models import Agent, Printer, PrinterCommand
from shopwright.fleet.slot_changes import changed_slots
from shopwright.fleet.states import CommandStatus, ConnectionState, StartResult
from shopwright.kernel import effects, events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict, NotFound, ShopError
from shopwright.kernel.live import touch

log = structlog.get_logger()

MIN_SKEW = timedelta(seconds=1)  # less is the way through the network
EFFECTS = {
    StartResult.CONFIRMED: EffectStatus.DONE,
    StartResult.NOT_STARTED: EffectStatus.FAILED,
    StartResult.IMPOSSIBLE: EffectStatus.FAILED,
    StartResult.UNPROVEN: EffectStatus.UNKNOWN,
}


class EventsMissing(Conflict):
    code = "agent-events-missing"
    title = "Earlier events are missing"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event that changed nothing, and why; it is not sent again."""

    sequence: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Applied:
    last_sequence: int
    refused: tuple[Refusal, ...]


async def apply_batch(
    session: WriteSession,
    ctx: Actor,
    agent: Agent,
    *,
    journal: str,
    batch: Sequence[Told],
    is_oldest: bool,
    now: datetime,
) -> Applied:
    """Those that were applied before change nothing. Raises EventsMissing, naming the expected
    sequence, unless the agent says that it has nothing older."""
    agent = await agent_queries.lock_agent(session, agent)
    done = int(agent.applied.get(journal, 0))
    _check_gap(agent, done, batch, is_oldest=is_oldest)
    skew = timedelta(milliseconds=agent.clock_skew_ms)
    refused = []
    for told in batch:
        if told.sequence <= done:
            continue
        done = told.sequence
        sentence = await _try_one(session, ctx, agent, told, skew)
        if sentence is not None:
            log.warning("an agent's event was refused", agent_id=agent.id, reason=sentence)
            refused.append(Refusal(told.sequence, sentence))
    agent.applied = {**agent.applied, journal: done}
    agent.last_seen_at = now
    await session.flush()
    return Applied(done, tuple(refused))


def _check_gap(agent: Agent, done: int, batch: Sequence[Told], *, is_oldest: bool) -> None:
    if not batch or batch[0].sequence <= done + 1:
        return
    if not is_oldest:
        raise EventsMissing(f"The next event must be number {done + 1}.", expected=done + 1)
    log.error("events of an agent are lost", agent_id=agent.id, first=done + 1)


def _on_our_clock(told: Told, skew: timedelta) -> Told:
    if abs(skew) < MIN_SKEW:
        return told
    return replace(told, fact=codec.shifted(told.fact, skew))


async def _try_one(
    session: WriteSession, ctx: Actor, agent: Agent, told: Told, skew: timedelta
) -> str | None:
    """None, or why nothing of it was done: one bad event must not keep the others back."""
    try:
        async with session.begin_nested():
            await _apply(session, ctx, agent, _on_our_clock(told, skew))
    except ShopError as err:
        return err.detail
    except OverflowError:
        return "Its time is no time."
    except IntegrityError:
        return "It contradicts what is known: another printer has this serial."
    except (DataError, ProgrammingError):
        return "The database does not take its values."
    return None


async def _apply(session: WriteSession, ctx: Actor, agent: Agent, told: Told) -> None:
    printer = await service.get_printer(session, ctx, Ref(told.printer_id, None))
    fact = told.fact
    if isinstance(fact, StartEnded | CommandSettled):
        await _check_its(session, ctx, agent, printer, fact.command_id)
    if isinstance(fact, StartEnded):
        await _end_start(session, ctx, printer, fact)
    elif isinstance(fact, CommandSettled):
        await _end_command(session, ctx, printer, fact)
    elif isinstance(fact, StartPhase):
        await events.publish(session, _ours(fact, printer))
    elif isinstance(fact, DeviceJobReported):
        if await _may_tell_of(session, ctx, agent, printer, fact.device_job_id):
            await events.publish(session, _ours(fact, printer))
    elif not await _is_owner(session, agent, printer):
        return  # somebody else drives it now and tells what it shows
    elif isinstance(fact, DeviceShowsJob):
        await events.publish(session, _ours(fact, printer))
    else:
        await _set_state(session, ctx, printer, fact)


def _ours(fact: DeviceJobReported | DeviceShowsJob | StartPhase, printer: Printer) -> object:
    """Whatever it says of itself, it is of the organization and the printer it came for."""
    return replace(fact, organization_id=printer.organization_id, printer_id=printer.id)


async def _is_owner(session: WriteSession, agent: Agent, printer: Printer) -> bool:
    if printer.agent_id != agent.id:
        return False
    lease = (await agent_queries.find_leases(session, [printer.id])).get(printer.id)
    return lease is not None and lease.owner == owner_of(agent)


async def _may_tell_of(
    session: WriteSession, ctx: Actor, agent: Agent, printer: Printer, device_job_id: str
) -> bool:
    """Of a printer that is another's now, only of the jobs that it started there itself."""
    if await _is_owner(session, agent, printer):
        return True
    start = await queries.find_start(session, ctx, printer.id, device_job_id)
    return start is not None and _has(agent, start)


def _has(agent: Agent, command: PrinterCommand) -> bool:
    """Whether it was handed out to this agent, with whichever journal."""
    return (command.sent_to or "").startswith(f"{owner_of(agent)}:")


async def _set_state(
    session: WriteSession, ctx: Actor, printer: Printer, state: DeviceState
) -> None:
    before = (printer.connection, printer.trouble)
    if state.connection is ConnectionState.CONNECTING and before[0] in OUT_OF_REACH:
        return  # it is still out of reach, for us as well
    codec.copy_state(state, printer)
    await session.flush()
    rows = codec.slot_rows(state, ctx.organization_id, printer.id)
    held = await queries.upsert_slots(session, ctx, printer.id, rows)
    if printer.connection is ConnectionState.ONLINE:
        await device_state.tell_news(session, printer, before, changed_slots(held, state.slots))
    elif printer.connection in OUT_OF_REACH and printer.connection is not before[0]:
        sentence = printer.trouble or ""
        lost = PrinterLost(ctx.organization_id, printer.id, printer.connection, sentence)
        await events.publish(session, lost)
    await service.changed(session, printer)


async def _end_start(
    session: WriteSession, ctx: Actor, printer: Printer, ended: StartEnded
) -> None:
    """Effect, command, attempt and printer change together; nothing when it had ended before."""
    organization_id, at = ctx.organization_id, ended.settled_at
    settled = await queries.settle_command(
        session, organization_id, ended.command_id, ended.status, ended.sentence, at
    )
    if settled is None or settled.effect_id is None:
        return
    effect = EFFECTS[ended.result]
    await effects.settle(session, organization_id, settled.effect_id, effect, ended.sentence, at)
    told = StartSettled(
        organization_id, printer.id, str(settled.device_job_id), ended.result, ended.sentence
    )
    await events.publish(session, told)
    if ended.result is StartResult.NOT_STARTED and ended.status is CommandStatus.FAILED:
        await service.take_out_of_work(
            session, ctx, printer_id=printer.id, reason=ended.sentence[:300]
        )


async def _end_command(
    session: WriteSession, ctx: Actor, printer: Printer, ended: CommandSettled
) -> None:
    settled = await queries.settle_command(
        session,
        ctx.organization_id,
        ended.command_id,
        ended.status,
        ended.detail,
        ended.settled_at,
    )
    if settled is not None:
        ours = replace(ended, organization_id=ctx.organization_id, printer_id=printer.id)
        await events.publish(session, ours)
        touch(session, ctx.organization_id, "printer", printer.id)


async def _check_its(
    session: WriteSession, ctx: Actor, agent: Agent, printer: Printer, command_id: int
) -> None:
    """Raises Conflict unless it was handed out to this agent, or waits while the agent drives.

    Of a printer that was taken away somebody else may be sending the start that the agent gave up:
    taken for the truth, its word would have the job printed twice.
    """
    command = await agent_queries.find_command(session, ctx, command_id, [printer.id])
    if command is None:
        raise NotFound(f"{printer.name} has no command {command_id}.")
    if _has(agent, command):
        return
    is_untaken = command.sent_to is None and command.status is CommandStatus.PENDING
    if not is_untaken or not await _is_owner(session, agent, printer):
        raise Conflict(f"The command {command_id} of {printer.name} is somebody else's now.")
