"""CAD files in child processes: what is measured, drawn and written, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shopwright.kernel.child import ChildRefusal
from shopwright.kernel.children import ChildFailed, Limits, run_child
from shopwright.parts import meshes, picture
from shopwright.parts.converting import CHILD
from tests.parts.step_files import assembly, box, plate_with_holes, step_file

ENOUGH = Limits(memory_mb=2048, cpu_s=60, wall_s=120, file_mb=100)
PLATE = plate_with_holes()
AREA = 9543.0  # two lids without the holes, four sides, five walls


async def convert(folder: Path, content: bytes, limits: Limits = ENOUGH) -> dict[str, Any]:
    source = folder / "source"
    source.write_bytes(content)
    told: list[dict[str, Any]] = []
    work = {
        "task": "convert",
        "source": str(source),
        "kind": "step",
        "model": str(folder / "model.glb"),
        "picture": str(folder / "picture.png"),
        "linear_mm": 0.1,
        "angular_rad": 0.5,
    }
    found = await run_child(CHILD, work, limits=limits, progress=told.append)
    return found | {"told": [step["phase"] for step in told]}


async def test_plate_is_converted_measured_and_drawn(tmp_path: Path) -> None:
    found = await convert(tmp_path, step_file(PLATE))

    assert found["told"] == ["reading", "measuring", "drawing"]
    assert found["measure_error"] is None
    assert found["volume_mm3"] == pytest.approx(PLATE.volume, rel=2e-3)
    assert found["area_mm2"] == pytest.approx(AREA, rel=2e-3)
    assert found["size_mm"] == pytest.approx([80, 50, 6], abs=1e-4)
    assert (found["body_count"], found["is_watertight"]) == (1, True)
    with Image.open(tmp_path / "picture.png") as drawn:
        assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGBA", (512, 512))
        cover = drawn.getchannel("A")
        assert (cover.getpixel((0, 0)), cover.getpixel((100, 240))) == (0, 255)


async def test_bodies_are_counted_and_added_up(tmp_path: Path) -> None:
    bodies = assembly(6)
    found = await convert(tmp_path, step_file(*bodies))
    assert (found["body_count"], found["is_watertight"]) == (6, True)
    assert found["volume_mm3"] == pytest.approx(sum(b.volume for b in bodies), rel=3e-3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (step_file(PLATE)[:-400], "the STEP file breaks off before its end"),
        (b"ISO-10303-21;\nEND-ISO-10303-21;\n", "the STEP file is damaged, or it has no body"),
    ],
)
async def test_unreadable_step_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ChildFailed) as refused:
        await convert(tmp_path, content)
    assert str(refused.value) == says


async def test_too_much_memory_is_told(tmp_path: Path) -> None:
    little = Limits(memory_mb=128, cpu_s=60, wall_s=120, file_mb=100)
    with pytest.raises(ChildFailed) as refused:
        await convert(tmp_path, step_file(PLATE), little)
    assert str(refused.value) == "memory limit"


async def test_too_much_time_is_told(tmp_path: Path) -> None:
    short = Limits(memory_mb=2048, cpu_s=60, wall_s=0.01, file_mb=100)
    with pytest.raises(ChildFailed) as refused:
        await convert(tmp_path, step_file(PLATE), short)
    assert str(refused.value) == "time limit"


@pytest.mark.parametrize("kind", ["stl", "3mf", "obj", "glb"])
def test_every_format_is_written_and_read(tmp_path: Path, kind: str) -> None:
    """In this process, as these files are ours."""
    source, target = tmp_path / f"cube.{kind}", tmp_path / "model.glb"
    cube = tmp_path / "cube.obj"
    cube.write_text(CUBE)
    mesh = meshes.read_mesh(cube, "obj")
    if kind == "glb":
        meshes.write_glb(mesh, source)
    else:
        meshes.export_mesh(mesh, kind, source)
    meshes.write_glb(meshes.read_mesh(source, kind), target)

    found = meshes.measure(meshes.read_mesh(target, "glb"))
    assert found["volume_mm3"] == pytest.approx(1000, rel=1e-6)
    assert found["size_mm"] == pytest.approx([10, 10, 10], rel=1e-6)
    assert (found["body_count"], found["triangle_count"]) == (1, 12)
    assert found["is_watertight"] is True


@pytest.mark.parametrize("kind", ["stl", "3mf", "obj", "glb"])
def test_damaged_models_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad"
    path.write_bytes(b"this is nothing of the kind")
    with pytest.raises(ChildRefusal):
        meshes.read_mesh(path, kind)


def test_obj_reads_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "cube.obj"
    path.write_text(f"mtllib /etc/passwd\n{CUBE}")
    assert len(meshes.read_mesh(path, "obj").faces) == 12


def test_open_surface_is_told(tmp_path: Path) -> None:
    path = tmp_path / "open.obj"
    path.write_text("\n".join(CUBE.splitlines()[:-1]))
    assert meshes.measure(meshes.read_mesh(path, "obj"))["is_watertight"] is False


def test_flat_body_is_drawn_without_complaint(tmp_path: Path) -> None:
    path = tmp_path / "flat.obj"
    path.write_text("v 0 0 0\nv 5 0 0\nv 5 5 0\nf 1 2 3\n")
    mesh = meshes.read_mesh(path, "obj")
    picture.draw(mesh.vertices, mesh.faces, meshes.vertex_normals(mesh), tmp_path / "flat.png")
    assert (tmp_path / "flat.png").stat().st_size > 0


def test_prisms_know_their_volume() -> None:
    assert box(0, 0, 2, 3, 4).volume == 24


CUBE = "".join(
    f"v {x} {y} {z}\n" for x in (0, 10) for y in (0, 10) for z in (0, 10)
) + "".join(
    f"f {face}\n"
    for face in ("1 2 4", "1 4 3", "5 7 8", "5 8 6", "1 5 6", "1 6 2", "3 4 8", "3 8 7",
                 "1 3 7", "1 7 5", "2 6 8", "2 8 4")
)  # fmt: skip
