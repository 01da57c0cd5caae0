"""The made files have the members, numbers and bytes a slicer's export has."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from defusedxml import ElementTree
from PIL import Image

from shopwright.sandbox.sliced_files import SlicedFilament, SlicedPlate, make_gcode_3mf

PLATES = (
    SlicedPlate(
        index=1, name="bracket", prediction_s=5025, layers=164, used_mg={1: 22_460, 3: 990}
    ),
    SlicedPlate(index=2, name="lid", prediction_s=61, layers=3, used_mg={2: 1_000}, copies=4),
)
FILAMENTS = (
    SlicedFilament("PLA", "#161616"),
    SlicedFilament("PLA", "#FF0000"),
    SlicedFilament("PETG", "#F2F2F2", "GFG99"),
)


def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(make_gcode_3mf(plates=PLATES, filaments=FILAMENTS)))


def test_same_input_gives_same_bytes(tmp_path: Path) -> None:
    target = tmp_path / "x.gcode.3mf"
    first = make_gcode_3mf(target, plates=PLATES, filaments=FILAMENTS)
    assert target.read_bytes() == first
    assert make_gcode_3mf(plates=PLATES, filaments=FILAMENTS) == first


def test_slice_info_states_time_and_grams_per_plate_and_filament() -> None:
    root = ElementTree.fromstring(_archive().read("Metadata/slice_info.config"))
    plates = root.findall("plate")
    facts = [{m.get("key"): m.get("value") for m in p.findall("metadata")} for p in plates]
    assert [f["index"] for f in facts] == ["1", "2"]
    assert [f["prediction"] for f in facts] == ["5025", "61"]
    assert [f["weight"] for f in facts] == ["23.45", "1.00"]
    assert facts[0]["printer_model_id"] == "C12"
    assert [(f.get("id"), f.get("used_g")) for f in plates[0].findall("filament")] == [
        ("1", "22.46"),
        ("3", "0.99"),
    ]
    assert len(plates[1].findall("object")) == 4


def test_gcode_carries_header_and_its_md5() -> None:
    archive = _archive()
    gcode = archive.read("Metadata/plate_1.gcode")
    assert b"total estimated time: 1h 23m 45s" in gcode
    assert b"; total layer number: 164" in gcode
    assert b"; total filament weight [g] : 22.46,0.99" in gcode
    digest = hashlib.md5(gcode, usedforsecurity=False).hexdigest().upper()
    assert archive.read("Metadata/plate_1.gcode.md5").decode() == digest


def test_pictures_and_settings_are_readable() -> None:
    archive = _archive()
    assert Image.open(archive.open("Metadata/plate_1.png")).size == (512, 512)
    assert Image.open(archive.open("Metadata/plate_2_small.png")).size == (128, 128)
    settings = json.loads(archive.read("Metadata/project_settings.config"))
    assert settings["printer_model"] == "Bambu Lab P1S"
    assert settings["filament_type"] == ["PLA", "PLA", "PETG"]


def test_no_plates_is_an_unsliced_project() -> None:
    archive = zipfile.ZipFile(io.BytesIO(make_gcode_3mf(plates=())))
    root = ElementTree.fromstring(archive.read("Metadata/slice_info.config"))
    assert root.findall("plate") == []
    assert [n for n in archive.namelist() if n.endswith(".gcode")] == []


def test_padding_adds_its_size() -> None:
    assert len(make_gcode_3mf(padding_bytes=100_000)) > 100_000 + len(make_gcode_3mf())


def test_grams_finer_than_a_slicer_writes_are_refused() -> None:
    with pytest.raises(ValueError, match="10 mg"):
        SlicedPlate(used_mg={1: 1_234})
