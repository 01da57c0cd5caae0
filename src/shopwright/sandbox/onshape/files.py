"""Files that the stand-in exports, drawn by itself: boxes as STEP and GLB, a page of PDF."""

import json
import struct
from collections.abc import Sequence

Box = tuple[float, float, float]  # millimetres

HEADER = (
    "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\n"
    "FILE_NAME('{name}','2026-03-02T09:00:00',(''),(''),'','Onshape stand-in','');\n"
    "FILE_SCHEMA(('AUTOMOTIVE_DESIGN {{ 1 0 10303 214 1 1 1 1 }}'));\nENDSEC;\nDATA;\n"
)
FOOTER = "ENDSEC;\nEND-ISO-10303-21;\n"
# The corners of a unit box by number (x + 2y + 4z), and its faces with the normal outside.
FACES = (
    ((0, 2, 3, 1), (0, 0, -1), (1, 0, 0)),
    ((4, 5, 7, 6), (0, 0, 1), (1, 0, 0)),
    ((0, 1, 5, 4), (0, -1, 0), (1, 0, 0)),
    ((2, 6, 7, 3), (0, 1, 0), (1, 0, 0)),
    ((0, 4, 6, 2), (-1, 0, 0), (0, 1, 0)),
    ((1, 3, 7, 5), (1, 0, 0), (0, 1, 0)),
)
PAGE_OBJECT = (
    b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R "
    b"/Resources <</Font <</F1 5 0 R>>>>>>"
)
PAGE = "BT /F1 18 Tf 40 150 Td ({text}) Tj ET\n40 40 m 260 40 l 260 130 l 40 130 l s\n"


def step_of(box: Box, name: str) -> bytes:
    """A box with one corner in the origin."""
    return _Writer().write(box, _plain(name)).encode()


def glb_of(box: Box | None) -> bytes:
    """The same as triangles in metres; without a box a scene with nothing in it."""
    if box is None:
        return _glb({"asset": {"version": "2.0"}, "scene": 0, "scenes": [{}]}, b"")
    points = [tuple(size / 1000 for size in point) for point in _corners(box)]
    sides = [corner for face, _, _ in FACES for corner in (*face[:3], face[0], *face[2:])]
    binary = b"".join(struct.pack("<3f", *point) for point in points)
    binary += struct.pack(f"<{len(sides)}H", *sides)
    return _glb(_scene(points, len(sides)), binary)


def pdf_of(text: str) -> bytes:
    """One page with a frame and a line of text."""
    page = PAGE.format(text=_plain(text)).encode()
    objects = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        PAGE_OBJECT,
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(page), page),
        b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d /Root 1 0 R>>\nstartxref\n%d\n"
        b"%%%%EOF\n" % (size, table, size, len(body))
    )


class _Writer:
    """One solid; every entity a line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._edges: dict[tuple[int, int], str] = {}

    def write(self, box: Box, name: str) -> str:
        corners = _corners(box)
        vertices = [self._add(f"VERTEX_POINT('',{self._point(point)})") for point in corners]
        faces = [self._face(face, corners, vertices) for face in FACES]
        shell = self._add(f"CLOSED_SHELL('',({','.join(faces)}))")
        self._product(self._add(f"MANIFOLD_SOLID_BREP('',{shell})"), name)
        return HEADER.format(name=name) + "".join(self._lines) + FOOTER

    def _add(self, entity: str) -> str:
        self._lines.append(f"#{len(self._lines) + 1}={entity};\n")
        return f"#{len(self._lines)}"

    def _point(self, point: Sequence[float]) -> str:
        return self._add(f"CARTESIAN_POINT('',({_numbers(point)}))")

    def _direction(self, along: Sequence[float]) -> str:
        return self._add(f"DIRECTION('',({_numbers(along)}))")

    def _face(
        self,
        face: tuple[tuple[int, ...], Sequence[float], Sequence[float]],
        corners: Sequence[Box],
        vertices: Sequence[str],
    ) -> str:
        ring, normal, side = face
        pairs = zip(ring, (*ring[1:], ring[0]), strict=True)
        edges = [self._oriented(a, b, corners, vertices) for a, b in pairs]
        bound = self._add(f"EDGE_LOOP('',({','.join(edges)}))")
        outer = self._add(f"FACE_OUTER_BOUND('',{bound},.T.)")
        plane = self._add(f"PLANE('',{self._placement(corners[ring[0]], normal, side)})")
        return self._add(f"ADVANCED_FACE('',({outer}),{plane},.T.)")

    def _oriented(
        self, start: int, end: int, corners: Sequence[Box], vertices: Sequence[str]
    ) -> str:
        """Each edge is one entity for both of its faces."""
        first, last = min(start, end), max(start, end)
        if (first, last) not in self._edges:
            a, b = corners[first], corners[last]
            length = sum(abs(t - f) for f, t in zip(a, b, strict=True))
            along = self._direction([(t - f) / length for f, t in zip(a, b, strict=True)])
            vector = self._add(f"VECTOR('',{along},1.)")
            line = self._add(f"LINE('',{self._point(a)},{vector})")
            self._edges[first, last] = self._add(
                f"EDGE_CURVE('',{vertices[first]},{vertices[last]},{line},.T.)"
            )
        sense = ".T." if start == first else ".F."
        return self._add(f"ORIENTED_EDGE('',*,*,{self._edges[first, last]},{sense})")

    def _placement(
        self, origin: Sequence[float], axis: Sequence[float], side: Sequence[float]
    ) -> str:
        parts = [self._point(origin), self._direction(axis), self._direction(side)]
        return self._add(f"AXIS2_PLACEMENT_3D('',{','.join(parts)})")

    def _product(self, solid: str, name: str) -> None:
        add = self._add
        length = add("(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))")
        angle = add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))")
        solid_angle = add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())")
        near = add(
            f"UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE(1.E-07),{length},"
            "'distance_accuracy_value','')"
        )
        context = add(
            "(GEOMETRIC_REPRESENTATION_CONTEXT(3)"
            f"GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT(({near}))"
            f"GLOBAL_UNIT_ASSIGNED_CONTEXT(({length},{angle},{solid_angle}))"
            "REPRESENTATION_CONTEXT('',''))"
        )
        origin = self._placement((0, 0, 0), (0, 0, 1), (1, 0, 0))
        shape = add(f"ADVANCED_BREP_SHAPE_REPRESENTATION('',({origin},{solid}),{context})")
        application = add("APPLICATION_CONTEXT('mechanical design')")
        product_context = add(f"PRODUCT_CONTEXT('',{application},'mechanical')")
        product = add(f"PRODUCT('{name}','{name}','',({product_context}))")
        formation = add(f"PRODUCT_DEFINITION_FORMATION('','',{product})")
        design = add(f"PRODUCT_DEFINITION_CONTEXT('part definition',{application},'design')")
        definition = add(f"PRODUCT_DEFINITION('design','',{formation},{design})")
        of_product = add(f"PRODUCT_DEFINITION_SHAPE('','',{definition})")
        add(f"SHAPE_DEFINITION_REPRESENTATION({of_product},{shape})")


def _corners(box: Box) -> list[Box]:
    x, y, z = box
    return [(x * (n & 1), y * (n >> 1 & 1), z * (n >> 2 & 1)) for n in range(8)]


def _numbers(values: Sequence[float]) -> str:
    return ",".join(f"{value:.6f}" for value in values)


def _plain(text: str) -> str:
    """Letters that need no escaping in any of the formats."""
    return "".join(c if c.isalnum() and c.isascii() else " " for c in text)[:60]


def _scene(points: Sequence[Sequence[float]], count: int) -> dict[str, object]:
    size = len(points) * 12
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": size + count * 2}],
        "bufferViews": [
            {"buffer": 0, "byteLength": size},
            {"buffer": 0, "byteOffset": size, "byteLength": count * 2},
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(points),
                "type": "VEC3",
                "min": [min(axis) for axis in zip(*points, strict=True)],
                "max": [max(axis) for axis in zip(*points, strict=True)],
            },
            {"bufferView": 1, "componentType": 5123, "count": count, "type": "SCALAR"},
        ],
    }


def _glb(scene: dict[str, object], binary: bytes) -> bytes:
    text = json.dumps(scene).encode()
    chunks = _chunk(b"JSON", text, b" ") + (_chunk(b"BIN\x00", binary, b"\x00") if binary else b"")
    return b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks


def _chunk(kind: bytes, content: bytes, fill: bytes) -> bytes:
    padded = content + fill * (-len(content) % 4)
    return struct.pack("<I", len(padded)) + kind + padded
