"""Rate limits: counted in fixed windows, in the memory of each process, told in three headers.

A principal is ``user:7`` or ``key:3``, else the caller's address. 0 in the settings lifts a limit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Depends, Request

from shopwright.kernel.edge import get_process, principal_of
from shopwright.kernel.errors import TooMany
from shopwright.kernel.settings import Settings

MAX_WINDOWS = 50_000
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """``setting`` names how many; ``words`` complete the sentence of the refusal."""

    name: str
    setting: str
    span: timedelta
    words: str

    def count(self, settings: Settings) -> int:
        count: int = getattr(settings, self.setting)
        return count


HOURLY = Limit("hourly", "rate_limit_per_hour", HOUR, "requests per hour")
WIDE = Limit("wide", "rate_limit_wide_per_minute", MINUTE, "requests per minute")
SYNC = Limit("sync", "rate_limit_sync_per_minute", MINUTE, "syncs per minute")
PRINT = Limit("print", "rate_limit_print_per_minute", MINUTE, "print operations per minute")
PUBLIC = Limit(
    "public", "rate_limit_public_per_minute", MINUTE, "requests per minute from one address"
)
KIOSK_SESSIONS = Limit(
    "kiosk sessions",
    "rate_limit_kiosk_sessions_per_minute",
    MINUTE,
    "new sessions per minute from one machine",
)


@dataclass(slots=True)
class Window:
    ends_at: datetime
    used: int


class RateLimits:
    """All windows of a process; kept in its context."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], Window] = {}

    def charge(self, limit: Limit, who: str, now: datetime) -> Window:
        """Count one more; the window as it is now."""
        window = self._windows.get((limit.name, who))
        if window is None or window.ends_at <= now:
            self._make_room(now)
            window = self._windows[limit.name, who] = Window(now + limit.span, 0)
        window.used += 1
        return window

    def _make_room(self, now: datetime) -> None:
        if len(self._windows) < MAX_WINDOWS:
            return
        self._windows = {k: w for k, w in self._windows.items() if w.ends_at > now}
        if len(self._windows) >= MAX_WINDOWS:
            self._windows.clear()


def charge(request: Request, limit: Limit, who: str) -> None:
    """Count this request and tell the standing in its headers; raises TooMany beyond the limit."""
    process = get_process(request)
    allowed = limit.count(process.settings)
    if allowed == 0:
        return
    now = process.clock.now()
    window = process.context.keep(RateLimits).charge(limit, who, now)
    reset_s = max(1, int((window.ends_at - now).total_seconds()))
    _tell(request, allowed, max(0, allowed - window.used), window.ends_at)
    if window.used > allowed:
        raise TooMany(
            f"At most {allowed} {limit.words}. Try again in {reset_s} seconds.",
            retry_after_s=reset_s,
        )


def _tell(request: Request, allowed: int, remaining: int, ends_at: datetime) -> None:
    headers: dict[str, str] = request.scope.setdefault("state", {}).setdefault("extra_headers", {})
    headers["x-ratelimit-limit"] = str(allowed)
    headers["x-ratelimit-remaining"] = str(remaining)
    headers["x-ratelimit-reset"] = str(int(ends_at.timestamp()))


async def _charge_address(request: Request) -> None:
    charge(request, PUBLIC, principal_of(request))


PublicLimited = Depends(_charge_address)
