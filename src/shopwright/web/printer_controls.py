"""What a person may tell a printer from its page: offered by what it can do, checked before it is
queued; what becomes of it stands in the list of commands."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, PrintLimited
from shopwright.fleet import commanding, rules
from shopwright.fleet import service as fleet_service
from shopwright.fleet.commanding import CommandRequest
from shopwright.fleet.models import Printer
from shopwright.fleet.states import Activity, ConnectionState, ControlAccess
from shopwright.kernel.actor import RANK, Role
from shopwright.kernel.edge import Now, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.web.page import done
from shopwright.web.reads.fleet import Card, SlotRow

router = APIRouter(include_in_schema=False)

PrinterRef = Annotated[Ref, path_ref("printer")]
ASKED = {
    "pause_print": "The printer is asked to pause.",
    "resume_print": "The printer is asked to go on.",
    "stop_print": "The printer is asked to stop.",
    "light_on": "Light on.",
    "light_off": "Light off.",
}
PARTS = (
    ("Nozzle", "set_nozzle_temp", "nozzle"),
    ("Bed", "set_bed_temp", "bed"),
    ("Chamber", "set_chamber_temp", "chamber"),
)
SHARES = (
    ("Print speed", "set_print_speed", 1, rules.FASTEST_PERCENT),
    ("Flow", "set_flow_rate", rules.LEAST_FLOW, rules.MOST_FLOW),
)
STILL = frozenset({Activity.IDLE, Activity.PAUSED, Activity.ERROR})
# What moves or loads waits for a printer that stands still.
MOVING = frozenset(
    {"home_all", "home_x", "home_y", "home_z", "jog", "extrude", "retract", "load_filament",
     "unload_filament", "calibrate_bed", "calibrate_z_offset"}
)  # fmt: skip
NUMBERS = frozenset({"target", "slot", "distance"})


@dataclass(frozen=True, slots=True)
class Heat:
    label: str
    kind: str
    most: int


@dataclass(frozen=True, slots=True)
class Share:
    label: str
    kind: str
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Controls:
    """``kinds`` are the command types that are offered; ``why_none`` says why none is."""

    kinds: frozenset[str] = frozenset()
    why_none: str = ""
    heats: tuple[Heat, ...] = ()
    shares: tuple[Share, ...] = ()
    slots: tuple[SlotRow, ...] = ()


class CommandForm(BaseModel):
    """As typed."""

    kind: str
    target: str = ""
    fan: str = ""
    slot: str = ""
    axis: str = ""
    distance: str = ""
    gcode: str = ""


def controls_of(printer: Printer, card: Card, role: Role) -> Controls:
    """What this person may tell this printer now."""
    if RANK[role] < RANK[Role.MEMBER]:
        return Controls()
    refusal = why_none(printer)
    if refusal:
        return Controls(why_none=refusal)
    kinds = commanding.list_possible(printer)
    if RANK[role] < RANK[Role.ADMIN]:
        kinds -= commanding.ONLY_ADMINS
    if printer.activity not in STILL:
        kinds -= MOVING
    limits = rules.limits_of(printer.model, printer.details).heat
    heats = [
        Heat(label, kind, int(getattr(limits, part)))
        for label, kind, part in PARTS
        if kind in kinds
    ]
    shares = [Share(*share) for share in SHARES if share[1] in kinds]
    slots = [slot for slot in card.slots if slot.is_loaded]
    return Controls(kinds, "", tuple(heats), tuple(shares), tuple(slots))


def why_none(printer: Printer) -> str:
    """Empty where it takes commands."""
    if not commanding.list_possible(printer):
        return "This printer is told by the printer backend, not from here."
    if printer.connection is not ConnectionState.ONLINE:
        return "It takes commands again once it is connected."
    if printer.control is ControlAccess.BLOCKED:
        return "Its firmware takes no commands from us; switch on Developer Mode."
    if printer.control is ControlAccess.WATCHED:
        return "It is only watched through Bambu's cloud, which takes no commands."
    return ""


@router.post("/printers/{printer}/command", dependencies=[PrintLimited])
async def command_printer(
    *,
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    printer: PrinterRef,
    form: Annotated[CommandForm, Form()],
) -> Response:
    """Checked against the printer's limits; the device is told after the commit."""
    if form.kind not in rules.NEEDS or form.kind == rules.START:
        raise Invalid(f"There is no command {form.kind[:40]!r}.")
    found = await fleet_service.get_living_printer(session, ctx, printer)
    wanted = CommandRequest(form.kind, read_arguments(form))
    await commanding.create_command(session, ctx, printer=found, wanted=wanted, now=now)
    words = ASKED.get(form.kind) or f"The printer is asked: {form.kind.replace('_', ' ')}."
    return done(request, words, to=f"/printers/{found.id}")


def read_arguments(form: CommandForm) -> Mapping[str, str | float]:
    """What was typed; raises Invalid for what is no number."""
    typed = {name: text.strip() for name, text in form if name != "kind" and text.strip()}
    return {name: _number(text) if name in NUMBERS else text for name, text in typed.items()}


def _number(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError as err:
        raise Invalid(f"{text[:20]!r} is no number.") from err
    if not math.isfinite(value):
        raise Invalid(f"{text[:20]!r} is no number.")
    return value
