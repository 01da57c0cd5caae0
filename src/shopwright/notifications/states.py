"""Ways to reach people and programs, and the states of one message on its way."""

from collections.abc import Mapping
from enum import StrEnum

from shopwright.kernel.errors import IllegalTransition


class TargetKind(StrEnum):
    EMAIL = "email"
    CHAT = "chat"  # a room or a phone, by Apprise
    WEBHOOK = "webhook"  # a signed POST


class DeliveryStatus(StrEnum):
    HELD = "held"  # quiet hours
    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"  # a mail that may have left: nobody sends it again unasked
    DIGESTED = "digested"  # told together with others at the end of quiet hours
    DROPPED = "dropped"  # it was no longer true, or its target is gone


WAITING = frozenset({DeliveryStatus.HELD, DeliveryStatus.PENDING})
RETRYABLE = frozenset({DeliveryStatus.FAILED, DeliveryStatus.UNKNOWN})

TRANSITIONS: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = {
    DeliveryStatus.HELD: frozenset(
        {DeliveryStatus.PENDING, DeliveryStatus.DIGESTED, DeliveryStatus.DROPPED}
    ),
    DeliveryStatus.PENDING: frozenset({DeliveryStatus.SENDING, DeliveryStatus.DROPPED}),
    DeliveryStatus.SENDING: frozenset(
        {
            DeliveryStatus.PENDING,
            DeliveryStatus.DELIVERED,
            DeliveryStatus.FAILED,
            DeliveryStatus.UNKNOWN,
        }
    ),
    DeliveryStatus.FAILED: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.UNKNOWN: frozenset({DeliveryStatus.PENDING}),
    DeliveryStatus.DELIVERED: frozenset(),
    DeliveryStatus.DIGESTED: frozenset(),
    DeliveryStatus.DROPPED: frozenset(),
}


def check_transition(current: DeliveryStatus, target: DeliveryStatus) -> None:
    """Raise IllegalTransition unless a delivery may go from ``current`` to ``target``."""
    if target not in TRANSITIONS[current]:
        raise IllegalTransition(f"A {current} message cannot become {target}.")


def sources_of(target: DeliveryStatus) -> list[DeliveryStatus]:
    return [status for status, targets in TRANSITIONS.items() if target in targets]


class WebhookStatus(StrEnum):
    """Of one event on its way to one webhook endpoint."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


SETTLED = frozenset({WebhookStatus.DELIVERED, WebhookStatus.FAILED})

WEBHOOK_TRANSITIONS: Mapping[WebhookStatus, frozenset[WebhookStatus]] = {
    WebhookStatus.PENDING: frozenset({WebhookStatus.SENDING, WebhookStatus.FAILED}),
    WebhookStatus.SENDING: frozenset(
        {WebhookStatus.PENDING, WebhookStatus.DELIVERED, WebhookStatus.FAILED}
    ),
    WebhookStatus.DELIVERED: frozenset({WebhookStatus.PENDING}),  # a person replays it
    WebhookStatus.FAILED: frozenset({WebhookStatus.PENDING}),
}
