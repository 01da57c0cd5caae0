"""Command types of the API as lines of G-code, which Marlin and Klipper both understand; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shopwright.drivers.polled.values import as_float
from shopwright.fleet.port import Capability, DeviceCommand, DeviceReport, Refused
from shopwright.fleet.states import BUSY, Activity

HOTTEST = {"nozzle": 350.0, "bed": 130.0, "chamber": 70.0}  # of any machine; fleet knows each one's
FASTEST_PERCENT = 200.0
FLOWS = (50.0, 200.0)
AXES = ("x", "y", "z")
FARTHEST_MM = 1000.0
JOG_FEED = {"x": 3000.0, "y": 3000.0, "z": 300.0}  # mm per minute where nobody said another
MOST_FILAMENT_MM, USUAL_FILAMENT_MM, FILAMENT_FEED = 100.0, 10.0, 200.0
COLD_NOZZLE_C = 170.0  # below it the extruder only grinds the filament
FULL_FAN = 255
LACKING = {
    "set_chamber_temp": Capability.CHAMBER_TEMPERATURE,
    "set_fan_speed": Capability.FAN,
    "set_print_speed": Capability.SPEED,
    "set_flow_rate": Capability.FLOW,
    "set_bed_temp": Capability.TEMPERATURE,
    "set_nozzle_temp": Capability.TEMPERATURE,
    "home_all": Capability.HOME,
    "home_x": Capability.HOME,
    "home_y": Capability.HOME,
    "home_z": Capability.HOME,
    "light_on": Capability.LIGHT,
    "light_off": Capability.LIGHT,
    "load_filament": Capability.FILAMENT,
    "unload_filament": Capability.FILAMENT,
    "camera_on": Capability.CAMERA_SWITCH,
    "camera_off": Capability.CAMERA_SWITCH,
    "custom_gcode": Capability.GCODE,
    "jog": Capability.JOG,
    "extrude": Capability.EXTRUDE,
    "retract": Capability.EXTRUDE,
    "calibrate_bed": Capability.CALIBRATE,
    "calibrate_z_offset": Capability.CALIBRATE,
}


class Unusable(Exception):
    """The command cannot be sent as it is; the text is for people."""


@dataclass(frozen=True, slots=True)
class Situation:
    command: DeviceCommand
    report: DeviceReport | None

    def demand_still(self, doing: str) -> None:
        if self.report and self.report.activity in BUSY - {Activity.PAUSED}:
            raise Unusable(f"The printer is at work; {doing} would ruin the print.")

    def number(self, key: str, low: float, high: float, unit: str) -> float:
        value = as_float(self.command.arguments.get(key))
        if value is None or not low <= value <= high:
            raise Unusable(f"{key} must be a number from {low:g} to {high:g} {unit}.")
        return value

    def feed(self, usual: float) -> str:
        return f"F{as_float(self.command.arguments.get('speed')) or usual:g}"


def refuse(program: str, kind: str) -> Refused:
    """A command type that this protocol has no way for."""
    if kind == "start_print":
        return Refused("Prints are started by dispatching a job, not by this command.")
    lacking = LACKING.get(kind)
    if lacking is None:
        return Refused(f"{program} has no command {kind}.")
    return Refused(f"{program} cannot {kind}: it lacks the capability {lacking.name}.")


def lines_for(
    command: DeviceCommand, report: DeviceReport | None, program: str, can: Capability
) -> list[str] | Refused:
    """What to send, or why not."""
    builder = BUILDERS.get(command.kind)
    if builder is None or LACKING[command.kind] not in can:
        return refuse(program, command.kind)
    try:
        return builder(Situation(command, report))
    except Unusable as err:
        return Refused(str(err))


def _heat(code: str, part: str) -> Callable[[Situation], list[str]]:
    def build(now: Situation) -> list[str]:
        return [f"{code} S{round(now.number('target', 0, HOTTEST[part], '°C'))}"]

    return build


def _home(axes: str) -> Callable[[Situation], list[str]]:
    def build(now: Situation) -> list[str]:
        now.demand_still("homing")
        return [f"G28 {axes}".strip()]

    return build


def _fan(now: Situation) -> list[str]:
    fan = str(now.command.arguments.get("fan", "part"))
    if fan != "part":
        raise Unusable(f"There is no fan {fan}; the printer has part.")
    share = now.number("target", 0, 100, "percent")
    return [f"M106 S{round(share * FULL_FAN / 100)}"]


def _speed(now: Situation) -> list[str]:
    return [f"M220 S{round(now.number('target', 1, FASTEST_PERCENT, 'percent'))}"]


def _flow(now: Situation) -> list[str]:
    return [f"M221 S{round(now.number('target', *FLOWS, 'percent'))}"]


def _jog(now: Situation) -> list[str]:
    now.demand_still("moving the head")
    wanted = [axis for axis in AXES if now.command.arguments.get(axis) is not None]
    if not wanted:
        raise Unusable("jog needs a distance for x, y or z.")
    far = {axis: now.number(axis, -FARTHEST_MM, FARTHEST_MM, "mm") for axis in wanted}
    words = " ".join(f"{axis.upper()}{far[axis]:g}" for axis in wanted)
    return ["G91", f"G1 {words} {now.feed(min(JOG_FEED[axis] for axis in wanted))}", "G90"]


def _filament(sign: str) -> Callable[[Situation], list[str]]:
    def build(now: Situation) -> list[str]:
        now.demand_still("moving the filament")
        heat = now.report.temperatures.nozzle if now.report and now.report.temperatures else None
        if heat is not None and heat < COLD_NOZZLE_C:
            raise Unusable(
                f"The nozzle has {heat:.0f} °C; heat it to {COLD_NOZZLE_C:.0f} °C first."
            )
        length = USUAL_FILAMENT_MM
        if now.command.arguments.get("distance") is not None:
            length = now.number("distance", 0.1, MOST_FILAMENT_MM, "mm")
        return ["M83", f"G1 E{sign}{length:g} {now.feed(FILAMENT_FEED)}", "M82"]

    return build


def _level(now: Situation) -> list[str]:
    now.demand_still("levelling the bed")
    return ["G28", "G29"]


def _custom(now: Situation) -> list[str]:
    lines = [line.strip() for line in str(now.command.arguments.get("gcode", "")).splitlines()]
    kept = [line for line in lines if line]
    if not kept:
        raise Unusable("There is no G-code in this command.")
    return kept


BUILDERS: Mapping[str, Callable[[Situation], list[str]]] = {
    "set_nozzle_temp": _heat("M104", "nozzle"),
    "set_bed_temp": _heat("M140", "bed"),
    "set_chamber_temp": _heat("M141", "chamber"),
    "home_all": _home(""),
    "home_x": _home("X"),
    "home_y": _home("Y"),
    "home_z": _home("Z"),
    "set_fan_speed": _fan,
    "set_print_speed": _speed,
    "set_flow_rate": _flow,
    "jog": _jog,
    "extrude": _filament(""),
    "retract": _filament("-"),
    "calibrate_bed": _level,
    "custom_gcode": _custom,
}
