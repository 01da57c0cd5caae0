"""Use cases of webhook endpoints: made, changed, rotated, tested, replayed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.egress import EgressPolicy, check_reachable, guarded_client
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.notifications import webhook_events, webhook_lanes, webhook_queries, webhook_rules
from shopwright.notifications.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from shopwright.notifications.signed_post import new_secret
from shopwright.notifications.states import SETTLED, WebhookStatus
from shopwright.notifications.targets import EffectsHeld
from shopwright.notifications.webhook_events import DUE, TOPIC, Happening
from shopwright.notifications.webhook_post import TIMEOUT_S
from shopwright.notifications.webhook_queries import Post
from shopwright.notifications.webhook_rules import MAX_ENDPOINTS, Answered
from shopwright.notifications.webhook_sender import try_once
from shopwright.notifications.webhook_types import EventType, check_types

OFF_NOW = "The endpoint was switched off by {}."


class TooManyEndpoints(Conflict):
    code = "too-many-webhooks"
    title = "There are enough webhook endpoints"


class EndpointOff(Conflict):
    code = "webhook-switched-off"
    title = "This webhook endpoint is switched off"


class StillOnItsWay(Conflict):
    code = "webhook-on-its-way"
    title = "This event is still on its way"


@dataclass(frozen=True, slots=True)
class EndpointChanges:
    """None leaves a value as it is; ``url`` is checked already."""

    url: str | None = None
    description: str | None = None
    event_types: Collection[str] | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """``secret`` is shown this once."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


async def check_url(process: Process, url: str) -> str:
    """Before any transaction, because names are looked up. Raises Invalid or AddressRefused."""
    return await check_reachable(url, EgressPolicy.for_webhooks(process.settings))


async def get_endpoint(
    session: ReadSession | WriteSession, ctx: Actor, ref: Ref
) -> WebhookEndpoint:
    """Raises NotFound."""
    endpoint = await webhook_queries.find_endpoint(session, ctx.organization_id, ref)
    if endpoint is None:
        raise NotFound(f"There is no webhook endpoint {ref}.")
    return endpoint


async def get_delivery(
    session: ReadSession | WriteSession, ctx: Actor, endpoint: WebhookEndpoint, ref: Ref
) -> WebhookDelivery:
    """Raises NotFound."""
    shop = ctx.organization_id
    delivery = await webhook_queries.find_delivery(session, shop, endpoint.id, ref)
    if delivery is None:
        raise NotFound(f"This endpoint has no delivery {ref}.")
    return delivery


async def create_endpoint(
    session: WriteSession,
    ctx: Actor,
    *,
    url: str,
    description: str,
    event_types: Collection[str],
    now: datetime,
) -> Made:
    """``url`` is checked already. Raises TooManyEndpoints."""
    if await webhook_queries.count_endpoints(session, ctx.organization_id) >= MAX_ENDPOINTS:
        raise TooManyEndpoints(
            f"A shop has at most {MAX_ENDPOINTS} webhook endpoints; delete one first."
        )
    secret = new_secret()
    endpoint = WebhookEndpoint(
        organization_id=ctx.organization_id,
        url=url,
        description=description.strip(),
        event_types=check_types(event_types),
        secrets=webhook_rules.rotated([], session.context.vault.encrypt(secret), now),
        created_at=now,
        updated_at=now,
    )
    session.add(endpoint)
    await session.flush()
    audit.record(session, ctx, "webhook_endpoint.created", endpoint.id)
    touch(session, ctx.organization_id, TOPIC)
    return Made(endpoint, secret)


async def update_endpoint(
    session: WriteSession, ctx: Actor, *, ref: Ref, changes: EndpointChanges, now: datetime
) -> WebhookEndpoint:
    """Switched off, what waits is given up; changed or switched on, it is tried at once."""
    endpoint = await get_endpoint(session, ctx, ref)
    if changes.url is not None:
        endpoint.url = changes.url
    if changes.description is not None:
        endpoint.description = changes.description.strip()
    if changes.event_types is not None:
        endpoint.event_types = check_types(changes.event_types)
    endpoint.updated_at = now
    if changes.is_active is not None and changes.is_active != endpoint.is_active:
        await _switch(session, ctx, endpoint, changes.is_active, now)
    elif changes.url is not None:
        await _go_on(session, endpoint, now)
    await session.flush()
    audit.record(session, ctx, "webhook_endpoint.updated", endpoint.id, active=endpoint.is_active)
    touch(session, ctx.organization_id, TOPIC, endpoint.id)
    return endpoint


async def delete_endpoint(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """With its deliveries; nothing more is sent there."""
    endpoint = await get_endpoint(session, ctx, ref)
    audit.record(session, ctx, "webhook_endpoint.deleted", endpoint.id)
    await session.delete(endpoint)
    await session.flush()
    touch(session, ctx.organization_id, TOPIC)


async def rotate_secret(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> Made:
    """The new one signs at once; those before sign along for a day."""
    endpoint = await get_endpoint(session, ctx, ref)
    secret = new_secret()
    sealed = session.context.vault.encrypt(secret)
    endpoint.secrets = webhook_rules.rotated(endpoint.secrets, sealed, now)
    endpoint.updated_at = now
    await session.flush()
    audit.record(session, ctx, "webhook_endpoint.rotated", endpoint.id)
    touch(session, ctx.organization_id, TOPIC, endpoint.id)
    return Made(endpoint, secret)


async def send_test(process: Process, ctx: Actor, *, ref: Ref) -> tuple[WebhookDelivery, Answered]:
    """One event, tried once and now; when it arrives, what waits for the endpoint follows.

    Raises NotFound, or EffectsHeld after a restore.
    """
    async with process.database.write() as session:
        endpoint = await get_endpoint(session, ctx, ref)
        claimed = await _begin_test(session, ctx, endpoint, process.clock.now())
    policy = EgressPolicy.for_webhooks(process.settings)
    async with guarded_client(policy, TIMEOUT_S) as client:
        tried = await try_once(process.database, process.clock, client, endpoint, claimed)
    async with process.database.write() as session:
        now = process.clock.now()
        await webhook_lanes.record(session, endpoint, claimed.delivery, tried, now)
        if tried.answered.is_delivered:
            await _hurry(session, endpoint, now)
    return claimed.delivery, tried.answered


async def replay_delivery(
    session: WriteSession, ctx: Actor, *, ref: Ref, delivery: Ref, now: datetime
) -> WebhookDelivery:
    """Send it again under the same id. Raises EndpointOff, or StillOnItsWay."""
    endpoint = await get_endpoint(session, ctx, ref)
    found = await get_delivery(session, ctx, endpoint, delivery)
    is_it = webhook_queries.Delivery.id == found.id
    if found.status not in SETTLED:
        raise StillOnItsWay("It has not ended yet; it is tried again by itself.")
    await _replay(session, endpoint, is_it, now=now)
    audit.record(session, ctx, "webhook_delivery.replayed", found.id)
    return await get_delivery(session, ctx, endpoint, delivery)


async def replay_failed(
    session: WriteSession, ctx: Actor, *, ref: Ref, since: datetime, now: datetime
) -> int:
    """Everything that failed and happened since then, oldest first; returns how many."""
    endpoint = await get_endpoint(session, ctx, ref)
    delivery = webhook_queries.Delivery
    conditions = [
        delivery.status == WebhookStatus.FAILED,
        delivery.created_at >= since,
        delivery.type != EventType.TEST.value,
    ]
    count = await _replay(session, endpoint, *conditions, now=now)
    audit.record(session, ctx, "webhook_endpoint.replayed", endpoint.id, count=count)
    return count


async def _replay(
    session: WriteSession,
    endpoint: WebhookEndpoint,
    *conditions: ColumnElement[bool],
    now: datetime,
) -> int:
    if not endpoint.is_active:
        raise EndpointOff("Switch the endpoint on first; then it is sent again.")
    replayed = await webhook_queries.replay(
        session,
        endpoint.organization_id,
        endpoint.id,
        *conditions,
        now=now,
        give_up_at=now + webhook_rules.GIVE_UP_AFTER,
    )
    if replayed:
        await _hurry(session, endpoint, now)
    return len(replayed)


async def _begin_test(
    session: WriteSession, ctx: Actor, endpoint: WebhookEndpoint, now: datetime
) -> Post:
    if await webhook_queries.are_effects_held(session):
        raise EffectsHeld("Nothing goes out since a restore, until the owner releases it.")
    shop = ctx.organization_id
    happening = Happening(EventType.TEST, {"sent_by": ctx.name})
    event = WebhookEvent(**webhook_events.event_row(shop, happening, now))
    session.add(event)
    await session.flush()
    row = webhook_events.delivery_row(shop, endpoint.id, event.id, EventType.TEST, now)
    row |= {"status": WebhookStatus.SENDING, "tries": 1, "lease_until": now + webhook_lanes.LEASE}
    delivery = WebhookDelivery(**row)
    session.add(delivery)
    await session.flush()
    audit.record(session, ctx, "webhook_endpoint.tested", endpoint.id)
    return Post(delivery, event.body)


async def _switch(
    session: WriteSession, ctx: Actor, endpoint: WebhookEndpoint, is_active: bool, now: datetime
) -> None:
    endpoint.is_active = is_active
    endpoint.disabled_at = None if is_active else now
    endpoint.disabled_reason = None if is_active else OFF_NOW.format(ctx.name)[:500]
    if is_active:
        await _go_on(session, endpoint, now)
        return
    why = webhook_lanes.SWITCHED_OFF
    await webhook_queries.fail_open(session, endpoint.organization_id, endpoint.id, why, now)


async def _go_on(session: WriteSession, endpoint: WebhookEndpoint, now: datetime) -> None:
    endpoint.failures, endpoint.failing_since, endpoint.last_error = 0, None, None
    await session.flush()
    await _hurry(session, endpoint, now)


async def _hurry(session: WriteSession, endpoint: WebhookEndpoint, now: datetime) -> None:
    """End its pause: somebody says, or a test shows, that it is back."""
    shop = endpoint.organization_id
    await webhook_queries.change_endpoint(session, shop, endpoint.id, paused_until=None)
    await webhook_queries.meet_pause(session, shop, endpoint.id, now)
    touch(session, shop, DUE)
    touch(session, shop, TOPIC, endpoint.id)
