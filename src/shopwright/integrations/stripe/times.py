"""Stripe's times are seconds since 1970."""

from datetime import UTC, datetime
from typing import Any


def moment_of(seconds: Any) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
