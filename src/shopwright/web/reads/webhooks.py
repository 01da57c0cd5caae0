"""What the webhook pages show: endpoints and their health, events with every try."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import Paging
from shopwright.notifications import webhook_queries
from shopwright.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shopwright.notifications.states import SETTLED, WebhookStatus
from shopwright.notifications.webhook_rules import signing
from shopwright.notifications.webhook_types import SUBSCRIBABLE, TYPES
from shopwright.web.pips import Pip

WORKING = Pip("working", "green", "circle-check")
UNTRIED = Pip("not used yet", "grey", "clock")
FAILING = Pip("failing", "red", "alert-triangle")
OFF = Pip("switched off", "grey", "ban")
DISABLED = Pip("switched itself off", "red", "circle-x")
DELIVERIES: Mapping[WebhookStatus, Pip] = {
    WebhookStatus.PENDING: Pip("waiting", "violet", "clock"),
    WebhookStatus.SENDING: Pip("sending", "blue", "send"),
    WebhookStatus.DELIVERED: Pip("delivered", "green", "circle-check"),
    WebhookStatus.FAILED: Pip("failed", "red", "circle-x"),
}
FILTERS: Mapping[str, tuple[str, Sequence[WebhookStatus]]] = {
    "all": ("All", ()),
    "waiting": ("Waiting", (WebhookStatus.PENDING, WebhookStatus.SENDING)),
    "failed": ("Failed", (WebhookStatus.FAILED,)),
    "delivered": ("Delivered", (WebhookStatus.DELIVERED,)),
}
NOTHING = (0, 0)


@dataclass(frozen=True, slots=True)
class EndpointRow:
    endpoint: WebhookEndpoint
    waiting: int
    failed: int
    signing: int

    @property
    def is_disabled(self) -> bool:
        """By itself, not by a person."""
        return not self.endpoint.is_active and self.endpoint.failing_since is not None

    @property
    def pip(self) -> Pip:
        if not self.endpoint.is_active:
            return DISABLED if self.is_disabled else OFF
        if self.endpoint.failing_since is not None:
            return FAILING
        return WORKING if self.endpoint.last_success_at else UNTRIED

    @property
    def hears(self) -> str:
        count = len(self.endpoint.event_types)
        return (
            f"{count} kinds of events"
            if count > 1
            else (self.endpoint.event_types[0] if count else "all events")
        )


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    delivery: WebhookDelivery
    body: str
    paused_until: datetime | None
    attempts: list[WebhookAttempt] = field(default_factory=list)

    @property
    def pip(self) -> Pip:
        return DELIVERIES[self.delivery.status]

    @property
    def next_try_at(self) -> datetime | None:
        """While its lane pauses, it waits for that."""
        due = self.delivery.next_try_at
        if self.delivery.status is not WebhookStatus.PENDING or due is None:
            return None
        return max(due, self.paused_until) if self.paused_until else due

    @property
    def is_delivered(self) -> bool:
        return self.delivery.status is WebhookStatus.DELIVERED

    @property
    def is_settled(self) -> bool:
        return self.delivery.status in SETTLED


async def list_endpoints(
    session: ReadSession, organization_id: int, now: datetime
) -> list[EndpointRow]:
    counts = await webhook_queries.count_open(session, organization_id)
    endpoints = await webhook_queries.list_endpoints(session, organization_id)
    return [_row(one, counts, now) for one in endpoints]


async def read_endpoint(
    session: ReadSession, endpoint: WebhookEndpoint, now: datetime
) -> EndpointRow:
    counts = await webhook_queries.count_open(session, endpoint.organization_id)
    return _row(endpoint, counts, now)


async def list_deliveries(
    session: ReadSession, endpoint: WebhookEndpoint, show: str, paging: Paging
) -> tuple[list[DeliveryRow], int]:
    shop = endpoint.organization_id
    _, statuses = FILTERS[show]
    rows, total = await webhook_queries.list_deliveries(
        session, shop, endpoint.id, statuses=statuses, paging=paging
    )
    attempts = await webhook_queries.list_attempts(session, shop, [row.id for row in rows])
    bodies = await webhook_queries.read_bodies(session, shop, {row.event_id for row in rows})
    return [
        DeliveryRow(
            row,
            _pretty(bodies[row.event_id]),
            endpoint.paused_until,
            [one for one in attempts if one.delivery_id == row.id],
        )
        for row in rows
    ], total


def event_choices() -> list[tuple[str, str]]:
    """(name, what it says) of everything one can listen to."""
    return [(one.value, TYPES[one].text) for one in SUBSCRIBABLE]


def _row(
    endpoint: WebhookEndpoint, counts: Mapping[int, tuple[int, int]], now: datetime
) -> EndpointRow:
    waiting, failed = counts.get(endpoint.id, NOTHING)
    return EndpointRow(endpoint, waiting, failed, len(signing(endpoint.secrets, now)))


def _pretty(body: str) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
