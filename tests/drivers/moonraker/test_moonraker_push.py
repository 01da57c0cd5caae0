"""What Klipper pushes is heard at once, and where it pushes nothing the driver asks."""

from collections.abc import AsyncIterator

import pytest

from shopwright.drivers.moonraker.driver import MoonrakerDriver
from shopwright.drivers.moonraker.objects import Objects
from shopwright.fleet.port import DriverError, Endpoint, Timeouts
from shopwright.fleet.states import BUSY, Activity, Outcome
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.plain.server import StandInConfig
from tests.drivers.suite.acts import seen

NEVER_S = "3600"  # so seldom is it asked that what is seen was pushed
PATIENCE_S = 30.0


@pytest.fixture
async def printer() -> AsyncIterator[MoonrakerSandbox]:
    async with MoonrakerSandbox() as stand_in:
        stand_in.knobs.speed = 30
        yield stand_in


def driver_of(
    printer: MoonrakerSandbox, poll_s: str = NEVER_S, silence_s: float = 60.0
) -> MoonrakerDriver:
    place = Endpoint(
        host=printer.host,
        serial=None,
        access_code=printer.key,
        http_port=printer.port,
        options={"poll_s": poll_s},
    )
    return MoonrakerDriver(place, timeouts=Timeouts(start_s=5, command_s=0.5, silence_s=silence_s))


async def test_a_print_is_followed_to_its_end_without_a_question(
    printer: MoonrakerSandbox,
) -> None:
    async with driver_of(printer) as driver:
        await seen(driver, lambda report: report.activity is Activity.IDLE)
        asked = printer.queries
        printer.start_at_screen("")
        await seen(driver, lambda report: report.activity in BUSY, PATIENCE_S)
        printer.knobs.speed = 6000
        end = await seen(driver, lambda report: report.outcome is not Outcome.NONE, PATIENCE_S)
        assert (end.outcome, end.job_name) == (Outcome.FINISHED, "screen")
        assert printer.queries == asked


async def test_a_printer_that_tells_by_itself_is_seldom_asked(printer: MoonrakerSandbox) -> None:
    async with driver_of(printer, "0.02") as driver:
        printer.start_at_screen("")
        await seen(driver, lambda report: report.activity in BUSY, PATIENCE_S)
        heard = 0

        def is_enough(_: object) -> bool:
            nonlocal heard
            heard += 1
            return heard > 50

        asked = printer.queries
        await seen(driver, is_enough, PATIENCE_S)
        assert printer.queries - asked < 25


async def test_without_a_websocket_it_is_asked_as_ever(printer: MoonrakerSandbox) -> None:
    printer.knobs.has_push = False
    async with driver_of(printer, "0.02") as driver:
        printer.start_at_screen("")
        await seen(driver, lambda report: report.activity in BUSY, PATIENCE_S)
        printer.knobs.speed = 6000
        end = await seen(driver, lambda report: report.outcome is not Outcome.NONE, PATIENCE_S)
    assert end.outcome is Outcome.FINISHED


async def test_a_push_that_falls_silent_is_no_proof_of_life(printer: MoonrakerSandbox) -> None:
    printer.start_at_screen("")
    async with driver_of(printer, "0.02", silence_s=0.3) as driver:
        await seen(driver, lambda report: report.activity in BUSY, PATIENCE_S)
        printer.knobs.is_silent = True
        with pytest.raises(DriverError, match="said nothing for"):
            await seen(driver, lambda _: False, PATIENCE_S)


async def test_klipper_that_goes_and_comes_is_subscribed_to_anew(
    printer: MoonrakerSandbox,
) -> None:
    async with driver_of(printer) as driver:
        await seen(driver, lambda report: report.activity is Activity.IDLE)
        printer.shut_down()
        broken = await seen(driver, lambda r: r.activity is Activity.ERROR, PATIENCE_S)
        assert broken.native == "shutdown"
        printer.restart_firmware()
        await seen(driver, lambda r: r.activity is Activity.IDLE, PATIENCE_S)
        asked = printer.queries
        printer.start_at_screen("")
        await seen(driver, lambda report: report.activity in BUSY, PATIENCE_S)
        assert printer.queries == asked


async def test_a_moonraker_that_trusts_us_pushes_without_a_token() -> None:
    async with (
        MoonrakerSandbox(StandInConfig(key="")) as trusting,
        driver_of(trusting) as driver,
    ):
        trusting.start_at_screen("")
        await seen(driver, lambda report: report.activity in BUSY, PATIENCE_S)


def test_pushes_are_merged_member_by_member() -> None:
    objects = Objects()
    objects.apply({"extruder": {"temperature": 20.0, "target": 0.0}, "webhooks": {}}, 10.0)
    objects.apply({"extruder": {"target": 215.0}}, 11.0)
    assert objects.values == {"extruder": {"temperature": 20.0, "target": 215.0}, "webhooks": {}}


def test_an_older_push_changes_only_what_no_newer_one_told() -> None:
    objects = Objects()
    objects.apply({"print_stats": {"state": "standby", "filename": ""}}, 10.0)
    objects.apply({"print_stats": {"state": "complete"}}, 13.0)
    objects.apply({"print_stats": {"state": "printing", "filename": "a.gcode"}}, 12.0)
    objects.apply({"print_stats": {"state": "complete"}}, 13.0)
    assert objects.values == {"print_stats": {"state": "complete", "filename": "a.gcode"}}


def test_a_host_that_was_started_anew_counts_from_its_own_start() -> None:
    objects = Objects()
    objects.apply({"print_stats": {"state": "printing"}}, 100_000.0)
    objects.apply({"print_stats": {"state": "standby"}}, 30.0)
    assert objects.values == {"print_stats": {"state": "standby"}}
    objects.clear()
    assert objects.values == {}
