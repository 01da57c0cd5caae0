"""Pure calculations of orders."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shopwright.kernel.errors import Invalid

DATE_LENGTH = len("2025-01-01")


def read_moment(text: str, zone: str) -> datetime:
    """A date or a time as a moment; without a zone it is meant in ``zone``. Raises Invalid."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as err:
        raise Invalid(f"{text!r} is no date like 2025-01-31 and no time like it.") from err
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def read_end(text: str, zone: str) -> datetime:
    """The first moment after: a bare date includes its day, a time includes its second."""
    if len(text.strip()) > DATE_LENGTH:
        return read_moment(text, zone) + timedelta(seconds=1)
    day = read_moment(text, zone).astimezone(ZoneInfo(zone)).date()
    return _start_of(day + timedelta(days=1), zone)


def _start_of(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
