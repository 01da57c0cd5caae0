"""States of maintenance tasks and problem reports."""

from collections.abc import Mapping
from enum import StrEnum


class TaskStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"  # not needed this time; the interval begins anew


TASK_TRANSITIONS: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.OPEN: frozenset({TaskStatus.DONE, TaskStatus.SKIPPED}),
    TaskStatus.DONE: frozenset(),
    TaskStatus.SKIPPED: frozenset(),
}


class ReportStatus(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


REPORT_TRANSITIONS: Mapping[ReportStatus, frozenset[ReportStatus]] = {
    ReportStatus.OPEN: frozenset({ReportStatus.RESOLVED}),
    ReportStatus.RESOLVED: frozenset(),
}


class Severity(StrEnum):
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class PartMoveReason(StrEnum):
    RECEIVED = "received"
    USED = "used"
    COUNTED = "counted"  # somebody counted the drawer
