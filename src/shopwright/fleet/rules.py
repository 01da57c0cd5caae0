"""What a printer may be told: its capabilities and limits, checked before a command is queued."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shopwright.fleet.port import Capability
from shopwright.kernel.errors import Conflict, Invalid

MAX_GCODE = 2000  # characters; longer than that is a print, not a command


class CommandUnsupported(Conflict):
    code = "command-unsupported"
    title = "This printer cannot do that"


@dataclass(frozen=True, slots=True)
class HeatLimits:
    """°C, by the vendor's data sheets."""

    nozzle: int = 300
    bed: int = 120
    chamber: int = 0


LIMITS: Mapping[str, HeatLimits] = {
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
    "pause_print": Capability.PAUSE,
    "resume_print": Capability.PAUSE,
    "stop_print": Capability.PAUSE,
    "cancel_print": Capability.PAUSE,
    "set_bed_temp": Capability.TEMPERATURE,
    "set_nozzle_temp": Capability.TEMPERATURE,
    "set_chamber_temp": Capability.TEMPERATURE,
    "home_all": Capability.HOME,
    "home_x": Capability.HOME,
    "home_y": Capability.HOME,
    "home_z": Capability.HOME,
    "set_fan_speed": Capability.FAN,
    "set_print_speed": Capability.SPEED,
    "camera_on": Capability.CAMERA,
    "camera_off": Capability.CAMERA,
    "light_on": Capability.LIGHT,
    "light_off": Capability.LIGHT,
    "load_filament": Capability.SLOTS,
    "unload_filament": Capability.SLOTS,
    "custom_gcode": Capability.GCODE,
}

FANS = ("part", "aux", "chamber")
HEATERS = {"M104": "nozzle", "M109": "nozzle", "M140": "bed", "M190": "bed", "M141": "chamber",
           "M191": "chamber"}  # fmt: skip
FORBIDDEN = {
    "M500": "writes its settings memory",
    "M501": "reads its settings memory back over what is set",
    "M502": "resets its settings",
    "M504": "checks its settings memory",
    "M997": "replaces its firmware",
}
WORD = re.compile(r"([A-Z])\s*(-?\d+(?:\.\d+)?)")


def check_command(
    kind: str, arguments: Mapping[str, Any], *, model: str | None, can: Capability | None
) -> dict[str, Any]:
    """The arguments as they may be queued; raises Invalid or CommandUnsupported with the reason."""
    if kind == "start_print":
        raise Invalid("A print is started by sending its job: POST /api/print-jobs/{job}/dispatch.")
    if kind not in NEEDS:
        raise CommandUnsupported(f"This printer has no command {kind}.")
    if can is None:
        raise CommandUnsupported("Nothing here drives this printer, so it cannot be told anything.")
    if NEEDS[kind] not in can:
        raise CommandUnsupported(f"This printer's driver has no {NEEDS[kind].name} for {kind}.")
    limits = LIMITS.get(model or "", HeatLimits())
    return _checked(kind, arguments, limits)


def _checked(kind: str, arguments: Mapping[str, Any], limits: HeatLimits) -> dict[str, Any]:
    if kind in {"set_nozzle_temp", "set_bed_temp", "set_chamber_temp"}:
        return {"target": _heat(kind.split("_")[1], _number(arguments, "target"), limits)}
    if kind == "set_fan_speed":
        fan = str(arguments.get("fan", "part"))
        if fan not in FANS:
            raise Invalid(f"fan must be one of {', '.join(FANS)}, not {fan!r}.")
        return {"fan": fan, "target": _within("target", _number(arguments, "target"), 0, 100)}
    if kind == "set_print_speed":
        return {"target": _within("target", _number(arguments, "target"), 1, 200)}
    if kind == "load_filament":
        return {"slot": int(_within("slot", _number(arguments, "slot"), 0, 24))}
    if kind == "custom_gcode":
        return {"gcode": _gcode(str(arguments.get("gcode", "")), limits)}
    return {}


def _number(arguments: Mapping[str, Any], name: str) -> float:
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"{name} must be a number.")
    return value


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise Invalid(f"{name} must be from {low:g} to {high:g}, not {value:g}.")
    return value


def _heat(part: str, value: float, limits: HeatLimits) -> float:
    highest = getattr(limits, part)
    if highest == 0:
        raise CommandUnsupported("This printer has no chamber heater.")
    if not 0 <= value <= highest:
        raise Invalid(f"The {part} of this printer goes from 0 to {highest} °C, not {value:g}.")
    return value


def _gcode(text: str, limits: HeatLimits) -> str:
    """Raises Invalid for what harms: memory, firmware, heaters beyond their limits."""
    if not text.strip() or len(text) > MAX_GCODE:
        raise Invalid(f"gcode has 1 to {MAX_GCODE} characters.")
    for line in text.splitlines():
        words = WORD.findall(line.partition(";")[0].upper())
        codes = {f"{letter}{int(float(value))}" for letter, value in words if letter in "GM"}
        for code in codes & FORBIDDEN.keys():
            raise Invalid(f"{code} is refused: it {FORBIDDEN[code]}.")
        targets = [float(value) for letter, value in words if letter in "SR"]
        for code in codes & HEATERS.keys():
            for target in targets:
                _heat(HEATERS[code], target, limits)
    return text
