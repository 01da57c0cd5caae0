"""Our ids at the manufacturer: PYEN or OREN, the day in UTC, six digits (reference-facts d.4)."""

import re
import secrets
from datetime import UTC, datetime
from enum import StrEnum

DIGITS = 6
FORM = re.compile(r"(PYEN|OREN)\d{12}")


class KeyKind(StrEnum):
    PAYMENT = "PYEN"
    ORDER = "OREN"


def new_key(kind: KeyKind, now: datetime) -> str:
    """Not unique by itself: whoever stores it looks, and its index is the truth."""
    number = secrets.randbelow(10**DIGITS)
    return f"{kind}{now.astimezone(UTC):%y%m%d}{number:0{DIGITS}}"


def is_key(text: str, kind: KeyKind) -> bool:
    return bool(FORM.fullmatch(text)) and text.startswith(kind)
