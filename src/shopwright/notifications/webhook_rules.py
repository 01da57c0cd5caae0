"""Pauses between tries, when to step aside for the next event, when to give up: pure."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
)
JITTER = 0.2  # later by up to this share, so that receivers of one host are not hit at once
GIVE_UP_AFTER = timedelta(hours=26)  # the pauses take 24 to 28; the last try is never later
SIGNS_ALONG = timedelta(hours=24)  # an old secret, after a rotation
DISABLE_AFTER = timedelta(days=3)
DISABLE_TRIES = 10  # so that one failure a week disables nothing
ALONE = 3  # tries of an event after which its fault may be its own
DOWN = 5  # failures one after the other: whatever they say, the receiver is not well
KEEP = timedelta(days=30)
MAX_ENDPOINTS = 20
BUSY = frozenset({408, 425, 429})  # says nothing about the event

Jitter = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Answered:
    """How one try ended. ``status_code`` None: there was no answer.

    ``is_reached`` False: proven that nothing arrived.
    """

    sentence: str
    status_code: int | None = None
    body: str = ""
    is_reached: bool = True
    is_gone: bool = False
    retry_after_s: float | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300  # noqa: PLR2004

    @property
    def is_of_event(self) -> bool:
        """The receiver is there and says no to this one."""
        status = self.status_code or 0
        return 400 <= status < 500 and status not in BUSY  # noqa: PLR2004


def pause_after(
    failures: int, jitter: Jitter = random.uniform, retry_after_s: float | None = None
) -> timedelta:
    """The pause after so many failures, from 1; longer when the receiver asks for it."""
    base = PAUSES[min(failures, len(PAUSES)) - 1]
    asked = timedelta(seconds=min(retry_after_s or 0, PAUSES[-1].total_seconds()))
    return max(base * (1 + jitter(0, JITTER)), asked)


def next_try(
    answered: Answered, tries: int, now: datetime, give_up_at: datetime, jitter: Jitter
) -> datetime | None:
    """When this event is tried again; None when it is too late. The last try is at
    ``give_up_at`` exactly."""
    if now >= give_up_at:
        return None
    return min(now + pause_after(tries, jitter, answered.retry_after_s), give_up_at)


def steps_aside(answered: Answered, tries: int, failures: int) -> bool:
    """Whether the next event is tried at once, this one later by itself.

    Order is kept while the receiver is away; but one event that it cannot take, and only that one,
    must not stop the others.
    """
    if not answered.is_reached or failures >= DOWN:
        return False
    return answered.is_of_event or tries >= ALONE


def is_hopeless(failing_since: datetime | None, failures: int, now: datetime) -> bool:
    """Nothing but failures for three days."""
    if failing_since is None or failures < DISABLE_TRIES:
        return False
    return now - failing_since >= DISABLE_AFTER


def signing(secrets: Sequence[Sequence[Any]], now: datetime) -> list[str]:
    """Those that sign now (encrypted), the newest first."""
    return [
        str(secret)
        for secret, until in secrets
        if until is None or datetime.fromisoformat(until) > now
    ]


def rotated(secrets: Sequence[Sequence[Any]], new: str, now: datetime) -> list[list[str | None]]:
    """The new one first; those that sign go on for a day, at most, those that are over are
    forgotten."""
    until = (now + SIGNS_ALONG).isoformat()
    kept = set(signing(secrets, now))
    old = [[secret, was or until] for secret, was in secrets if secret in kept]
    return [[new, None], *old]
