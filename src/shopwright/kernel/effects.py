"""The outside world is touched only after the commit, and at most once.

An effect is a row ``intended → sending → done | failed | unknown``. ``sending`` is set by
compare-and-set and committed before the call. Whoever finds ``sending`` asks the device or vendor
by *our* key; it never calls again. What cannot be proven is ``unknown``, and a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, exists, select, update
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.kernel import events
from shopwright.kernel.db import EnumText, Installation, ReadSession, TenantModel, WriteSession


class EffectStatus(StrEnum):
    INTENDED = "intended"
    SENDING = "sending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


OPEN_EFFECTS = frozenset({EffectStatus.INTENDED, EffectStatus.SENDING, EffectStatus.UNKNOWN})

TRANSITIONS: Mapping[EffectStatus, frozenset[EffectStatus]] = {
    # done without sending: the other side shows it already, somebody else did it
    EffectStatus.INTENDED: frozenset(
        {EffectStatus.SENDING, EffectStatus.DONE, EffectStatus.FAILED}
    ),
    # back to intended only by ``take_back``: proof that nothing had been sent
    EffectStatus.SENDING: frozenset(
        {
            EffectStatus.INTENDED,
            EffectStatus.DONE,
            EffectStatus.FAILED,
            EffectStatus.UNKNOWN,
        }
    ),
    EffectStatus.UNKNOWN: frozenset({EffectStatus.DONE, EffectStatus.FAILED}),
    EffectStatus.DONE: frozenset(),
    EffectStatus.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class EffectInDoubt:
    """Nothing proves whether it was done: a person decides."""

    organization_id: int
    effect_id: int
    kind: str
    sentence: str


class Effect(TenantModel):
    """``key`` is the id the other side will show us again: device job id, tracking code, …"""

    __tablename__ = "effects"
    __table_args__ = (
        Index("uq_effects_kind_key", "organization_id", "kind", "key", unique=True),
        Index("ix_effects_status", "status"),
        Index("ix_effects_subject", "organization_id", "kind", "subject_id"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    subject_id: Mapped[int]
    status: Mapped[EffectStatus] = mapped_column(
        EnumText(EffectStatus), default=EffectStatus.INTENDED
    )
    request: Mapped[dict[str, Any]]
    detail: Mapped[str | None] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]  # when to try, or to ask the other side, again
    sending_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


async def intend(
    session: WriteSession,
    organization_id: int,
    *,
    kind: str,
    key: str,
    subject_id: int,
    request: dict[str, Any],
) -> Effect:
    """Record that this is to be done; nothing is called."""
    effect = Effect(
        organization_id=organization_id, kind=kind, key=key, subject_id=subject_id, request=request
    )
    session.add(effect)
    await session.flush()
    return effect


async def begin_sending(
    session: WriteSession, organization_id: int, effect_id: int, now: datetime
) -> Effect | None:
    """Claim the one call; None when somebody else has it, or a restore holds all effects.

    Commit before calling out.
    """
    held = exists().where(Installation.are_effects_held)
    effect: Effect | None = await session.scalar(
        update(Effect)
        .where(Effect.id == effect_id, Effect.organization_id == organization_id)
        .where(Effect.status == EffectStatus.INTENDED, ~held)
        .values(
            status=EffectStatus.SENDING, sending_at=now, not_before=None, tries=Effect.tries + 1
        )
        .returning(Effect)
        .execution_options(populate_existing=True)
    )
    return effect


async def resume_sending(
    session: WriteSession,
    organization_id: int,
    effect_id: int,
    begun_before: datetime,
    now: datetime,
) -> Effect | None:
    """Take over the call of somebody who is gone; None when somebody else has done so, or a restore
    holds all effects. Only where the same again is the same: whatever was sent is sent again.
    """
    held = exists().where(Installation.are_effects_held)
    effect: Effect | None = await session.scalar(
        update(Effect)
        .where(Effect.id == effect_id, Effect.organization_id == organization_id)
        .where(Effect.status == EffectStatus.SENDING, Effect.sending_at <= begun_before, ~held)
        .values(sending_at=now, not_before=None, tries=Effect.tries + 1)
        .returning(Effect)
        .execution_options(populate_existing=True)
    )
    return effect


async def settle(
    session: WriteSession,
    organization_id: int,
    effect_id: int,
    status: EffectStatus,
    detail: str | None,
    now: datetime,
) -> bool:
    """Record how it ended; False when it had been settled already."""
    sources = [source for source, targets in TRANSITIONS.items() if status in targets]
    settled = await session.scalar(
        update(Effect)
        .where(Effect.id == effect_id, Effect.organization_id == organization_id)
        .where(Effect.status.in_(sources))
        .values(status=status, detail=detail, settled_at=now)
        .returning(Effect.kind)
    )
    if settled is not None and status is EffectStatus.UNKNOWN:
        doubted = EffectInDoubt(organization_id, effect_id, settled, detail or "")
        await events.publish(session, doubted)
    return settled is not None


async def withdraw(
    session: WriteSession, organization_id: int, effect_id: int, detail: str, now: datetime
) -> bool:
    """Intended becomes failed: nobody will send it. False when it is being sent, or has ended."""
    return await _wait(
        session,
        organization_id,
        effect_id,
        EffectStatus.INTENDED,
        status=EffectStatus.FAILED,
        detail=detail,
        settled_at=now,
    )


async def take_back(
    session: WriteSession,
    organization_id: int,
    effect_id: int,
    detail: str,
    not_before: datetime,
) -> bool:
    """Sending becomes intended again; False when it no longer was sending.

    Only with the other side's proof that nothing was done (a refusal before any work, a connection
    that never opened): whoever takes back on a guess makes the thing happen twice.
    """
    return await _wait(
        session,
        organization_id,
        effect_id,
        EffectStatus.SENDING,
        status=EffectStatus.INTENDED,
        detail=detail,
        not_before=not_before,
        sending_at=None,
    )


async def postpone(
    session: WriteSession,
    organization_id: int,
    effect_id: int,
    status: EffectStatus,
    detail: str,
    not_before: datetime,
) -> bool:
    """Stay in ``status`` with the reason, to be looked at again; False when it had moved on."""
    return await _wait(
        session, organization_id, effect_id, status, detail=detail, not_before=not_before
    )


async def _wait(
    session: WriteSession,
    organization_id: int,
    effect_id: int,
    source: EffectStatus,
    **values: Any,
) -> bool:
    moved = await session.scalar(
        update(Effect)
        .where(Effect.id == effect_id, Effect.organization_id == organization_id)
        .where(Effect.status == source)
        .values(**values)
        .returning(Effect.id)
    )
    return moved is not None


async def find_effect(
    session: ReadSession | WriteSession, organization_id: int, kind: str, key: str
) -> Effect | None:
    effect: Effect | None = await session.scalar(
        select(Effect).where(
            Effect.organization_id == organization_id, Effect.kind == kind, Effect.key == key
        )
    )
    return effect


async def find_by_id(
    session: ReadSession | WriteSession, organization_id: int, effect_id: int
) -> Effect | None:
    effect: Effect | None = await session.scalar(
        select(Effect).where(Effect.organization_id == organization_id, Effect.id == effect_id)
    )
    return effect
