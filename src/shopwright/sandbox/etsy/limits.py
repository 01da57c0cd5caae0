"""Etsy's sliding rate limits, per app key: second, minute and day."""

import math
from bisect import bisect_right
from dataclasses import dataclass, field

from shopwright.sandbox.etsy.refusals import Refusal

SECOND_S, MINUTE_S, DAY_S = 1.0, 60.0, 86_400.0
UNLIMITED = 1_000_000  # what the headers say of a limit that is switched off


@dataclass(slots=True)
class RateLimits:
    """Refused calls are not counted."""

    per_second: int | None
    per_minute: int | None
    per_day: int | None
    _calls: dict[str, list[float]] = field(default_factory=dict)

    def book(self, key: str, now: float) -> dict[str, str]:
        """Count one call and answer with the four headers; Refusal 429 when a window is full."""
        calls = self._calls.setdefault(key, [])
        del calls[: bisect_right(calls, now - DAY_S)]
        wait_s = max(_wait_s(calls, now, limit, span) for limit, span in self._windows())
        if wait_s > 0:
            headers = self._headers(calls, now) | {"retry-after": str(math.ceil(wait_s))}
            raise Refusal(429, "Exceeded the rate limit for this app key.", headers=headers)
        calls.append(now)
        return self._headers(calls, now)

    def _windows(self) -> tuple[tuple[int | None, float], ...]:
        return (
            (self.per_second, SECOND_S),
            (self.per_minute, MINUTE_S),
            (self.per_day, DAY_S),
        )

    def _headers(self, calls: list[float], now: float) -> dict[str, str]:
        second, day = self.per_second or UNLIMITED, self.per_day or UNLIMITED
        return {
            "x-limit-per-second": str(second),
            "x-remaining-this-second": str(max(0, second - _used(calls, now, SECOND_S))),
            "x-limit-per-day": str(day),
            "x-remaining-today": str(max(0, day - _used(calls, now, DAY_S))),
        }


def _used(calls: list[float], now: float, span_s: float) -> int:
    return len(calls) - bisect_right(calls, now - span_s)


def _wait_s(calls: list[float], now: float, limit: int | None, span_s: float) -> float:
    """Until the oldest call that fills the window leaves it."""
    if limit is None or _used(calls, now, span_s) < limit:
        return 0.0
    return calls[-limit] + span_s - now
