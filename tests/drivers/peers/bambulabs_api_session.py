"""Drives a printer with an independent client, in that client's own environment.

Reads {host, mqtt_port, ftps_port, camera_port, serial, access_code, file} from standard input and
writes what it saw as JSON. Never imported by us.
"""

import base64
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

# These live in an environment of their own, which type checking does not see.
from bambulabs_api.camera_client import PrinterCamera  # type: ignore[import-not-found]
from bambulabs_api.ftp_client import PrinterFTPClient  # type: ignore[import-not-found]
from bambulabs_api.mqtt_client import PrinterMQTTClient  # type: ignore[import-not-found]

PATIENCE_S = 20.0


def wait(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def is_in(client: PrinterMQTTClient, state: str) -> bool:
    return bool(client.get_printer_state().name == state)


def print_and_stop(client: PrinterMQTTClient, name: str) -> list[str]:
    """Start, pause, resume, stop; the state after each."""
    seen = []
    steps = (
        (lambda: client.start_print_3mf(name, 1, use_ams=True, ams_mapping=[2]), "RUNNING"),
        (client.pause_print, "PAUSE"),
        (client.resume_print, "RUNNING"),
        (client.stop_print, "FAILED"),
    )
    for act, state in steps:
        act()
        wait(partial(is_in, client, state), state)
        seen.append(client.get_printer_state().name)
    return seen


def main() -> None:
    facts = json.load(sys.stdin)
    host, code = facts["host"], facts["access_code"]
    file = Path(facts["file"])
    client = PrinterMQTTClient(host, code, facts["serial"], port=facts["mqtt_port"])
    client.connect()
    client.start()
    wait(client.ready, "ready")
    wait(lambda: client.get_printer_state().name == "IDLE", "IDLE")
    wait(lambda: client.firmware_version() is not None, "firmware")
    with file.open("rb") as content:
        ftps = PrinterFTPClient(host, code, port=facts["ftps_port"])
        reply = ftps.upload_file(content, file.name)
    camera = PrinterCamera(host, code, port=facts["camera_port"])
    camera.start()
    wait(lambda: camera.last_frame is not None, "camera frame")
    frame = base64.b64decode(camera.get_frame())
    camera.stop()
    states = print_and_stop(client, file.name)
    report = {
        "firmware": client.firmware_version(),
        "upload": reply,
        "frame": [frame[:4].hex(), frame[-2:].hex()],
        "states": states,
        "layers": client.total_layer_num(),
        "nozzle_target": client.get_nozzle_temperature_target(),
    }
    client.stop()
    json.dump(report, sys.stdout)


main()
