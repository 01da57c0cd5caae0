"""The machine's arithmetic holds however time is cut up and whatever people do to it."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shopwright.sandbox.bambu import Knobs, PrintOutcome, Spool
from shopwright.sandbox.bambu.job import JobRequest
from shopwright.sandbox.bambu.machine import GcodeState, Machine
from shopwright.sandbox.bambu.models import MODELS
from shopwright.sandbox.bambu.sliced import Unreadable, read_plate
from shopwright.sandbox.bambu.spools import Ams
from shopwright.sandbox.sliced_files import SlicedFilament, SlicedPlate, make_gcode_3mf

FULL_MG = 1_000_000
STEPS = st.lists(
    st.one_of(
        st.floats(0.001, 400, allow_nan=False),
        st.sampled_from(["pause", "resume", "faster", "slower"]),
    ),
    max_size=30,
)


def make_machine(card: Path) -> Machine:
    plate = SlicedPlate(prediction_s=977, layers=41, used_mg={1: 12_340, 2: 70})
    make_gcode_3mf(card / "x.gcode.3mf", plates=[plate], filaments=[SlicedFilament()] * 2)
    ams = Ams.of([Spool(), Spool()], Spool())
    return Machine(MODELS["P1S"], ams, card, Knobs())


def start(machine: Machine) -> None:
    request = JobRequest("x.gcode.3mf", 1, "9", "nine", {1: 0, 2: 1})
    machine.request_start(request, lambda _: True)


def remaining_mg(machine: Machine) -> int:
    return sum(spool.remaining_mg for spool in machine.ams.trays.values() if spool)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_what_spools_lose_is_what_prints_consume(tmp_path: Path, steps: list[float | str]) -> None:
    machine = make_machine(tmp_path)
    start(machine)
    percent = 0.0
    for step in steps:
        match step:
            case "pause":
                machine.pause()
            case "resume":
                machine.resume()
            case "faster" | "slower":
                machine.speed_level = 4 if step == "faster" else 1
            case _:
                machine.advance(float(step))
        assert machine.consumed_mg + remaining_mg(machine) == 2 * FULL_MG
        assert machine.prints[0].percent >= percent
        percent = machine.prints[0].percent
    machine.resume()
    machine.advance(5000)
    assert machine.state is GcodeState.FINISH
    assert machine.prints[0].consumed_mg == {1: 12_340, 2: 70}
    assert machine.prints[0].percent == 100.0


def test_job_takes_the_predicted_time(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    start(machine)
    states = []
    for seconds in (976.9, 0.2):
        machine.advance(seconds)
        states.append(machine.state)
    assert states == [GcodeState.RUNNING, GcodeState.FINISH]


def test_one_long_step_meets_every_knob_on_its_way(tmp_path: Path) -> None:
    machine = make_machine(tmp_path)
    machine.knobs.turn({"speed": 100_000, "pause_at_percent": 30, "fail_at_percent": 60})
    start(machine)
    machine.advance(1.0)
    assert (machine.state, machine.prints[0].percent) == (GcodeState.PAUSE, 30.0)
    machine.resume()
    machine.advance(1.0)
    assert (machine.state, machine.prints[0].percent) == (GcodeState.FAILED, 60.0)
    assert machine.prints[0].outcome is PrintOutcome.FAILED


def test_knobs_refuse_unknown_names_and_wrong_types_and_change_nothing() -> None:
    knobs = Knobs()
    for wrong in ({"speeed": 1}, {"speed": "fast"}, {"never_starts": 1}, {"auth_mode": "x"}):
        with pytest.raises(ValueError, match=r"knob|valid"):
            knobs.turn({"start_delay_s": 3, **wrong})
    assert knobs == Knobs()


def hostile_files() -> dict[str, bytes]:
    bomb = b'<!DOCTYPE a [<!ENTITY b "x">]><config><plate>&b;</plate></config>'
    return {
        "not_a_zip": b"hello",
        "no_members": _zip({}),
        "no_slice_info": _zip({"Metadata/plate_1.gcode": b"G28"}),
        "entities": _zip({"Metadata/plate_1.gcode": b"", "Metadata/slice_info.config": bomb}),
        "too_large": _zip(
            {"Metadata/plate_1.gcode": b"", "Metadata/slice_info.config": b" " * 5_000_000}
        ),
        "unsliced": make_gcode_3mf(plates=()),
        "endless": make_gcode_3mf().replace(b"PK\x01\x02", b"PK\x01\x03"),
    }


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", sorted(hostile_files()))
def test_hostile_files_are_unreadable_and_no_more(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.3mf"
    path.write_bytes(hostile_files()[kind])
    with pytest.raises(Unreadable):
        read_plate(path, 1)


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_damaged_files_are_read_or_unreadable(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    content = bytearray(make_gcode_3mf(plates=[SlicedPlate(layers=3)]))
    content[place % len(content)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.3mf"
    path.write_bytes(content)
    try:
        facts = read_plate(path, 1)
    except Unreadable:
        return
    assert facts.prediction_s >= 0
