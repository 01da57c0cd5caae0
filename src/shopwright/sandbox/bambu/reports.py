"""What the printer says: ``print.push_status``, full or as a delta, and ``info.get_version``."""

from collections.abc import Mapping
from typing import Any

import msgspec

from shopwright.sandbox.bambu.job import Job
from shopwright.sandbox.bambu.knobs import AuthMode
from shopwright.sandbox.bambu.machine import (
    CANCELLED_AT_PRINTER,
    SPEED_PERCENT,
    GcodeState,
    Machine,
)
from shopwright.sandbox.bambu.models import Model
from shopwright.sandbox.bambu.motion import AXES
from shopwright.sandbox.bambu.spools import changed_units

FUN_BASE = 0x0000_000C_0108_FF9F
FUN_SIGNATURE_REQUIRED = 0x2000_0000  # set: developer mode is off (notes 1.5)
DOOR_OPEN = 0x80_0000
CARD_PRESENT = 0x100
AMS_REMAIN = 0x80
HMS_VERIFICATION_FAILED = (0x0500_0500, 0x0001_0007)
LEGACY_CHAMBER_C = 5  # P1 and A1 have no sensor and always say 5
STAGE_LEVELLING = 1
CANCELLED_STATES = frozenset({CANCELLED_AT_PRINTER, 0x0500_400E})


def encode(message: Mapping[str, Any]) -> bytes:
    """Pretty-printed with four spaces, as the printers do."""
    return msgspec.json.format(msgspec.json.encode(message), indent=4)


def full_report(machine: Machine) -> dict[str, Any]:
    """Every field, without ``msg`` and ``sequence_id``."""
    report = {
        "command": "push_status",
        **_job_fields(machine),
        **_heat_fields(machine),
        **_machine_fields(machine),
        "ams": machine.ams.report(),
        "vt_tray": machine.ams.report_external(),
    }
    model = machine.model
    if model.sends_fun:
        report |= _authorization_fields(machine)
    if model.has_device_block:
        report["device"] = _device_block(machine)
        report["vir_slot"] = [report["vt_tray"]]
    return report


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The delta of two full reports; never empty, as a printer pushes about once a second."""
    delta = {key: value for key, value in new.items() if old.get(key) != value}
    if "ams" in delta and len(old["ams"]["ams"]) == len(new["ams"]["ams"]):
        delta["ams"] = changed_units(old["ams"], new["ams"])
    return {"command": "push_status", **delta}


def version_report(machine: Machine, serial: str) -> list[dict[str, Any]]:
    """The ``module`` list of get_version."""
    model = machine.model
    ota = {"name": "ota", "sw_ver": model.firmware, "hw_ver": "OTA", "loader_ver": "00.00.00.00"}
    if model.product_name:
        ota["product_name"] = model.product_name
    board, hw_ver = model.board
    modules: list[dict[str, Any]] = [
        {**ota, "sn": serial},
        {"name": board, "sw_ver": "01.12.19.03", "hw_ver": hw_ver, "sn": serial},
        {"name": "mc", "sw_ver": "00.00.25.67", "hw_ver": "MC07", "sn": f"{serial}MC"},
        {"name": "th", "sw_ver": "00.00.07.86", "hw_ver": "TH07", "sn": f"{serial}TH"},
    ]
    stem = model.ams_module.partition("/")[0]
    modules += [
        {"name": f"{stem}/{unit}", "sw_ver": "00.00.06.40", "hw_ver": "AMS08", "sn": f"AMS{unit}"}
        for unit in range(machine.ams.units)
    ]
    return [{"visible": True, "flag": 0, **module} for module in modules]


def _job_fields(machine: Machine) -> dict[str, Any]:
    job, state = machine.job, machine.state
    is_stopped = state is GcodeState.FAILED
    is_over = state in (GcodeState.FINISH, GcodeState.FAILED, GcodeState.IDLE)
    layer = job.layer if job else 0
    if state is GcodeState.FINISH and machine.knobs.has_layer_zero_at_end:
        layer = 0
    return {
        "gcode_state": state.value,
        "gcode_file_prepare_percent": "0" if is_over else "100",
        "mc_percent": 0 if is_stopped or not job else int(job.percent),
        "mc_remaining_time": 0 if is_over or not job else job.remaining_min,
        "layer_num": layer,
        "total_layer_num": job.facts.layers if job else 0,
        "stg_cur": _stage(machine),
        "stg": [],
        "mc_print_stage": "1" if is_over else "2",
        "mc_print_sub_stage": 0,
        "print_type": "idle" if is_over else "local",
        **_names(machine.model, job),
        "gcode_start_time": str(int(1_700_000_000 + machine.knobs.clock_offset_s)) if job else "0",
        "print_error": machine.print_error,
        "mc_print_error_code": "0",
        "fail_reason": str(machine.print_error) if is_stopped else "0",
        "s_obj": list(machine.skipped_objects),
    }


def _names(model: Model, job: Job | None) -> dict[str, Any]:
    if job is None:
        return {
            **dict.fromkeys(("gcode_file", "subtask_name"), ""),
            **dict.fromkeys(("subtask_id", "task_id", "project_id", "profile_id"), "0"),
        }
    request = job.request
    in_card = f"/data/Metadata/plate_{request.plate}.gcode"
    return {
        "gcode_file": in_card if model.sends_full_reports and request.plate else request.file,
        "subtask_name": request.subtask_name,
        "subtask_id": request.subtask_id,
        "task_id": request.task_id,
        "project_id": request.project_id,
        "profile_id": "0",
    }


def _stage(machine: Machine) -> int:
    if machine.state is GcodeState.PAUSE:
        return machine.pause_stage
    if machine.job and machine.state in (GcodeState.PREPARE, GcodeState.RUNNING):
        return machine.job.stage
    return STAGE_LEVELLING if machine.is_calibrating else machine.model.idle_stage


def _heat_fields(machine: Machine) -> dict[str, Any]:
    now, targets = machine.heat.now, machine.heat.targets
    has_sensor = machine.model.has_chamber_sensor
    return {
        "nozzle_temper": round(now["nozzle"], 1),
        "nozzle_target_temper": targets["nozzle"],
        "bed_temper": round(now["bed"], 1),
        "bed_target_temper": targets["bed"],
        "chamber_temper": round(now["chamber"], 1) if has_sensor else LEGACY_CHAMBER_C,
    }


def _machine_fields(machine: Machine) -> dict[str, Any]:
    wobble_dbm = int(machine.now_s) % 7  # something always changes, as on a real printer
    return {
        "cooling_fan_speed": _fan(machine, 1),
        "big_fan1_speed": _fan(machine, 2),
        "big_fan2_speed": _fan(machine, 3),
        "heatbreak_fan_speed": "15" if machine.heat.targets["nozzle"] else "0",
        "spd_lvl": machine.speed_level,
        "spd_mag": SPEED_PERCENT[machine.speed_level],
        "wifi_signal": f"-{45 + wobble_dbm}dBm",
        "sdcard": machine.knobs.has_card,
        "home_flag": _home_flag(machine),
        "hw_switch_state": 1 if machine.is_busy else 0,
        "nozzle_diameter": "0.4",
        "nozzle_type": "stainless_steel",
        "hms": [{"attr": attr, "code": code} for attr, code in machine.hms],
        "lights_report": [{"node": "chamber_light", "mode": machine.light}],
        "online": {"ahb": False, "rfid": False, "version": 1},
        "ams_status": 0,
        "ams_rfid_status": 0,
        "ipcam": {
            "ipcam_dev": "1",
            "ipcam_record": _switch(machine.is_recording),
            "timelapse": "disable",
        },
        "xcam": {"first_layer_inspector": True, "spaghetti_detector": True},
        "upgrade_state": {"status": "IDLE", "progress": "0", "new_version_state": 2},
    }


def _switch(is_on: bool) -> str:
    return "enable" if is_on else "disable"


def _fan(machine: Machine, number: int) -> str:
    return str(machine.fans[number] * 15 // 255)


def _home_flag(machine: Machine) -> int:
    flag = AMS_REMAIN | sum(1 << AXES.index(axis) for axis in machine.motion.homed)
    if machine.knobs.has_card:
        flag |= CARD_PRESENT
    if machine.knobs.is_door_open and machine.model.name.startswith("X1"):
        flag |= DOOR_OPEN
    return flag


def _authorization_fields(machine: Machine) -> dict[str, Any]:
    is_blocked = machine.knobs.auth_mode is not AuthMode.OPEN
    fun = FUN_BASE | FUN_SIGNATURE_REQUIRED if is_blocked else FUN_BASE & ~FUN_SIGNATURE_REQUIRED
    stat = DOOR_OPEN if machine.knobs.is_door_open else 0
    return {"fun": f"{fun:X}", "stat": f"{stat:X}"}


def _device_block(machine: Machine) -> dict[str, Any]:
    heat = machine.heat
    packed = {
        part: int(heat.now[part]) & 0xFFFF | int(heat.targets[part]) << 16 for part in heat.now
    }
    return {
        "bed": {"info": {"temp": packed["bed"]}},
        "ctc": {"info": {"temp": packed["chamber"]}},
        "extruder": {"info": [{"id": 0, "temp": packed["nozzle"]}], "state": 1},
        "nozzle": {"info": [{"id": 0, "diameter": 0.4, "type": "HS"}]},
    }
