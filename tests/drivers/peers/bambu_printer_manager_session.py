"""Drives a printer with bambu-printer-manager, in that client's own environment.

Reads {host, mqtt_port, ftps_port, serial, access_code, file, cache} from standard input and writes
what it saw as JSON. Never imported by us.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# These live in an environment of their own, which type checking does not see.
from bpm import bambuprinter  # type: ignore[import-not-found]
from bpm.bambuconfig import BambuConfig  # type: ignore[import-not-found]
from bpm.bambudiscovery import BambuDiscovery  # type: ignore[import-not-found]
from bpm.bambutools import PlateType  # type: ignore[import-not-found]

PATIENCE_S = 60.0


def wait(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def use_ftps_port(port: int) -> None:
    """It knows port 990 only, which is not ours to take."""
    real = bambuprinter.IoTFTPSClient

    def client(host: str, _: int, *arguments: Any, **options: Any) -> Any:
        return real(host, port, *arguments, **options)

    bambuprinter.IoTFTPSClient = client


def discover(serial: str) -> dict[str, str]:
    """What it hears of the printer on port 2021."""
    discovery = BambuDiscovery(discovery_timeout=int(PATIENCE_S))
    discovery.start()
    try:
        wait(lambda: serial in discovery.discovered_printers, "an announcement")
    finally:
        discovery.stop()
    found = discovery.discovered_printers[serial]
    names = ("location", "dev_model", "dev_name", "dev_connect", "dev_version")
    return {name: getattr(found, name) for name in names} | {"model": found.decoded_model.name}


def print_and_stop(printer: Any, name: str) -> list[str]:
    """Start, pause, resume, stop; the state after each."""
    seen = []
    steps = (
        (lambda: printer.print_3mf_file(name, 1, PlateType.AUTO, True, "[2]"), "RUNNING"),
        (printer.pause_printing, "PAUSE"),
        (printer.resume_printing, "RUNNING"),
        (printer.stop_printing, "FAILED"),
    )
    for act, state in steps:
        act()
        wait(lambda state=state: printer.printer_state.gcode_state == state, state)  # type: ignore[misc]
        seen.append(printer.printer_state.gcode_state)
    return seen


def main() -> None:
    facts = json.load(sys.stdin)
    use_ftps_port(facts["ftps_port"])
    announced = discover(facts["serial"])
    config = BambuConfig(
        facts["host"],
        facts["access_code"],
        facts["serial"],
        mqtt_port=facts["mqtt_port"],
        bpm_cache_path=Path(facts["cache"]),
    )
    printer = bambuprinter.BambuPrinter(config)
    printer.start_session()
    wait(lambda: printer.printer_state.gcode_state == "IDLE", "IDLE")
    wait(lambda: bool(config.firmware_version), "firmware")
    file = Path(facts["file"])
    remote = f"/{file.name}"
    listed = printer.upload_sdcard_file(str(file), remote)
    report = {
        "announced": announced,
        "firmware": config.firmware_version,
        "stored": [one["size"] for one in listed["children"] if one["name"] == file.name],
        "states": print_and_stop(printer, remote),
        "spools": len(printer.printer_state.spools),
    }
    printer.delete_sdcard_file(remote)
    report["deleted"] = not printer.sdcard_file_exists(remote)
    printer.quit()
    json.dump(report, sys.stdout)


main()
