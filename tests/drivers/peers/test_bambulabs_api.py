"""An independent client can use the virtual printer: what it believes of a printer, ours does."""

import asyncio
import json
from pathlib import Path

import pytest

from shopwright.sandbox.bambu import Knobs, PrinterConfig, PrintOutcome, VirtualPrinter
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf
from tests.drivers.peers.environment import python_with

REQUIREMENTS = ("bambulabs-api==2.6.6", "paho-mqtt==2.2.0", "pillow==13.0.0")
SCRIPT = Path(__file__).parent / "bambulabs_api_session.py"


@pytest.mark.timeout(400)
async def test_bambulabs_api_connects_uploads_starts_pauses_resumes_and_stops(
    tmp_path: Path,
) -> None:
    python = await asyncio.to_thread(python_with, "bambulabs-api", REQUIREMENTS)
    file = tmp_path / "peer.gcode.3mf"
    plate = SlicedPlate(prediction_s=3600, layers=77, used_mg={1: 9_990})
    make_gcode_3mf(file, plates=[plate], padding_bytes=300_000)
    config = PrinterConfig(knobs=Knobs(speed=60, report_interval_s=0.1))

    async with VirtualPrinter(config) as printer:
        report = await _drive(python, printer, file)

        assert (printer.folder / file.name).read_bytes() == file.read_bytes()
        [record] = printer.prints
        assert (record.file, record.outcome) == (file.name, PrintOutcome.CANCELLED)
        assert set(record.consumed_by_tray_mg) == {2}
    assert report == {
        "firmware": "01.08.00.00",
        "upload": "226 Transfer complete.",
        "frame": ["ffd8ffe0", "ffd9"],
        "states": ["RUNNING", "PAUSE", "RUNNING", "FAILED"],
        "layers": 77,
        "nozzle_target": 0.0,
    }


async def _drive(python: Path, printer: VirtualPrinter, file: Path) -> dict[str, object]:
    names = ("host", "mqtt_port", "ftps_port", "camera_port", "serial", "access_code")
    facts = {name: getattr(printer, name) for name in names} | {"file": str(file)}
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(SCRIPT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(json.dumps(facts).encode())
    assert process.returncode == 0, errors.decode()
    report: dict[str, object] = json.loads(output)
    return report
