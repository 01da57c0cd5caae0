"""PrusaLink's own ways, over HTTP against its stand-in."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopwright.drivers.prusalink.driver import PrusaLinkDriver
from shopwright.fleet.port import (
    AuthenticationFailed,
    Confirmed,
    DeviceCommand,
    DriverError,
    Endpoint,
    Finding,
    Refused,
    Timeouts,
)
from shopwright.fleet.states import Activity, Outcome
from shopwright.sandbox.plain.server import make_gcode
from shopwright.sandbox.prusalink import AuthMode, PrusaLinkSandbox
from shopwright.sandbox.prusalink.digest import USES_OF_A_NONCE
from tests.drivers.suite.acts import JOB, begin, name_of, seen, send


@pytest.fixture
async def printer() -> AsyncIterator[PrusaLinkSandbox]:
    async with PrusaLinkSandbox() as stand_in:
        stand_in.knobs.speed = 30
        yield stand_in


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / name_of(".gcode")
    path.write_bytes(make_gcode(padding_bytes=400_000))
    return path


def driver_of(printer: PrusaLinkSandbox, code: str = "", **options: str) -> PrusaLinkDriver:
    place = Endpoint(
        host=printer.host,
        serial=None,
        access_code=code or printer.key,
        http_port=printer.port,
        options={"poll_s": "0.01", **options},
    )
    return PrusaLinkDriver(place, timeouts=Timeouts(start_s=5, command_s=3, upload_min_s=10))


@pytest.mark.parametrize("auth", AuthMode)
async def test_every_way_to_sign_in_prints(auth: AuthMode, file: Path) -> None:
    async with PrusaLinkSandbox(auth=auth) as printer, driver_of(printer) as driver:
        assert isinstance(await begin(driver, await send(driver, file)), Confirmed)
        assert [record.file for record in printer.machine.prints] == [file.name]


async def test_user_and_password_sign_in_by_digest_alone(printer: PrusaLinkSandbox) -> None:
    async with driver_of(printer, f"maker:{printer.key}") as driver:
        report = await seen(driver, lambda report: report.is_full)
    assert (report.serial, report.nozzle_mm) == (f"SN-{printer.port}", 0.4)


@pytest.mark.parametrize("auth", AuthMode)
@pytest.mark.parametrize("code", ["wrong", "maker:wrong", "someone:wrong"])
async def test_a_wrong_password_is_told(auth: AuthMode, code: str) -> None:
    async with PrusaLinkSandbox(auth=auth) as printer:
        with pytest.raises(AuthenticationFailed, match="refused the password"):
            async with driver_of(printer, code):
                pass


async def test_a_nonce_that_grew_stale_is_replaced_in_silence(file: Path) -> None:
    async with (
        PrusaLinkSandbox(auth=AuthMode.DIGEST_ONLY) as printer,
        driver_of(printer) as driver,
    ):
        for _ in range(USES_OF_A_NONCE):
            await driver.delete("nothing.gcode")
        stored = await send(driver, file)
        assert stored.size == printer.machine.files[file.name].size > 400_000
        await seen(driver, lambda report: report.is_full)


async def test_a_password_changed_at_the_printer_ends_the_reports(
    printer: PrusaLinkSandbox,
) -> None:
    async with driver_of(printer) as driver:
        printer.change_key("another")
        with pytest.raises(AuthenticationFailed, match="refused the password"):
            await seen(driver, lambda _: False)


async def test_there_is_one_request_at_a_time_also_during_an_upload(
    printer: PrusaLinkSandbox, file: Path
) -> None:
    printer.knobs.upload_bytes_per_s = 2_000_000
    async with driver_of(printer) as driver:
        uploading = asyncio.create_task(send(driver, file))
        other = asyncio.create_task(driver.delete("nothing.gcode"))
        await asyncio.gather(uploading, other)
    assert printer.most_at_once == 1


async def test_a_printer_without_a_stick_is_named(printer: PrusaLinkSandbox, file: Path) -> None:
    printer.knobs.has_storage = False
    async with driver_of(printer) as driver:
        report = await seen(driver, lambda report: report.is_full)
        assert report.has_storage is False
        with pytest.raises(DriverError, match="no writable USB stick"):
            await send(driver, file)
        assert (await driver.diagnose()).steps[-1].finding is Finding.NO_STORAGE


async def test_a_storage_that_is_named_and_missing_is_not_replaced(
    printer: PrusaLinkSandbox, file: Path
) -> None:
    async with driver_of(printer, storage="local") as driver:
        with pytest.raises(DriverError, match="no writable USB stick"):
            await send(driver, file)


async def test_a_dismissed_end_leaves_the_end_known(printer: PrusaLinkSandbox, file: Path) -> None:
    async with driver_of(printer) as driver:
        await begin(driver, await send(driver, file))
        printer.skip_ahead(3600)
        end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
        assert (end.outcome, end.device_job_id) == (Outcome.FINISHED, JOB)
        printer.dismiss()
        idle = await seen(driver, lambda report: report.native == "IDLE")
        assert (idle.outcome, idle.device_job_id) == (Outcome.NONE, None)


async def test_a_question_on_the_screen_holds_the_start_back(
    printer: PrusaLinkSandbox, file: Path
) -> None:
    async with driver_of(printer) as driver:
        stored = await send(driver, file)
        printer.attention = "Nozzle cleaning failed"
        answer = await begin(driver, stored)
        assert answer == Refused("The printer is not free to start: it reports ATTENTION.")
        await seen(driver, lambda report: report.activity is Activity.ERROR)


async def test_what_the_protocol_has_no_way_for_names_the_capability(
    printer: PrusaLinkSandbox,
) -> None:
    async with driver_of(printer) as driver:
        heat = await driver.run(DeviceCommand("set_bed_temp", {"target": 60}))
        pause = await driver.run(DeviceCommand("pause_print"))
    assert heat == Refused("PrusaLink cannot set_bed_temp: it lacks the capability TEMPERATURE.")
    assert pause == Refused("The printer has no job, so it cannot pause_print.")
