"""How moments are written in answers (reference decisions 11); inside they are aware and UTC."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import PlainSerializer

from shopwright.kernel.errors import Invalid


def zulu(moment: datetime) -> str:
    """``2025-01-01T00:00:00Z``: everywhere but where a reference document prints another form."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(moment: datetime) -> str:
    """``2025-01-01T00:00:00``: as the shop manager's routes print it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def millis(moment: datetime) -> str:
    """``2025-01-01T00:00:00.000Z``: as the printer and queue routes of the reference print it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03}Z"
    )


def zone_of(name: str) -> ZoneInfo:
    """UTC when the machine does not know the zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def read_moment(text: str, zone: str) -> datetime:
    """A date or a time as a moment; without a zone it is meant in ``zone``. Raises Invalid."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        words = text.strip()[:40]
        raise Invalid(f"{words!r} is no date like 2025-01-31 and no time like it.") from err


ZuluTime = Annotated[datetime, PlainSerializer(zulu, return_type=str)]
PlainTime = Annotated[datetime, PlainSerializer(plain, return_type=str)]
MillisTime = Annotated[datetime, PlainSerializer(millis, return_type=str)]
