"""Triangles: read, measured and written. Runs in a child process only, as strangers wrote them."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import trimesh

from shopwright.kernel.child import ChildRefusal

MM_PER_M = 1000.0
MAX_TRIANGLES = 20_000_000
# Units a 3MF or GLB may name; STL and OBJ name none and are taken as millimetres.
MM_PER_UNIT = {"micron": 0.001, "millimeter": 1.0, "mm": 1.0, "centimeter": 10.0, "inch": 25.4,
               "foot": 304.8, "meter": 1000.0}  # fmt: skip


def read_mesh(path: Path, kind: str) -> trimesh.Trimesh:
    """All bodies of a model as one mesh in millimetres; raises ChildRefusal.

    The file is opened here and no resolver is given, so that it can name no other file.
    """
    try:
        with path.open("rb") as file:
            scene = trimesh.load_scene(file, file_type=kind, resolver=None)
        meshes = [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh)]
        mesh = trimesh.util.concatenate(meshes) if meshes else None
    except MemoryError:
        raise
    except Exception as err:
        raise ChildRefusal("the model is damaged, or it is no such file") from err
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0:
        raise ChildRefusal("the model has no surfaces")
    if len(mesh.faces) > MAX_TRIANGLES or not np.isfinite(mesh.vertices).all():
        raise ChildRefusal("the model has too many triangles, or impossible coordinates")
    return _in_millimetres(mesh, kind, scene.units)


def write_glb(mesh: trimesh.Trimesh, path: Path) -> None:
    """In metres, as glTF wants it."""
    scaled = trimesh.Trimesh(mesh.vertices / MM_PER_M, mesh.faces, process=False)
    _write(scaled, "glb", path)


def export_mesh(mesh: trimesh.Trimesh, kind: str, path: Path) -> None:
    """STL, 3MF or OBJ in millimetres."""
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    plain = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    plain.units = "millimeter"
    _write(plain, kind, path)


def _write(mesh: trimesh.Trimesh, kind: str, path: Path) -> None:
    content: Any = mesh.export(file_type=kind)  # bytes, or the text of an OBJ
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def measure(mesh: trimesh.Trimesh) -> dict[str, Any]:
    """GLB surfaces come unwelded, so they are joined before anything is said about holes."""
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    bodies = count_bodies(mesh)
    size = mesh.bounds[1] - mesh.bounds[0]
    return {
        "volume_mm3": round(abs(float(mesh.volume)), 6),
        "area_mm2": round(float(mesh.area), 6),
        "size_mm": [round(float(length), 6) for length in size],
        "body_count": bodies,
        "triangle_count": len(mesh.faces),
        "is_watertight": bool(mesh.is_watertight),
    }


def vertex_normals(mesh: trimesh.Trimesh) -> npt.NDArray[np.float64]:
    """Each face counts by its area. Before welding: there the CAD program's surfaces end."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    weighted = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh.vertices)
    for corner in range(3):
        np.add.at(normals, mesh.faces[:, corner], weighted)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    found: npt.NDArray[np.float64] = normals / np.maximum(lengths, 1e-20)
    return found


def count_bodies(mesh: trimesh.Trimesh) -> int:
    """Groups of triangles that hang together by their corners."""
    label = np.arange(len(mesh.vertices))
    faces = mesh.faces
    while True:
        lowest = label[faces].min(axis=1)
        after = label.copy()
        for corner in range(3):
            np.minimum.at(after, faces[:, corner], lowest)
        after = after[after]  # towards the group's lowest in strides
        if np.array_equal(after, label):
            return len(np.unique(label[faces]))
        label = after


def _in_millimetres(mesh: trimesh.Trimesh, kind: str, units: str | None) -> trimesh.Trimesh:
    scale = MM_PER_M if kind == "glb" else MM_PER_UNIT.get((units or "millimeter").lower(), 1.0)
    if scale != 1.0:
        mesh.vertices = mesh.vertices * scale
    return mesh
