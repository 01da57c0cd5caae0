"""All SQL of agents on the server: codes, who they are, what they hold, what is theirs to do."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from shopwright.fleet.models import (
    Agent,
    AgentEnrolment,
    Printer,
    PrinterCommand,
    PrinterLease,
)
from shopwright.fleet.queries import AnySession
from shopwright.fleet.service import START_EFFECT
from shopwright.fleet.states import OPEN_COMMANDS, CommandStatus, ConnectionState, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.tenancy import CROSS_TENANT

FRESH: dict[str, Any] = {"populate_existing": True}


async def use_code(session: WriteSession, code_hash: str, now: datetime) -> AgentEnrolment | None:
    """Spend the code; None when it is unknown, was used, or has expired."""
    used: AgentEnrolment | None = await session.scalar(
        update(AgentEnrolment)
        .where(AgentEnrolment.code_hash == code_hash, AgentEnrolment.used_at.is_(None))
        .where(AgentEnrolment.expires_at > now)
        .values(used_at=now)
        .returning(AgentEnrolment)
        .execution_options(**FRESH, **CROSS_TENANT)
    )
    return used


async def list_agents(session: AnySession, ctx: Actor) -> list[Agent]:
    rows = await session.scalars(
        select(Agent)
        .where(Agent.organization_id == ctx.organization_id, Agent.revoked_at.is_(None))
        .order_by(Agent.name, Agent.id)
    )
    return list(rows)


async def find_agent(session: AnySession, ctx: Actor, ref: Ref) -> Agent | None:
    found: Agent | None = await session.scalar(
        select(Agent)
        .where(Agent.organization_id == ctx.organization_id, ref.where(Agent))
        .where(Agent.revoked_at.is_(None))
        .execution_options(**FRESH)
    )
    return found


async def find_by_key(session: AnySession, ctx: Actor) -> Agent | None:
    found: Agent | None = await session.scalar(
        select(Agent)
        .where(Agent.organization_id == ctx.organization_id, Agent.key_id == ctx.key_id)
        .where(Agent.revoked_at.is_(None))
        .execution_options(**FRESH)
    )
    return found


async def lock_agent(session: WriteSession, agent: Agent) -> Agent:
    """The same row, which nobody else changes until the commit."""
    found: Agent = (
        await session.scalars(
            select(Agent)
            .where(Agent.id == agent.id, Agent.organization_id == agent.organization_id)
            .with_for_update()
            .execution_options(**FRESH)
        )
    ).one()
    return found


async def list_printers(session: AnySession, ctx: Actor, agent_id: int) -> list[Printer]:
    """What the agent drives."""
    rows = await session.scalars(
        select(Printer)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(Printer.agent_id == agent_id, Printer.driven_by == DrivenBy.AGENT)
        .order_by(Printer.id)
        .execution_options(**FRESH)
    )
    return list(rows)


async def list_printer_names(
    session: AnySession, ctx: Actor, agent_ids: Collection[int]
) -> dict[int, list[tuple[int, str]]]:
    """Of the same of several agents, by agent, with their ids."""
    rows = await session.execute(
        select(Printer.agent_id, Printer.id, Printer.name)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(Printer.agent_id.in_(agent_ids), Printer.driven_by == DrivenBy.AGENT)
        .order_by(Printer.id)
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for agent_id, printer_id, name in rows:
        found.setdefault(agent_id or 0, []).append((printer_id, name))
    return found


async def list_printer_ids(session: AnySession, ctx: Actor, agent_id: int) -> list[int]:
    """Of the same, where nothing else of them is asked."""
    rows = await session.scalars(
        select(Printer.id)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(Printer.agent_id == agent_id, Printer.driven_by == DrivenBy.AGENT)
    )
    return list(rows)


async def find_leases(session: AnySession, printer_ids: Collection[int]) -> dict[int, PrinterLease]:
    rows = await session.scalars(
        select(PrinterLease)
        .where(PrinterLease.printer_id.in_(printer_ids))
        .execution_options(**FRESH)
    )
    return {lease.printer_id: lease for lease in rows}


async def end_lease(session: WriteSession, printer_id: int, now: datetime) -> None:
    """Whoever has it cannot renew it and sends nothing more; the next owner takes it at once."""
    await session.execute(
        update(PrinterLease)
        .where(PrinterLease.printer_id == printer_id)
        .values(
            owner="nobody",
            epoch=PrinterLease.epoch + 1,
            expires_at=now - timedelta(seconds=1),
        )
    )


async def list_work(
    session: AnySession, ctx: Actor, printer_ids: Collection[int], sent_to: str, now: datetime
) -> Sequence[tuple[PrinterCommand, Effect | None]]:
    """Open commands, oldest first: those nobody has, and those this agent may have. Of what has
    expired only starts that may be on their way: whether they arrived is its printer's to say."""
    rows = await session.execute(
        select(PrinterCommand, Effect)
        .outerjoin(Effect, Effect.id == PrinterCommand.effect_id)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(
            or_(
                Effect.id.is_(None),
                Effect.organization_id == ctx.organization_id,
            )
        )
        .where(PrinterCommand.printer_id.in_(printer_ids))
        .where(PrinterCommand.status.in_(OPEN_COMMANDS))
        .where(
            or_(
                PrinterCommand.kind == START_EFFECT,
                PrinterCommand.status == CommandStatus.PENDING,
                PrinterCommand.sent_to == sent_to,
            )
        )
        .where(or_(PrinterCommand.expires_at > now, Effect.status == EffectStatus.SENDING))
        .order_by(PrinterCommand.id)
        .execution_options(**FRESH)
    )
    return [(command, effect) for command, effect in rows]


async def hand_out(
    session: WriteSession,
    ctx: Actor,
    command_id: int,
    *,
    epoch: int,
    sent_to: str,
    now: datetime,
) -> PrinterCommand | None:
    """Only this agent may send it from now on; None when somebody else has it, or it ended."""
    handed: PrinterCommand | None = await session.scalar(
        update(PrinterCommand)
        .where(PrinterCommand.id == command_id)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.status == CommandStatus.PENDING, PrinterCommand.expires_at > now)
        .values(status=CommandStatus.SENT, sent_at=now, epoch=epoch, sent_to=sent_to)
        .returning(PrinterCommand)
        .execution_options(**FRESH)
    )
    return handed


async def find_command(
    session: WriteSession, ctx: Actor, command_id: int, printer_ids: Collection[int]
) -> PrinterCommand | None:
    """One of these printers' commands; locked until the commit."""
    found: PrinterCommand | None = await session.scalar(
        select(PrinterCommand)
        .where(PrinterCommand.id == command_id)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.printer_id.in_(printer_ids))
        .with_for_update()
        .execution_options(**FRESH)
    )
    return found


async def needs_file(
    session: AnySession, ctx: Actor, printer_ids: Collection[int], sha256: str
) -> bool:
    """Whether a start that one of these printers waits for prints this file."""
    rows = await session.scalars(
        select(PrinterCommand.arguments)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.printer_id.in_(printer_ids))
        .where(PrinterCommand.kind == START_EFFECT, PrinterCommand.status.in_(OPEN_COMMANDS))
    )
    return any(arguments.get("sha256") == sha256 for arguments in rows)


async def list_silent(session: AnySession, since: datetime) -> list[Agent]:
    """Agents of every organization that were heard of, but not since then, and not told to be
    lost yet."""
    rows = await session.scalars(
        select(Agent)
        .where(Agent.last_seen_at < since, ~Agent.is_lost)
        .execution_options(**FRESH, **CROSS_TENANT)
    )
    return list(rows)


async def list_overdue(session: AnySession, now: datetime) -> list[PrinterCommand]:
    """Commands for agents of every organization that nobody fetched in time."""
    rows = await session.scalars(
        select(PrinterCommand)
        .join(Printer, Printer.id == PrinterCommand.printer_id)
        .where(Printer.driven_by == DrivenBy.AGENT)
        .where(PrinterCommand.status == CommandStatus.PENDING, PrinterCommand.expires_at <= now)
        .order_by(PrinterCommand.id)
        .execution_options(**FRESH, **CROSS_TENANT)
    )
    return list(rows)


async def list_handed_out(session: AnySession, ctx: Actor, printer_id: int) -> list[int]:
    """Commands other than starts that an agent has and has not settled."""
    rows = await session.scalars(
        select(PrinterCommand.id)
        .where(PrinterCommand.organization_id == ctx.organization_id)
        .where(PrinterCommand.printer_id == printer_id, PrinterCommand.sent_to.is_not(None))
        .where(PrinterCommand.kind != START_EFFECT, PrinterCommand.status.in_(OPEN_COMMANDS))
    )
    return list(rows)


def is_within_reach(printer: Printer) -> bool:
    return printer.connection not in {ConnectionState.OFFLINE, ConnectionState.AUTH_FAILED}
