"""The documented events of webhooks: names, what they say, and an example of their ``data``."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shopwright.kernel.errors import Invalid

API_VERSION = 1  # a change that would break receivers makes a 2; new members do not


class EventType(StrEnum):
    ORDER_CREATED = "order.created"
    ORDER_PAID = "order.paid"
    ORDER_HELD = "order.held"
    ORDER_READY = "order.ready"
    ORDER_SHIPPED = "order.shipped"
    ORDER_DELIVERED = "order.delivered"
    ORDER_CANCELED = "order.canceled"
    ORDER_REFUNDED = "order.refunded"
    PIECE_FAILED = "piece.failed"
    PARCEL_SHIPPED = "parcel.shipped"
    PRINT_JOB_STARTED = "print_job.started"
    PRINT_JOB_COMPLETED = "print_job.completed"
    PRINT_JOB_FAILED = "print_job.failed"
    PRINTER_OFFLINE = "printer.offline"
    PRINTER_ONLINE = "printer.online"
    PRINTER_TROUBLE = "printer.trouble"
    PRINTER_MATERIAL_CHANGED = "printer.material_changed"
    FILAMENT_LOW = "filament.low"
    STOCK_CHANGED = "stock.changed"
    SKU_UNKNOWN = "sku.unknown"
    CONNECTION_LOST = "connection.lost"
    OUTCOME_UNKNOWN = "outcome.unknown"
    TEST = "webhook.test"  # asked for by a person; nobody subscribes to it


@dataclass(frozen=True, slots=True)
class TypeFacts:
    text: str
    example: Mapping[str, Any]


ORDER: Mapping[str, Any] = {
    "id": 123,
    "uuid": "01957c1e-7f3a-7c3e-9a51-1f3b6f0f9c10",
    "number": 1042,
    "channel": "etsy",
    "external_id": "3300000001",
    "status": "paid",
    "production_status": "queued",
    "priority": 3,
    "currency": "EUR",
    "total_minor": 2490,
    "pieces_total": 2,
    "pieces_good": 0,
    "is_held": False,
    "placed_at": "2026-03-02T08:55:10Z",
    "promised_on": "2026-03-06",
}
JOB: Mapping[str, Any] = {
    "id": 77,
    "uuid": "01957c1e-8a11-7d02-8d5e-0d6b5f5f2a77",
    "name": "Gear plate 1",
    "status": "printing",
    "order_id": 123,
    "reason": None,
}
PRINTER: Mapping[str, Any] = {
    "id": 4,
    "uuid": "01957c1e-5b20-7a3b-b5a1-7d2f3c4e5f60",
    "name": "Left",
    "model": "P1S",
}
PARCEL: Mapping[str, Any] = {
    "id": 55,
    "uuid": "01957c1e-9c44-7b6a-a1f0-2b3c4d5e6f71",
    "number": 1,
    "carrier": "DHL",
    "tracking_code": "00340434161094000000",
    "shipped_at": "2026-03-03T15:20:00Z",
}
_SHIPPED = {**ORDER, "status": "shipped", "production_status": "completed", "pieces_good": 2}

TYPES: Mapping[EventType, TypeFacts] = {
    EventType.ORDER_CREATED: TypeFacts("An order arrived, from any channel.", {"order": ORDER}),
    EventType.ORDER_PAID: TypeFacts(
        "Its money is there; an order that arrives paid brings this too.", {"order": ORDER}
    ),
    EventType.ORDER_HELD: TypeFacts(
        "A person must act before work goes on.",
        {"order": {**ORDER, "is_held": True}, "reason": "Address is not complete", "by": "Sam"},
    ),
    EventType.ORDER_READY: TypeFacts(
        "All its pieces are good: it can be packed.",
        {"order": {**_SHIPPED, "status": "completed"}},
    ),
    EventType.ORDER_SHIPPED: TypeFacts("It left.", {"order": _SHIPPED}),
    EventType.ORDER_DELIVERED: TypeFacts(
        "The buyer has it.", {"order": {**_SHIPPED, "status": "delivered"}}
    ),
    EventType.ORDER_CANCELED: TypeFacts(
        "It was cancelled; work not begun stops.", {"order": {**ORDER, "status": "canceled"}}
    ),
    EventType.ORDER_REFUNDED: TypeFacts(
        "All its money went back.", {"order": {**ORDER, "status": "refunded"}}
    ),
    EventType.PIECE_FAILED: TypeFacts(
        "Pieces of these order items must be made again.", {"order_item_ids": [456]}
    ),
    EventType.PARCEL_SHIPPED: TypeFacts(
        "A parcel is on its way.", {"parcel": PARCEL, "order": _SHIPPED}
    ),
    EventType.PRINT_JOB_STARTED: TypeFacts(
        "The printer's own report shows it at work.", {"print_job": JOB, "printer": PRINTER}
    ),
    EventType.PRINT_JOB_COMPLETED: TypeFacts(
        "The printer finished it; a harvest counts its pieces.",
        {"print_job": {**JOB, "status": "completed"}, "printer": PRINTER},
    ),
    EventType.PRINT_JOB_FAILED: TypeFacts(
        "It printed and failed; the reason says why.",
        {
            "print_job": {**JOB, "status": "failed", "reason": "stopped at the printer"},
            "printer": PRINTER,
        },
    ),
    EventType.PRINTER_OFFLINE: TypeFacts(
        "Out of reach, or it refuses its access code.",
        {"printer": PRINTER, "connection": "offline", "sentence": "It does not answer."},
    ),
    EventType.PRINTER_ONLINE: TypeFacts("Within reach again.", {"printer": PRINTER}),
    EventType.PRINTER_TROUBLE: TypeFacts(
        "It reports something grave that it did not report before.",
        {"printer": PRINTER, "sentence": "The nozzle is clogged."},
    ),
    EventType.PRINTER_MATERIAL_CHANGED: TypeFacts(
        "Other material in a slot than before, or none any more; slot 0 is the external spool.",
        {"printer": PRINTER, "slots": [{"slot": 1, "was": "PLA black", "now": None}]},
    ),
    EventType.FILAMENT_LOW: TypeFacts(
        "What is left fell to the threshold.",
        {
            "filament": {
                "id": 9,
                "vendor": "Prusament",
                "material": "PLA",
                "color_name": "Galaxy Black",
            },
            "remaining_g": 95.0,
            "threshold_g": 100.0,
        },
    ),
    EventType.STOCK_CHANGED: TypeFacts(
        "How many finished copies of a recipe step lie on the shelf changed.",
        {"recipe_step_id": 31, "sku": "GEAR-RED", "quantity": 4},
    ),
    EventType.SKU_UNKNOWN: TypeFacts(
        "Items were sold under codes that nobody explained yet.", {"skus": ["GEAR-BLUE"]}
    ),
    EventType.CONNECTION_LOST: TypeFacts(
        "A channel wants its owner's consent again; until then nothing is synced.",
        {"connection_id": 2, "name": "Atelier", "sentence": "Etsy took the consent back."},
    ),
    EventType.OUTCOME_UNKNOWN: TypeFacts(
        "Nobody knows whether something happened outside: a person must look.",
        {"effect_id": 12, "kind": "post_tracking", "sentence": "Etsy did not answer."},
    ),
    EventType.TEST: TypeFacts(
        "Sent when somebody presses Send test, to this endpoint only.", {"sent_by": "Sam"}
    ),
}
SUBSCRIBABLE = tuple(one for one in TYPES if one is not EventType.TEST)


def check_types(types: Collection[str]) -> list[str]:
    """In the order of the catalogue; raises Invalid for one that is not in it."""
    unknown = sorted(set(types) - {one.value for one in SUBSCRIBABLE})
    if unknown:
        raise Invalid(f"{unknown[0][:60]!r} is no event; GET /api/webhooks/event-types lists them.")
    return [one.value for one in SUBSCRIBABLE if one in types]
