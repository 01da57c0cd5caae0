"""What changed, as values: the payload of live updates inside a process and between processes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

CHANNEL = "shopwright_live"
MAX_NOTIFY_BYTES = 7900  # PostgreSQL refuses NOTIFY payloads of 8000 bytes and more


@dataclass(frozen=True, slots=True)
class Signal:
    """``topic`` is a noun (printer, order, queue …), ``key`` the row it is about, 0 for the
    list."""

    organization_id: int
    topic: str
    key: int = 0


@dataclass(frozen=True, slots=True)
class TransactionEnding:
    """Published last in each transaction that touched something, for what is counted once per
    transaction; ``signals`` say what was touched."""

    signals: frozenset[Signal]


def encode(origin: str, signals: Iterable[Signal]) -> str:
    """The NOTIFY payload; when too long it says which lists changed instead of which rows."""
    rows = sorted({(s.organization_id, s.topic, s.key) for s in signals})
    text = json.dumps([origin, rows], separators=(",", ":"))
    if len(text) <= MAX_NOTIFY_BYTES:
        return text
    lists = sorted({(organization, topic, 0) for organization, topic, _ in rows})
    return json.dumps([origin, lists], separators=(",", ":"))


def decode(payload: str) -> tuple[str, list[Signal]]:
    """The origin process and its signals."""
    origin, rows = json.loads(payload)
    return origin, [Signal(*row) for row in rows]
