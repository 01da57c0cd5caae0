"""Pieces of pages that change by themselves: what makes each stale, and how it is rendered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from shopwright.fleet.cameras import agents as camera_agents
from shopwright.kernel.actor import Role
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import Process
from shopwright.kernel.signals import Signal
from shopwright.kernel.times import zone_of
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.web import templating
from shopwright.web.reads import fleet
from shopwright.web.reads.nav import read_nav, read_shop
from shopwright.web.rights import rights_of

TELEMETRY = "telemetry"
UNSEEN = frozenset({TELEMETRY, camera_agents.ASKED, camera_agents.TAKEN})  # on no page
PAUSE_S = 0.1
NOTICE_PAUSE_S = 0.5  # a notice costs a request per open page
BOARD_PAUSE_S = 1.0  # every card is rendered for it


@dataclass(frozen=True, slots=True)
class Fragment:
    """``card`` and ``live`` of a printer (key: its id), the ``board``, ``nav``, or a notice.

    The board is the summary and every card; cards that look as before are not sent again.
    """

    kind: str
    key: int = 0

    @property
    def is_notice(self) -> bool:
        return self.kind not in _PUSHED

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.key}" if self.key else self.kind

    @property
    def topics(self) -> tuple[str, ...]:
        """Whoever subscribed to one of these wants it."""
        if self.kind == "live":
            return ("printers", f"printer:{self.key}")
        return ("printers",) if self.kind in {"card", "board"} else (self.name,)

    @property
    def pause_s(self) -> float:
        return _PUSHED.get(self.kind, NOTICE_PAUSE_S)


_PUSHED = {"card": PAUSE_S, "live": PAUSE_S, "board": BOARD_PAUSE_S, "nav": 0.25}
_NAV, _BOARD, _TODAY = Fragment("nav"), Fragment("board"), Fragment("today")
_LISTS = {
    "queue": "queue", "queue_reasons": "queue", "order": "orders", "inbox": "inbox",
    "product": "catalog", "print_file": "catalog", "filament": "filament",
    "connection": "connections", "channel_sync": "connections", "listing_sync": "catalog",
    "customer": "customers", "agents": "agents", "part": "parts",
    "delivery": "notifications", "notifications": "notifications",
    "webhook": "webhooks", "webstore": "webstore", "maintenance": "maintenance",
    "printer_backend": "queue",
    "machines": "machines", "kiosk": "machines", "supplier": "suppliers",
}  # fmt: skip
_COUNTED = frozenset(
    {"printer", "printer_setup", "queue", "order", "inbox", "connection"}
)  # on today, in the nav


def of_signal(signal: Signal) -> Iterator[Fragment]:
    """What became stale."""
    if signal.topic == TELEMETRY:
        yield Fragment("live", signal.key)
        return
    if signal.topic in _COUNTED:
        yield _NAV
        yield _TODAY
    if signal.topic == "printer_setup":
        yield Fragment("fleet")  # one more, or one less
    elif signal.topic in {"printer", "command"}:
        yield from _of_printer(signal.key)
    elif signal.topic in _LISTS:
        yield from _of_list(signal)


def _of_printer(printer_id: int) -> Iterator[Fragment]:
    yield _BOARD
    if printer_id:
        yield Fragment("card", printer_id)
        yield Fragment("live", printer_id)
        yield Fragment("printer", printer_id)


def _of_list(signal: Signal) -> Iterator[Fragment]:
    yield Fragment(_LISTS[signal.topic])
    if signal.key:
        yield Fragment(signal.topic, signal.key)
    if signal.topic in {"queue", "order"}:
        yield _BOARD  # cards show their job and its order


async def render(
    process: Process, organization_id: int, role: Role, wanted: Sequence[Fragment]
) -> dict[Fragment, str]:
    """HTML by fragment; notices are their name. A printer that is gone has none."""
    result = {fragment: fragment.name for fragment in wanted if fragment.is_notice}
    live = [fragment for fragment in wanted if fragment.kind == "live"]
    stored = [f for f in wanted if f.kind in {"card", "board", "nav"}]
    if live:
        result |= await _live(process, organization_id, live)
    if stored:
        async with process.database.read() as session:
            values = await _shared(process, session, organization_id, role)
            result |= await _stored(process, session, values, stored)
    return result


async def _live(
    process: Process, organization_id: int, wanted: Sequence[Fragment]
) -> dict[Fragment, str]:
    """Progress and temperatures, from memory alone: this is the fast path."""
    snapshots = process.context.keep(LatestSnapshots)
    zone = await zone_for(process, organization_id)
    now, base, result = process.clock.now(), process.settings.pages_path, {}
    for fragment in wanted:
        snapshot = snapshots.get(fragment.key)
        if snapshot is not None and snapshot.organization_id == organization_id:
            live = fleet.live_of(fragment.key, snapshot)
            values = {"live": live, "zone": zone, "now": now}
            result[fragment] = templating.render(base, "parts/printer_live.html", values)
    return result


async def _shared(
    process: Process, session: ReadSession, organization_id: int, role: Role
) -> dict[str, Any]:
    shop, counts = await read_nav(session, organization_id)
    return {
        **rights_of(role),
        "organization_id": organization_id,
        "counts": counts,
        "zone": zone_of(shop.time_zone),
        "now": process.clock.now(),
    }


async def _stored(
    process: Process, session: ReadSession, values: dict[str, Any], wanted: Sequence[Fragment]
) -> dict[Fragment, str]:
    base, result = process.settings.pages_path, {}
    cards = await _cards(process, session, values, wanted)
    for fragment in wanted:
        if fragment.kind == "nav":
            result[fragment] = templating.render(base, "parts/counters.html", values)
        elif fragment.kind == "board":
            summary = {**values, "summary": fleet.summarize(cards)}
            result[fragment] = templating.render(base, "parts/fleet_summary.html", summary)
    for card in cards:
        shown = {**values, "card": card}
        result[Fragment("card", card.row.id)] = templating.render(
            base, "parts/printer_card.html", shown
        )
    return result


async def _cards(
    process: Process, session: ReadSession, values: dict[str, Any], wanted: Sequence[Fragment]
) -> list[fleet.Card]:
    """The cards that the fragments need: all of them for the board."""
    is_board = any(fragment.kind == "board" for fragment in wanted)
    printer_ids = [fragment.key for fragment in wanted if fragment.kind == "card"]
    if not is_board and not printer_ids:
        return []
    return await fleet.read_cards(
        session,
        values["organization_id"],
        process.context.keep(LatestSnapshots),
        queued=values["counts"].queued,
        printer_ids=None if is_board else printer_ids,
    )


class Zones:
    """The shops' time zones, remembered so that the fast path needs no database."""

    def __init__(self) -> None:
        self.by_organization: dict[int, ZoneInfo] = {}


async def zone_for(process: Process, organization_id: int) -> ZoneInfo:
    zones = process.context.keep(Zones).by_organization
    if organization_id not in zones:
        async with process.database.read() as session:
            shop = await read_shop(session, organization_id)
        zones[organization_id] = zone_of(shop.time_zone)
    return zones[organization_id]
