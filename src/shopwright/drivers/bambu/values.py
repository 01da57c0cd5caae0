"""Tolerant reading of values in device payloads: None for whatever does not fit, never an error."""

import logging
import math

log = logging.getLogger(__name__)

MOST_ODDITIES = 100  # per connection; a printer gone mad must not fill the log


def as_int(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    number = as_float(value)
    return None if number is None else int(number)


def as_float(value: object) -> float | None:
    """Printers send many numbers as text ("100", "24.5")."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_text(value: object) -> str | None:
    """Non-empty text, or a whole number as text (ids come both ways)."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def as_mask(value: object) -> int | None:
    """A bit mask, sent as hexadecimal text."""
    if isinstance(value, str):
        try:
            return int(value, 16)
        except ValueError:
            return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[dict[str, object]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def within(value: int | None, low: int, high: int) -> int | None:
    return value if value is not None and low <= value <= high else None


class Oddities:
    """Remembers which unknown values were logged, so that each is logged once."""

    def __init__(self, printer: str) -> None:
        self._printer = printer
        self._seen: set[str] = set()

    def note(self, field: str, value: object) -> None:
        text = f"{field}={value!r}"[:200]
        if text in self._seen or len(self._seen) >= MOST_ODDITIES:
            return
        self._seen.add(text)
        log.warning("Printer %s reported an unknown value: %s", self._printer, text)
