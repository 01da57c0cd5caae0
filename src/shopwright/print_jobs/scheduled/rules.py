"""The shop manager's words for a job, and when the waiting ones may begin. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shopwright.print_jobs.states import ACTIVE, WAITING, JobStatus

BETWEEN_PRINTS = timedelta(minutes=15)  # plate off, plate on


class PrintWord(StrEnum):
    QUEUED = "queued"
    SCHEDULED = "scheduled"  # somebody asked for a time
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATUSES: Mapping[PrintWord, frozenset[JobStatus]] = {
    PrintWord.QUEUED: WAITING,
    PrintWord.SCHEDULED: WAITING,
    PrintWord.STARTED: ACTIVE,
    PrintWord.COMPLETED: frozenset({JobStatus.COMPLETED}),
    PrintWord.FAILED: frozenset({JobStatus.FAILED}),
    PrintWord.CANCELLED: frozenset({JobStatus.CANCELLED}),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits for one printer."""

    job_id: int
    printer_id: int
    not_before: datetime | None
    estimated_s: int


def word_of(status: JobStatus, not_before: datetime | None) -> PrintWord:
    if status in WAITING:
        return PrintWord.QUEUED if not_before is None else PrintWord.SCHEDULED
    return next(word for word, statuses in STATUSES.items() if status in statuses)


def plan_starts(
    waiting: Iterable[Waiting], free_at: Mapping[int, datetime], now: datetime
) -> dict[int, datetime]:
    """By job, in the order given; those that wait for a later time come after the others."""
    free = dict(free_at)
    starts: dict[int, datetime] = {}
    for job in sorted(waiting, key=lambda job: max(job.not_before or now, now)):
        start = max(free.get(job.printer_id, now), job.not_before or now, now)
        starts[job.job_id] = start
        free[job.printer_id] = start + timedelta(seconds=job.estimated_s) + BETWEEN_PRINTS
    return starts


def why_later(not_before: datetime, zone: str) -> str:
    """The waiting reason of a job that somebody wants later."""
    local = not_before.astimezone(ZoneInfo(zone))
    return f"It waits for its time: {local.day} {local:%B %Y, %H:%M}."
