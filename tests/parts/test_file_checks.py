"""What an upload is, told from its content."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest

from shopwright.parts.file_checks import NotAPartFile, check_file
from shopwright.parts.materials import UnknownMaterial, find_material, get_material, mass_g
from shopwright.parts.states import FileKind
from tests.parts.step_files import plate_with_holes, step_file


def glb(**document: object) -> bytes:
    text = json.dumps({"asset": {"version": "2.0"}} | document).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<I4s", len(text), b"JSON") + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk


def archive(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as written:
        for name in names:
            written.writestr(name, "<model/>")
    return target.getvalue()


def stl(facets: int) -> bytes:
    return b"x" * 80 + struct.pack("<I", facets) + bytes(50 * facets)


GOOD = [
    ("a.step", step_file(plate_with_holes()), FileKind.STEP),
    ("a.STP", b"\xef\xbb\xbf/* made by hand */\nISO-10303-21;\n", FileKind.STEP),
    ("a.pdf", b"\n%PDF-1.4", FileKind.PDF),
    ("a.stl", stl(2), FileKind.STL),
    ("a.stl", b"solid x\n facet normal 0 0 1", FileKind.STL),
    ("a.3mf", archive("3D/3dmodel.model"), FileKind.THREE_MF),
    ("a.obj", b"# cube\nv 0 0 0\n", FileKind.OBJ),
    ("a.glb", glb(buffers=[{"uri": "data:application/octet-stream;base64,AA=="}]), FileKind.GLB),
]
BAD = [
    ("a.stl", stl(2)[:-1], "no STL model, or it breaks off"),
    ("a.stl", stl(0), "no STL model"),
    ("a.3mf", archive("readme.txt"), "has no model in it"),
    ("a.obj", b"v 0 0 0\n\x00", "no OBJ model"),
    ("a.glb", b"glTF", "no GLB model"),
    ("a.glb", glb()[:-4], "breaks off"),
    ("a.glb", glb(buffers=[{"uri": "https://evil.test/a.bin"}]), "refers to another file"),
    ("a.glb", glb(images=[{"uri": "../../etc/passwd"}]), "refers to another file"),
    ("a.glb", glb(buffers=5), "not well-formed"),
    ("a.step", b"/* never ends", "no STEP file"),
]


@pytest.mark.parametrize(("name", "content", "kind"), GOOD)
def test_files_are_known_by_name_and_content(
    tmp_path: Path, name: str, content: bytes, kind: FileKind
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert check_file(path, name) is kind


@pytest.mark.parametrize(("name", "content", "says"), BAD)
def test_what_they_are_not_is_told(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(NotAPartFile, match=says):
        check_file(path, name)


@pytest.mark.parametrize("name", ["Aluminum", "aluminium", " 6061-T6 ", "ALU"])
def test_material_is_known_by_its_names(name: str) -> None:
    assert get_material(name).name == "Aluminum"


def test_unknown_material_is_refused_with_those_that_are_known() -> None:
    assert find_material("Unobtainium") is None
    assert find_material(None) is None
    with pytest.raises(UnknownMaterial, match=r"“Unobtainium” is not known\. Known: Aluminum, "):
        get_material("Unobtainium")


def test_mass_is_volume_times_density() -> None:
    assert mass_g(10_000, get_material("Steel")) == 78.5
