"""A print from upload to finish over the real protocols, and every way it can go wrong."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shopwright.sandbox.bambu import (
    GcodeState,
    Knobs,
    PrinterConfig,
    PrintOutcome,
    Spool,
    VirtualPrinter,
)
from shopwright.sandbox.sliced_files import SlicedFilament, SlicedPlate, make_gcode_3mf
from tests.sandbox.bambu.clients import BareClient, upload

PLATE = SlicedPlate(name="bracket", prediction_s=600, layers=50, used_mg={1: 12_340})
FILE = "bracket.gcode.3mf"


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    knobs = Knobs(speed=6000, report_interval_s=0.02, error_hold_s=0.2)
    async with VirtualPrinter(PrinterConfig(knobs=knobs)) as virtual:
        make_gcode_3mf(virtual.folder / FILE, plates=[PLATE])
        yield virtual


@pytest.fixture
async def client(printer: VirtualPrinter) -> AsyncIterator[BareClient]:
    async with BareClient(printer) as bare:
        await bare.request("pushing", "pushall")
        await bare.until_state("IDLE")
        yield bare


async def test_uploaded_file_prints_to_the_end_and_uses_what_it_says(
    printer: VirtualPrinter, client: BareClient
) -> None:
    content = make_gcode_3mf(plates=[PLATE])
    await asyncio.to_thread(upload, printer, "up.gcode.3mf", content)
    assert (printer.folder / "up.gcode.3mf").read_bytes() == content

    await client.start("up.gcode.3mf", subtask_id="4711")
    await client.until_state("FINISH")

    states = [m["print"].get("gcode_state") for m in client.messages if "print" in m]
    seen = [s for i, s in enumerate(s for s in states if s)]
    assert [s for i, s in enumerate(seen) if i == 0 or seen[i - 1] != s] == [
        "IDLE",
        "PREPARE",
        "RUNNING",
        "FINISH",
    ]
    assert client.state["subtask_id"] == "4711"
    assert client.state["mc_percent"] == 100
    assert client.state["layer_num"] == client.state["total_layer_num"] == 50
    assert client.state["mc_remaining_time"] == 0
    [record] = printer.prints
    assert record.outcome is PrintOutcome.FINISHED
    assert record.consumed_mg == {1: 12_340}
    assert record.consumed_by_tray_mg == {0: 12_340}
    spool = printer.machine.ams.spool(0)
    assert spool is not None
    assert spool.remaining_mg == 1_000_000 - 12_340


async def test_two_filaments_come_from_the_mapped_trays_and_outside(
    printer: VirtualPrinter, client: BareClient
) -> None:
    plate = SlicedPlate(prediction_s=60, used_mg={1: 1_000, 3: 2_000})
    filaments = [SlicedFilament(), SlicedFilament(), SlicedFilament()]
    make_gcode_3mf(printer.folder / "two.gcode.3mf", plates=[plate], filaments=filaments)
    second = [
        {"ams_id": 0, "slot_id": 2},
        {"ams_id": 255, "slot_id": 255},
        {"ams_id": 255, "slot_id": 0},
    ]
    await client.start("two.gcode.3mf", ams_mapping=[2, -1, -1], ams_mapping2=second)
    await client.until_state("FINISH")
    assert printer.prints[0].consumed_by_tray_mg == {2: 1_000, 254: 2_000}


async def test_missing_file_is_a_card_fault_and_prints_nothing(
    printer: VirtualPrinter, client: BareClient
) -> None:
    await client.start("nowhere.gcode.3mf")
    await client.until_state("FAILED")
    assert client.state["print_error"] == 0x0500_C010
    assert printer.prints == []
    assert printer.machine.refusals == [("731", 0x0500_C010)]


async def test_missing_plate_and_paths_outside_the_card_are_card_faults(
    printer: VirtualPrinter, client: BareClient
) -> None:
    (printer.folder.parent / "outside.3mf").write_bytes(make_gcode_3mf())
    await client.start(FILE, param="Metadata/plate_2.gcode")
    await client.start("../outside.3mf")
    await printer.until(lambda p: len(p.machine.refusals) == 2)
    assert [error for _, error in printer.machine.refusals] == [0x0500_C010] * 2
    (printer.folder.parent / "outside.3mf").unlink()


async def test_empty_tray_is_a_mapping_error(printer: VirtualPrinter, client: BareClient) -> None:
    printer.put_spool(1, None)
    await client.start(FILE, ams_mapping=[1])
    await client.until(lambda: client.state.get("print_error") == 0x0700_8012)
    assert printer.prints == []


async def test_pause_resume_and_stop(printer: VirtualPrinter, client: BareClient) -> None:
    printer.knobs.speed = 60
    await client.start(FILE)
    await client.until_state("RUNNING")
    assert (await client.ask("print", "pause", param=""))["result"] == "success"
    await client.until_state("PAUSE")
    assert client.state["stg_cur"] == 16
    await client.ask("print", "resume", param="")
    await client.until_state("RUNNING")
    await client.ask("print", "stop", param="")
    await client.until_state("FAILED")
    assert client.state["print_error"] == 50348044
    assert client.state["mc_percent"] == 0
    await client.until(lambda: client.state["print_error"] == 0)
    assert client.state["gcode_state"] == "FAILED"
    assert [r.outcome for r in printer.prints] == [PrintOutcome.CANCELLED]


async def test_start_while_busy_is_an_error_and_the_job_goes_on(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.speed = 600
    await client.start(FILE, subtask_id="1")
    await client.until_state("RUNNING")
    await client.start(FILE, subtask_id="2")
    await client.until(lambda: client.state["print_error"] == 83902468)
    await client.until_state("FINISH")
    assert [(r.subtask_id, r.outcome) for r in printer.prints] == [("1", PrintOutcome.FINISHED)]


async def test_failure_at_a_percent_reports_its_code_and_part_of_the_grams(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.fail_at_percent = 55.0
    printer.knobs.fail_error = 0x0300_8009
    await client.start(FILE)
    await client.until_state("FAILED")
    assert client.state["print_error"] == 0x0300_8009
    [record] = printer.prints
    assert record.percent == 55.0
    assert record.consumed_mg == {1: 6_170}  # preparation is 60 of 600 s: half of the extrusion


async def test_spool_that_is_too_short_runs_out_and_a_new_one_goes_on(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.put_spool(0, Spool(remaining_mg=5_000))
    await client.start(FILE)
    await client.until_state("PAUSE")
    assert client.state["stg_cur"] == 6
    assert client.state["print_error"] == 0x0700_8011
    assert sum(printer.prints[0].consumed_mg.values()) in (4_999, 5_000)
    printer.put_spool(0, Spool())
    printer.user_resume()
    await client.until_state("FINISH")
    assert printer.prints[0].consumed_mg == {1: 12_340}


async def test_runout_and_user_cancel_and_drop_at_a_percent(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.turn({"drop_at_percent": 20, "runout_at_percent": 40, "cancel_at_percent": 80})
    await client.start(FILE)
    await client.until(lambda: client.is_closed)
    await printer.until(lambda p: p.machine.state is GcodeState.PAUSE)
    assert printer.prints[0].percent == 40.0
    printer.user_resume()
    await printer.until(lambda p: p.machine.state is GcodeState.FAILED)
    assert (printer.prints[0].outcome, printer.prints[0].percent) == (PrintOutcome.CANCELLED, 80.0)


async def test_acknowledged_start_may_never_begin(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.never_starts = True
    await client.start(FILE)
    await client.until(lambda: any("result" in m.get("print", {}) for m in client.messages))
    printer.skip_ahead(3600)
    assert printer.machine.state is GcodeState.IDLE
    assert printer.prints == []


async def test_late_start_begins_after_its_delay(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.start_delay_s = 0.1
    await client.start(FILE)
    await client.until(lambda: any("result" in m.get("print", {}) for m in client.messages))
    assert printer.prints == []
    await client.until_state("FINISH")
    assert len(printer.prints) == 1


async def test_second_print_on_a_full_plate_is_noted(
    printer: VirtualPrinter, client: BareClient
) -> None:
    for number, clears in enumerate((False, True, False)):
        if clears:
            printer.clear_plate()
        await client.start(FILE, subtask_id=str(number))
        await printer.until(
            lambda p, n=number: len(p.prints) == n + 1 and not p.machine.is_busy  # type: ignore[misc]
        )
    assert [record.was_plate_clear for record in printer.prints] == [True, True, False]


async def test_person_at_the_screen_starts_without_our_id(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.start_at_screen()
    await client.until_state("FINISH")
    assert client.state["subtask_id"] == "0"
    assert [(r.source, r.subtask_name) for r in printer.prints] == [("screen", "screen")]


async def test_layer_may_fall_to_zero_at_the_end(
    printer: VirtualPrinter, client: BareClient
) -> None:
    printer.knobs.has_layer_zero_at_end = True
    await client.start(FILE)
    await client.until_state("FINISH")
    assert client.state["layer_num"] == 0


async def test_reboot_loses_the_job(printer: VirtualPrinter, client: BareClient) -> None:
    printer.knobs.speed = 60
    await client.start(FILE)
    await client.until_state("RUNNING")
    printer.reboot()
    await client.until(lambda: client.is_closed)
    assert printer.machine.state is GcodeState.IDLE
    assert printer.prints[0].outcome is PrintOutcome.INTERRUPTED
    async with BareClient(printer) as again:
        await again.request("pushing", "pushall")
        await again.until_state("IDLE")
        assert again.state["subtask_id"] == "0"
