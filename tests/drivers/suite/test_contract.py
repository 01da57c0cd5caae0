"""What every driver does on a good day, whatever its protocol."""

import asyncio
import dataclasses
from contextlib import aclosing
from pathlib import Path

import pytest

from shopwright.fleet.port import (
    AuthenticationFailed,
    Capability,
    Confirmed,
    DeviceCommand,
    Done,
    DriverError,
    PrinterDriver,
    Refused,
    RemoteFile,
    Unconfirmed,
)
from shopwright.fleet.rules import NEEDS
from shopwright.fleet.states import BUSY, Activity, Outcome
from tests.drivers.suite.acts import JOB, begin, name_of, seen, send
from tests.drivers.suite.rigs import MINUTES, RIGS, TIMES, Rig

every = pytest.mark.parametrize("rig", RIGS, indirect=True)


@every
async def test_a_file_is_sent_started_printed_finished_and_deleted(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    told: list[tuple[int, int]] = []
    size = len(await asyncio.to_thread(sliced.read_bytes))
    stored = await send(driver, sliced, progress=lambda *step: told.append(step))
    assert (stored.size, told[-1]) == (size, (size, size))

    answer = await begin(driver, stored)
    assert isinstance(answer, Confirmed)
    assert answer.report.device_job_id == JOB
    assert answer.report.activity in BUSY

    rig.turn(speed=MINUTES * 60 * 10.0)
    end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
    assert (end.outcome, end.activity) == (Outcome.FINISHED, Activity.IDLE)
    assert (end.device_job_id, end.job_name) == (JOB, f"order-1042-{JOB}")
    assert rig.printed() == [sliced.name]

    await driver.delete(sliced.name)
    await driver.delete(sliced.name)  # it may be gone already
    assert rig.stored() == []


@every
async def test_pause_resume_and_cancel_are_seen_in_reports(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    await begin(driver, await send(driver, sliced))
    assert await driver.run(DeviceCommand("pause_print")) == Done()
    await seen(driver, lambda report: report.activity is Activity.PAUSED)
    assert await driver.run(DeviceCommand("resume_print")) == Done()
    await seen(driver, lambda report: report.activity is Activity.PRINTING)
    assert await driver.run(DeviceCommand("cancel_print")) == Done()
    end = await seen(driver, lambda report: report.activity is Activity.IDLE)
    assert (end.outcome, end.device_job_id) == (Outcome.CANCELLED, JOB)


@every
async def test_a_cancel_at_the_printer_is_cancelled(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    await begin(driver, await send(driver, sliced))
    rig.cancel_at_printer()
    end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
    assert (end.outcome, end.device_job_id) == (Outcome.CANCELLED, JOB)


@every
async def test_a_break_down_is_no_success(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    """OctoPrint counts a failed print like a cancelled one while its printer stays connected."""
    await begin(driver, await send(driver, sliced))
    rig.break_down()
    end = await seen(driver, lambda report: report.outcome is not Outcome.NONE)
    expected = Outcome.CANCELLED if rig.name == "octoprint" else Outcome.FAILED
    assert (end.outcome, end.device_job_id) == (expected, JOB)


@every
async def test_reports_carry_temperatures_and_progress(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    await begin(driver, await send(driver, sliced))
    report = await seen(
        driver, lambda report: bool(report.progress and (report.progress.percent or 0) > 0)
    )
    assert report.temperatures is not None
    assert (report.temperatures.nozzle_target or 0) > 200
    assert (report.temperatures.bed_target or 0) > 50
    assert report.progress is not None
    assert (report.progress.remaining_s or 0) > 0


@every
async def test_a_busy_printer_is_not_asked_to_start(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    stored = await send(driver, sliced)
    await begin(driver, stored)
    other = sliced.with_name(name_of(rig.suffix, "731200457"))
    await asyncio.to_thread(sliced.rename, other)
    answer = await begin(driver, await send(driver, other), "731200457")
    assert isinstance(answer, Refused)
    assert answer.sentence.startswith("The printer is not free to start: it reports ")
    assert len(rig.printed()) == 1


@every
async def test_two_starts_at_once_send_one(rig: Rig, driver: PrinterDriver, sliced: Path) -> None:
    stored = await send(driver, sliced)
    answers = await asyncio.gather(begin(driver, stored), begin(driver, stored))
    assert isinstance(answers[0], Confirmed)
    assert answers[1] == Refused("Another print is being started on this printer.")
    assert len(rig.printed()) == 1


@every
async def test_a_missing_file_is_refused(rig: Rig, driver: PrinterDriver) -> None:
    answer = await begin(driver, RemoteFile(name_of(rig.suffix), 1))
    assert isinstance(answer, Refused)
    assert rig.printed() == []


@every
async def test_an_acknowledged_start_that_never_happens_is_unconfirmed(
    rig: Rig, sliced: Path
) -> None:
    rig.turn(never_starts=True)
    async with rig.driver(dataclasses.replace(TIMES, start_s=0.3)) as driver:
        await seen(driver, lambda report: report.is_full)
        answer = await begin(driver, await send(driver, sliced))
    assert isinstance(answer, Unconfirmed)
    assert "did not show the job at work within 0 s" in answer.sentence


@every
async def test_a_file_that_did_not_arrive_whole_is_an_error_and_not_kept(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    rig.truncate_uploads()
    with pytest.raises(DriverError):
        await send(driver, sliced)
    assert rig.stored() == []


@every
async def test_another_file_than_the_one_meant_is_not_kept(
    rig: Rig, driver: PrinterDriver, sliced: Path
) -> None:
    with pytest.raises(DriverError, match="is not the file it should be"):
        await driver.upload(sliced, name=sliced.name, sha256="00" * 32, progress=lambda *_: None)
    assert rig.stored() == []


@every
async def test_a_picture_is_a_jpeg(rig: Rig, driver: PrinterDriver) -> None:
    picture = await driver.snapshot()
    assert (picture[:2], picture[-2:]) == (b"\xff\xd8", b"\xff\xd9")


@every
async def test_pictures_come_one_after_another_without_the_driver_being_connected(rig: Rig) -> None:
    async with aclosing(rig.driver().pictures()) as pictures:
        found = [await anext(pictures), await anext(pictures)]
    assert [picture[:2] for picture in found] == [b"\xff\xd8", b"\xff\xd8"]


@every
async def test_pictures_with_a_wrong_code_are_refused(rig: Rig) -> None:
    async with aclosing(rig.driver(code="wrong").pictures()) as pictures:
        with pytest.raises(AuthenticationFailed):
            await anext(pictures)


@every
async def test_a_sound_printer_is_diagnosed_as_such(rig: Rig) -> None:
    found = await rig.driver().diagnose()
    assert found.is_ok, found.steps
    assert len(found.steps) >= 5


@every
async def test_a_command_is_done_exactly_where_its_capability_is_claimed(
    rig: Rig, driver: PrinterDriver
) -> None:
    arguments: dict[str, dict[str, str | int | float | bool]] = {
        "set_bed_temp": {"target": 60},
        "set_nozzle_temp": {"target": 210},
        "set_fan_speed": {"fan": "part", "target": 50},
        "set_print_speed": {"target": 100},
        "custom_gcode": {"gcode": "M117 hello"},
        "jog": {"x": 10},
        "home_all": {},
    }
    for kind, given in arguments.items():
        answer = await driver.run(DeviceCommand(kind, given))
        if NEEDS[kind] in driver.capabilities:
            assert answer == Done(), kind
        else:
            assert isinstance(answer, Refused), kind
    assert Capability.UPLOAD in driver.capabilities
