"""Bodies of the webhook routes."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from shopwright.kernel.times import ZuluTime
from shopwright.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from shopwright.notifications.schemas import Body
from shopwright.notifications.states import WebhookStatus
from shopwright.notifications.webhook_rules import Answered, signing
from shopwright.notifications.webhook_types import API_VERSION, TYPES, EventType, TypeFacts
from shopwright.notifications.webhooks import Made

Url = Annotated[
    str, Field(min_length=1, max_length=2000, examples=["https://example.com/shopwright"])
]
Types = Annotated[list[str], Field(max_length=100, examples=[["order.created", "order.shipped"]])]
Description = Annotated[str, Field(max_length=200, examples=["Bookkeeping"])]


class EventTypeRead(BaseModel):
    """``example`` is the whole body as it is posted."""

    type: EventType
    description: str
    example: dict[str, Any]

    @classmethod
    def of(cls, event_type: EventType, facts: TypeFacts) -> "EventTypeRead":
        example = {
            "type": event_type.value,
            "timestamp": "2026-03-02T09:00:00.000Z",
            "api_version": API_VERSION,
            "data": dict(facts.example),
        }
        return cls(type=event_type, description=facts.text, example=example)


def every_type() -> list[EventTypeRead]:
    return [EventTypeRead.of(event_type, facts) for event_type, facts in TYPES.items()]


class EndpointCreate(Body):
    """Without ``event_types`` it is told of everything."""

    url: Url
    description: Description = ""
    event_types: Types = Field(default_factory=list)


class EndpointUpdate(Body):
    """What is not named stays as it is; an empty list of ``event_types`` means all of them."""

    url: Url | None = None
    description: Description | None = None
    event_types: Types | None = None
    is_active: bool | None = None


class EndpointRead(BaseModel):
    """``event_types`` empty: all. ``paused_until``: it did not answer and is tried again then.

    ``signing_secrets`` is 2 while an old secret signs along after a rotation.
    """

    id: int
    uuid: str
    url: str
    description: str
    event_types: list[str]
    api_version: int
    is_active: bool
    disabled_reason: str | None
    disabled_at: ZuluTime | None
    is_failing: bool
    failing_since: ZuluTime | None
    last_error: str | None
    last_success_at: ZuluTime | None
    paused_until: ZuluTime | None
    signing_secrets: int
    created_at: ZuluTime
    updated_at: ZuluTime

    @classmethod
    def of(cls, row: WebhookEndpoint, now: datetime) -> "EndpointRead":
        return cls(**_members(row, now))


class EndpointMade(EndpointRead):
    """``secret`` stands in this answer only; a repetition with the same ``Idempotency-Key`` has
    none."""

    secret: str | None = None

    @classmethod
    def with_secret(cls, made: Made, now: datetime) -> "EndpointMade":
        return cls(**_members(made.endpoint, now), secret=made.secret)


class AttemptRead(BaseModel):
    """One try; ``answer`` is the first kilobyte of what the receiver sent back."""

    began_at: ZuluTime
    took_ms: int
    status_code: int | None
    sentence: str
    answer: str

    @classmethod
    def of(cls, row: WebhookAttempt) -> "AttemptRead":
        return cls(
            began_at=row.began_at,
            took_ms=row.took_ms,
            status_code=row.status_code,
            sentence=row.sentence,
            answer=row.answer,
        )


class WebhookDeliveryRead(BaseModel):
    """``uuid`` is the ``webhook-id`` the receiver sees, the same at every try and replay."""

    id: int
    uuid: str
    type: str
    status: WebhookStatus
    tries: int
    next_try_at: ZuluTime | None
    answer: str | None
    created_at: ZuluTime
    settled_at: ZuluTime | None
    attempts: list[AttemptRead]

    @classmethod
    def of(cls, row: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> "WebhookDeliveryRead":
        return cls(**_delivery_members(row, attempts))


class DeliveryWithBody(WebhookDeliveryRead):
    body: dict[str, Any]

    @classmethod
    def sent(
        cls, row: WebhookDelivery, attempts: Sequence[WebhookAttempt], body: str
    ) -> "DeliveryWithBody":
        return cls(**_delivery_members(row, attempts), body=json.loads(body))


class WebhookTestRead(BaseModel):
    """``sentence`` says what the receiver said."""

    sent: bool
    sentence: str
    status_code: int | None
    answer: str
    delivery_id: int

    @classmethod
    def of(cls, delivery: WebhookDelivery, answered: Answered) -> "WebhookTestRead":
        return cls(
            sent=answered.is_delivered,
            sentence=answered.sentence,
            status_code=answered.status_code,
            answer=answered.body,
            delivery_id=delivery.id,
        )


class Replayed(BaseModel):
    replayed: int


def _members(row: WebhookEndpoint, now: datetime) -> dict[str, Any]:
    names = [name for name in EndpointRead.model_fields if name in row.__mapper__.columns]
    return {name: getattr(row, name) for name in names} | {
        "api_version": API_VERSION,
        "is_failing": row.failing_since is not None,
        "signing_secrets": len(signing(row.secrets, now)),
    }


def _delivery_members(row: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> dict[str, Any]:
    columns = row.__mapper__.columns
    names = [name for name in WebhookDeliveryRead.model_fields if name in columns]
    mine = [AttemptRead.of(one) for one in attempts if one.delivery_id == row.id]
    return {name: getattr(row, name) for name in names} | {"attempts": mine}
