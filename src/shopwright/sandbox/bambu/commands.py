"""Requests on ``device/<serial>/request`` and their acknowledgements (protocol notes 1.6)."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from shopwright.sandbox.bambu.job import JobRequest
from shopwright.sandbox.bambu.knobs import AckMode, AuthMode
from shopwright.sandbox.bambu.machine import SPEED_PERCENT, GcodeState, Machine
from shopwright.sandbox.bambu.motion import AXES
from shopwright.sandbox.bambu.reports import HMS_VERIFICATION_FAILED, version_report
from shopwright.sandbox.bambu.spools import EXTERNAL_TRAY, NO_TRAY, Spool

BLOCKED_CODE = 84033543  # 0x05024007
OPEN_TYPES = frozenset({"info", "pushing", "system", "camera", "security", "upgrade"})
CARD_ROOTS = ("file:///mnt/sdcard", "file:///sdcard", "ftp://")
AMS_UNIT_EXTERNAL = 255

_PLATE = re.compile(r"^Metadata/plate_([0-9]{1,4})\.gcode$")
_GCODE_WORD = re.compile(r"([A-Z])(-?[0-9]+(?:\.[0-9]+)?)")

Body = dict[str, Any]
Handler = Callable[[Machine, Body], bool | None]  # False: refused


class NotARequest(Exception):
    """Not a JSON object of the shape a printer understands; it says nothing to that."""


def parse(payload: bytes) -> list[tuple[str, Body]]:
    """(type, body) of each command; some clients put several into one message.

    Trailing NULs and latin-1 are tolerated. Raises NotARequest.
    """
    text = payload.rstrip(b"\0 \r\n")
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = _decode_latin1(text)
    if not isinstance(message, dict):
        raise NotARequest("A request is a JSON object.")
    return [
        (kind, body)
        for kind, body in message.items()
        if isinstance(body, dict) and isinstance(body.get("command"), str)
    ]


def answer(machine: Machine, serial: str, kind: str, body: Body) -> list[dict[str, Any]]:
    """Carry a request out; the acknowledgements to publish, in order (pushall is the caller's)."""
    command = body["command"]
    if (kind, command) == ("info", "get_version"):
        return [{"info": {**body, "module": version_report(machine, serial)}}]
    if kind == "pushing":
        return []
    if kind not in OPEN_TYPES and machine.knobs.auth_mode is not AuthMode.OPEN:
        return _refuse_unsigned(machine, kind, body)
    handler = _HANDLERS.get((kind, command))
    if handler is None:
        return _acknowledge(machine, kind, body, is_done=False, reason="unknown command")
    try:
        is_done = handler(machine, body) is not False
    except (KeyError, ValueError, TypeError, OverflowError) as err:
        return _acknowledge(machine, kind, body, is_done=False, reason=f"bad request: {err}")
    machine.is_changed = True
    return _acknowledge(machine, kind, body, is_done=is_done, reason="not in this state")


def _decode_latin1(text: bytes) -> object:
    try:
        return msgspec.json.decode(text.decode("latin-1"))
    except msgspec.DecodeError as err:
        raise NotARequest("A request is JSON.") from err


def _acknowledge(
    machine: Machine, kind: str, body: Body, *, is_done: bool, reason: str
) -> list[dict[str, Any]]:
    mode = machine.knobs.ack
    if mode is AckMode.NONE:
        return []
    if not is_done:
        return [{kind: {**body, "result": "fail", "reason": reason}}]
    if mode is AckMode.BARE_ECHO:
        return [{kind: body}]
    if mode is AckMode.NUMERIC:
        return [{kind: {**body, "result": 0}}]
    word = "SUCCESS" if mode is AckMode.UPPERCASE else "success"
    return [{kind: {**body, "result": word, "reason": word}}]


def _refuse_unsigned(machine: Machine, kind: str, body: Body) -> list[dict[str, Any]]:
    mode = machine.knobs.auth_mode
    if mode is AuthMode.BLOCKED_SILENT_HMS:
        if HMS_VERIFICATION_FAILED not in machine.hms:
            machine.hms.append(HMS_VERIFICATION_FAILED)
        machine.is_changed = True
        return []
    if mode is AuthMode.BLOCKED_ERR_CODE_ONLY:
        return [{kind: {**body, "err_code": BLOCKED_CODE}}]
    refusal = {"result": "failed", "reason": "mqtt message verify failed", "err_code": BLOCKED_CODE}
    return [{kind: {**body, **refusal}}]


def _start_project(machine: Machine, body: Body) -> None:
    plate = _PLATE.match(str(body["param"]))
    if plate is None:
        raise ValueError("param names no plate")
    digest = str(body.get("md5") or "").lower()

    def md5_matches(path: Path) -> bool:
        if not digest:
            return True
        with path.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest() == digest

    request = JobRequest(
        file=card_path(str(body["url"])),
        plate=int(plate.group(1)),
        subtask_id=str(body.get("subtask_id", "0")),
        subtask_name=str(body.get("subtask_name", "")),
        trays=_trays(body),
        project_id=str(body.get("project_id", "0")),
        task_id=str(body.get("task_id", "0")),
    )
    machine.request_start(request, md5_matches)


def card_path(url: str) -> str:
    """Where on the card a start URL points, without a leading slash."""
    for root in CARD_ROOTS:
        if url.startswith(root):
            return url.removeprefix(root).lstrip("/")
    raise ValueError(f"no storage at {url[:40]!r}")


def _trays(body: Mapping[str, Any]) -> dict[int, int] | None:
    """Tray by filament id: index = id-1, -1 unused or, by ams_mapping2, the external spool."""
    if not body.get("use_ams"):
        return None
    mapping = [int(tray) for tray in body.get("ams_mapping") or []]
    second = list(body.get("ams_mapping2") or [])
    trays = {}
    for place, tray in enumerate(mapping):
        if tray >= 0:
            trays[place + 1] = tray
        elif place < len(second) and _is_external(second[place]):
            trays[place + 1] = EXTERNAL_TRAY
    return trays


def _is_external(entry: Mapping[str, Any]) -> bool:
    return entry.get("ams_id") == AMS_UNIT_EXTERNAL and entry.get("slot_id") in (0, EXTERNAL_TRAY)


def _start_gcode(machine: Machine, body: Body) -> None:
    name = str(body["param"]).removeprefix("/sdcard/").lstrip("/")
    request = JobRequest(
        file=name,
        plate=0,
        subtask_id=str(body.get("subtask_id", "0")),
        subtask_name=Path(name).stem,
        trays=None,
    )
    machine.request_start(request, lambda _: True)


def _set_speed(machine: Machine, body: Body) -> None:
    level = int(body["param"])
    if level not in SPEED_PERCENT:
        raise ValueError(f"no speed level {level}")
    machine.speed_level = level


def _run_gcode(machine: Machine, body: Body) -> None:
    for line in str(body["param"]).splitlines():
        code, _, rest = line.strip().partition(" ")
        if not code:
            continue
        machine.gcode_lines.append(line.strip())
        words = {letter: float(number) for letter, number in _GCODE_WORD.findall(rest)}
        if code in _HEATERS and "S" in words:
            machine.heat.target(_HEATERS[code], words["S"])
        elif code == "M106":
            machine.fans[int(words.get("P", 1))] = min(max(int(words.get("S", 255)), 0), 255)
        elif code == "M107":
            machine.fans[1] = 0
        elif code == "M221" and "S" in words:
            machine.flow_percent = int(words["S"])
        elif code == "G28":
            machine.motion.home("".join(axis for axis in AXES if axis in rest.upper()))
        elif code in ("G0", "G1"):
            machine.motion.move(words)
        else:
            machine.motion.switch(code, rest)


_HEATERS = {"M104": "nozzle", "M109": "nozzle", "M140": "bed", "M190": "bed", "M141": "chamber"}


def _skip_objects(machine: Machine, body: Body) -> bool:
    wanted = [int(number) for number in body["obj_list"]]
    if machine.job is None or not machine.is_busy:
        return False
    if not set(wanted) <= set(machine.job.facts.object_ids):
        return False
    machine.skipped_objects += [n for n in wanted if n not in machine.skipped_objects]
    return True


def _calibrate(machine: Machine, body: Body) -> bool:
    return machine.calibrate(int(body["option"]))


def _record(machine: Machine, body: Body) -> None:
    machine.is_recording = {"enable": True, "disable": False}[str(body["control"])]


def _set_light(machine: Machine, body: Body) -> None:
    for name in ("led_on_time", "led_off_time", "loop_times", "interval_time"):
        int(body[name])  # all fields are required
    if body["led_node"] == "chamber_light":
        machine.light = str(body["led_mode"])


def _set_filament(machine: Machine, body: Body) -> bool:
    unit, slot = int(body["ams_id"]), int(body["tray_id"])
    tray = EXTERNAL_TRAY if unit == AMS_UNIT_EXTERNAL else unit * 4 + slot
    spool = machine.ams.spool(tray)
    if spool is None:
        return False
    color, kind = str(body["tray_color"]).upper(), str(body["tray_type"])
    changed = Spool(kind, color, spool.remaining_mg, spool.capacity_mg, str(body["tray_info_idx"]))
    changed.has_tag = False  # what a person sets is not what a tag says
    machine.ams.put(tray, changed)
    return True


def _change_filament(machine: Machine, body: Body) -> bool:
    if machine.state in (GcodeState.RUNNING, GcodeState.PREPARE):
        return False
    target = int(body["target"])
    if target != NO_TRAY and machine.ams.spool(target) is None:
        return False
    machine.ams.tray_now = target
    return True


def _unload(machine: Machine, _: Body) -> None:
    machine.ams.tray_now = NO_TRAY


def _ams_control(machine: Machine, body: Body) -> bool:
    if body["param"] == "resume":
        return machine.resume()
    return True


def _accept(_: Machine, __: Body) -> None:
    """Acknowledged; nothing that a report would show changes."""


_ECHOED_PRINT_COMMANDS = (
    *("ams_user_setting", "ams_get_rfid", "ams_filament_drying", "print_option"),
    *("extrusion_cali_get", "extrusion_cali_sel", "extrusion_cali_set", "extrusion_cali_del"),
    *("set_airduct", "select_extruder"),
)
_ECHOED_COMMANDS = (
    *(("system", "get_accessories"), ("system", "set_accessories"), ("system", "uiop")),
    *(("camera", "ipcam_timelapse"), ("xcam", "xcam_control_set"), ("upgrade", "get_history")),
)
_HANDLERS: Mapping[tuple[str, str], Handler] = {
    ("print", "project_file"): _start_project,
    ("print", "gcode_file"): _start_gcode,
    ("print", "pause"): lambda machine, _: machine.pause(),
    ("print", "resume"): lambda machine, _: machine.resume(),
    ("print", "stop"): lambda machine, _: machine.stop(),
    ("print", "gcode_line"): _run_gcode,
    ("print", "print_speed"): _set_speed,
    ("print", "skip_objects"): _skip_objects,
    ("print", "clean_print_error"): lambda machine, _: machine.clear_error(),
    ("print", "ams_change_filament"): _change_filament,
    ("print", "unload_filament"): _unload,
    ("print", "ams_control"): _ams_control,
    ("print", "ams_filament_setting"): _set_filament,
    ("print", "calibration"): _calibrate,
    ("camera", "ipcam_record_set"): _record,
    ("system", "ledctrl"): _set_light,
    **dict.fromkeys((("print", command) for command in _ECHOED_PRINT_COMMANDS), _accept),
    **dict.fromkeys(_ECHOED_COMMANDS, _accept),
}
