"""Klipper's objects as they were told last, in whatever order the tellings arrive; pure."""

from collections.abc import Mapping
from typing import Any

from shopwright.drivers.polled.values import as_object

RESTART_S = 5.0  # a telling so much older comes from a host that was started anew


class Objects:
    """Merged member by member: a push names only what changed. ``eventtime`` is the monotonic clock
    of Klipper's host."""

    def __init__(self) -> None:
        self.values: dict[str, dict[str, Any]] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._newest = 0.0

    def apply(self, status: Mapping[str, Any], eventtime: float) -> None:
        """What is older than what is known of a member changes nothing."""
        if eventtime < self._newest - RESTART_S:
            self._told.clear()
            self._newest = eventtime
        self._newest = max(self._newest, eventtime)
        for name, members in status.items():
            known = self.values.setdefault(name, {})
            for member, value in as_object(members).items():
                if eventtime >= self._told.get((name, member), eventtime):
                    self._told[name, member] = eventtime
                    known[member] = value

    def clear(self) -> None:
        """Klipper went away: nothing of it is known."""
        self.values.clear()
        self._told.clear()
