"""The id by which one request is found in our logs and the manufacturer's."""

import re
from contextvars import ContextVar

MAX_LENGTH = 100
FORM = re.compile(r"[A-Za-z0-9._:\-]+")

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def accept(text: str | None) -> str | None:
    """What a caller sent, unless it is something that must not reach a header or a log."""
    if not text or len(text) > MAX_LENGTH or not FORM.fullmatch(text):
        return None
    return text
