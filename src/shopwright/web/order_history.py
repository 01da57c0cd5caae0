"""What happened to an order, from its audit rows, in words. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from shopwright.web.reads.order_filters import PRIORITIES

Facts = Mapping[str, Any]

PRODUCTION = {
    "queued": "Said to wait for its printing",
    "in_progress": "Said to be printing",
    "completed": "Said to be made",
    "failed": "Said to have failed",
}


def _placed(facts: Facts) -> str:
    channel = facts.get("channel", "hand")
    return "Written down by hand" if channel == "hand" else f"Came in from {channel}"


def _prioritised(facts: Facts) -> str:
    number = facts.get("priority")
    return f"Priority set to {PRIORITIES.get(number, number) if number else 'another one'}"


def _label(facts: Facts) -> str:
    return f"Shipping label {facts.get('status', 'changed')}"


def _filament(facts: Facts) -> str:
    return f"{facts.get('grams', 'Some')} g of filament used"


def _produced(facts: Facts) -> str:
    return PRODUCTION.get(str(facts.get("production_status")), "Its making was told")


def _updated(facts: Facts) -> str:
    return f"A later version came from {facts.get('channel', 'its channel')}"


SENTENCES: Mapping[str, str | Callable[[Facts], str]] = {
    "order.placed": _placed,
    "order.updated": _updated,
    "order.paid": "Paid",
    "order.pending": "Set back to not paid",
    "order.prioritised": _prioritised,
    "order.production_stated": _produced,
    "order.completed_by_hand": "Everything said to be made",
    "order.held": "Put on hold",
    "order.hold_released": "Hold released",
    "order.label_set": _label,
    "order.photo_taken": "Photo taken",
    "order.filament_used": _filament,
    "order.prints_scheduled": "Prints scheduled",
    "order.shipped": "Packed and shipped",
    "order.declared_shipped": "Said to have left",
    "order.delivered": "Delivered",
    "order.canceled": "Cancelled",
    "order.refunded": "Refunded",
}


def tell(action: str, facts: Facts) -> str:
    """``Priority set to urgent``; an action nobody wrote a sentence for tells its own name."""
    sentence = SENTENCES.get(action)
    if sentence is None:
        return action.partition(".")[2].replace("_", " ").capitalize()
    return sentence if isinstance(sentence, str) else sentence(facts)
