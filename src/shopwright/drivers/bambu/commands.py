"""Command types of the API as requests of the printer, with what would prove each; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shopwright.drivers.bambu import readings
from shopwright.drivers.bambu.codec import Request
from shopwright.drivers.bambu.faults import DEVELOPER_MODE
from shopwright.drivers.bambu.models import Model
from shopwright.drivers.bambu.slots import EXTERNAL, LAST_SLOT, UNUSED, tray_of
from shopwright.drivers.bambu.values import as_float
from shopwright.fleet.port import DeviceCommand, DeviceReport, Refused
from shopwright.fleet.states import BUSY, Activity, ControlAccess

Proof = Callable[[DeviceReport, Mapping[str, object]], bool]

HOTTEST = {"nozzle": 350.0, "bed": 120.0, "chamber": 65.0}  # of any model; fleet knows each one's
HOT_CHAMBER_C = 40  # above it all but the X1E want M145 first
SPEEDS = {1: 50, 2: 100, 3: 124, 4: 166}  # level to percent: silent, standard, sport, ludicrous
FASTEST_PERCENT = 200.0
FANS = {"part": 1, "aux": 2, "chamber": 3}
EXTERNAL_TRAY = 254
RELIABLY = 1  # Studio sends pause, resume and stop at QoS 1
FLOWS = (50, 200)  # percent
TRAVEL_MM = 350.0  # of the largest model; fleet knows each one's
FEED = {"x": 3000, "y": 3000, "z": 600}  # mm a minute, unless somebody says otherwise
FASTEST_FEED = 12_000
MOST_FILAMENT_MM = 100.0
FILAMENT_FEED = 300
SOFT_C = 170.0  # below it the extruder grinds the filament
LEVEL_BED, NOZZLE_OFFSET = 2, 16  # bits of the calibration's option


@dataclass(frozen=True, slots=True)
class Plan:
    """A request, and how telemetry would show that it was done (None: only an ack can)."""

    request: Request
    proof: Proof | None = None
    needs_control: bool = True  # whether authorisation control applies to it

    @property
    def is_stop(self) -> bool:
        return self.request.command == "stop"


class _Unusable(Exception):
    """The command cannot be sent as it is; the text is for people."""


def plan(
    command: DeviceCommand, report: DeviceReport | None, model: Model | None
) -> Plan | Refused:
    """How to carry out a command now, or why not. Nothing is sent."""
    builder = BUILDERS.get(command.kind)
    if builder is None:
        return Refused(UNSUPPORTED.get(command.kind, _no_such(command.kind)))
    try:
        made = builder(_Situation(command, report, model))
    except _Unusable as err:
        return Refused(str(err))
    if made.needs_control and report and report.control is ControlAccess.BLOCKED:
        return Refused(DEVELOPER_MODE)
    return made


@dataclass(frozen=True, slots=True)
class _Situation:
    command: DeviceCommand
    report: DeviceReport | None
    model: Model | None

    @property
    def activity(self) -> Activity:
        return self.report.activity if self.report else Activity.UNKNOWN

    def demand_still(self, doing: str) -> None:
        if self.activity in BUSY:
            raise _Unusable(f"The printer is at work; {doing} would ruin the print.")

    def number(self, key: str, low: float, high: float, unit: str) -> float:
        value = as_float(self.command.arguments.get(key))
        if value is None or not low <= value <= high:
            raise _Unusable(f"{key} must be a number from {low:g} to {high:g} {unit}.")
        return value

    def feed(self, usual: int) -> int:
        if self.command.arguments.get("speed") is None:
            return usual
        return round(self.number("speed", 1, FASTEST_FEED, "mm a minute"))

    def slot(self) -> int:
        return int(self.number("slot", EXTERNAL, LAST_SLOT, "(a slot; 0 is the external spool)"))


def _pause(now: _Situation) -> Plan:
    if now.activity not in {Activity.PRINTING, Activity.PREPARING, Activity.UNKNOWN}:
        raise _Unusable("The printer is not printing, so there is nothing to pause.")
    return Plan(_control("pause"), lambda report, _: report.activity is Activity.PAUSED)


def _resume(now: _Situation) -> Plan:
    if now.activity not in {Activity.PAUSED, Activity.UNKNOWN}:
        raise _Unusable("The printer is not paused, so there is nothing to resume.")
    working = {Activity.PRINTING, Activity.PREPARING}
    return Plan(_control("resume"), lambda report, _: report.activity in working)


def _stop(now: _Situation) -> Plan:
    if now.activity in {Activity.IDLE, Activity.ERROR}:
        raise _Unusable("The printer is not printing, so there is nothing to stop.")
    ended = {Activity.IDLE, Activity.ERROR}
    return Plan(_control("stop"), lambda report, _: report.activity in ended)


def _control(verb: str) -> Request:
    return Request("print", verb, {"param": ""}, qos=RELIABLY)


def _set_nozzle(now: _Situation) -> Plan:
    target = round(now.number("target", 0, HOTTEST["nozzle"], "°C"))
    return Plan(_gcode(f"M104 S{target}"), _has_target("nozzle_target", target))


def _set_bed(now: _Situation) -> Plan:
    target = round(now.number("target", 0, HOTTEST["bed"], "°C"))
    return Plan(_gcode(f"M140 S{target}"), _has_target("bed_target", target))


def _set_chamber(now: _Situation) -> Plan:
    if now.model is None or not now.model.has_chamber_heater:
        raise _Unusable("This printer has no chamber heater (capability CHAMBER_TEMPERATURE).")
    target = round(now.number("target", 0, HOTTEST["chamber"], "°C"))
    first = "M145 P1\n" if target > HOT_CHAMBER_C and now.model.name != "X1E" else ""
    return Plan(_gcode(f"{first}M141 S{target}"), _has_target("chamber_target", target))


def _has_target(name: str, target: int) -> Proof:
    def is_set(report: DeviceReport, _: Mapping[str, object]) -> bool:
        return report.temperatures is not None and getattr(report.temperatures, name) == target

    return is_set


def _home(axes: str) -> Callable[[_Situation], Plan]:
    def build(now: _Situation) -> Plan:
        now.demand_still("homing")
        return Plan(_gcode(f"G28 {axes}".strip()))

    return build


def _set_fan(now: _Situation) -> Plan:
    fan = str(now.command.arguments.get("fan", "part"))
    if fan not in FANS:
        raise _Unusable(f"There is no fan {fan}; the printer has {', '.join(FANS)}.")
    share = now.number("target", 0, 100, "percent")
    return Plan(_gcode(f"M106 P{FANS[fan]} S{round(share * 255 / 100)}"))


def _set_speed(now: _Situation) -> Plan:
    """The printer knows four speeds; the nearest one is taken."""
    percent = now.number("target", 1, FASTEST_PERCENT, "percent")
    level = min(SPEEDS, key=lambda each: abs(SPEEDS[each] - percent))
    request = Request("print", "print_speed", {"param": str(level)})
    return Plan(request, lambda _, state: readings.speed_level(state) == level)


def _set_flow(now: _Situation) -> Plan:
    """With a number M221 is the flow; without one it is about end stops."""
    return Plan(_gcode(f"M221 S{round(now.number('target', *FLOWS, 'percent'))}"))


def _jog(now: _Situation) -> Plan:
    """As Studio moves an axis: end stops stay on, and the modes of motion come back afterwards."""
    now.demand_still("moving its axes")
    moves = []
    for axis, usual in FEED.items():
        if now.command.arguments.get(axis) is not None:
            millimetres = now.number(axis, -TRAVEL_MM, TRAVEL_MM, "mm")
            moves.append(f"G1 {axis.upper()}{millimetres:g} F{now.feed(usual)}")
    if not moves:
        raise _Unusable("Nobody said which axis to move.")
    before = "M211 S\nM211 X1 Y1 Z1\nM1002 push_ref_mode\nG91"
    lines = "\n".join(moves)
    return Plan(_gcode(f"{before}\n{lines}\nM1002 pop_ref_mode\nM211 R"))


def _extrude(sign: int) -> Callable[[_Situation], Plan]:
    def build(now: _Situation) -> Plan:
        now.demand_still("moving the filament")
        heat = now.report.temperatures if now.report else None
        if heat is None or heat.nozzle is None or heat.nozzle < SOFT_C:
            raise _Unusable(f"The nozzle is colder than {SOFT_C:g} °C; heat it first.")
        length = sign * now.number("distance", 0, MOST_FILAMENT_MM, "mm")
        return Plan(_gcode(f"M83\nG0 E{length:g} F{now.feed(FILAMENT_FEED)}"))

    return build


def _calibrate_bed(now: _Situation) -> Plan:
    return _calibration(now, LEVEL_BED)


def _calibrate_z(now: _Situation) -> Plan:
    """One nozzle finds its offset by touching the bed while it levels; two have a way of their
    own."""
    has_two = now.model is not None and now.model.has_two_nozzles
    return _calibration(now, NOZZLE_OFFSET if has_two else LEVEL_BED)


def _calibration(now: _Situation, option: int) -> Plan:
    now.demand_still("calibrating")
    return Plan(Request("print", "calibration", {"option": option}))


def _light(mode: str) -> Callable[[_Situation], Plan]:
    body = {
        "led_node": "chamber_light",
        "led_mode": mode,
        "led_on_time": 500,
        "led_off_time": 500,
        "loop_times": 0,
        "interval_time": 0,
    }
    made = Plan(
        Request("system", "ledctrl", body),
        lambda report, _: report.is_light_on is (mode == "on"),
        needs_control=False,
    )
    return lambda _: made


def _camera(control: str) -> Callable[[_Situation], Plan]:
    """Recording is all that can be switched; live pictures are always there."""
    made = Plan(
        Request("camera", "ipcam_record_set", {"control": control}),
        lambda _, state: readings.is_recording(state) is (control == "enable"),
        needs_control=False,
    )
    return lambda _: made


def _load(now: _Situation) -> Plan:
    now.demand_still("changing the filament")
    slot = now.slot()
    if slot == EXTERNAL:
        return _change(UNUSED, EXTERNAL_TRAY, EXTERNAL_TRAY)
    tray = tray_of(slot)
    return _change(tray.unit, tray.position, tray.number)


def _unload(now: _Situation) -> Plan:
    now.demand_still("unloading the filament")
    return _change(UNUSED, UNUSED, UNUSED)


def _change(unit: int, position: int, target: int) -> Plan:
    body = {"ams_id": unit, "slot_id": position, "target": target, "curr_temp": -1, "tar_temp": -1}
    return Plan(
        Request("print", "ams_change_filament", body),
        lambda _, state: readings.loaded_tray(state) == target,
    )


def _custom(now: _Situation) -> Plan:
    lines = [line.strip() for line in str(now.command.arguments.get("gcode", "")).splitlines()]
    text = "\n".join(line for line in lines if line)
    if not text:
        raise _Unusable("There is no G-code in this command.")
    return Plan(_gcode(text))


def _gcode(lines: str) -> Request:
    return Request("print", "gcode_line", {"param": f"{lines}\n"})


def _no_such(kind: str) -> str:
    return f"Bambu printers have no capability for {kind}."


UNSUPPORTED = {
    "start_print": "Prints are started by dispatching a job, not by this command.",
}

BUILDERS: Mapping[str, Callable[[_Situation], Plan]] = {
    "pause_print": _pause,
    "resume_print": _resume,
    "stop_print": _stop,
    "cancel_print": _stop,
    "set_bed_temp": _set_bed,
    "set_nozzle_temp": _set_nozzle,
    "set_chamber_temp": _set_chamber,
    "home_all": _home(""),
    "home_x": _home("X"),
    "home_y": _home("Y"),
    "home_z": _home("Z"),
    "set_fan_speed": _set_fan,
    "set_print_speed": _set_speed,
    "set_flow_rate": _set_flow,
    "jog": _jog,
    "extrude": _extrude(1),
    "retract": _extrude(-1),
    "calibrate_bed": _calibrate_bed,
    "calibrate_z_offset": _calibrate_z,
    "camera_on": _camera("enable"),
    "camera_off": _camera("disable"),
    "light_on": _light("on"),
    "light_off": _light("off"),
    "load_filament": _load,
    "unload_filament": _unload,
    "custom_gcode": _custom,
}
