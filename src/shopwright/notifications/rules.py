"""Quiet hours, pauses between tries, lists that stay short: pure calculations."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from shopwright.kernel.errors import Invalid

# Pauses after the first, second … try; together less than GIVE_UP_AFTER.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 28_800)
)
JITTER = 0.2
GIVE_UP_AFTER = timedelta(days=1)
LISTED = 10


def parse_clock(text: str) -> time:
    """``22:00``; raises Invalid."""
    try:
        hours, _, minutes = text.strip().partition(":")
        return time(int(hours), int(minutes))
    except ValueError as err:
        raise Invalid(f"{text[:20]!r} is no time of day; write it as 22:00.") from err


def end_of_quiet(
    now: datetime, quiet_from: str | None, quiet_until: str | None, zone: ZoneInfo
) -> datetime | None:
    """When the quiet hours that run now end; None when none run. They may go over midnight."""
    if not quiet_from or not quiet_until or quiet_from == quiet_until:
        return None
    begin, end = parse_clock(quiet_from), parse_clock(quiet_until)
    local = now.astimezone(zone)
    clock = local.timetz().replace(tzinfo=None)
    is_quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if clock >= end else 0)
    # By the wall clock, so that a night with a change of the hour ends when people's clocks say.
    return datetime.combine(day, end, zone).astimezone(now.tzinfo)


def next_try(
    now: datetime,
    tries: int,
    give_up_at: datetime,
    retry_after_s: float | None = None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> datetime | None:
    """When to try again after ``tries`` tries, a little earlier or later than others; None when
    that would be too late."""
    if not 1 <= tries <= len(PAUSES):
        return None
    pause = PAUSES[tries - 1] * (1 + jitter(-JITTER, JITTER))
    at = now + max(pause, timedelta(seconds=retry_after_s or 0))
    return at if at <= give_up_at else None


def first_ten(lines: Sequence[str], total: int | None = None) -> list[str]:
    """The first ten, then ``+n``."""
    more = (len(lines) if total is None else total) - min(len(lines), LISTED)
    return [*lines[:LISTED], *([f"+{more}"] if more > 0 else [])]
