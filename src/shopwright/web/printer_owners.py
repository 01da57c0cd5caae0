"""Who drives a printer, as a person chooses it: this server, or one of the agents."""

from datetime import datetime

from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service as agents
from shopwright.fleet.models import Agent, Printer
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import RANK, Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref, parse_ref

SERVER = Ref(None, None)  # the choice that names no agent
SERVER_WORD = "server"


async def list_choices(session: AnySession, ctx: Actor) -> list[Agent]:
    """None for those who may not give an agent a printer."""
    if RANK[ctx.role] < RANK[Role.ADMIN]:
        return []
    return await agent_queries.list_agents(session, ctx)


def read_agent(ctx: Actor, typed: str | None) -> Ref | None:
    """None where nobody was asked. Raises Forbidden, and NotFound for what can be no id."""
    if typed is None:
        return None
    if typed == SERVER_WORD:
        return SERVER
    ctx.require(Role.ADMIN)
    return parse_ref(typed.strip())


async def put_in_hands(
    session: WriteSession, ctx: Actor, printer: Printer, wanted: Ref | None, now: datetime
) -> None:
    """Taken from the agent that has it and given to the wanted one; nothing where it is there."""
    if wanted is None:
        return
    agent = None if wanted == SERVER else await agents.get_agent(session, ctx, wanted)
    if printer.agent_id == (agent.id if agent else None):
        return
    own = Ref(printer.id, None)
    if printer.agent_id is not None:
        holder = Ref(printer.agent_id, None)
        await agents.release_printer(session, ctx, ref=holder, printer_ref=own, now=now)
    if agent is not None:
        await agents.assign_printer(session, ctx, ref=Ref(agent.id, None), printer_ref=own, now=now)


async def find_name(session: AnySession, ctx: Actor, printer: Printer) -> str | None:
    """Of the agent that drives it."""
    if printer.agent_id is None:
        return None
    found = await agent_queries.find_agent(session, ctx, Ref(printer.agent_id, None))
    return found.name if found else None
