"""Which printer can print a plate, and the sentence why not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.fleet.states import Activity, ConnectionState, ControlAccess, Gate
from shopwright.print_jobs import matching
from shopwright.print_jobs.matching import (
    FilamentNeed,
    Match,
    Needs,
    PrinterFacts,
    Refusal,
    SlotFacts,
    Stage,
)

BLACK = FilamentNeed(1, "PLA", "000000", 20_000)
PLATE = Needs("P1S", 400, 1, (BLACK,))
SPOOL = SlotFacts(1, "PLA", "000000", 500_000, spool_id=7)
READY = PrinterFacts(
    id=1,
    name="Left",
    model="P1S",
    nozzle_um=400,
    connection=ConnectionState.ONLINE,
    activity=Activity.IDLE,
    gate=Gate.READY,
    gate_reason=None,
    control=ControlAccess.ALLOWED,
    has_job=False,
    slots=(SPOOL,),
)


def sentence(needs: Needs, printer: PrinterFacts) -> str:
    found = matching.match(needs, printer)
    assert isinstance(found, Refusal)
    return found.sentence


def test_ready_printer_with_the_spool_prints_from_its_slot() -> None:
    assert matching.match(PLATE, READY) == Match((1,), {1: 7})


@pytest.mark.parametrize(
    ("printer", "words"),
    [
        (replace(READY, model="A1"), "Left is a A1; the plate is sliced for P1S."),
        (replace(READY, nozzle_um=600), "Left has a 0.6 mm nozzle; the plate needs 0.4 mm."),
        (replace(READY, slots=(replace(SPOOL, material="PETG"),)), "Left has no PLA loaded."),
        (
            replace(READY, slots=(replace(SPOOL, color="FF0000"),)),
            "Left has no PLA in #000000 loaded.",
        ),
        (
            replace(READY, slots=(replace(SPOOL, available_mg=5_000),)),
            "Left has 5 g of PLA left; the plate needs 20 g.",
        ),
        (
            replace(READY, control=ControlAccess.BLOCKED),
            "Left refuses commands: switch on Developer mode at its screen.",
        ),
        (
            replace(READY, connection=ConnectionState.OFFLINE, trouble="no route"),
            "Left cannot be reached: no route",
        ),
        (
            replace(READY, connection=ConnectionState.AUTH_FAILED),
            "Left cannot be reached: it is auth failed",
        ),
        (replace(READY, gate=Gate.NEEDS_CLEARING), "Left waits for its plate to be cleared."),
        (
            replace(READY, gate=Gate.MAINTENANCE, gate_reason="belt"),
            "Left is taken out of work: belt",
        ),
        (replace(READY, has_job=True), "Left is busy."),
        (replace(READY, activity=Activity.PRINTING), "Left is busy."),
        (replace(READY, activity=Activity.ERROR), "Left says error, not idle."),
    ],
)
def test_refusal_names_what_is_missing(printer: PrinterFacts, words: str) -> None:
    assert sentence(PLATE, printer) == words


def test_model_names_are_compared_as_people_write_them() -> None:
    needs = replace(PLATE, printer_model="X1C")
    assert isinstance(matching.match(needs, replace(READY, model="Bambu Lab X1 Carbon")), Match)


@pytest.mark.parametrize(
    ("sliced_for", "registered"),
    [
        ("MK4", "Original Prusa MK4"),
        ("MK4", "prusa mk4"),
        ("Voron 2.4 300", "Voron v2 300"),
        (None, "Klipper, built by ourselves"),
    ],
)
def test_plain_gcode_goes_to_printers_of_other_brands(
    sliced_for: str | None, registered: str
) -> None:
    needs = replace(PLATE, printer_model=sliced_for)
    outside = replace(SPOOL, number=0)  # a single roll beside the machine
    found = matching.match(needs, replace(READY, model=registered, slots=(outside,)))
    assert found == Match((0,), {1: 7})


def test_another_model_of_the_same_brand_is_another_model() -> None:
    needs = replace(PLATE, printer_model="MK4S")
    assert sentence(needs, replace(READY, model="Prusa MK4")) == (
        "Left is a Prusa MK4; the plate is sliced for MK4S."
    )


def test_part_rolls_are_used_up_before_full_ones() -> None:
    part = SlotFacts(2, "PLA", "000000", 30_000, spool_id=8)
    assert matching.match(PLATE, replace(READY, slots=(SPOOL, part))) == Match((2,), {1: 8})


def test_nearer_colour_goes_before_a_part_roll() -> None:
    nearly = SlotFacts(2, "PLA", "161616", 30_000, spool_id=8)
    assert matching.match(PLATE, replace(READY, slots=(nearly, SPOOL))) == Match((1,), {1: 7})


def test_two_filaments_share_one_roll_only_if_it_holds_both() -> None:
    needs = Needs("P1S", 400, 3, (BLACK, replace(BLACK, project_index=3)))
    enough = replace(READY, slots=(replace(SPOOL, available_mg=40_000),))
    assert matching.match(needs, enough) == Match((1, None, 1), {1: 7, 3: 7})
    short = replace(READY, slots=(replace(SPOOL, available_mg=39_999),))
    assert sentence(needs, short) == "Left has 20 g of PLA left; the plate needs 20 g."


def test_job_waits_for_the_printer_that_came_furthest() -> None:
    other = replace(READY, id=2, name="Right", model="A1")
    busy = replace(READY, has_job=True)
    assert matching.why_waiting(PLATE, [other, busy]) == "Left is busy."
    third = replace(busy, id=3, name="Third")
    assert matching.why_waiting(PLATE, [busy, third]) == "Left is busy. (and 1 more like it)"
    assert matching.why_waiting(PLATE, [other]) == "No P1S is set up."
    assert matching.why_waiting(PLATE, []) == "No printer is set up yet."


colors = st.none() | st.from_regex(r"[0-9A-F]{6}", fullmatch=True)
materials = st.sampled_from(["PLA", "PETG", "pla"])
slot_facts = st.builds(
    SlotFacts,
    number=st.integers(0, 16),
    material=st.none() | materials,
    color=colors,
    available_mg=st.none() | st.integers(0, 100_000),
    spool_id=st.none() | st.integers(1, 50),
)
printer_facts = st.builds(
    PrinterFacts,
    id=st.integers(1, 9),
    name=st.just("Left"),
    model=st.none() | st.sampled_from(["P1S", "A1"]),
    nozzle_um=st.sampled_from([400, 600]),
    connection=st.sampled_from(ConnectionState),
    activity=st.sampled_from(Activity),
    gate=st.sampled_from(Gate),
    gate_reason=st.none(),
    control=st.sampled_from(ControlAccess),
    has_job=st.booleans(),
    slots=st.lists(slot_facts, max_size=6, unique_by=lambda slot: slot.number).map(tuple),
)
filament_needs = st.lists(
    st.builds(
        FilamentNeed,
        project_index=st.integers(1, 4),
        material=materials,
        color=colors,
        used_mg=st.integers(0, 60_000),
    ),
    max_size=4,
    unique_by=lambda need: need.project_index,
).map(tuple)
needs_facts = st.builds(
    Needs,
    printer_model=st.none() | st.sampled_from(["P1S", "A1"]),
    nozzle_um=st.none() | st.sampled_from([400, 600]),
    project_filament_count=st.just(4),
    filaments=filament_needs,
)


@given(needs_facts, printer_facts)
def test_match_only_promises_what_the_printer_has(needs: Needs, printer: PrinterFacts) -> None:
    found = matching.match(needs, printer)
    if isinstance(found, Refusal):
        assert found.sentence.startswith("Left")
        return
    assert printer.connection is ConnectionState.ONLINE
    assert printer.gate is Gate.READY
    assert printer.activity is Activity.IDLE
    assert not printer.has_job
    slots = {slot.number: slot for slot in printer.slots}
    used = dict.fromkeys(slots, 0)
    for need in needs.filaments:
        number = found.slots[need.project_index - 1]
        assert number is not None
        assert str(slots[number].material).upper() == need.material.upper()
        used[number] += need.used_mg
    for number, amount in used.items():
        available = slots[number].available_mg
        assert available is None or amount <= available


@given(needs_facts, st.lists(printer_facts, max_size=4))
def test_every_job_no_printer_can_take_has_a_sentence(
    needs: Needs, printers: list[PrinterFacts]
) -> None:
    assert matching.why_waiting(needs, printers)


@given(st.from_regex(r"[0-9A-F]{6}", fullmatch=True), st.from_regex(r"[0-9A-F]{6}", fullmatch=True))
def test_colour_distance_is_symmetric_and_zero_for_itself(one: str, other: str) -> None:
    assert matching.color_distance(one, other) == matching.color_distance(other, one)
    assert matching.color_distance(one, one) == 0


def test_stages_are_ordered_from_lasting_to_passing() -> None:
    assert list(Stage) == sorted(Stage)
