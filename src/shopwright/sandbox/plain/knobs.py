"""What a test can turn on a stand-in, at the start or while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(slots=True)
class Knobs:
    """Percent knobs fire once per print; None never."""

    speed: float = 1.0  # printer seconds per real second: at 600 a 10-minute print takes 1 s
    upload_bytes_per_s: int = 0  # 0: as fast as it comes
    cut_upload_after: int | None = None  # bytes; the connection is cut there, once
    truncates_uploads: bool = False  # answered well, the tail is missing
    is_silent: bool = False  # takes connections and requests, answers none
    capacity_bytes: int = 100_000_000
    has_storage: bool = True
    never_starts: bool = False  # a start is acknowledged and forgotten
    start_delay_s: float = 0.0  # printer seconds between the start and the first move
    refuses_control: bool = False  # the key may look and not touch
    has_camera: bool = True
    clock_offset_s: float = 0.0  # of its own wall clock
    has_push: bool = True  # where the protocol tells by itself
    has_duplicate_reports: bool = False  # of those told by itself
    has_unordered_reports: bool = False  # every second one comes after the next one
    cancel_at_percent: float | None = None  # a person presses stop at the printer
    pause_at_percent: float | None = None
    fail_at_percent: float | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        knobs = cls()
        knobs.turn(values)
        return knobs

    def turn(self, values: Mapping[str, Any]) -> None:
        """Raises ValueError for a knob that there is not; then none is turned."""
        unknown = values.keys() - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"There is no knob {', '.join(sorted(unknown))}.")
        for name, value in values.items():
            setattr(self, name, value)
