"""Agents with their health in words, and the printers that each drives or could drive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select

from shopwright.fleet.addresses import CLOUD
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service as agents
from shopwright.fleet.models import Agent, Printer
from shopwright.fleet.queries import AnySession
from shopwright.fleet.states import Activity, ConnectionState, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.web.pips import ACTIVITIES, LINKS, Pip

CONNECTED = Pip("connected", "green", "circle-check")
CUT_OFF = Pip("not heard of", "red", "plug-connected-x")
NEW = Pip("not started yet", "grey", "clock")
MUCH_SKEW_MS = 30_000


@dataclass(frozen=True, slots=True)
class AgentPrinter:
    id: int
    name: str
    connection: ConnectionState
    activity: Activity

    @property
    def pip(self) -> Pip:
        return LINKS.get(self.connection) or ACTIVITIES[self.activity]


@dataclass(frozen=True, slots=True)
class AgentCard:
    agent: Agent
    is_connected: bool
    printers: Sequence[AgentPrinter] = field(default_factory=tuple)

    @property
    def pip(self) -> Pip:
        if self.agent.last_seen_at is None:
            return NEW
        return CONNECTED if self.is_connected else CUT_OFF

    @property
    def troubles(self) -> list[str]:
        """What somebody should know, in whole sentences."""
        found = []
        if self.agent.last_seen_at is not None and not self.is_connected:
            found.append(
                "It does not answer: its machine is off, or its way to this server is cut. What "
                "its printers print goes on, and what happens is told when it is back; nothing "
                "new is started meanwhile."
            )
        elif self.agent.waiting_events:
            count = self.agent.waiting_events
            found.append(
                "One event waits to be told." if count == 1 else f"{count} events wait to be told."
            )
        skew_ms = self.agent.clock_skew_ms
        if abs(skew_ms) >= MUCH_SKEW_MS:
            way = "behind" if skew_ms > 0 else "ahead"
            found.append(
                f"Its clock is {abs(skew_ms) // 1000} seconds {way}; times are corrected here."
            )
        return found


@dataclass(frozen=True, slots=True)
class FreePrinter:
    id: int
    name: str


async def list_cards(session: AnySession, ctx: Actor, now: datetime) -> list[AgentCard]:
    printers = await _printers_by_agent(session, ctx)
    return [
        AgentCard(agent, agents.is_connected(agent, now), printers.get(agent.id, ()))
        for agent in await agent_queries.list_agents(session, ctx)
    ]


async def list_free(session: AnySession, ctx: Actor) -> list[FreePrinter]:
    """Those that this server drives itself, and an agent could."""
    rows = await session.execute(
        select(Printer.id, Printer.name)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(Printer.driven_by == DrivenBy.SERVER)
        .where(or_(Printer.driver != CLOUD, Printer.host != ""))
        .order_by(Printer.name, Printer.id)
    )
    return [FreePrinter(*row) for row in rows]


async def _printers_by_agent(session: AnySession, ctx: Actor) -> dict[int, list[AgentPrinter]]:
    rows = await session.execute(
        select(Printer.agent_id, Printer.id, Printer.name, Printer.connection, Printer.activity)
        .where(Printer.organization_id == ctx.organization_id, Printer.is_active)
        .where(Printer.driven_by == DrivenBy.AGENT)
        .order_by(Printer.name, Printer.id)
    )
    found: dict[int, list[AgentPrinter]] = {}
    for agent_id, printer_id, name, connection, activity in rows:
        one = AgentPrinter(printer_id, name, connection, activity)
        found.setdefault(int(agent_id or 0), []).append(one)
    return found
