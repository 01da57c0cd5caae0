"""What the notification pages show: targets and their health, the matrix, printers, the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import Paging
from shopwright.notifications import queries
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.preferences import PrinterSwitches, switches_of
from shopwright.notifications.schemas import addressee_of
from shopwright.notifications.states import RETRYABLE, WAITING, DeliveryStatus, TargetKind
from shopwright.notifications.topics import TOPICS, Topic
from shopwright.web.pips import Pip

ICONS: Mapping[TargetKind, str] = {
    TargetKind.EMAIL: "inbox",
    TargetKind.CHAT: "message",
    TargetKind.WEBHOOK: "link",
}
KINDS: Mapping[TargetKind, str] = {
    TargetKind.EMAIL: "E-mail",
    TargetKind.CHAT: "Chat or phone",
    TargetKind.WEBHOOK: "Webhook",
}
WORKING = Pip("working", "green", "circle-check")
UNTRIED = Pip("not used yet", "grey", "clock")
FAILING = Pip("failing", "red", "alert-triangle")
OFF = Pip("switched off", "grey", "ban")
DELIVERIES: Mapping[DeliveryStatus, Pip] = {
    DeliveryStatus.HELD: Pip("quiet hours", "violet", "moon"),
    DeliveryStatus.PENDING: Pip("waiting", "violet", "clock"),
    DeliveryStatus.SENDING: Pip("sending", "blue", "send"),
    DeliveryStatus.DELIVERED: Pip("delivered", "green", "circle-check"),
    DeliveryStatus.FAILED: Pip("failed", "red", "circle-x"),
    DeliveryStatus.UNKNOWN: Pip("unclear", "amber", "help-circle"),
    DeliveryStatus.DIGESTED: Pip("in a digest", "grey", "list-check"),
    DeliveryStatus.DROPPED: Pip("dropped", "grey", "ban"),
}
FILTERS: Mapping[str, tuple[str, Sequence[DeliveryStatus]]] = {
    "all": ("All", ()),
    "waiting": ("Waiting", (*sorted(WAITING), DeliveryStatus.SENDING)),
    "failed": ("Failed or unclear", sorted(RETRYABLE)),
    "delivered": ("Delivered", (DeliveryStatus.DELIVERED,)),
}
RECENT = 8
SWITCHES: Mapping[str, str] = {
    "notify_print_start": "Started",
    "notify_print_complete": "Completed",
    "notify_print_failed": "Failed",
    "notify_material_change": "Material",
    "notify_maintenance": "Maintenance",
    "email_enabled": "By e-mail",
}


@dataclass(frozen=True, slots=True)
class TargetRow:
    target: NotificationTarget

    @property
    def icon(self) -> str:
        return ICONS[self.target.kind]

    @property
    def kind(self) -> str:
        return KINDS[self.target.kind]

    @property
    def pip(self) -> Pip:
        if not self.target.is_active:
            return OFF
        if self.target.failing_since is not None:
            return FAILING
        return WORKING if self.target.last_success_at else UNTRIED


@dataclass(frozen=True, slots=True)
class PrinterRow:
    name: str
    found: PrinterSwitches


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    delivery: NotificationDelivery
    addressee: str

    @property
    def icon(self) -> str:
        return ICONS[self.delivery.kind]

    @property
    def topic(self) -> str:
        facts = TOPICS.get(self.delivery.topic)
        return facts.title if facts else self.delivery.topic.value.capitalize()

    @property
    def pip(self) -> Pip:
        return DELIVERIES[self.delivery.status]

    @property
    def next_try_at(self) -> datetime | None:
        return self.delivery.next_try_at if self.delivery.status in WAITING else None

    @property
    def is_bad(self) -> bool:
        """It did not arrive, or not yet after a try."""
        is_repeated = self.delivery.status is DeliveryStatus.PENDING and self.delivery.tries > 0
        return self.delivery.status in RETRYABLE or is_repeated

    @property
    def is_retryable(self) -> bool:
        return self.delivery.status in RETRYABLE and self.delivery.topic is not Topic.TEST


async def list_targets(session: ReadSession, organization_id: int) -> list[TargetRow]:
    return [TargetRow(row) for row in await queries.list_targets(session, organization_id)]


async def list_printers(session: ReadSession, organization_id: int) -> list[PrinterRow]:
    rows = await queries.list_printer_rules(session, organization_id)
    return [PrinterRow(printer.name, switches_of(printer.id, rule)) for printer, rule in rows]


async def list_log(
    session: ReadSession, organization_id: int, show: str, paging: Paging
) -> tuple[list[DeliveryRow], int]:
    _, statuses = FILTERS[show]
    rows, total = await queries.list_deliveries(
        session, organization_id, statuses=statuses, target=None, paging=paging
    )
    return [DeliveryRow(row, name or addressee_of(row)) for row, name in rows], total


async def list_recent(session: ReadSession, organization_id: int) -> list[DeliveryRow]:
    rows, _ = await list_log(session, organization_id, "all", Paging(RECENT, 0))
    return rows


def topic_groups() -> dict[str, list[tuple[Topic, str]]]:
    """The rows of the matrix, under their headings."""
    groups: dict[str, list[tuple[Topic, str]]] = {}
    for topic, facts in TOPICS.items():
        groups.setdefault(facts.group, []).append((topic, facts.title))
    return groups
