"""What one can be told of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Topic(StrEnum):
    PRINT_STARTED = "print_started"
    PRINT_COMPLETED = "print_completed"
    PRINT_FAILED = "print_failed"
    MATERIAL_CHANGED = "material_changed"
    MAINTENANCE_DUE = "maintenance_due"
    PRINTER_TROUBLE = "printer_trouble"
    PRINTER_OFFLINE = "printer_offline"
    PRINTER_REFUSES = "printer_refuses"
    MACHINE_SILENT = "machine_silent"
    JOB_WAITS = "job_waits"
    FILAMENT_LOW = "filament_low"
    ORDER_ARRIVED = "order_arrived"
    ORDER_HELD = "order_held"
    ORDER_READY = "order_ready"
    ORDER_SHIPPED = "order_shipped"
    SKU_UNKNOWN = "sku_unknown"
    CHANNEL_RECONNECT = "channel_reconnect"
    OUTCOME_UNKNOWN = "outcome_unknown"
    WEBHOOK_OFF = "webhook_off"

    # Made on demand; nobody switches them on or off.
    ALERTS = "alerts"
    DIGEST = "digest"
    INVITATION = "invitation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """``switch`` is the printer's own documented switch; ``is_default`` how new targets begin."""

    title: str
    group: str
    is_default: bool = True
    is_urgent: bool = False
    switch: str | None = None
    is_of_printer: bool = False


PRINTS, PRINTERS, ORDERS = "Prints", "Printers and stock", "Orders"

TOPICS: Mapping[Topic, TopicFacts] = {
    Topic.PRINT_STARTED: TopicFacts(
        "Print started", PRINTS, is_default=False, switch="notify_print_start", is_of_printer=True
    ),
    Topic.PRINT_COMPLETED: TopicFacts(
        "Print completed", PRINTS, switch="notify_print_complete", is_of_printer=True
    ),
    Topic.PRINT_FAILED: TopicFacts(
        "Print failed", PRINTS, is_urgent=True, switch="notify_print_failed", is_of_printer=True
    ),
    Topic.JOB_WAITS: TopicFacts("A job waits too long", PRINTS),
    Topic.OUTCOME_UNKNOWN: TopicFacts("Somebody must look what happened", PRINTS, is_urgent=True),
    Topic.PRINTER_TROUBLE: TopicFacts(
        "Printer in trouble", PRINTERS, is_urgent=True, is_of_printer=True
    ),
    Topic.PRINTER_OFFLINE: TopicFacts("Printer out of reach", PRINTERS, is_of_printer=True),
    Topic.PRINTER_REFUSES: TopicFacts(
        "Printer refuses its access code", PRINTERS, is_of_printer=True
    ),
    Topic.MACHINE_SILENT: TopicFacts("Machine not heard of", PRINTERS, is_urgent=True),
    Topic.MATERIAL_CHANGED: TopicFacts(
        "Material changed or ran out", PRINTERS, switch="notify_material_change", is_of_printer=True
    ),
    Topic.MAINTENANCE_DUE: TopicFacts(
        "Maintenance due", PRINTERS, switch="notify_maintenance", is_of_printer=True
    ),
    Topic.FILAMENT_LOW: TopicFacts("Filament runs low", PRINTERS),
    Topic.ORDER_ARRIVED: TopicFacts("Order arrived", ORDERS),
    Topic.ORDER_HELD: TopicFacts("Order held", ORDERS),
    Topic.ORDER_READY: TopicFacts("Order ready to pack", ORDERS),
    Topic.ORDER_SHIPPED: TopicFacts("Order shipped", ORDERS, is_default=False),
    Topic.SKU_UNKNOWN: TopicFacts("Unknown SKU", ORDERS),
    Topic.CHANNEL_RECONNECT: TopicFacts("A shop must be connected again", ORDERS, is_urgent=True),
    Topic.WEBHOOK_OFF: TopicFacts("A webhook endpoint switched itself off", ORDERS),
}

DEFAULT_TOPICS = [topic.value for topic, facts in TOPICS.items() if facts.is_default]


def is_urgent(topic: Topic) -> bool:
    """Whether quiet hours may let it pass. What a person asked for just now always passes."""
    facts = TOPICS.get(topic)
    return facts is None or facts.is_urgent
