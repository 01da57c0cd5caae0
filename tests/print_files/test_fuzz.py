"""Whatever comes in, a SlicedFile or a refusal comes out, and memory stays bounded."""

import tempfile
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopwright.print_files.parsing import read_sliced_file
from shopwright.print_files.sliced_file import SlicedFile, UnreadablePrintFile
from tests.print_files.factories import (
    BAMBU_HEAD,
    GCODE,
    PROJECT_SETTINGS,
    SLICE_INFO,
    members,
    read_bytes,
    slice_info,
    zip_bytes,
)
from tests.print_files.factories import settings as project_settings

GOOD = zip_bytes(members())
MEGABYTE = 1_000_000
NUMBERS = st.one_of(
    st.sampled_from(["", "nan", "-0", "1e99", "1e-99", "0x1", "1_0", "١", "1,5", "0.0000001"]),
    st.floats().map(str),
    st.integers().map(str),
    st.text(max_size=5).filter(lambda text: not set(text) & set('<&"') and text.isprintable()),
)


def read_any(content: bytes, name: str) -> SlicedFile | None:
    """None for a refusal; anything else raised fails the test."""
    with tempfile.TemporaryDirectory() as folder, suppress(UnreadablePrintFile):
        sliced = read_bytes(Path(folder), content, name)
        assert sliced.plates
        for plate in sliced.plates:
            assert plate.time_s >= 0
            assert plate.used_mg == sum(f.used_mg for f in plate.filaments)
            assert all(1 <= f.project_index <= 64 for f in plate.filaments)
        highest = max(f.project_index for p in sliced.plates for f in p.filaments)
        assert highest <= sliced.project_filament_count <= 64
        return sliced
    return None


@given(st.binary(max_size=300), st.sampled_from(["x.gcode", "x.3mf"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes(content: bytes, name: str) -> None:
    assert read_any(content, name) is None


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=8))
@settings(max_examples=300, deadline=None)
def test_changed_bytes_of_an_archive(changes: list[tuple[int, int]]) -> None:
    content = bytearray(GOOD)
    for place, value in changes:
        content[place] = value
    read_any(bytes(content), "x.gcode.3mf")


@given(
    st.integers(GOOD.index(b"PK\1\2"), len(GOOD) - 4),
    st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"PK\1\2", b"\1"]),
)
@settings(max_examples=200, deadline=None)
def test_extreme_values_in_the_table_of_contents(place: int, value: bytes) -> None:
    content = GOOD[:place] + value + GOOD[place + len(value) :]
    read_any(content, "x.gcode.3mf")


@given(st.integers(0, len(GOOD)), st.integers(0, len(GOOD)), st.binary(max_size=20))
@settings(max_examples=150, deadline=None)
def test_archives_with_parts_cut_out_or_put_in(start: int, end: int, between: bytes) -> None:
    read_any(GOOD[:start] + between + GOOD[end:], "x.gcode.3mf")


@given(st.binary(max_size=200), st.sampled_from([SLICE_INFO, PROJECT_SETTINGS, GCODE]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_as_a_member(content: bytes, name: str) -> None:
    read_any(zip_bytes(members({name: content})), "x.gcode.3mf")


@given(number=NUMBERS, key=st.sampled_from(["index", "prediction", "weight", "nozzle_diameters"]))
@settings(max_examples=150, deadline=None)
def test_any_number_on_a_plate(number: str, key: str) -> None:
    changes: dict[str, Any] = {key: number}
    read_any(zip_bytes(members({SLICE_INFO: slice_info(**changes)})), "x.gcode.3mf")


@given(number=NUMBERS, key=st.sampled_from(["id", "used_g", "used_m"]))
@settings(max_examples=150, deadline=None)
def test_any_number_of_a_filament(number: str, key: str) -> None:
    attributes = {"id": "1", "used_g": "1", "used_m": "1", key: number}
    line = "<filament " + " ".join(f'{k}="{v}"' for k, v in attributes.items()) + "/>"
    read_any(zip_bytes(members({SLICE_INFO: slice_info(filaments=line)})), "x.gcode.3mf")


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
        max_leaves=5,
    ),
    key=st.sampled_from(["printer_model", "nozzle_diameter", "filament_type", "curr_bed_type"]),
)
@settings(max_examples=150, deadline=None)
def test_any_json_in_the_settings(value: object, key: str) -> None:
    content = project_settings(**{key: value})
    read_any(zip_bytes(members({PROJECT_SETTINGS: content})), "x.gcode.3mf")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "model printing time: ",
                    "estimated printing time (normal mode) = ",
                    "total filament weight [g] : ",
                    "total filament length [mm] : ",
                    "total layer number: ",
                    "filament: ",
                    "filament_type = ",
                    "nozzle_diameter = ",
                ]
            ),
            NUMBERS | st.just("1,2"),
        ),
        max_size=5,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_comments_in_gcode(comments: list[tuple[str, str]]) -> None:
    lines = "".join(f"; {key}{value}\n" for key, value in comments)
    read_any(f"; BambuStudio 2.0\n{lines}{BAMBU_HEAD}".encode(), "x.gcode")


def _distinct_attributes() -> bytes:
    """Names that differ, packed with noise so that no ratio gives it away."""
    wide = ("<a " + " ".join(f'x{n}y{k}=""' for k in range(500)) + "/>" for n in range(590))
    return b"<config>" + "".join(wide).encode()


@pytest.mark.parametrize(
    ("content", "name", "most_mb"),
    [
        (zip_bytes(members({SLICE_INFO: _distinct_attributes()})), "x.3mf", 80),
        (
            zip_bytes(
                members(
                    {
                        PROJECT_SETTINGS: b'{"filament_type": ['
                        + b",".join(b'"%d"' % n for n in range(400_000))
                        + b"]}"
                    }
                )
            ),
            "x.3mf",
            80,
        ),
        ("".join(f";{n}=\n" for n in range(150_000)).encode(), "x.gcode", 30),
        (b"; BambuStudio 1\n" + b"G1 X1 Y1 ; x\n" * 4_000_000, "x.gcode", 30),
    ],
    ids=["attributes", "strings", "comments", "50 MB"],
)
def test_memory_stays_bounded(tmp_path: Path, content: bytes, name: str, most_mb: int) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    del content

    tracemalloc.start()
    try:
        with suppress(UnreadablePrintFile):
            read_sliced_file(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < most_mb * MEGABYTE
