"""The child process that reads CAD files: ``python -m shopwright.parts.cad_child REQUEST``.

First the model, which people wait for, then its measures and its picture.
"""

from pathlib import Path
from typing import Any

from shopwright.kernel import child
from shopwright.kernel.child import ChildRefusal, Tell

END_OF_STEP = b"END-ISO-10303-21"
TAIL_BYTES = 4096
TOO_LARGE = "The model is too large to be measured and drawn within the memory limit."
MESH_KINDS = frozenset({"stl", "3mf", "obj", "glb"})


def main() -> None:
    child.run(_work)


def _work(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    if request["task"] == "export":
        return _export(request)
    return _convert(request, tell)


def _convert(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    source, model = Path(request["source"]), Path(request["model"])
    tell({"phase": "reading", "progress": 10})
    if request["kind"] in MESH_KINDS:
        _mesh_to_glb(source, request["kind"], model)
    else:
        _step_to_glb(source, model, request["linear_mm"], request["angular_rad"])
    tell({"phase": "measuring", "progress": 70, "has_model": True})
    return _look_at(model, Path(request["picture"]), tell)


def _step_to_glb(source: Path, model: Path, linear_mm: float, angular_rad: float) -> None:
    """One thread: four conversions at once must leave room for the shop."""
    import cascadio  # noqa: PLC0415  only for STEP: it takes a third of a second

    code = cascadio.step_to_glb(str(source), str(model), linear_mm, angular_rad, use_parallel=False)
    if code != 0 or not model.is_file() or model.stat().st_size == 0:
        raise ChildRefusal(_why_unreadable(source))


def _why_unreadable(source: Path) -> str:
    with source.open("rb") as file:
        file.seek(max(0, source.stat().st_size - TAIL_BYTES))
        is_whole = END_OF_STEP in file.read()
    if not is_whole:
        return "the STEP file breaks off before its end"
    return "the STEP file is damaged, or it has no body"


def _mesh_to_glb(source: Path, kind: str, model: Path) -> None:
    from shopwright.parts import meshes  # noqa: PLC0415  after the limits are set

    meshes.write_glb(meshes.read_mesh(source, kind), model)


def _look_at(model: Path, target: Path, tell: Tell) -> dict[str, Any]:
    """What is known of the model; it is there already, so a failure here is only told."""
    from shopwright.parts import meshes, picture  # noqa: PLC0415  after the model

    facts: dict[str, Any] = {"measure_error": None}
    try:
        mesh = meshes.read_mesh(model, "glb")
        normals = meshes.vertex_normals(mesh)  # welding forgets where surfaces end
        seen = (mesh.vertices.copy(), mesh.faces.copy(), normals)
        facts |= meshes.measure(mesh)
        tell({"phase": "drawing", "progress": 85})
        picture.draw(*seen, target)
    except ChildRefusal as refusal:
        facts["measure_error"] = str(refusal)
    except MemoryError:
        facts["measure_error"] = TOO_LARGE
    return facts


def _export(request: dict[str, Any]) -> dict[str, Any]:
    from shopwright.parts import meshes  # noqa: PLC0415  after the limits are set

    mesh = meshes.read_mesh(Path(request["source"]), "glb")
    meshes.export_mesh(mesh, request["format"], Path(request["target"]))
    return {}


if __name__ == "__main__":
    main()
