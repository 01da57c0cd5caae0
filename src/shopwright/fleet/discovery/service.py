"""Searches for printers that announce themselves: the server listens on its own networks, its
agents on theirs. What is found is unproven, and kept for an hour."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from shopwright.accounts import audit
from shopwright.fleet import queries
from shopwright.fleet.addresses import is_bambu, read_address
from shopwright.fleet.agents import queries as agent_queries
from shopwright.fleet.agents import service as agents
from shopwright.fleet.discovery import queries as found_queries
from shopwright.fleet.discovery.port import Announced, Listener, Nearby, load_listeners
from shopwright.fleet.models import Agent, Printer
from shopwright.fleet.port import DriverError
from shopwright.fleet.queries import AnySession
from shopwright.fleet.setup.models import FoundPrinter, PrinterSearch
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.settings import Network, Settings
from shopwright.print_files.printer_models import find_printer_model

log = structlog.get_logger()

TOPIC = "printer_search"
SERVER, HERE = "server", "this server"
KEPT = timedelta(hours=1)
SECONDS = 20  # Bambu printers say that they are there every 5 to 30 s
FEWEST_S, MOST_S = 3, 60
LONGEST_TROUBLE = 300
MOST_FOUND = 500  # of one search at one place; a network has no more printers, a joker has
LENGTHS = {"name": 100, "model": 60, "firmware": 40, "serial": 64}


class NobodySearches(Conflict):
    code = "nobody-searches"
    title = "Nobody can look for printers"


@dataclass(frozen=True, slots=True)
class Seen:
    """One printer of a search, and which one of the shop's it is."""

    found: FoundPrinter
    agent: Agent | None
    printer: Printer | None


@dataclass(frozen=True, slots=True)
class Findings:
    """``agents`` are those that are connected and therefore search as well."""

    search: PrinterSearch | None
    seconds_left: int
    is_searched_here: bool
    agents: Sequence[Agent]
    printers: Sequence[Seen]

    @property
    def searchers(self) -> list[str]:
        here = [HERE] if self.is_searched_here else []
        return here + [f"the agent {agent.name}" for agent in self.agents]


@dataclass(slots=True)
class Hearing:
    """What was heard, by key, and why something could not be listened to."""

    printers: dict[str, Announced] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self, nearby: Nearby) -> AsyncIterator[None]:
        """By every protocol that printers announce themselves with."""
        tasks = [
            asyncio.create_task(self._listen(listener, nearby), name=f"discovery-{name}")
            for name, listener in load_listeners()
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def news_for(self, told: "Hearing") -> "Hearing":
        """What is not in ``told``; it is from now on."""
        new = {k: one for k, one in self.printers.items() if told.printers.get(k) != one}
        news = Hearing(new, self.troubles[len(told.troubles) :])
        told.printers.update(new)
        told.troubles.extend(news.troubles)
        return news

    async def _listen(self, listener: Listener, nearby: Nearby) -> None:
        try:
            await listener(nearby, self._keep)
        except DriverError as err:
            self.troubles.append(str(err))
        except Exception:
            log.exception("a listener for printers failed")
            self.troubles.append("Looking for printers failed; the log says why.")

    def _keep(self, found: Announced) -> None:
        if found.key in self.printers or len(self.printers) < MOST_FOUND:
            self.printers[found.key] = found


def nearby_of(settings: Settings) -> Nearby:
    ports = tuple(int(port) for port in settings.discovery_ssdp_ports)
    return Nearby(settings.discovery_interface, ports)


async def start_search(
    session: WriteSession, ctx: Actor, settings: Settings, *, seconds: int, now: datetime
) -> PrinterSearch:
    """Whoever can look around begins after the commit. Raises NobodySearches."""
    connected = await _connected(session, ctx, now)
    if settings.network is not Network.LAN and not connected:
        raise NobodySearches(
            "This server stands outside of the shop's network, and no agent is connected. Start an "
            "agent beside the printers, or type a printer's address."
        )
    await found_queries.forget_found(session, ctx, now - KEPT)
    search = await found_queries.begin_search(
        session, ctx, started_at=now, ends_at=now + timedelta(seconds=seconds)
    )
    audit.record(session, ctx, "printer_search.started", search.id, seconds=seconds)
    touch(session, ctx.organization_id, TOPIC, search.id)
    return search


async def record_found(
    session: WriteSession,
    organization_id: int,
    heard: Iterable[Announced],
    agent: Agent | None,
    now: datetime,
) -> int:
    """Keep what makes sense; how many that were."""
    place = SERVER if agent is None else f"agent:{agent.id}"
    rows: dict[str, dict[str, Any]] = {}
    for one in heard:
        row = _row(one)
        if row is not None and len(rows) < MOST_FOUND:
            rows[row["key"]] = row | {
                "organization_id": organization_id,
                "place": place,
                "agent_id": agent.id if agent else None,
                "seen_at": now,
                "created_at": now,
            }
    if rows:
        await found_queries.upsert_found(session, list(rows.values()))
        touch(session, organization_id, "found_printers")
    return len(rows)


async def record_troubles(
    session: WriteSession, ctx: Actor, who: str, troubles: Sequence[str]
) -> None:
    """Why somebody could not listen, for whoever waits."""
    search = await found_queries.find_search(session, ctx)
    if search is not None and troubles:
        search.troubles = {**search.troubles, who: " ".join(troubles)[:500]}
        await session.flush()
        touch(session, ctx.organization_id, "found_printers")


async def read_findings(
    session: AnySession, ctx: Actor, settings: Settings, now: datetime
) -> Findings:
    """What is known now: of the search that runs, or of the last one."""
    search = await found_queries.find_search(session, ctx)
    connected = await _connected(session, ctx, now)
    left = (search.ends_at - now).total_seconds() if search else 0
    rows = await found_queries.list_found(session, ctx, now - KEPT)
    known = await queries.list_printers(session, ctx)
    return Findings(
        search=search,
        seconds_left=max(0, round(left)),
        is_searched_here=settings.network is Network.LAN,
        agents=connected,
        printers=[Seen(found, agent, match(found, known)) for found, agent in rows],
    )


async def get_found(session: AnySession, ctx: Actor, ref: Ref) -> FoundPrinter:
    """Raises NotFound, also for one that was forgotten since."""
    found = await found_queries.find_found(session, ctx, ref)
    if found is None:
        raise NotFound("This printer was found too long ago. Look for printers again.")
    return found


def match(found: FoundPrinter, known: Iterable[Printer]) -> Printer | None:
    """The shop's printer that it is: of the same serial, else at the same address."""
    for printer in known:
        if found.serial and printer.serial:
            if found.serial == printer.serial:
                return printer
        elif printer.host == found.host and _way(printer) == _way(found):
            return printer
    return None


def _way(row: Printer | FoundPrinter) -> tuple[str, Any]:
    """Two printers may share an address; then their ports tell them apart."""
    if is_bambu(row.driver):
        return "bambu", row.ports.get("mqtt")
    driver = "moonraker" if row.driver == "klipper" else row.driver
    return driver, row.ports.get("http", USUAL_PORTS.get(driver))


USUAL_PORTS = {"octoprint": 80, "moonraker": 7125}


async def _connected(session: AnySession, ctx: Actor, now: datetime) -> list[Agent]:
    every = await agent_queries.list_agents(session, ctx)
    return [agent for agent in every if agents.is_connected(agent, now)]


def _row(one: Announced) -> dict[str, Any] | None:
    """None for an address that is none, or that no printer has."""
    try:
        at = read_address(one.host)
    except ValueError:
        return None
    texts = {name: _tidy(getattr(one, name), length) for name, length in LENGTHS.items()}
    model = find_printer_model(texts["model"]) if texts["model"] else None
    return {
        **texts,
        "name": texts["name"] or "",
        "model": model.display if model else texts["model"],
        "driver": one.driver[:40],
        "host": at.host,
        "ports": dict(one.ports),
        "key": one.key[:400],
        "is_in_cloud": one.is_in_cloud,
    }


def _tidy(text: str | None, length: int) -> str | None:
    """Without what a stranger could hide in a name."""
    printable = "".join(sign for sign in text or "" if sign.isprintable())
    return " ".join(printable.split())[:length] or None
