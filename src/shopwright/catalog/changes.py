"""Writing a change into a row: members that are None stay as they are."""

from dataclasses import fields
from typing import Any

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import TenantModel, WriteSession
from shopwright.kernel.live import touch

TOPIC = "webstore"


def apply_change(row: TenantModel, change: Any, *, emptied: frozenset[str] = frozenset()) -> None:
    """Set every column that ``change``, a dataclass, names. In the columns ``emptied``, 0 or an
    empty text means none."""
    for member in fields(change):
        value = getattr(change, member.name)
        if value is None:
            continue
        setattr(row, member.name, None if member.name in emptied and not value else value)


def note(session: WriteSession, ctx: Actor, action: str, subject_id: int, **facts: Any) -> None:
    """Into the audit log, and told to whoever shows the webstore's catalogue."""
    audit.record(session, ctx, action, subject_id, **facts)
    touch(session, ctx.organization_id, TOPIC)
