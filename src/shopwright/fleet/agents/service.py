"""Agents: enrolled once with a code, given printers by an administrator, revoked when lost."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.accounts import audit, keys
from shopwright.accounts.scopes import AGENT
from shopwright.fleet import queries, service
from shopwright.fleet.addresses import CLOUD
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.drivers import load_driver, usual_owner
from shopwright.fleet.models import Agent, AgentEnrolment, Printer
from shopwright.fleet.states import CommandStatus, DrivenBy
from shopwright.kernel.actor import Actor, Role, system_actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import token_hash

CODE_LASTS = timedelta(hours=1)
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is taken for another one
CODE_GROUPS, CODE_GROUP = 4, 4  # 78 bits, typed once on another machine
LOST_AFTER = timedelta(seconds=60)  # twice what an agent lets pass between two requests
AWAY = "the agent was taken away from this printer; whether it was done is not known"


class EnrolmentRefused(Forbidden):
    code = "enrolment-refused"
    title = "This enrolment code does not work"


class NoAgent(Forbidden):
    code = "not-an-agent"
    title = "This is for agents"


class PrinterTaken(Conflict):
    code = "printer-taken"
    title = "Another agent drives this printer"


class CloudOnly(Conflict):
    code = "printer-cloud-only"
    title = "This printer is reached through Bambu's cloud alone"


@dataclass(frozen=True, slots=True)
class NewCode:
    """``code`` is shown in this one answer only."""

    enrolment: AgentEnrolment
    code: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """``secret`` is the agent's key, shown in this one answer only."""

    agent: Agent
    secret: str


async def create_code(session: WriteSession, ctx: Actor, *, name: str, now: datetime) -> NewCode:
    """For one agent, for an hour."""
    if ctx.key_id is not None:
        raise Forbidden("Agents are let in by people, not by keys.")
    code = "-".join(
        "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP)) for _ in range(CODE_GROUPS)
    )
    enrolment = AgentEnrolment(
        organization_id=ctx.organization_id,
        name=name,
        code_hash=token_hash(_plain(code)),
        by=ctx.name,
        expires_at=now + CODE_LASTS,
    )
    session.add(enrolment)
    await session.flush()
    audit.record(session, ctx, "agent.code_created", enrolment.id, name=name)
    return NewCode(enrolment, code)


async def enrol(
    session: WriteSession, *, code: str, version: str, machine: str, now: datetime
) -> Enrolled:
    """Raises EnrolmentRefused for a code that is unknown, used or too old."""
    used = await agent_queries.use_code(session, token_hash(_plain(code)), now)
    if used is None:
        raise EnrolmentRefused(
            "This code is unknown, was used already, or is older than an hour. Make another one on "
            "the page Agents."
        )
    ctx = system_actor(used.organization_id, used.by)
    made = await keys.create_key(
        session, ctx, name=f"Agent {used.name}", role=Role.MEMBER, scopes=[AGENT], expires_at=None
    )
    agent = Agent(
        organization_id=used.organization_id,
        name=used.name,
        key_id=made.key.id,
        version=version,
        machine=machine,
    )
    session.add(agent)
    await session.flush()
    audit.record(session, ctx, "agent.enrolled", agent.id, name=agent.name, machine=machine)
    touch_agent(session, agent)
    return Enrolled(agent, made.secret)


async def get_agent(session: ReadSession | WriteSession, ctx: Actor, ref: Ref) -> Agent:
    """Raises NotFound, also for a revoked one."""
    found = await agent_queries.find_agent(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no agent {ref}.")
    return found


async def get_own(session: ReadSession | WriteSession, ctx: Actor) -> Agent:
    """The agent that calls; raises NoAgent for people and for other keys."""
    found = await agent_queries.find_by_key(session, ctx) if ctx.key_id is not None else None
    if found is None:
        raise NoAgent("Only an enrolled agent may ask this, with the key it was given.")
    return found


async def rename_agent(session: WriteSession, ctx: Actor, *, ref: Ref, name: str) -> Agent:
    agent = await get_agent(session, ctx, ref)
    agent.name = name
    await session.flush()
    audit.record(session, ctx, "agent.renamed", agent.id, name=name)
    touch_agent(session, agent)
    return agent


async def revoke_agent(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> Agent:
    """Its key ends at once, and its printers are the server's again."""
    agent = await get_agent(session, ctx, ref)
    for printer in await agent_queries.list_printers(session, ctx, agent.id):
        await _give_back(session, ctx, printer, now)
    if agent.key_id is not None:
        with suppress(NotFound):  # somebody ended the key alone before
            await keys.revoke_key(session, ctx, Ref(agent.key_id, None), now)
    agent.revoked_at = now
    await session.flush()
    audit.record(session, ctx, "agent.revoked", agent.id, name=agent.name)
    touch_agent(session, agent)
    return agent


async def assign_printer(
    session: WriteSession, ctx: Actor, *, ref: Ref, printer_ref: Ref, now: datetime
) -> Printer:
    """The agent drives it from now on.

    Raises PrinterTaken, naming the one that has it, and CloudOnly: an agent has no account.
    """
    agent = await get_agent(session, ctx, ref)
    printer = await service.get_living_printer(session, ctx, printer_ref)
    if printer.agent_id == agent.id:
        return printer
    if printer.agent_id is not None:
        holder = await get_agent(session, ctx, Ref(printer.agent_id, None))
        raise PrinterTaken(
            f"{printer.name} is driven by the agent {holder.name}. Take it from that one first.",
            agent_id=holder.id,
        )
    if load_driver(printer.driver) is None:
        raise Invalid(f"Nothing here drives a printer of the kind {printer.driver}.")
    if is_cloud_only(printer):
        raise CloudOnly(
            f"{printer.name} is connected only through Bambu's cloud, which this server watches. "
            "Give it its address on the LAN first."
        )
    printer.driven_by, printer.agent_id = DrivenBy.AGENT, agent.id
    await agent_queries.end_lease(session, printer.id, now)
    await session.flush()
    audit.record(session, ctx, "agent.printer_assigned", printer.id, agent_id=agent.id)
    touch_agent(session, agent)
    await service.set_up(session, printer)
    return printer


async def release_printer(
    session: WriteSession, ctx: Actor, *, ref: Ref, printer_ref: Ref, now: datetime
) -> Printer:
    """The server drives it again; raises NotFound when the agent does not have it."""
    agent = await get_agent(session, ctx, ref)
    printer = await service.get_living_printer(session, ctx, printer_ref)
    if printer.agent_id != agent.id:
        raise NotFound(f"{agent.name} does not drive {printer.name}.")
    await _give_back(session, ctx, printer, now)
    touch_agent(session, agent)
    return printer


async def _give_back(session: WriteSession, ctx: Actor, printer: Printer, now: datetime) -> None:
    printer.driven_by, printer.agent_id = usual_owner(printer.driver), None
    await agent_queries.end_lease(session, printer.id, now)
    for command_id in await agent_queries.list_handed_out(session, ctx, printer.id):
        await queries.settle_command(
            session, ctx.organization_id, command_id, CommandStatus.TIMEOUT, AWAY, now
        )
    await session.flush()
    audit.record(session, ctx, "agent.printer_released", printer.id)
    await service.set_up(session, printer)


def is_cloud_only(printer: Printer) -> bool:
    return printer.driver == CLOUD and not printer.host


def is_connected(agent: Agent, now: datetime) -> bool:
    return agent.last_seen_at is not None and now - agent.last_seen_at < LOST_AFTER


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())


def touch_agent(session: WriteSession, agent: Agent) -> None:
    touch(session, agent.organization_id, "agents", agent.id)
