"""The end of quiet hours: everything that waited for one addressee becomes one message."""

from collections.abc import Sequence
from datetime import datetime

from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.kernel.times import zone_of
from shopwright.notifications import delivery_queries, queries, telling
from shopwright.notifications.models import NotificationDelivery
from shopwright.notifications.states import DeliveryStatus
from shopwright.notifications.telling import Addressee, Notice
from shopwright.notifications.topics import Topic

LINES = 50


async def fold_held(database: Database, now: datetime) -> None:
    """One digest per addressee whose quiet hours are over, in a transaction each."""
    async with database.read() as session:
        lanes = await delivery_queries.list_lanes_to_fold(session, now)
    for organization_id, lane in lanes:
        async with database.write() as session:
            await _fold(session, organization_id, lane, now)


async def _fold(session: WriteSession, organization_id: int, lane: str, now: datetime) -> None:
    held = await delivery_queries.fold(session, organization_id, lane, now)
    if not held:
        return
    organization = await queries.get_organization(session, organization_id)
    zone = zone_of(organization.time_zone)
    lines = [f"{delivery.created_at.astimezone(zone):%H:%M}  {delivery.title}" for delivery in held]
    notice = _notice_of(held, lines)
    first = held[0]
    addressee = Addressee(lane, first.kind, first.target_id, first.recipient)
    row = telling.row_of(session, organization_id, notice, addressee, now)
    row |= {"status": DeliveryStatus.PENDING, "next_try_at": now}
    await delivery_queries.add(session, [row])
    digest = await delivery_queries.find(session, organization_id, Ref(None, row["uuid"]))
    if digest is not None:
        ids = [delivery.id for delivery in held]
        await delivery_queries.point_to_digest(session, organization_id, ids, digest.id)
    touch(session, organization_id, telling.TOPIC)


def _notice_of(held: Sequence[NotificationDelivery], lines: Sequence[str]) -> Notice:
    more = len(lines) - LINES
    shown = [*lines[:LINES], *([f"+{more} more"] if more > 0 else [])]
    things = "One thing" if len(held) == 1 else f"{len(held)} things"
    return Notice(
        topic=Topic.DIGEST,
        key=f"digest:{held[-1].id}",
        title=f"{things} happened in the quiet hours",
        body="\n".join(shown),
        path="/notifications",
        facts={"count": len(held), "events": [_entry(delivery) for delivery in held[:LINES]]},
    )


def _entry(delivery: NotificationDelivery) -> dict[str, object]:
    return {"type": delivery.topic.value, "id": delivery.uuid, "title": delivery.title}
