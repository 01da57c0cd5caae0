"""Telling a channel that a parcel left: intended with the parcel, sent once by ``pushing``, settled
here by evidence or by a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, func, or_, select

from shopwright.accounts import audit
from shopwright.channels.port import ChannelOrder
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, ReadSession, WriteSession
from shopwright.kernel.durable import SLOW_QUEUE
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.effects import OPEN_EFFECTS, Effect, EffectStatus
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.tenancy import CROSS_TENANT

POST_TRACKING = "post_tracking"  # the effect's kind and the durable work's name
LOOK_AFTER = timedelta(minutes=10)  # the loop's own look, should the durable work have broken
PROOF_AFTER = timedelta(minutes=2)  # longer than any call under way; then what is not seen is open


class PushSettled(Conflict):
    code = "push-settled"
    title = "Nothing is open about this parcel's tracking"


class Outcome(StrEnum):
    POSTED = "posted"
    NOT_POSTED = "not_posted"


async def intend_tracking(
    session: WriteSession,
    ctx: Actor,
    *,
    connection_id: int,
    external_id: str,
    parcel_id: int,
    carrier: str | None,
    tracking_code: str | None,
    now: datetime,
) -> Effect:
    """Tell the channel about a parcel, after the commit and once; the same parcel again is the same
    effect."""
    known = await _list_of_parcel(session, ctx, parcel_id)
    if known:
        return known[-1]
    request = {
        "connection_id": connection_id,
        "external_id": external_id,
        "carrier": carrier,
        "tracking_code": tracking_code,
    }
    return await _intend(session, ctx, f"parcel:{parcel_id}", parcel_id, request, now)


async def resolve_push(
    session: WriteSession, ctx: Actor, *, ref: Ref, outcome: Outcome, now: datetime
) -> Effect:
    """A person looked at the channel. ``not_posted`` of an unknown or failed one intends it anew,
    and the new effect comes back. Raises PushSettled for any other state."""
    effect = await get_push(session, ctx, ref)
    if outcome is Outcome.POSTED:
        await _close(session, ctx, effect, EffectStatus.DONE, "posted", now)
        return effect
    if effect.status is not EffectStatus.FAILED:
        await _close(session, ctx, effect, EffectStatus.FAILED, "not posted", now)
    known = await _list_of_parcel(session, ctx, effect.subject_id)
    if known[-1].id != effect.id:
        raise PushSettled("This was tried again already; look at the newest try.")
    key = f"parcel:{effect.subject_id}:{len(known) + 1}"
    return await _intend(session, ctx, key, effect.subject_id, effect.request, now)


async def get_push(session: ReadSession | WriteSession, ctx: Actor, ref: Ref) -> Effect:
    """Raises NotFound."""
    effect: Effect | None = await session.scalar(
        select(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.kind == POST_TRACKING)
        .where(ref.where(Effect))
        .execution_options(populate_existing=True)
    )
    if effect is None:
        raise NotFound(f"There is no push {ref}.")
    return effect


async def list_pushes(
    session: ReadSession, ctx: Actor, statuses: Sequence[EffectStatus], paging: Paging
) -> tuple[list[Effect], int]:
    """One page, newest first, and how many there are."""
    where = (
        (Effect.organization_id == ctx.organization_id)
        & (Effect.kind == POST_TRACKING)
        & Effect.status.in_(statuses)
    )
    rows = await session.scalars(
        select(Effect)
        .where(where)
        .order_by(Effect.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    total = await session.scalar(select(func.count(Effect.id)).where(where))
    return list(rows), total or 0


async def settle_by_shipments(
    session: WriteSession,
    ctx: Actor,
    connection_id: int,
    orders: Sequence[ChannelOrder],
    now: datetime,
) -> None:
    """A page of orders is evidence: a push whose tracking the channel shows is done."""
    shipped = {order.external_id: order for order in orders if order.shipments or order.is_shipped}
    if not shipped:
        return
    pushes = await session.scalars(
        select(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.kind == POST_TRACKING)
        .where(Effect.status.in_(sorted(OPEN_EFFECTS)))
    )
    for effect in pushes.all():
        order = shipped.get(effect.request["external_id"])
        if order is None or effect.request["connection_id"] != connection_id:
            continue
        if _shows(order, effect.request["tracking_code"]):
            await _settle(session, ctx, effect, EffectStatus.DONE, "The channel shows it.", now)


async def enqueue_due(database: Database, now: datetime) -> None:
    """Look again at what waits for its time, what a crash left sending, and what had no proof."""
    is_stuck = and_(Effect.not_before.is_(None), Effect.sending_at <= now - PROOF_AFTER)
    waiting = Effect.status.in_([EffectStatus.INTENDED, EffectStatus.SENDING])
    async with database.read() as session:
        found = await session.scalars(
            select(Effect)
            .where(Effect.kind == POST_TRACKING, waiting)
            .where(or_(Effect.not_before <= now, is_stuck))
            .order_by(Effect.id)
            .execution_options(**CROSS_TENANT)
        )
        due = found.all()
    for effect in due:
        async with database.write() as session:
            await _enqueue(session, effect, minute=int(now.timestamp()) // 60)


async def _intend(
    session: WriteSession,
    ctx: Actor,
    key: str,
    parcel_id: int,
    request: dict[str, object],
    now: datetime,
) -> Effect:
    effect = await effects.intend(
        session,
        ctx.organization_id,
        kind=POST_TRACKING,
        key=key,
        subject_id=parcel_id,
        request=request,
    )
    effect.created_at = now
    effect.not_before = now + LOOK_AFTER
    await _enqueue(session, effect, minute=0)
    audit.record(session, ctx, "push.intended", effect.id, parcel_id=parcel_id)
    _touch(session, effect)
    return effect


async def _enqueue(session: WriteSession, effect: Effect, *, minute: int) -> None:
    """At most one piece of work a minute; asked for twice it is the same."""
    durable = session.context.durable
    if durable is None:
        raise RuntimeError("this process was opened without durable work")
    await durable.enqueue(
        session,
        POST_TRACKING,
        effect.organization_id,
        effect.id,
        workflow_id=f"{POST_TRACKING}:{effect.uuid}:{minute}",
        queue=SLOW_QUEUE,
    )


async def _close(
    session: WriteSession,
    ctx: Actor,
    effect: Effect,
    status: EffectStatus,
    word: str,
    now: datetime,
) -> None:
    """Only an unknown outcome is a person's to decide."""
    if effect.status is not EffectStatus.UNKNOWN:
        raise PushSettled(
            f"The tracking of this parcel is {effect.status}; nothing is to be decided."
        )
    await _settle(session, ctx, effect, status, f"{ctx.name} looked: it was {word}.", now)
    audit.record(session, ctx, "push.resolved", effect.id, outcome=word)


async def _settle(
    session: WriteSession,
    ctx: Actor,
    effect: Effect,
    status: EffectStatus,
    detail: str,
    now: datetime,
) -> None:
    await effects.settle(session, ctx.organization_id, effect.id, status, detail, now)
    await session.refresh(effect)
    _touch(session, effect)


async def _list_of_parcel(session: WriteSession, ctx: Actor, parcel_id: int) -> list[Effect]:
    """Every try to tell about this parcel, oldest first."""
    rows = await session.scalars(
        select(Effect)
        .where(Effect.organization_id == ctx.organization_id, Effect.kind == POST_TRACKING)
        .where(Effect.subject_id == parcel_id)
        .order_by(Effect.id)
    )
    return list(rows)


def _shows(order: ChannelOrder, code: str | None) -> bool:
    if not code:
        return order.is_shipped
    wanted = code.strip().casefold()
    return any((s.tracking_code or "").strip().casefold() == wanted for s in order.shipments)


def _touch(session: WriteSession, effect: Effect) -> None:
    touch(session, effect.organization_id, "connection", effect.request["connection_id"])
    touch(session, effect.organization_id, "parcel", effect.subject_id)
