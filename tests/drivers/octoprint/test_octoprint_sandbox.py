"""OctoPrint's own ways, over HTTP against its stand-in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopwright.drivers.octoprint.client import NO_CONTROL
from shopwright.drivers.octoprint.driver import OctoPrintDriver
from shopwright.drivers.octoprint.reports import OFFLINE
from shopwright.fleet.port import (
    DeviceCommand,
    Done,
    DriverError,
    Endpoint,
    Finding,
    Refused,
    Timeouts,
)
from shopwright.fleet.states import Activity, Outcome
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.server import StandIn
from tests.drivers.suite.acts import seen


@pytest.fixture
async def printer() -> AsyncIterator[OctoPrintSandbox]:
    async with OctoPrintSandbox() as stand_in:
        stand_in.knobs.speed = 30
        yield stand_in


def driver_of(printer: StandIn) -> OctoPrintDriver:
    place = Endpoint(
        printer.host, None, printer.key, http_port=printer.port, options={"poll_s": "0.02"}
    )
    return OctoPrintDriver(place, timeouts=Timeouts(start_s=5, command_s=3))


async def test_a_printer_that_fell_off_its_line_is_named_and_comes_back(
    printer: OctoPrintSandbox,
) -> None:
    async with driver_of(printer) as driver:
        printer.start_at_screen()
        await seen(driver, lambda report: report.activity is Activity.PRINTING)
        await printer.reboot()
        lost = await seen(driver, lambda report: report.activity is Activity.ERROR)
        assert (lost.outcome, lost.faults[0].sentence) == (Outcome.FAILED, OFFLINE)
        diagnosis = await driver.diagnose()
        assert [step.name for step in diagnosis.steps if step.finding is not Finding.OK] == [
            "printer"
        ]
        printer.attach()
        await seen(driver, lambda report: report.activity is Activity.IDLE)


async def test_commands_are_the_gcode_they_stand_for(printer: OctoPrintSandbox) -> None:
    async with driver_of(printer) as driver:
        for kind, arguments in (
            ("set_nozzle_temp", {"target": 210}),
            ("set_fan_speed", {"target": 100}),
            ("set_flow_rate", {"target": 95}),
            ("jog", {"x": 5, "z": -1.5}),
        ):
            assert await driver.run(DeviceCommand(kind, arguments)) == Done()
        await seen(
            driver, lambda r: r.temperatures is not None and r.temperatures.nozzle_target == 210
        )
    assert printer.machine.gcode_lines == [
        *("M104 S210", "M106 S255", "M221 S95"),
        *("G91", "G1 X5 Z-1.5 F300", "G90"),
    ]


async def test_a_cold_nozzle_and_a_running_print_are_protected(printer: OctoPrintSandbox) -> None:
    async with driver_of(printer) as driver:
        cold = await driver.run(DeviceCommand("extrude", {"distance": 5}))
        assert cold == Refused("The nozzle has 25 °C; heat it to 170 °C first.")
        printer.start_at_screen()
        await seen(driver, lambda report: report.activity is Activity.PRINTING)
        moved = await driver.run(DeviceCommand("home_all"))
        assert moved == Refused("The printer is at work; homing would ruin the print.")
    assert printer.machine.gcode_lines == []


async def test_a_key_that_may_only_look_is_told_so(printer: OctoPrintSandbox) -> None:
    printer.knobs.refuses_control = True
    async with driver_of(printer) as driver:
        answer = await driver.run(DeviceCommand("home_all"))
    assert answer == Refused(f"OctoPrint refused: {NO_CONTROL}", "403")


async def test_no_command_fits_an_idle_printer(printer: OctoPrintSandbox) -> None:
    async with driver_of(printer) as driver:
        answer = await driver.run(DeviceCommand("pause_print"))
        light = await driver.run(DeviceCommand("light_on"))
    assert answer == Refused("OctoPrint refused: Printer is neither printing nor paused", "409")
    assert light == Refused("OctoPrint cannot light_on: it lacks the capability LIGHT.")


async def test_a_printer_without_a_camera_says_so(printer: OctoPrintSandbox) -> None:
    printer.knobs.has_camera = False
    async with driver_of(printer) as driver:
        with pytest.raises(DriverError, match="has no camera"):
            await driver.snapshot()


async def test_another_program_at_the_address_is_named() -> None:
    async with MoonrakerSandbox() as other:
        found = await driver_of(other).diagnose()
        assert found.finding is Finding.WRONG_PRINTER
        with pytest.raises(DriverError, match="is not OctoPrint"):
            async with driver_of(other):
                pass


async def test_a_sliced_3mf_is_not_sent(printer: OctoPrintSandbox) -> None:
    async with driver_of(printer) as driver:
        with pytest.raises(DriverError, match="plain G-code only"):
            await driver.upload(
                Path(__file__), name="order-7.gcode.3mf", sha256="", progress=lambda *_: None
            )
    assert printer.machine.files == {}
