"""What becomes of a delivery and of its lane: claimed, tried, recorded, paused, switched off.

A lane is one endpoint. One process at a time has it, and sends its events one after the other.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from sqlalchemy import func

from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.notifications import news, webhook_queries, webhook_rules
from shopwright.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shopwright.notifications.states import WebhookStatus
from shopwright.notifications.telling import tell
from shopwright.notifications.webhook_events import TOPIC
from shopwright.notifications.webhook_queries import Post
from shopwright.notifications.webhook_rules import Answered, Jitter
from shopwright.notifications.webhook_types import EventType

LEASE = timedelta(seconds=45)  # three times the longest try; then its process is gone
GONE = "It answered 410 Gone: it wants no more events. Make sure it is there, then switch it on."
HOPELESS = (
    "Nothing arrived there for three days, the last time because: {} "
    "Mend that, send a test, then switch it on."
)
SWITCHED_OFF = "The endpoint was switched off; replay it when it is on again."
TOO_LATE = "Its endpoint was out of reach for more than a day."


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane that this process has, with what to send next."""

    endpoint: WebhookEndpoint
    post: Post


@dataclass(frozen=True, slots=True)
class Try:
    """One try as it went."""

    answered: Answered
    began_at: datetime
    took_ms: int


async def take(
    session: WriteSession, organization_id: int, endpoint_id: int, now: datetime
) -> Lane | None:
    """The lane and the oldest event that is due; None when it is somebody else's, or all quiet."""
    until = now + LEASE
    endpoint = await webhook_queries.take_lane(session, organization_id, endpoint_id, now, until)
    return await _next(session, endpoint, now) if endpoint is not None else None


async def go_on(session: WriteSession, lane: Lane, tried: Try, now: datetime) -> Lane | None:
    """Record a try, and claim the next event where the lane goes on."""
    goes_on = await record(session, lane.endpoint, lane.post.delivery, tried, now)
    endpoint = lane.endpoint
    held = await webhook_queries.change_endpoint(
        session,
        endpoint.organization_id,
        endpoint.id,
        webhook_queries.Endpoint.lease_until == endpoint.lease_until,
        lease_until=now + LEASE if goes_on else None,
    )
    return await _next(session, held, now) if goes_on and held is not None else None


async def record(
    session: WriteSession,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    tried: Try,
    now: datetime,
    jitter: Jitter = random.uniform,
) -> bool:
    """Keep what the receiver said; whether the lane may go on at once."""
    answered = tried.answered
    at = _next_try(answered, delivery, now, jitter)
    if not await _settle(session, delivery, answered, at, now):
        return False  # it was taken from this sender, or deleted
    session.add(_attempt_of(delivery, tried, now))
    touch(session, delivery.organization_id, TOPIC, endpoint.id)
    if answered.is_delivered:
        await _praise(session, endpoint, now)
        return True
    return await _blame(session, endpoint, delivery, answered, now, jitter)


async def switch_off(
    session: WriteSession, endpoint: WebhookEndpoint, why: str, now: datetime
) -> None:
    """By itself: what waits is given up, and people are told why."""
    await webhook_queries.change_endpoint(
        session,
        endpoint.organization_id,
        endpoint.id,
        is_active=False,
        disabled_reason=why[:500],
        disabled_at=now,
        paused_until=None,
    )
    await webhook_queries.fail_open(
        session, endpoint.organization_id, endpoint.id, SWITCHED_OFF, now
    )
    name = endpoint.description or httpx.URL(endpoint.url).host
    notice = news.webhook_off(endpoint.id, name, why, now)
    await tell(session, endpoint.organization_id, notice)


async def _next(session: WriteSession, endpoint: WebhookEndpoint, now: datetime) -> Lane | None:
    """Gives the lane back when nothing is due."""
    shop, until = endpoint.organization_id, now + LEASE
    post = None
    if endpoint.is_active:
        post = await webhook_queries.claim_next(session, shop, endpoint.id, now, until)
    if post is not None:
        return Lane(endpoint, post)
    await webhook_queries.change_endpoint(session, shop, endpoint.id, lease_until=None)
    return None


async def _settle(
    session: WriteSession,
    delivery: WebhookDelivery,
    answered: Answered,
    at: datetime | None,
    now: datetime,
) -> bool:
    status = WebhookStatus.PENDING if at else WebhookStatus.FAILED
    return await webhook_queries.settle(
        session,
        delivery,
        WebhookStatus.DELIVERED if answered.is_delivered else status,
        answer=answered.sentence[:500],
        next_try_at=at,
        settled_at=None if at else now,
    )


def _attempt_of(delivery: WebhookDelivery, tried: Try, now: datetime) -> WebhookAttempt:
    return WebhookAttempt(
        organization_id=delivery.organization_id,
        delivery_id=delivery.id,
        began_at=tried.began_at,
        took_ms=tried.took_ms,
        status_code=tried.answered.status_code,
        sentence=tried.answered.sentence[:500],
        answer=tried.answered.body,
        created_at=now,
    )


async def _praise(session: WriteSession, endpoint: WebhookEndpoint, now: datetime) -> None:
    await webhook_queries.change_endpoint(
        session,
        endpoint.organization_id,
        endpoint.id,
        failures=0,
        failing_since=None,
        last_error=None,
        last_success_at=now,
        paused_until=None,
    )


async def _blame(
    session: WriteSession,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    answered: Answered,
    now: datetime,
    jitter: Jitter,
) -> bool:
    """Count the failure; whether the next event is tried although this one failed. A failed test
    counts for nothing, except that a receiver which is gone is gone."""
    if answered.is_gone:
        await switch_off(session, endpoint, GONE, now)
        return False
    if delivery.type == EventType.TEST:
        return True
    blamed = await webhook_queries.change_endpoint(
        session,
        endpoint.organization_id,
        endpoint.id,
        failures=webhook_queries.Endpoint.failures + 1,
        failing_since=func.coalesce(webhook_queries.Endpoint.failing_since, now),
        last_error=answered.sentence[:500],
    )
    if blamed is None:
        return False
    if webhook_rules.is_hopeless(blamed.failing_since, blamed.failures, now):
        await switch_off(session, blamed, HOPELESS.format(answered.sentence), now)
        return False
    if webhook_rules.steps_aside(answered, delivery.tries, blamed.failures):
        return True
    await _pause(session, blamed, answered, now, jitter)
    return False


def _next_try(
    answered: Answered, delivery: WebhookDelivery, now: datetime, jitter: Jitter
) -> datetime | None:
    """None when it arrived. A test is tried once, and nobody who is gone is asked again."""
    if answered.is_delivered or answered.is_gone or delivery.type == EventType.TEST:
        return None
    return webhook_rules.next_try(answered, delivery.tries, now, delivery.give_up_at, jitter)


async def _pause(
    session: WriteSession,
    endpoint: WebhookEndpoint,
    answered: Answered,
    now: datetime,
    jitter: Jitter,
) -> None:
    """The receiver is away: everything of its lane waits, and what is a day old is given up."""
    shop = endpoint.organization_id
    until = now + webhook_rules.pause_after(endpoint.failures, jitter, answered.retry_after_s)
    await webhook_queries.change_endpoint(session, shop, endpoint.id, paused_until=until)
    is_late = webhook_queries.Delivery.give_up_at <= now
    await webhook_queries.fail_open(session, shop, endpoint.id, TOO_LATE, now, is_late)
    await webhook_queries.meet_pause(session, shop, endpoint.id, until)
