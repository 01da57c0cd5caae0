"""Which printer can print a plate, with which slots, and the sentence why not. Pure.

Checks go from what never changes (model, nozzle) to what soon does (busy), so that the refusal a
job shows is the one furthest along: the thing that is really missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from shopwright.fleet.states import BUSY, Activity, ConnectionState, ControlAccess, Gate
from shopwright.print_files.printer_models import find_printer_model

MAX_COLOR_DISTANCE = 60.0  # weighted RGB; a slicer's #161616 is the shop's black, its grey is not


class Stage(IntEnum):
    """How far a printer came before it was refused."""

    MODEL = 0
    NOZZLE = 1
    MATERIAL = 2
    COLOR = 3
    AMOUNT = 4
    CONTROL = 5
    CONNECTION = 6
    GATE = 7
    BUSY = 8


@dataclass(frozen=True, slots=True)
class FilamentNeed:
    project_index: int  # from 1
    material: str
    color: str | None  # RRGGBB; None takes any
    used_mg: int


@dataclass(frozen=True, slots=True)
class Needs:
    printer_model: str | None
    nozzle_um: int | None
    project_filament_count: int
    filaments: tuple[FilamentNeed, ...]
    slot: int | None = None  # somebody wants this one, where the plate uses one filament


@dataclass(frozen=True, slots=True)
class SlotFacts:
    number: int
    material: str | None
    color: str | None
    available_mg: int | None  # None: nobody knows how much is left
    spool_id: int | None = None


@dataclass(frozen=True, slots=True)
class PrinterFacts:
    id: int
    name: str
    model: str | None
    nozzle_um: int
    connection: ConnectionState
    activity: Activity
    gate: Gate
    gate_reason: str | None
    control: ControlAccess
    has_job: bool
    slots: tuple[SlotFacts, ...] = ()
    trouble: str | None = None
    is_external: bool = False
    held_because: str | None = None  # maintenance is due, or a problem was reported


@dataclass(frozen=True, slots=True)
class Refusal:
    stage: Stage
    sentence: str


@dataclass(frozen=True, slots=True)
class Match:
    """``slots[i]`` feeds project filament i+1; None where the plate does not use it."""

    slots: tuple[int | None, ...]
    spools: dict[int, int] = field(default_factory=dict)  # project index → spool id


def match(needs: Needs, printer: PrinterFacts) -> Match | Refusal:
    """The slots to use, or the first thing that stands in the way."""
    refusal = _machine(needs, printer)
    if refusal:
        return refusal
    unavailable = _availability(printer)
    if unavailable and not printer.slots:
        return unavailable  # what is loaded is not known, so it cannot be what is missing
    slots = _slots(needs, printer)
    if isinstance(slots, Refusal):
        return slots
    return unavailable or slots


def why_waiting(needs: Needs, printers: Sequence[PrinterFacts]) -> str:
    """One sentence for a job no printer can take now: the refusal of the printer that came
    furthest."""
    refusals = [
        r for r in (match(needs, printer) for printer in printers) if isinstance(r, Refusal)
    ]
    if not refusals:
        return (
            "It is next: a printer is about to take it."
            if printers
            else "No printer is set up yet."
        )
    furthest = max(refusal.stage for refusal in refusals)
    best = [refusal for refusal in refusals if refusal.stage is furthest]
    if furthest is Stage.MODEL:
        return f"No {needs.printer_model} is set up."
    more = len(best) - 1
    tail = f" (and {more} more like it)" if more else ""
    return best[0].sentence + tail


def color_distance(one: str, other: str) -> float:
    """The 'redmean' approximation of how different two RRGGBB colours look, 0 to about 765."""
    r1, g1, b1 = (int(one[i : i + 2], 16) for i in (0, 2, 4))
    r2, g2, b2 = (int(other[i : i + 2], 16) for i in (0, 2, 4))
    mean = (r1 + r2) / 2
    red, green, blue = r1 - r2, g1 - g2, b1 - b2
    weighted = (2 + mean / 256) * red**2 + 4 * green**2 + (2 + (255 - mean) / 256) * blue**2
    return float(weighted**0.5)


def _machine(needs: Needs, printer: PrinterFacts) -> Refusal | None:
    if (
        needs.printer_model
        and printer.model
        and not _same_model(needs.printer_model, printer.model)
    ):
        return Refusal(
            Stage.MODEL,
            f"{printer.name} is a {printer.model}; the plate is sliced for {needs.printer_model}.",
        )
    if needs.nozzle_um and printer.nozzle_um != needs.nozzle_um:
        return Refusal(
            Stage.NOZZLE,
            f"{printer.name} has a {printer.nozzle_um / 1000:.1f} mm nozzle; "
            f"the plate needs {needs.nozzle_um / 1000:.1f} mm.",
        )
    return None


def _same_model(one: str, other: str) -> bool:
    """By any name that slicers, printers and people have for it: MK4, Original Prusa MK4IS."""
    known, meant = find_printer_model(one), find_printer_model(other)
    if known is not None and meant is not None:
        return known is meant
    return _tidy(one) == _tidy(other)


def _tidy(model: str) -> str:
    return model.lower().removeprefix("bambu lab ").replace(" carbon", "c").replace(" ", "")


def _slots(needs: Needs, printer: PrinterFacts) -> Match | Refusal:
    chosen: list[int | None] = [None] * needs.project_filament_count
    spools: dict[int, int] = {}
    left = {slot.number: slot.available_mg for slot in printer.slots}
    wanted = needs.slot if len(needs.filaments) == 1 else None
    for need in needs.filaments:
        slot = _best_slot(need, printer, left, wanted)
        if isinstance(slot, Refusal):
            return slot
        chosen[need.project_index - 1] = slot.number
        available = left[slot.number]
        if available is not None:
            left[slot.number] = available - need.used_mg
        if slot.spool_id is not None:
            spools[need.project_index] = slot.spool_id
    return Match(tuple(chosen), spools)


def _best_slot(
    need: FilamentNeed,
    printer: PrinterFacts,
    left: dict[int, int | None],
    wanted: int | None,
) -> SlotFacts | Refusal:
    """The nearest colour first, then the roll with the least that is still enough: part rolls get
    used up."""
    same = [slot for slot in printer.slots if _is_material(need, slot)]
    if wanted is not None:
        same = [slot for slot in same if slot.number == wanted]
    if not same:
        where = "loaded" if wanted is None else f"in slot {wanted}"
        return Refusal(Stage.MATERIAL, f"{printer.name} has no {need.material} {where}.")
    close = [s for s in same if _distance(need, s) <= MAX_COLOR_DISTANCE]
    if not close:
        return Refusal(
            Stage.COLOR, f"{printer.name} has no {need.material} in #{need.color} loaded."
        )
    enough = [s for s in close if _has_enough(left[s.number], need.used_mg)]
    if not enough:
        most = max(left[s.number] or 0 for s in close)
        return Refusal(
            Stage.AMOUNT,
            f"{printer.name} has {most / 1000:.0f} g of {need.material} left; "
            f"the plate needs {need.used_mg / 1000:.0f} g.",
        )
    return min(
        enough, key=lambda s: (_distance(need, s), left[s.number] is None, left[s.number] or 0)
    )


def _is_material(need: FilamentNeed, slot: SlotFacts) -> bool:
    """A slicer that names no material (Cura often) takes what is loaded."""
    return bool(slot.material) and need.material.upper() in {"", (slot.material or "").upper()}


def _distance(need: FilamentNeed, slot: SlotFacts) -> float:
    if need.color is None or slot.color is None:
        return 0.0
    return color_distance(need.color, slot.color)


def _has_enough(available_mg: int | None, used_mg: int) -> bool:
    return available_mg is None or available_mg >= used_mg


def _availability(printer: PrinterFacts) -> Refusal | None:
    if printer.is_external:
        return Refusal(
            Stage.CONTROL, f"{printer.name} is driven from outside; its own program takes prints."
        )
    if printer.control is ControlAccess.BLOCKED:
        return Refusal(
            Stage.CONTROL,
            f"{printer.name} refuses commands: switch on Developer mode at its screen.",
        )
    if printer.control is ControlAccess.WATCHED:
        return Refusal(
            Stage.CONTROL,
            f"{printer.name} is only watched through Bambu's cloud, which starts no prints: "
            "enter its address on the LAN, and look whether it answers there.",
        )
    if printer.connection is not ConnectionState.ONLINE:
        why = printer.trouble or f"it is {printer.connection.replace('_', ' ')}"
        return Refusal(Stage.CONNECTION, f"{printer.name} cannot be reached: {why}")
    return _gate(printer) or _occupation(printer)


def _gate(printer: PrinterFacts) -> Refusal | None:
    if printer.gate is Gate.NEEDS_CLEARING:
        return Refusal(Stage.GATE, f"{printer.name} waits for its plate to be cleared.")
    if printer.gate is Gate.MAINTENANCE:
        why = printer.gate_reason or "maintenance"
        return Refusal(Stage.GATE, f"{printer.name} is taken out of work: {why}")
    if printer.held_because:
        return Refusal(Stage.GATE, f"{printer.name} is held back: {printer.held_because}.")
    return None


def _occupation(printer: PrinterFacts) -> Refusal | None:
    if printer.has_job or printer.activity in BUSY:
        return Refusal(Stage.BUSY, f"{printer.name} is busy.")
    if printer.activity is not Activity.IDLE:
        return Refusal(Stage.BUSY, f"{printer.name} says {printer.activity}, not idle.")
    return None
