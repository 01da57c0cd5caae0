"""Our driver prints on a real OctoPrint with its bundled virtual printer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopwright.drivers.octoprint.driver import OctoPrintDriver
from shopwright.fleet.port import (
    AuthenticationFailed,
    Confirmed,
    DeviceCommand,
    Done,
    Endpoint,
    Finding,
    Refused,
    Timeouts,
)
from shopwright.fleet.states import Activity, Outcome
from tests.drivers.peers.octoprint_server import OctoPrintServer, run_octoprint
from tests.drivers.suite.acts import begin, name_of, seen, send

pytestmark = [pytest.mark.system, pytest.mark.long, pytest.mark.timeout(400)]
PAUSE_S = 30.0  # OctoPrint waits for the position before it calls itself paused
FIRST, SECOND = "731200001", "731200002"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OctoPrintServer]:
    async with run_octoprint(tmp_path_factory.mktemp("octoprint")) as running:
        yield running


def driver_of(server: OctoPrintServer, key: str = "") -> OctoPrintDriver:
    options = {"poll_s": "0.1"}
    place = Endpoint(server.host, None, key or server.key, http_port=server.port, options=options)
    return OctoPrintDriver(place, timeouts=Timeouts(start_s=20))


def make_file(folder: Path, job: str, moves: int) -> Path:
    """Each move waits a little: what its buffer holds is printed before a pause. Without G90 the
    virtual printer takes moves as relative."""
    file = folder / name_of(".gcode", job)
    lines = ["G90", "M82", *(f"G4 P200\nG1 X{number} Y10 F3000" for number in range(moves))]
    file.write_text("\n".join(lines) + "\n")
    return file


async def test_a_print_is_uploaded_started_paused_resumed_cancelled_and_deleted(
    server: OctoPrintServer, tmp_path: Path
) -> None:
    async with driver_of(server) as driver:
        file = make_file(tmp_path, FIRST, moves=400)
        stored = await send(driver, file)
        assert stored.size == file.stat().st_size
        started = await begin(driver, stored, FIRST)
        assert isinstance(started, Confirmed)
        assert started.report.device_job_id == FIRST
        assert isinstance(await begin(driver, stored, FIRST), Refused)

        assert await driver.run(DeviceCommand("pause_print")) == Done()
        await seen(driver, lambda report: report.activity is Activity.PAUSED, PAUSE_S)
        assert await driver.run(DeviceCommand("resume_print")) == Done()
        await seen(driver, lambda report: report.activity is Activity.PRINTING, PAUSE_S)
        assert await driver.run(DeviceCommand("cancel_print")) == Done()
        end = await seen(driver, lambda report: report.outcome is not Outcome.NONE, PAUSE_S)
        assert (end.outcome, end.device_job_id) == (Outcome.CANCELLED, FIRST)

        await driver.delete(stored.path)
        await driver.delete(stored.path)
        forgotten = await seen(driver, lambda report: report.device_job_id is None)
        assert forgotten.activity is Activity.IDLE


async def test_a_print_that_ends_by_itself_is_finished_also_for_a_later_connection(
    server: OctoPrintServer, tmp_path: Path
) -> None:
    async with driver_of(server) as driver:
        stored = await send(driver, make_file(tmp_path, SECOND, moves=8))
        assert isinstance(await begin(driver, stored, SECOND), Confirmed)
        end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
        assert (end.outcome, end.device_job_id) == (Outcome.FINISHED, SECOND)
    async with driver_of(server) as later:
        again = await seen(later, lambda report: report.outcome is not Outcome.NONE)
        assert (again.outcome, again.device_job_id) == (Outcome.FINISHED, SECOND)
        await later.delete(stored.path)


async def test_heat_and_the_jog_of_the_head_are_taken(server: OctoPrintServer) -> None:
    async with driver_of(server) as driver:
        assert await driver.run(DeviceCommand("set_bed_temp", {"target": 45})) == Done()
        assert await driver.run(DeviceCommand("jog", {"x": 5, "speed": 3000})) == Done()
        report = await seen(
            driver,
            lambda report: report.temperatures is not None and report.temperatures.bed_target == 45,
        )
        assert report.firmware == "OctoPrint 1.11.8"
        assert isinstance(await driver.run(DeviceCommand("cancel_print")), Refused)


async def test_a_wrong_key_is_told_from_a_closed_port(server: OctoPrintServer) -> None:
    with pytest.raises(AuthenticationFailed, match="refused the API key"):
        async with driver_of(server, "0" * 32):
            pass
    wrong = await driver_of(server, "0" * 32).diagnose()
    assert wrong.finding is Finding.WRONG_CODE
    closed = OctoPrintServer(server.host, 1, server.key)
    assert (await driver_of(closed).diagnose()).finding is Finding.PORT_CLOSED
    assert (await driver_of(server).diagnose()).is_ok
