"""Whoever guesses at session ids is kept out for a while: five that are not there, ten minutes.

Counted in the memory of each process, by address, and for machines by key. Session ids have 128
random bits; this only keeps the noise down.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request

from shopwright.kernel.edge import get_process, principal_of
from shopwright.kernel.errors import TooMany

SPAN = timedelta(minutes=10)
MAX_CALLERS = 50_000


@dataclass(slots=True)
class Caller:
    misses: deque[datetime] = field(default_factory=deque)
    blocked_until: datetime | None = None


class FailedLookups:
    """All callers of a process that missed lately; kept in its context."""

    def __init__(self) -> None:
        self._callers: dict[str, Caller] = {}

    def blocked_s(self, who: str, now: datetime) -> int:
        """For how many seconds yet; 0 when not."""
        caller = self._callers.get(who)
        if caller is None or caller.blocked_until is None or caller.blocked_until <= now:
            return 0
        return max(1, int((caller.blocked_until - now).total_seconds()))

    def miss(self, who: str, now: datetime, allowed: int) -> None:
        """One more that was not there."""
        if len(self._callers) >= MAX_CALLERS:
            self._make_room(now)
        caller = self._callers.setdefault(who, Caller())
        caller.misses.append(now)
        while caller.misses[0] <= now - SPAN:
            caller.misses.popleft()
        if len(caller.misses) >= allowed:
            caller.blocked_until = now + SPAN
            caller.misses.clear()

    def _make_room(self, now: datetime) -> None:
        kept = {w: c for w, c in self._callers.items() if c.misses and c.misses[-1] > now - SPAN}
        self._callers = kept if len(kept) < MAX_CALLERS else {}


def check_caller(request: Request) -> None:
    """Raises TooMany for an address, or a machine's key, that missed too often."""
    process = get_process(request)
    known = process.context.keep(FailedLookups)
    seconds = known.blocked_s(principal_of(request), process.clock.now())
    if seconds:
        raise TooMany(
            f"Too many sessions were asked for that are not there. Try again in {seconds} seconds.",
            retry_after_s=seconds,
        )


def count_miss(request: Request) -> None:
    """People who signed in are known, and not counted."""
    process, who = get_process(request), principal_of(request)
    allowed = process.settings.rate_limit_kiosk_misses
    if allowed and not who.startswith("user:"):
        process.context.keep(FailedLookups).miss(who, process.clock.now(), allowed)
