"""Boxes as they are after their conversion, written down without one: GLB, STL and measures."""

import io
import json
import struct

from shopwright.files import service as files
from shopwright.files.access import files_of
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.parts import queries
from shopwright.parts.models import CadConversion, CadExport, PartFile
from shopwright.parts.states import ConversionStatus, FileKind

BOX = (80.0, 50.0, 6.0)
SIDES = ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
Size = tuple[float, float, float]


async def add_box(process: Process, ctx: Actor, part_id: int, size: Size = BOX) -> None:
    """The part's first file, and its only one, is this box."""
    step = f"ISO-10303-21; box {size}".encode()
    stored = [
        await files_of(process).put(io.BytesIO(content), max_bytes=10_000)
        for content in (step, glb_box(*size), stl_box(*size))
    ]
    own = {"organization_id": ctx.organization_id}
    async with process.database.write() as session:
        await files.record_files(session, ctx, [NewFile(one, "box", "x") for one in stored])
        made = CadConversion(
            source_sha256=stored[0].sha256,
            kind=FileKind.STEP,
            linear_um=100,
            angular_mrad=part_id,  # no other box takes this one's place
            status=ConversionStatus.DONE,
            glb_sha256=stored[1].sha256,
            glb_bytes=stored[1].size,
            volume_mm3=size[0] * size[1] * size[2],
            area_mm2=2 * (size[0] * size[1] + size[1] * size[2] + size[2] * size[0]),
            **dict(zip(("size_x_mm", "size_y_mm", "size_z_mm"), size, strict=True)),
            **own,
        )
        session.add(made)
        await session.flush()
        export = {"format": FileKind.STL, "sha256": stored[2].sha256, "size_bytes": 1}
        file = {"name": "box.step", "kind": FileKind.STEP, "size_bytes": 5, "uploaded_by": "Sam"}
        session.add(CadExport(conversion_id=made.id, **own, **export))
        session.add(
            PartFile(
                part_id=part_id,
                version=1,
                conversion_id=made.id,
                sha256=stored[0].sha256,
                **own,
                **file,
            )
        )
        await queries.set_file(session, ctx, part_id, {"version": 1, "conversion_id": made.id})


def corners(size: Size) -> list[Size]:
    """Below against the clock, then above."""
    x, y, z = size
    return [(a, b, c) for c in (0.0, z) for a, b in ((0.0, 0.0), (x, 0.0), (x, y), (0.0, y))]


def triangles() -> list[tuple[int, int, int]]:
    return [three for a, b, c, d in SIDES for three in ((a, b, c), (a, c, d))]


def stl_box(x: float, y: float, z: float) -> bytes:
    points = corners((x, y, z))
    facets = [
        struct.pack("<12fH", 0, 0, 1, *(c for corner in three for c in points[corner]), 0)
        for three in triangles()
    ]
    return bytes(80) + struct.pack("<I", len(facets)) + b"".join(facets)


def glb_box(x: float, y: float, z: float, *, uri: str | None = None) -> bytes:
    """In metres; with ``uri`` its bytes are said to lie elsewhere."""
    points = b"".join(struct.pack("<3f", *(c / 1000 for c in one)) for one in corners((x, y, z)))
    indices = b"".join(struct.pack("<3H", *three) for three in triangles())
    elsewhere = {"uri": uri} if uri else {}
    description = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 8, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 36, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteLength": len(points)},
            {"buffer": 0, "byteOffset": len(points), "byteLength": len(indices)},
        ],
        "buffers": [{"byteLength": len(points) + len(indices)} | elsewhere],
    }
    head = json.dumps(description).encode()
    chunks = _chunk(head + b" " * (-len(head) % 4), b"JSON") + _chunk(points + indices, b"BIN\0")
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _chunk(content: bytes, kind: bytes) -> bytes:
    return struct.pack("<I4s", len(content), kind) + content
