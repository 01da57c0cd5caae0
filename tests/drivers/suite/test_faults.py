"""Every driver against the fault list; what a protocol cannot have stands in ``faults``."""

import asyncio
import dataclasses
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from shopwright.fleet.port import (
    AuthenticationFailed,
    Confirmed,
    DriverError,
    PrinterDriver,
    Refused,
)
from shopwright.fleet.states import BUSY, Outcome
from tests.drivers.suite.acts import JOB, begin, seen, send
from tests.drivers.suite.faults import FAULTS, LEFT_OUT
from tests.drivers.suite.rigs import RIGS, TIMES, Rig

NAMES = {
    "connection lost mid-upload": "test_connection_lost_mid_upload",
    "connection lost mid-print": "test_connection_lost_mid_print",
    "duplicate reports": "test_duplicate_reports",
    "reports out of order": "test_reports_out_of_order",
    "printer rebooted": "test_printer_rebooted",
    "job started at the screen": "test_job_started_at_the_screen",
    "wrong code": "test_wrong_code",
    "full card": "test_full_card",
    "silent broker": "test_silent_broker",
    "clock jump": "test_clock_jump",
    "firmware that blocks control": "test_firmware_that_blocks_control",
}


def having(fault: str) -> pytest.MarkDecorator:
    names = [name for name in RIGS if (name, fault) not in LEFT_OUT]
    return pytest.mark.parametrize("rig", names, indirect=True)


def test_every_driver_that_a_printer_may_have_is_on_the_bench() -> None:
    installed = {entry.load() for entry in entry_points(group="shopwright.drivers")}
    assert {rig.driver_class for rig in RIGS.values()} == installed


def test_every_fault_has_its_case_and_every_gap_its_reason() -> None:
    assert tuple(NAMES) == FAULTS
    assert all(callable(globals()[name]) for name in NAMES.values())
    for (driver, fault), reason in LEFT_OUT.items():
        assert driver in RIGS
        assert fault in FAULTS
        assert reason.endswith(".")


@having("connection lost mid-upload")
async def test_connection_lost_mid_upload(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    rig.slow_uploads()
    with pytest.raises(DriverError):
        await send(driver, sliced, progress=lambda *_: rig.drop())
    assert rig.printed() == []
    rig.turn(upload_bytes_per_s=0)
    async with rig.driver() as again:
        await seen(again, lambda report: report.is_full)
        whole = await send(again, sliced)  # over what an FTP server kept of the first try
        assert whole.size == len(await asyncio.to_thread(sliced.read_bytes))
        assert isinstance(await begin(again, whole), Confirmed)
    assert rig.printed() == [sliced.name]


@having("connection lost mid-print")
async def test_connection_lost_mid_print(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    await begin(driver, await send(driver, sliced))
    await rig.lose_link()
    with pytest.raises(DriverError):
        await seen(driver, lambda report: report.outcome is not Outcome.NONE)
    await rig.restore_link()
    async with rig.driver() as again:
        report = await seen(again, lambda report: report.is_full and report.activity in BUSY)
        assert report.device_job_id == JOB
        rig.turn(speed=6000.0)
        end = await seen(again, lambda report: report.outcome is not Outcome.NONE)
    assert (end.outcome, end.device_job_id) == (Outcome.FINISHED, JOB)
    assert len(rig.printed()) == 1


@having("duplicate reports")
async def test_duplicate_reports(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    rig.turn(has_duplicate_reports=True)
    await _print_to_the_end(rig, driver, sliced)


@having("reports out of order")
async def test_reports_out_of_order(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    rig.turn(has_unordered_reports=True)
    await _print_to_the_end(rig, driver, sliced)


@having("printer rebooted")
async def test_printer_rebooted(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    """The print is gone; whatever the printer says of it, it is no success."""
    await begin(driver, await send(driver, sliced))
    await rig.reboot()
    try:
        report = await seen(driver, lambda report: report.activity not in BUSY)
    except DriverError:
        async with rig.driver() as again:
            report = await seen(again, lambda report: report.is_full)
    assert report.activity not in BUSY
    assert report.outcome in {Outcome.NONE, Outcome.FAILED}
    assert len(rig.printed()) == 1


@having("job started at the screen")
async def test_job_started_at_the_screen(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    stored = await send(driver, sliced)
    rig.start_at_screen()
    report = await seen(driver, lambda report: report.activity in BUSY)
    assert report.device_job_id is None
    assert report.job_name == "screen"
    answer = await begin(driver, stored)
    assert isinstance(answer, Refused)
    assert len(rig.printed()) == 1


@having("wrong code")
async def test_wrong_code(rig: Rig) -> None:
    with pytest.raises(AuthenticationFailed):
        async with rig.driver(code="00000000"):
            pass
    found = await rig.driver(code="00000000").diagnose()
    assert found.finding == "wrong_code"


@having("full card")
async def test_full_card(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    rig.fill_storage(is_full=True)
    with pytest.raises(DriverError):
        await send(driver, sliced)
    assert rig.stored() == []
    rig.fill_storage(is_full=False)
    assert (await send(driver, sliced)).size > 0


@having("silent broker")
async def test_silent_broker(rig: Rig) -> None:
    times = dataclasses.replace(TIMES, silence_s=0.3, command_s=0.1)
    async with rig.driver(times) as driver:
        await seen(driver, lambda report: report.is_full)
        rig.turn(is_silent=True)
        with pytest.raises(DriverError, match="said nothing for"):
            await seen(driver, lambda _: False)


@having("clock jump")
async def test_clock_jump(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    """The printer's clock goes back a day while the print runs to its end."""
    await begin(driver, await send(driver, sliced))
    rig.jump_clock()
    end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
    assert (end.outcome, end.device_job_id) == (Outcome.FINISHED, JOB)
    assert len(rig.printed()) == 1


@having("firmware that blocks control")
async def test_firmware_that_blocks_control(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    stored = await send(driver, sliced)
    rig.block_control()
    answer = await begin(driver, stored)
    assert isinstance(answer, Refused)
    assert rig.printed() == []


async def _print_to_the_end(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    assert isinstance(await begin(driver, await send(driver, sliced)), Confirmed)
    rig.turn(speed=6000.0)
    end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
    assert (end.outcome, end.device_job_id) == (Outcome.FINISHED, JOB)
    assert len(rig.printed()) == 1
