"""What a test can turn on a virtual printer, at the start or while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self, get_type_hints


class AuthMode(StrEnum):
    """How firmware with authorization control refuses third-party commands (notes 1.10)."""

    OPEN = "open"
    BLOCKED_VERBOSE = "blocked_verbose"
    BLOCKED_ERR_CODE_ONLY = "blocked_err_code_only"
    BLOCKED_SILENT_HMS = "blocked_silent_hms"


class AckMode(StrEnum):
    """The variants of an acknowledgement seen on real printers (notes 1.6)."""

    SUCCESS = "success"
    UPPERCASE = "uppercase"
    NUMERIC = "numeric"  # result 0
    BARE_ECHO = "bare_echo"  # no result at all
    NONE = "none"


class UploadFate(StrEnum):
    STORED = "stored"
    LOST = "lost"  # 226 is answered, the file is gone
    TRUNCATED = "truncated"  # 226 is answered, the tail is missing


@dataclass(slots=True)
class Knobs:
    """Percent knobs fire once per job; None never. Seconds are real seconds, not printer time."""

    speed: float = 1.0  # printer seconds per real second: at 600 a 10-minute print takes 1 s
    report_interval_s: float = 1.0
    auth_mode: AuthMode = AuthMode.OPEN
    ack: AckMode = AckMode.SUCCESS
    ack_delay_s: float = 0.0
    is_silent: bool = False  # connected, answers pings, publishes nothing
    has_duplicate_reports: bool = False
    has_unordered_reports: bool = False  # every second report arrives after the next one
    never_starts: bool = False  # project_file is acknowledged and forgotten
    start_delay_s: float = 0.0
    busy_start_kills_job: bool = False  # seen on the A1 mini
    error_hold_s: float = 5.0  # how long a cancel or busy code stays in print_error
    drop_at_percent: float | None = None
    cancel_at_percent: float | None = None  # a person presses stop at the printer
    pause_at_percent: float | None = None  # a person presses pause at the printer
    runout_at_percent: float | None = None
    fail_at_percent: float | None = None
    fail_error: int = 0x0300_8009
    has_layer_zero_at_end: bool = False
    is_door_open: bool = False
    has_card: bool = True
    is_card_full: bool = False  # FTPS 552
    upload_fate: UploadFate = UploadFate.STORED
    upload_bytes_per_s: int = 0  # 0 is unlimited
    has_ftps_tls13: bool = False
    requires_tls_session_reuse: bool = True  # of the FTPS data channel, as vsftpd on the printer
    clock_offset_s: float = 0.0
    camera_interval_s: float = 1.0

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Knobs from JSON values; raises ValueError for an unknown name or a wrong type."""
        knobs = cls()
        knobs.turn(values)
        return knobs

    def turn(self, values: Mapping[str, object]) -> None:
        """Change some knobs; raises ValueError, and then changes none."""
        checked = {name: _checked(name, value) for name, value in values.items()}
        for name, value in checked.items():
            setattr(self, name, value)


_TYPES = get_type_hints(Knobs)
_NAMES = frozenset(field.name for field in fields(Knobs))


def _checked(name: str, value: object) -> object:
    if name not in _NAMES:
        raise ValueError(f"There is no knob {name!r}.")
    kind = _TYPES[name]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(str(value))
    if kind is bool and isinstance(value, bool):
        return value
    if kind is not bool and value is None and kind == float | None:
        return None
    if kind is not bool and isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if kind is int else float(value)
    raise ValueError(f"The knob {name!r} does not take {value!r}.")
