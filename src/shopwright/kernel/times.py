"""How moments are written in answers (reference decisions 11); inside they are aware and UTC."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer


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


ZuluTime = Annotated[datetime, PlainSerializer(zulu, return_type=str)]
PlainTime = Annotated[datetime, PlainSerializer(plain, return_type=str)]
MillisTime = Annotated[datetime, PlainSerializer(millis, return_type=str)]
