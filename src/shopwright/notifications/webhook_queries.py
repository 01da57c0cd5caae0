"""All SQL of webhook endpoints, their events and deliveries; moves are compare-and-set."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from shopwright.kernel.db import Installation, ReadSession, WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.notifications.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from shopwright.notifications.states import SETTLED, WebhookStatus

AnySession = ReadSession | WriteSession
Endpoint = WebhookEndpoint
Event = WebhookEvent
Delivery = WebhookDelivery
Attempt = WebhookAttempt
OPEN = (WebhookStatus.PENDING, WebhookStatus.SENDING)
SWEPT = 2_000  # rows a transaction deletes, so that nobody waits for it


@dataclass(frozen=True, slots=True)
class Post:
    """A claimed delivery with what is sent."""

    delivery: WebhookDelivery
    body: str


async def list_endpoints(session: AnySession, organization_id: int) -> list[WebhookEndpoint]:
    rows = await session.scalars(
        select(Endpoint).where(Endpoint.organization_id == organization_id).order_by(Endpoint.id)
    )
    return list(rows)


async def find_endpoint(
    session: AnySession, organization_id: int, ref: Ref
) -> WebhookEndpoint | None:
    endpoint: Endpoint | None = await session.scalar(
        select(Endpoint)
        .where(Endpoint.organization_id == organization_id, ref.where(Endpoint))
        .execution_options(populate_existing=True)
    )
    return endpoint


async def count_endpoints(session: AnySession, organization_id: int) -> int:
    count = await session.scalar(
        select(func.count())
        .select_from(Endpoint)
        .where(Endpoint.organization_id == organization_id)
    )
    return count or 0


async def list_listening(session: AnySession, organization_id: int) -> list[tuple[int, list[str]]]:
    """(endpoint, event types) of those that are switched on."""
    rows = await session.execute(
        select(Endpoint.id, Endpoint.event_types)
        .where(Endpoint.organization_id == organization_id, Endpoint.is_active)
        .order_by(Endpoint.id)
    )
    return [(id_, types) for id_, types in rows]


async def are_effects_held(session: AnySession) -> bool:
    """After a restore, until the owner releases them."""
    found = await session.scalar(select(Installation.id).where(Installation.are_effects_held))
    return found is not None


async def list_busy(session: AnySession, now: datetime) -> list[tuple[int, int]]:
    """(organization, endpoint) of every shop whose next try is due and whom nobody serves."""
    held = exists().where(Installation.are_effects_held)
    is_due = (Delivery.status == WebhookStatus.PENDING) & (Delivery.next_try_at <= now)
    is_left = (Delivery.status == WebhookStatus.SENDING) & (Delivery.lease_until <= now)
    rows = await session.execute(
        select(Endpoint.organization_id, Endpoint.id)
        .where(Endpoint.is_active, ~held, _is_free(now), _is_awake(now))
        .where(exists().where(Delivery.endpoint_id == Endpoint.id, or_(is_due, is_left)))
        .order_by(Endpoint.id)
        .execution_options(**CROSS_TENANT)
    )
    return [(organization_id, id_) for organization_id, id_ in rows]


async def next_due_at(session: AnySession, after: datetime) -> datetime | None:
    at: datetime | None = await session.scalar(
        select(func.min(Delivery.next_try_at))
        .where(Delivery.status == WebhookStatus.PENDING, Delivery.next_try_at > after)
        .execution_options(**CROSS_TENANT)
    )
    return at


async def take_lane(
    session: WriteSession, organization_id: int, endpoint_id: int, now: datetime, until: datetime
) -> WebhookEndpoint | None:
    """The lane for one process; None while another one has it, or it pauses."""
    return await change_endpoint(
        session,
        organization_id,
        endpoint_id,
        Endpoint.is_active.is_(True),
        _is_free(now),
        _is_awake(now),
        lease_until=until,
    )


async def change_endpoint(
    session: WriteSession,
    organization_id: int,
    endpoint_id: int,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> WebhookEndpoint | None:
    """Compare-and-set; None when a condition does not hold."""
    endpoint: Endpoint | None = await session.scalar(
        update(Endpoint)
        .where(Endpoint.organization_id == organization_id, Endpoint.id == endpoint_id)
        .where(*conditions)
        .values(**values)
        .returning(Endpoint)
        .execution_options(populate_existing=True)
    )
    return endpoint


async def claim_next(
    session: WriteSession, organization_id: int, endpoint_id: int, now: datetime, until: datetime
) -> Post | None:
    """The oldest that is due, for one try; None when there is none, or outside effects are held."""
    held = exists().where(Installation.are_effects_held)
    first = (
        select(func.min(Delivery.id))
        .where(Delivery.organization_id == organization_id, Delivery.endpoint_id == endpoint_id)
        .where(Delivery.status == WebhookStatus.PENDING, Delivery.next_try_at <= now)
        .scalar_subquery()
    )
    delivery: Delivery | None = await session.scalar(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.id == first, ~held)
        .where(Delivery.status == WebhookStatus.PENDING)
        .values(status=WebhookStatus.SENDING, lease_until=until, tries=Delivery.tries + 1)
        .returning(Delivery)
        .execution_options(populate_existing=True)
    )
    if delivery is None:
        return None
    body = await session.scalar(
        select(Event.body).where(
            Event.organization_id == organization_id, Event.id == delivery.event_id
        )
    )
    return Post(delivery, body or "{}")


async def settle(
    session: WriteSession, claimed: WebhookDelivery, status: WebhookStatus, **values: Any
) -> bool:
    """The end of the claimed try; False when it was taken away from this sender meanwhile."""
    settled = await session.scalar(
        update(Delivery)
        .where(Delivery.organization_id == claimed.organization_id, Delivery.id == claimed.id)
        .where(Delivery.status == WebhookStatus.SENDING, Delivery.tries == claimed.tries)
        .values(status=status, lease_until=None, **values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return settled is not None


async def recover(session: WriteSession, leased_until: datetime, now: datetime) -> int:
    """Of every shop: tries whose process is gone are due again, with the same id."""
    rows = await session.scalars(
        update(Delivery)
        .where(Delivery.status == WebhookStatus.SENDING, Delivery.lease_until <= leased_until)
        .values(status=WebhookStatus.PENDING, lease_until=None, next_try_at=now)
        .returning(Delivery.id)
        .execution_options(**CROSS_TENANT, synchronize_session=False)
    )
    return len(rows.all())


async def has_abandoned(session: AnySession, now: datetime) -> bool:
    is_left = (Delivery.status == WebhookStatus.SENDING) & (Delivery.lease_until <= now)
    found = await session.scalar(
        select(Delivery.id).where(is_left).limit(1).execution_options(**CROSS_TENANT)
    )
    return found is not None


async def free_lanes(session: WriteSession) -> None:
    """Where no other process can be at work."""
    await session.execute(
        update(Endpoint)
        .where(Endpoint.lease_until.is_not(None))
        .values(lease_until=None)
        .execution_options(**CROSS_TENANT, synchronize_session=False)
    )


async def meet_pause(
    session: WriteSession, organization_id: int, endpoint_id: int, until: datetime
) -> None:
    """Whatever waits by itself is due again when the lane goes on, so that order is kept."""
    await session.execute(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.endpoint_id == endpoint_id)
        .where(Delivery.status == WebhookStatus.PENDING, Delivery.tries > 0)
        .values(next_try_at=until)
        .execution_options(synchronize_session=False)
    )


async def fail_open(
    session: WriteSession,
    organization_id: int,
    endpoint_id: int,
    why: str,
    now: datetime,
    *conditions: ColumnElement[bool],
) -> int:
    """Give up what waits: all of it, or what ``conditions`` say."""
    rows = await session.scalars(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.endpoint_id == endpoint_id)
        .where(Delivery.status == WebhookStatus.PENDING, *conditions)
        .values(status=WebhookStatus.FAILED, settled_at=now, next_try_at=None, answer=why)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(rows.all())


async def replay(
    session: WriteSession,
    organization_id: int,
    endpoint_id: int,
    *conditions: ColumnElement[bool],
    now: datetime,
    give_up_at: datetime,
) -> list[int]:
    """Send again what is settled, under the same ids."""
    rows = await session.scalars(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.endpoint_id == endpoint_id)
        .where(Delivery.status.in_(SETTLED), *conditions)
        .values(
            status=WebhookStatus.PENDING,
            tries=0,
            next_try_at=now,
            give_up_at=give_up_at,
            settled_at=None,
        )
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows)


async def list_deliveries(
    session: AnySession,
    organization_id: int,
    endpoint_id: int,
    *,
    statuses: Collection[WebhookStatus],
    paging: Paging,
) -> tuple[list[WebhookDelivery], int]:
    """One page, newest first, and how many there are."""
    where = [Delivery.organization_id == organization_id, Delivery.endpoint_id == endpoint_id]
    if statuses:
        where.append(Delivery.status.in_(statuses))
    rows = await session.scalars(
        select(Delivery)
        .where(*where)
        .order_by(Delivery.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    total = await session.scalar(select(func.count()).select_from(Delivery).where(*where))
    return list(rows), total or 0


async def count_open(session: AnySession, organization_id: int) -> dict[int, tuple[int, int]]:
    """(waiting, failed) by endpoint."""
    rows = await session.execute(
        select(
            Delivery.endpoint_id,
            func.count().filter(Delivery.status.in_(OPEN)),
            func.count().filter(Delivery.status == WebhookStatus.FAILED),
        )
        .where(Delivery.organization_id == organization_id)
        .group_by(Delivery.endpoint_id)
    )
    return {endpoint_id: (waiting, failed) for endpoint_id, waiting, failed in rows}


async def find_delivery(
    session: AnySession, organization_id: int, endpoint_id: int, ref: Ref
) -> WebhookDelivery | None:
    delivery: Delivery | None = await session.scalar(
        select(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.endpoint_id == endpoint_id)
        .where(ref.where(Delivery))
        .execution_options(populate_existing=True)
    )
    return delivery


async def list_attempts(
    session: AnySession, organization_id: int, delivery_ids: Sequence[int]
) -> list[WebhookAttempt]:
    """Oldest first."""
    rows = await session.scalars(
        select(Attempt)
        .where(Attempt.organization_id == organization_id, Attempt.delivery_id.in_(delivery_ids))
        .order_by(Attempt.id)
    )
    return list(rows)


async def read_bodies(
    session: AnySession, organization_id: int, event_ids: Collection[int]
) -> dict[int, str]:
    rows = await session.execute(
        select(Event.id, Event.body).where(
            Event.organization_id == organization_id, Event.id.in_(event_ids)
        )
    )
    return {row.id: row.body for row in rows}


async def delete_before(session: WriteSession, moment: datetime) -> int:
    """Some of what is long over, of every shop; returns how many rows went."""
    over = (
        select(Delivery.id)
        .where(Delivery.created_at < moment, Delivery.status.in_(SETTLED))
        .limit(SWEPT)
        .execution_options(**CROSS_TENANT)
    )
    gone = await session.execute(
        delete(Delivery)
        .where(Delivery.id.in_(over))
        .execution_options(**CROSS_TENANT, synchronize_session=False)
    )
    unsent = (
        select(Event.id)
        .where(Event.created_at < moment, ~exists().where(Delivery.event_id == Event.id))
        .limit(SWEPT)
    )
    events = await session.execute(
        delete(Event)
        .where(Event.id.in_(unsent))
        .execution_options(**CROSS_TENANT, synchronize_session=False)
    )
    return _count(gone) + _count(events)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Endpoint.lease_until.is_(None), Endpoint.lease_until <= now)


def _is_awake(now: datetime) -> ColumnElement[bool]:
    return or_(Endpoint.paused_until.is_(None), Endpoint.paused_until <= now)


def _count(result: Any) -> int:
    return max(0, int(result.rowcount))
