"""SQL that moves deliveries: each step is a compare-and-set, so that two workers send once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update

from shopwright.kernel.db import Installation, ReadSession, WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.states import WAITING, DeliveryStatus, sources_of
from shopwright.notifications.topics import Topic

AnySession = ReadSession | WriteSession
Delivery = NotificationDelivery
DUE_AT_ONCE = 200


async def add(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Returns how many were new: what has been told to somebody is not told them again."""
    if not rows:
        return 0
    insert = insert_for(session, Delivery).on_conflict_do_nothing(
        index_elements=["organization_id", "key"]
    )
    added = 0
    for row in rows:  # with many rows at once SQLite would not say which were new
        added += len((await session.scalars(insert.values(row).returning(Delivery.id))).all())
    return added


async def find(session: AnySession, organization_id: int, ref: Ref) -> NotificationDelivery | None:
    delivery: Delivery | None = await session.scalar(
        select(Delivery)
        .where(Delivery.organization_id == organization_id, ref.where(Delivery))
        .execution_options(populate_existing=True)
    )
    return delivery


async def list_due(session: AnySession, now: datetime) -> list[tuple[int, int, str]]:
    """(organization, delivery, lane) of every shop: the first of each lane, so that a long queue
    for one receiver hides nobody else's."""
    rows = await session.execute(
        select(Delivery.organization_id, func.min(Delivery.id), Delivery.lane)
        .where(Delivery.status == DeliveryStatus.PENDING, Delivery.next_try_at <= now)
        .group_by(Delivery.organization_id, Delivery.lane)
        .order_by(func.min(Delivery.next_try_at), func.min(Delivery.id))
        .limit(DUE_AT_ONCE)
        .execution_options(**CROSS_TENANT)
    )
    return [(organization_id, id_, lane) for organization_id, id_, lane in rows]


async def next_due_at(session: AnySession, after: datetime) -> datetime | None:
    """When something becomes due next."""
    at: datetime | None = await session.scalar(
        select(func.min(Delivery.next_try_at))
        .where(Delivery.status.in_(WAITING), Delivery.next_try_at > after)
        .execution_options(**CROSS_TENANT)
    )
    return at


async def claim(
    session: WriteSession, organization_id: int, delivery_id: int, lease_until: datetime
) -> NotificationDelivery | None:
    """Take the one try; None when somebody else has it, or a restore holds all effects."""
    held = exists().where(Installation.are_effects_held)
    return await move(
        session,
        organization_id,
        delivery_id,
        DeliveryStatus.SENDING,
        ~held,
        lease_until=lease_until,
        tries=Delivery.tries + 1,
    )


async def move(
    session: WriteSession,
    organization_id: int,
    delivery_id: int,
    status: DeliveryStatus,
    *conditions: ColumnElement[bool],
    **values: Any,
) -> NotificationDelivery | None:
    """Compare-and-set along the table of states; None when it had moved on."""
    delivery: Delivery | None = await session.scalar(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.id == delivery_id)
        .where(Delivery.status.in_(sources_of(status)), *conditions)
        .values(status=status, **values)
        .returning(Delivery)
        .execution_options(populate_existing=True)
    )
    return delivery


async def drop_waiting(
    session: WriteSession, organization_id: int, where: ColumnElement[bool], why: str, now: datetime
) -> list[int]:
    """What nobody has sent yet and is no longer true, or has no addressee any more."""
    rows = await session.scalars(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, where)
        .where(Delivery.status.in_(WAITING))
        .values(status=DeliveryStatus.DROPPED, answer=why, settled_at=now, next_try_at=None)
        .returning(Delivery.id)
    )
    return list(rows)


async def hurry_held(session: WriteSession, organization_id: int, now: datetime) -> None:
    """Quiet hours were changed: what waits for their end is looked at now."""
    await session.execute(
        update(Delivery)
        .where(Delivery.organization_id == organization_id)
        .where(Delivery.status == DeliveryStatus.HELD)
        .values(next_try_at=now)
    )


async def list_lanes_to_fold(session: AnySession, now: datetime) -> list[tuple[int, str]]:
    """(organization, lane) whose quiet hours are over."""
    rows = await session.execute(
        select(Delivery.organization_id, Delivery.lane)
        .where(Delivery.status == DeliveryStatus.HELD, Delivery.next_try_at <= now)
        .distinct()
        .execution_options(**CROSS_TENANT)
    )
    return [(organization_id, lane) for organization_id, lane in rows]


async def fold(
    session: WriteSession, organization_id: int, lane: str, now: datetime
) -> list[NotificationDelivery]:
    """Take everything a lane held, oldest first; whoever comes second gets nothing."""
    rows = await session.scalars(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.lane == lane)
        .where(Delivery.status == DeliveryStatus.HELD, Delivery.next_try_at <= now)
        .values(status=DeliveryStatus.DIGESTED, settled_at=now, next_try_at=None)
        .returning(Delivery)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return sorted(rows.all(), key=lambda delivery: delivery.id)


async def point_to_digest(
    session: WriteSession, organization_id: int, ids: Collection[int], digest_id: int
) -> None:
    await session.execute(
        update(Delivery)
        .where(Delivery.organization_id == organization_id, Delivery.id.in_(ids))
        .values(digest_id=digest_id)
    )


async def list_abandoned(session: AnySession, now: datetime) -> list[NotificationDelivery]:
    """Of every shop: taken by a worker that is gone."""
    rows = await session.scalars(
        select(Delivery)
        .where(Delivery.status == DeliveryStatus.SENDING, Delivery.lease_until <= now)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def note_target(
    session: WriteSession, organization_id: int, target_id: int, **values: Any
) -> None:
    await session.execute(
        update(NotificationTarget)
        .where(NotificationTarget.organization_id == organization_id)
        .where(NotificationTarget.id == target_id)
        .values(**values)
    )


async def note_failure(
    session: WriteSession, organization_id: int, target_id: int, error: str, now: datetime
) -> None:
    since = func.coalesce(NotificationTarget.failing_since, now)
    await note_target(session, organization_id, target_id, failing_since=since, last_error=error)


async def delete_before(session: WriteSession, moment: datetime) -> None:
    """The log forgets what is long over; of every shop."""
    over = [s for s in DeliveryStatus if s not in WAITING and s is not DeliveryStatus.SENDING]
    await session.execute(
        delete(Delivery)
        .where(Delivery.created_at < moment, Delivery.status.in_(over))
        .execution_options(**CROSS_TENANT, synchronize_session=False)
    )


def is_about(topic: Topic, printer_id: int) -> ColumnElement[bool]:
    return (Delivery.topic == topic) & (Delivery.printer_id == printer_id)
