"""Pure calculations of orders."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shopwright.kernel.times import read_moment

__all__ = ("read_end", "read_moment")

DATE_LENGTH = len("2025-01-01")


def read_end(text: str, zone: str) -> datetime:
    """The first moment after: a bare date includes its day, a time includes its second."""
    if len(text.strip()) > DATE_LENGTH:
        return read_moment(text, zone) + timedelta(seconds=1)
    day = read_moment(text, zone).astimezone(ZoneInfo(zone)).date()
    return _start_of(day + timedelta(days=1), zone)


def _start_of(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
