"""The audit log: one row per change of state, written in the same transaction."""

from typing import Any

from shopwright.accounts.models import AuditEntry
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession


def record(
    session: WriteSession,
    ctx: Actor,
    action: str,
    subject_id: int,
    *,
    reason: str | None = None,
    **facts: Any,
) -> None:
    """Note that ``ctx`` did ``subject.verb`` to a row. ``facts`` are JSON values, no secrets."""
    session.add(
        AuditEntry(
            organization_id=ctx.organization_id,
            action=action,
            subject=action.partition(".")[0],
            subject_id=subject_id,
            actor=ctx.name[:120],
            user_id=ctx.user_id,
            key_id=ctx.key_id,
            reason=reason,
            facts=facts,
        )
    )
