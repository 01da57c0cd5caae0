"""Payloads as printers send them, written for these tests from the protocol notes."""

import json
from typing import Any

from shopwright.drivers.bambu import codec
from shopwright.drivers.bambu.reports import Mirror
from shopwright.fleet.port import DeviceReport
from tests.drivers.bambu.when import NOW

SERIAL = "01P00A123456789"

RUNNING: dict[str, Any] = {
    "command": "push_status",
    "msg": 0,
    "sequence_id": "21",
    "gcode_state": "RUNNING",
    "print_type": "local",
    "subtask_name": "order-1042-p1",
    "subtask_id": "731200455",
    "gcode_file": "order-1042-p1.gcode.3mf",
    "mc_percent": 37,
    "mc_remaining_time": 52,
    "layer_num": 61,
    "total_layer_num": 164,
    "stg_cur": 0,
    "nozzle_temper": 219.8,
    "nozzle_target_temper": 220,
    "bed_temper": 54.9,
    "bed_target_temper": 55,
    "chamber_temper": 5,
    "spd_lvl": 2,
    "wifi_signal": "-51dBm",
    "sdcard": True,
    "home_flag": 263,
    "nozzle_diameter": "0.4",
    "print_error": 0,
    "hms": [],
    "lights_report": [{"node": "chamber_light", "mode": "on"}],
    "ams": {
        "ams": [
            {
                "id": "0",
                "humidity": "4",
                "tray": [
                    {
                        "id": "0",
                        "tray_type": "PLA",
                        "tray_color": "0A2CA5FF",
                        "tray_info_idx": "GFA00",
                        "tray_sub_brands": "PLA Basic",
                        "remain": 64,
                        "tag_uid": "A1B2C3D400000100",
                        "tray_uuid": "9C0E5F2B7A1D4E8890ABCDEF01234567",
                        "state": 11,
                    },
                    {"id": "1"},
                    {"id": "2"},
                    {
                        "id": "3",
                        "tray_type": "PETG",
                        "tray_color": "00000000",
                        "remain": 0,
                        "tag_uid": "0000000000000000",
                        "tray_uuid": "00000000000000000000000000000000",
                    },
                ],
            }
        ],
        "ams_exist_bits": "1",
        "tray_exist_bits": "d",
        "tray_now": "0",
    },
    "vt_tray": {"id": "254", "tray_type": "", "tray_color": "00000000", "remain": 0},
}

VERSION = {
    "command": "get_version",
    "module": [
        {"name": "esp32", "hw_ver": "AP04", "sw_ver": "01.00.00.00"},
        {"name": "ota", "sw_ver": "01.08.02.00", "product_name": "Bambu Lab P1S"},
    ],
}


def wire(family: str, content: object) -> bytes:
    """As the printer formats it."""
    return json.dumps({family: content}, indent=4).encode()


def mirror_of(*pushes: dict[str, Any], serial: str = SERIAL) -> Mirror:
    mirror = Mirror(serial)
    for push in pushes:
        feed(mirror, push)
    return mirror


def feed(mirror: Mirror, push: dict[str, Any]) -> DeviceReport:
    for message in codec.decode(wire("print", {"command": "push_status", **push})):
        mirror.apply(message)
    return mirror.report(NOW)


def delta(**fields: Any) -> dict[str, Any]:
    return {"msg": 1, **fields}
