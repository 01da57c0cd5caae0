"""What becomes of a delivery: claimed, sent, tried again, given up, retried by a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shopwright.accounts import audit
from shopwright.kernel import effects, ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.notifications import delivery_queries, rules
from shopwright.notifications.models import NotificationDelivery
from shopwright.notifications.port import Outcome, Refused, Sent, Unconfirmed
from shopwright.notifications.states import RETRYABLE, DeliveryStatus, TargetKind
from shopwright.notifications.telling import TOPIC
from shopwright.notifications.topics import Topic

SEND_EMAIL = "send_email"  # the effect's kind
LEASE = timedelta(minutes=3)  # longer than any try; then its worker is gone
PROVEN_UNSENT = "Not sent: {}"
WORKER_GONE = (
    "The program ended while this mail was being handed over: it may have arrived. "
    "Ask, then retry it if it did not."
)
AGAIN = "The program ended while this was being sent; it is sent again with the same id."


class NothingToRetry(Conflict):
    code = "nothing-to-retry"
    title = "This message did not fail"


async def get_delivery(
    session: ReadSession | WriteSession, ctx: Actor, ref: Ref
) -> NotificationDelivery:
    """Raises NotFound."""
    delivery = await delivery_queries.find(session, ctx.organization_id, ref)
    if delivery is None:
        raise NotFound(f"There is no message {ref}.")
    return delivery


async def begin(
    session: WriteSession, organization_id: int, delivery_id: int, now: datetime
) -> NotificationDelivery | None:
    """Claim one try; None when it is somebody else's, or outside effects are held.

    A mail's try is an effect of its own: begun before the commit, and never begun again.
    """
    delivery = await delivery_queries.claim(session, organization_id, delivery_id, now + LEASE)
    if delivery is None or delivery.kind is not TargetKind.EMAIL:
        return delivery
    effect = await effects.intend(
        session,
        organization_id,
        kind=SEND_EMAIL,
        key=f"{delivery.uuid}:{ids.new_uuid()}",  # tries begin anew when a person retries
        subject_id=delivery.id,
        request={"title": delivery.title},
    )
    if await effects.begin_sending(session, organization_id, effect.id, now) is None:
        raise RuntimeError("effects are held and yet this delivery was claimed")
    delivery.effect_id = effect.id
    await session.flush()
    return delivery


async def record(
    session: WriteSession, delivery: NotificationDelivery, outcome: Outcome, now: datetime
) -> DeliveryStatus | None:
    """What the other side said; None when somebody settled it meanwhile."""
    match outcome:
        case Sent(answer):
            return await _delivered(session, delivery, answer, now)
        case Unconfirmed(sentence) if delivery.kind is TargetKind.EMAIL:
            return await _doubted(session, delivery, sentence, now)
        case Unconfirmed(sentence):  # at least once: receivers tell a repetition by its id
            return await _failed(session, delivery, Refused(sentence), now)
        case Refused():
            return await _failed(session, delivery, outcome, now)


async def recover(session: WriteSession, delivery: NotificationDelivery, now: datetime) -> None:
    """Its worker is gone in the middle of a try."""
    if delivery.kind is TargetKind.EMAIL:
        await _doubted(session, delivery, WORKER_GONE, now)
    else:
        await _move(session, delivery, DeliveryStatus.PENDING, next_try_at=now, answer=AGAIN)


async def retry(
    session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime
) -> NotificationDelivery:
    """A person wants it sent again; raises NothingToRetry unless it failed or is in doubt."""
    delivery = await get_delivery(session, ctx, ref)
    if delivery.status not in RETRYABLE:
        raise NothingToRetry(f"This message is {delivery.status}; there is nothing to send again.")
    if delivery.topic is Topic.TEST:
        raise NothingToRetry("Send a new test instead of an old one.")
    moved = await _move(
        session,
        delivery,
        DeliveryStatus.PENDING,
        tries=0,
        next_try_at=now,
        give_up_at=now + rules.GIVE_UP_AFTER,
        settled_at=None,
    )
    audit.record(session, ctx, "notification_delivery.retried", delivery.id)
    return moved or delivery


async def _delivered(
    session: WriteSession, delivery: NotificationDelivery, answer: str, now: datetime
) -> DeliveryStatus | None:
    moved = await _move(
        session,
        delivery,
        DeliveryStatus.DELIVERED,
        answer=answer[:500],
        settled_at=now,
        next_try_at=None,
        sealed=None,
    )
    await _settle_effect(session, delivery, EffectStatus.DONE, answer, now)
    await _note(session, delivery, now, None)
    return moved.status if moved else None


async def _doubted(
    session: WriteSession, delivery: NotificationDelivery, sentence: str, now: datetime
) -> DeliveryStatus | None:
    moved = await _move(
        session, delivery, DeliveryStatus.UNKNOWN, answer=sentence[:500], settled_at=now
    )
    await _settle_effect(session, delivery, EffectStatus.UNKNOWN, sentence, now)
    await _note(session, delivery, now, sentence)
    return moved.status if moved else None


async def _failed(
    session: WriteSession, delivery: NotificationDelivery, refusal: Refused, now: datetime
) -> DeliveryStatus | None:
    """Tried again later, unless that is hopeless, too late, or it was only a test."""
    is_last = refusal.is_final or delivery.topic is Topic.TEST
    at = (
        None
        if is_last
        else rules.next_try(now, delivery.tries, delivery.give_up_at, refusal.retry_after_s)
    )
    moved = await _move(
        session,
        delivery,
        DeliveryStatus.PENDING if at else DeliveryStatus.FAILED,
        answer=refusal.sentence[:500],
        next_try_at=at,
        settled_at=None if at else now,
    )
    words = PROVEN_UNSENT.format(refusal.sentence)
    await _settle_effect(session, delivery, EffectStatus.FAILED, words, now)
    await _note(session, delivery, now, refusal.sentence)
    return moved.status if moved else None


async def _move(
    session: WriteSession, delivery: NotificationDelivery, status: DeliveryStatus, **values: object
) -> NotificationDelivery | None:
    organization_id = delivery.organization_id
    moved = await delivery_queries.move(
        session, organization_id, delivery.id, status, lease_until=None, **values
    )
    touch(session, organization_id, TOPIC, delivery.id)
    return moved


async def _settle_effect(
    session: WriteSession,
    delivery: NotificationDelivery,
    status: EffectStatus,
    detail: str,
    now: datetime,
) -> None:
    if delivery.effect_id is not None:
        organization_id = delivery.organization_id
        await effects.settle(session, organization_id, delivery.effect_id, status, detail, now)


async def _note(
    session: WriteSession, delivery: NotificationDelivery, now: datetime, error: str | None
) -> None:
    """The target's health: failing since its first failure after a success."""
    if delivery.target_id is None:
        return
    organization_id, target_id = delivery.organization_id, delivery.target_id
    if error is None:
        values = {"last_success_at": now, "failing_since": None, "last_error": None}
        await delivery_queries.note_target(session, organization_id, target_id, **values)
    else:
        await delivery_queries.note_failure(session, organization_id, target_id, error[:500], now)


@dataclass(frozen=True, slots=True)
class Tried:
    """One try and what came of it, for who asked for it."""

    delivery: NotificationDelivery
    outcome: Outcome

    @property
    def is_sent(self) -> bool:
        return isinstance(self.outcome, Sent)

    @property
    def sentence(self) -> str:
        return self.outcome.answer if isinstance(self.outcome, Sent) else self.outcome.sentence
