"""Moonraker's own ways, over HTTP against its stand-in."""

from collections.abc import AsyncIterator

import pytest

from shopwright.drivers.moonraker.driver import MoonrakerDriver
from shopwright.fleet.port import (
    AuthenticationFailed,
    DeviceCommand,
    Done,
    Endpoint,
    Finding,
    Refused,
    Timeouts,
)
from shopwright.fleet.states import Activity, Outcome
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.plain.server import StandInConfig
from tests.drivers.suite.acts import seen


@pytest.fixture
async def printer() -> AsyncIterator[MoonrakerSandbox]:
    async with MoonrakerSandbox() as stand_in:
        stand_in.knobs.speed = 30
        yield stand_in


def driver_of(printer: MoonrakerSandbox, key: str | None = None) -> MoonrakerDriver:
    place = Endpoint(
        host=printer.host,
        serial=None,
        access_code=printer.key if key is None else key,
        http_port=printer.port,
        options={"poll_s": "0.02"},
    )
    return MoonrakerDriver(place, timeouts=Timeouts(start_s=5, command_s=3))


async def test_a_moonraker_that_trusts_us_needs_no_key() -> None:
    async with (
        MoonrakerSandbox(StandInConfig(key="")) as printer,
        driver_of(printer, "") as driver,
    ):
        report = await seen(driver, lambda report: report.is_full)
    assert (report.activity, report.firmware) == (Activity.IDLE, "Moonraker v0.9.3-1")


async def test_a_moonraker_that_does_not_wants_one(printer: MoonrakerSandbox) -> None:
    with pytest.raises(AuthenticationFailed, match="add this server to trusted_clients"):
        async with driver_of(printer, ""):
            pass


async def test_a_shutdown_in_the_middle_fails_the_print_and_the_restart_forgets_nothing(
    printer: MoonrakerSandbox,
) -> None:
    async with driver_of(printer) as driver:
        printer.start_at_screen("")
        await seen(driver, lambda report: report.activity is Activity.PRINTING)
        printer.shut_down()
        down = await seen(driver, lambda report: report.activity is Activity.ERROR)
        assert (down.outcome, down.job_name) == (Outcome.FAILED, "screen")
        refused = await driver.run(DeviceCommand("home_all"))
        assert isinstance(refused, Refused)
        assert refused.sentence.startswith("Klipper refused: MCU 'mcu' shutdown")
        assert (await driver.diagnose()).steps[-2].finding is Finding.SILENT
        printer.restart_firmware()
        up = await seen(driver, lambda report: report.activity is Activity.IDLE)
        assert (up.outcome, up.job_name) == (Outcome.FAILED, "screen")


async def test_a_klipper_that_is_gone_is_an_error_until_it_is_back(
    printer: MoonrakerSandbox,
) -> None:
    async with driver_of(printer) as driver:
        printer.klippy = "disconnected"
        gone = await seen(driver, lambda report: report.activity is Activity.ERROR)
        assert (gone.native, gone.outcome) == ("disconnected", Outcome.NONE)
        printer.klippy = "ready"
        await seen(driver, lambda report: report.activity is Activity.IDLE)


async def test_commands_that_make_no_sense_are_not_sent(printer: MoonrakerSandbox) -> None:
    """Klipper's macros answer ok to all of them."""
    async with driver_of(printer) as driver:
        for kind in ("pause_print", "resume_print", "cancel_print"):
            answer = await driver.run(DeviceCommand(kind))
            assert answer == Refused(f"The printer is standby, so it cannot {kind}.")


async def test_gcode_goes_as_one_script_and_its_error_is_told(printer: MoonrakerSandbox) -> None:
    async with driver_of(printer) as driver:
        assert await driver.run(DeviceCommand("jog", {"y": 10})) == Done()
        wrong = await driver.run(DeviceCommand("custom_gcode", {"gcode": "!!!"}))
    assert wrong == Refused("Klipper refused: Malformed command '!!!'", "400")
    assert printer.machine.gcode_lines == ["G91", "G1 Y10 F3000", "G90"]


async def test_layers_and_remaining_time_are_shown(printer: MoonrakerSandbox) -> None:
    async with driver_of(printer) as driver:
        printer.start_at_screen()
        printer.skip_ahead(300)
        report = await seen(
            driver, lambda r: r.progress is not None and (r.progress.percent or 0) >= 50
        )
    assert report.progress is not None
    assert (report.progress.layers, report.progress.layer) == (50, 26)
    assert 200 < (report.progress.remaining_s or 0) <= 300
