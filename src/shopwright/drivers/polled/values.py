"""Reading what devices send: wrong kinds and absurd numbers count as not said; pure."""

import math
from collections.abc import Mapping
from typing import Any

LARGEST = 1e12


def as_object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def as_float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) < LARGEST else None


def as_int(value: object) -> int | None:
    number = as_float(value)
    return None if number is None else int(number)


def as_seconds(value: object) -> int | None:
    number = as_int(value)
    return None if number is None else max(number, 0)


def as_percent(value: object, whole: float = 100.0) -> float | None:
    """Of ``whole``, kept within 0 … 100."""
    number = as_float(value)
    if number is None or whole <= 0:
        return None
    return round(min(max(number * 100 / whole, 0.0), 100.0), 1)
