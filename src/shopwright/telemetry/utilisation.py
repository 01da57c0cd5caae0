"""How much of the last day printers printed, from the states they were in."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.samples import Interval

DAY = timedelta(hours=24)
FRESH = timedelta(minutes=1)  # shares move slowly, and boards ask often
PRINTING = ("preparing", "printing")  # shown as one word (reference decision 23)


class KnownShares:
    """What each organization's printers were last found to have printed; one per process."""

    def __init__(self) -> None:
        self.by_organization: dict[int, tuple[datetime, dict[int, float]]] = {}


async def read_shares(process: Process, ctx: Actor) -> dict[int, float]:
    """Percent of the last 24 hours spent printing, by printer; at most a minute old.

    A printer that did not print is missing.
    """
    known = process.context.keep(KnownShares).by_organization
    now = process.clock.now()
    found = known.get(ctx.organization_id)
    if found is None or not timedelta() <= now - found[0] < FRESH:
        found = known[ctx.organization_id] = (now, await _read(process, ctx, now))
    return found[1]


def share_of(intervals: Iterable[Interval], since: datetime, until: datetime) -> float:
    """Percent of the span that the intervals cover, to a tenth; they do not overlap."""
    covered = timedelta()
    for interval in intervals:
        ended_at = min(interval.ended_at or until, until)
        covered += max(ended_at - max(interval.started_at, since), timedelta())
    return round(100 * covered / (until - since), 1)


async def _read(process: Process, ctx: Actor, now: datetime) -> dict[int, float]:
    since = now - DAY
    found = await storage_of(process).list_fleet_intervals(ctx, PRINTING, since=since, until=now)
    return {printer_id: share_of(intervals, since, now) for printer_id, intervals in found.items()}
