"""A second independent client (bambu-printer-manager, WTFPL) uses the virtual printer, and finds it
by its announcements."""

import asyncio
import json
from pathlib import Path

import pytest

from shopwright.sandbox.bambu import (
    Announcing,
    Knobs,
    PrinterConfig,
    PrintOutcome,
    VirtualPrinter,
)
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf
from tests.drivers.peers.environment import python_with

REQUIREMENTS = ("bambu-printer-manager==1.0.3", "paho-mqtt==2.2.0")
SCRIPT = Path(__file__).parent / "bambu_printer_manager_session.py"
LISTENS_AT = "127.0.0.1:2021"  # on this port alone, without joining a group


@pytest.mark.timeout(400)
async def test_bambu_printer_manager_finds_uploads_starts_pauses_resumes_stops_and_deletes(
    tmp_path: Path,
) -> None:
    python = await asyncio.to_thread(python_with, "bambu-printer-manager", REQUIREMENTS)
    file = tmp_path / "peer.gcode.3mf"
    plate = SlicedPlate(prediction_s=3600, layers=77, used_mg={1: 9_990})
    make_gcode_3mf(file, plates=[plate], padding_bytes=300_000)
    config = PrinterConfig(
        name="peer",
        knobs=Knobs(speed=60, report_interval_s=0.1),
        announces=Announcing(ports=(), also=(LISTENS_AT,), interval_s=0.2),
    )
    async with VirtualPrinter(config) as printer:
        report = await _drive(python, printer, file, tmp_path / "cache")

        [record] = printer.prints
        assert (record.file, record.outcome) == (file.name, PrintOutcome.CANCELLED)
        assert set(record.consumed_by_tray_mg) == {2}
        assert not (printer.folder / file.name).exists()
    assert report == {
        "announced": {
            "location": "127.0.0.1",
            "dev_model": "C12",
            "dev_name": "peer",
            "dev_connect": "lan",
            "dev_version": "01.08.00.00",
            "model": "P1S",
        },
        "firmware": "01.08.00.00",
        "stored": [file.stat().st_size],
        "states": ["RUNNING", "PAUSE", "RUNNING", "FAILED"],
        "spools": 5,
        "deleted": True,
    }


async def _drive(python: Path, printer: VirtualPrinter, file: Path, cache: Path) -> object:
    names = ("host", "mqtt_port", "ftps_port", "serial", "access_code")
    facts = {name: getattr(printer, name) for name in names}
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(SCRIPT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    paths = {"file": str(file), "cache": str(cache)}
    output, errors = await process.communicate(json.dumps(facts | paths).encode())
    assert process.returncode == 0, errors.decode()
    return json.loads(output)
