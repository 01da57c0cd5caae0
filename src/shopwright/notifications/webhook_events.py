"""From something that happened to one event row and a delivery row per endpoint that listens, in
the same transaction."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopwright.kernel import bulk
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.kernel.times import millis
from shopwright.notifications import webhook_queries
from shopwright.notifications.models import WebhookDelivery, WebhookEvent
from shopwright.notifications.states import WebhookStatus
from shopwright.notifications.webhook_rules import GIVE_UP_AFTER
from shopwright.notifications.webhook_types import API_VERSION, EventType

TOPIC = "webhook"  # of live signals, for pages
DUE = "webhook_due"  # wakes the sender


@dataclass(frozen=True, slots=True)
class Happening:
    """``data`` names what it is about; no names or addresses of buyers stand in it."""

    type: EventType
    data: Mapping[str, Any]


Listening = Sequence[tuple[int, Sequence[str]]]
Make = Callable[[], Awaitable[Sequence[Happening]]]


async def tell(
    session: WriteSession, organization_id: int, types: Sequence[EventType], make: Make
) -> int:
    """Rows for every endpoint that listens to one of ``types``; what happened is looked up only
    then. Returns how many deliveries there are."""
    listening = await webhook_queries.list_listening(session, organization_id)
    if not any(wants(chosen, one) for _, chosen in listening for one in types):
        return 0
    return await record(session, organization_id, listening, await make())


async def record(
    session: WriteSession,
    organization_id: int,
    listening: Listening,
    happenings: Sequence[Happening],
) -> int:
    now = session.context.clock.now()
    heard = [one for one in happenings if any(wants(chosen, one.type) for _, chosen in listening)]
    events = [event_row(organization_id, one, now) for one in heard]
    event_ids = await bulk.insert_rows(session, WebhookEvent, events)
    deliveries = [
        delivery_row(organization_id, endpoint_id, event_id, one.type, now)
        for event_id, one in zip(event_ids, heard, strict=True)
        for endpoint_id, chosen in listening
        if wants(chosen, one.type)
    ]
    await bulk.insert_rows(session, WebhookDelivery, deliveries)
    if deliveries:
        touch(session, organization_id, DUE)
        touch(session, organization_id, TOPIC)
    return len(deliveries)


def wants(chosen: Sequence[str], event_type: EventType) -> bool:
    """Nothing chosen means everything."""
    return not chosen or event_type in chosen


def event_row(organization_id: int, happening: Happening, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "created_at": now,
        "type": happening.type.value,
        "body": body_of(happening, now),
    }


def delivery_row(
    organization_id: int, endpoint_id: int, event_id: int, event_type: EventType, now: datetime
) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "created_at": now,
        "endpoint_id": endpoint_id,
        "event_id": event_id,
        "type": event_type.value,
        "status": WebhookStatus.PENDING,
        "next_try_at": now,
        "give_up_at": now + GIVE_UP_AFTER,
    }


def body_of(happening: Happening, now: datetime) -> str:
    """The text that is signed and sent, the same at every try."""
    return json.dumps(
        {
            "type": happening.type,
            "timestamp": millis(now),
            "api_version": API_VERSION,
            "data": happening.data,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
