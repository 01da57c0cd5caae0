"""What became different in a printer's slots, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shopwright.fleet.events import SlotChange
from shopwright.fleet.port import Slot


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """What was known of a slot before a report."""

    is_loaded: bool
    material: str | None
    color: str | None
    tag: str | None


def changed_slots(held: Mapping[int, HeldSlot], reported: Sequence[Slot]) -> tuple[SlotChange, ...]:
    """Slots with other material than before. A slot seen for the first time is no change."""
    return tuple(
        SlotChange(slot.number, _in_words(held[slot.number]), _in_words(slot))
        for slot in reported
        if slot.number in held and _material(held[slot.number]) != _material(slot)
    )


def _material(slot: HeldSlot | Slot) -> tuple[str | None, ...] | None:
    return (slot.material, slot.color, slot.tag) if slot.is_loaded else None


def _in_words(slot: HeldSlot | Slot) -> str | None:
    if not slot.is_loaded:
        return None
    color = f" #{slot.color}" if slot.color else ""
    return f"{slot.material or 'unknown material'}{color}"
