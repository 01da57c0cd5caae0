"""What a printer may be told: its capabilities and limits, checked before a command is queued."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shopwright.fleet.gcode_rules import HeatLimits, check_gcode, check_heat
from shopwright.fleet.port import Capability
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.print_files.printer_models import find_printer_model

START = "start_print"
LAST_SLOT = 24  # AMS HT units end there
FASTEST_PERCENT, LEAST_FLOW, MOST_FLOW = 200, 50, 200
FARTHEST_MM = 256.0  # of a printer whose build volume nobody told
MOST_FILAMENT_MM, USUAL_FILAMENT_MM = 100.0, 10.0
FEED_MM_MIN = (1, 12_000)
AXES = ("x", "y", "z")
FANS = ("part", "aux", "chamber")


class CommandUnsupported(Conflict):
    code = "command-unsupported"
    title = "This printer cannot do that"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a printer bears; the travel of an axis in mm."""

    heat: HeatLimits = field(default_factory=HeatLimits)
    travel: Mapping[str, float] = field(default_factory=dict)


HEAT_OF_MODEL: Mapping[str, HeatLimits] = {  # by the vendor's data sheets
    "A1 mini": HeatLimits(bed=80),
    "A1": HeatLimits(bed=100),
    "P1P": HeatLimits(bed=100),
    "P1S": HeatLimits(bed=100),
    "X1E": HeatLimits(nozzle=320, chamber=60),
    "H2D": HeatLimits(nozzle=350, chamber=65),
    "H2D Pro": HeatLimits(nozzle=350, chamber=65),
    "H2S": HeatLimits(nozzle=350, chamber=65),
    "H2C": HeatLimits(nozzle=350, chamber=65),
}

NEEDS: Mapping[str, Capability] = {
    START: Capability.UPLOAD,
    "pause_print": Capability.PAUSE,
    "resume_print": Capability.PAUSE,
    "stop_print": Capability.PAUSE,
    "cancel_print": Capability.PAUSE,
    "set_bed_temp": Capability.TEMPERATURE,
    "set_nozzle_temp": Capability.TEMPERATURE,
    "set_chamber_temp": Capability.CHAMBER_TEMPERATURE,
    "home_all": Capability.HOME,
    "home_x": Capability.HOME,
    "home_y": Capability.HOME,
    "home_z": Capability.HOME,
    "set_fan_speed": Capability.FAN,
    "set_print_speed": Capability.SPEED,
    "set_flow_rate": Capability.FLOW,
    "camera_on": Capability.CAMERA_SWITCH,
    "camera_off": Capability.CAMERA_SWITCH,
    "light_on": Capability.LIGHT,
    "light_off": Capability.LIGHT,
    "load_filament": Capability.FILAMENT,
    "unload_filament": Capability.FILAMENT,
    "custom_gcode": Capability.GCODE,
    "jog": Capability.JOG,
    "extrude": Capability.EXTRUDE,
    "retract": Capability.EXTRUDE,
    "calibrate_bed": Capability.CALIBRATE,
    "calibrate_z_offset": Capability.CALIBRATE,
}
COMMAND_TYPES = tuple(NEEDS)


def limits_of(model: str | None, details: Mapping[str, Any]) -> Limits:
    """The model's, and what the shop wrote down of this machine where that is less."""
    found = find_printer_model(model or "")
    known = HEAT_OF_MODEL.get(found.display if found else "", HeatLimits())
    volume = dict(zip(AXES, found.bed_mm, strict=True)) if found and found.bed_mm else {}
    told = {axis: details.get(f"max_build_volume_{axis}") for axis in AXES}
    travel = {
        axis: _least(float(volume[axis]), told[axis])
        if axis in volume
        else told[axis] or FARTHEST_MM
        for axis in AXES
    }
    heat = HeatLimits(
        nozzle=_least(known.nozzle, details.get("max_nozzle_temp")),
        bed=_least(known.bed, details.get("max_bed_temp")),
        chamber=known.chamber,
    )
    return Limits(heat, travel)


def list_possible(limits: Limits, can: Capability | None) -> frozenset[str]:
    """The command types that such a printer takes at all, a start left out."""
    kinds = {kind for kind, need in NEEDS.items() if can is None or need in can} - {START}
    return frozenset(kinds if limits.heat.chamber else kinds - {"set_chamber_temp"})


def check_command(
    kind: str, arguments: Mapping[str, Any], *, limits: Limits, can: Capability | None
) -> dict[str, Any]:
    """The arguments as they may be queued; raises Invalid or CommandUnsupported with the reason.

    ``can`` is None for a printer that is driven from outside: nobody here knows what it can do.
    """
    if kind not in NEEDS:
        raise CommandUnsupported(
            f"There is no command {kind!r}. Known are {', '.join(COMMAND_TYPES)}."
        )
    if can is not None and NEEDS[kind] not in can:
        raise CommandUnsupported(
            f"This printer cannot {kind}: its driver lacks the capability {NEEDS[kind].name}."
        )
    return _checked(kind, arguments, limits)


def _least(known: float, told: float | None) -> float:
    return min(known, told) if told else known


def _checked(kind: str, arguments: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    check = CHECKS.get(kind)
    return check(arguments, limits) if check is not None else {}


def _heat_of(part: str) -> "Check":
    def check(arguments: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        if getattr(limits.heat, part) == 0:
            raise CommandUnsupported(
                "This printer cannot set_chamber_temp: it has no chamber heater "
                f"(capability {Capability.CHAMBER_TEMPERATURE.name})."
            )
        return {"target": check_heat(part, _number(arguments, "target"), limits.heat)}

    return check


def _percent_of(low: float, high: float) -> "Check":
    return lambda arguments, _: {"target": _within(arguments, "target", low, high)}


def _gcode(arguments: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    return {"gcode": check_gcode(str(arguments.get("gcode") or ""), limits.heat)}


def _fan(arguments: Mapping[str, Any], _: Limits) -> dict[str, Any]:
    fan = str(arguments.get("fan") or "part").lower()
    if fan not in FANS:
        raise Invalid(f"fan must be one of {', '.join(FANS)}, not {fan!r}.")
    return {"fan": fan, "target": _within(arguments, "target", 0, 100)}


def _maybe_slot(arguments: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    return {} if arguments.get("slot") is None else _slot(arguments, limits)


def _slot(arguments: Mapping[str, Any], _: Limits) -> dict[str, Any]:
    slot = _within(arguments, "slot", 0, LAST_SLOT)
    if slot != int(slot):
        raise Invalid(f"slot must be a whole number, not {slot:g}.")
    return {"slot": int(slot)}


def _jog(arguments: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """``{"axis": "x", "distance": 10}`` or ``{"x": 10, "y": -5}``; mm, and mm a minute."""
    wanted = {axis: arguments[axis] for axis in AXES if arguments.get(axis) is not None}
    if arguments.get("axis") is not None:
        axis = str(arguments["axis"]).lower()
        if axis not in AXES:
            raise Invalid(f"axis must be one of {', '.join(AXES)}, not {axis!r}.")
        wanted[axis] = arguments.get("distance")
    if not wanted:
        raise Invalid("jog needs an axis with a distance, or a distance for x, y or z.")
    checked: dict[str, Any] = {}
    for axis in wanted:
        travel = limits.travel.get(axis, FARTHEST_MM)
        checked[axis] = _within(wanted, axis, -travel, travel)
    return checked | _feed(arguments)


def _filament(arguments: Mapping[str, Any], _: Limits) -> dict[str, Any]:
    names = ("distance", "amount", "target")
    name = next((name for name in names if arguments.get(name) is not None), None)
    length = _within(arguments, name, 0.1, MOST_FILAMENT_MM) if name else USUAL_FILAMENT_MM
    return {"distance": length} | _feed(arguments)


def _feed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    if arguments.get("speed") is None:
        return {}
    return {"speed": _within(arguments, "speed", *FEED_MM_MIN)}


def _number(arguments: Mapping[str, Any], name: str) -> float:
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Invalid(f"{name} must be a number.")
    return value


def _within(arguments: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = _number(arguments, name)
    if not low <= value <= high:
        raise Invalid(f"{name} must be from {low:g} to {high:g}, not {value:g}.")
    return value


Check = Callable[[Mapping[str, Any], Limits], dict[str, Any]]

CHECKS: Mapping[str, Check] = {
    "set_nozzle_temp": _heat_of("nozzle"),
    "set_bed_temp": _heat_of("bed"),
    "set_chamber_temp": _heat_of("chamber"),
    "set_fan_speed": _fan,
    "set_print_speed": _percent_of(1, FASTEST_PERCENT),
    "set_flow_rate": _percent_of(LEAST_FLOW, MOST_FLOW),
    "load_filament": _slot,
    "unload_filament": _maybe_slot,
    "custom_gcode": _gcode,
    "jog": _jog,
    "extrude": _filament,
    "retract": _filament,
}
