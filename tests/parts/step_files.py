"""STEP files of known bodies, written by ourselves: prisms over a polygon, with round holes.

What a body measures is worked out here as well, so that a conversion can be compared with it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Point = tuple[float, float]

HEADER = (
    "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\n"
    "FILE_NAME('{name}','2026-03-02T09:00:00',(''),(''),'','Shopwright tests','');\n"
    "FILE_SCHEMA(('AUTOMOTIVE_DESIGN {{ 1 0 10303 214 1 1 1 1 }}'));\nENDSEC;\nDATA;\n"
)
FOOTER = "ENDSEC;\nEND-ISO-10303-21;\n"


@dataclass(frozen=True)
class Hole:
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Prism:
    """``outline`` runs against the clock; millimetres."""

    outline: Sequence[Point]
    height: float
    holes: Sequence[Hole] = ()
    z: float = 0.0

    @property
    def volume(self) -> float:
        rounds = sum(math.pi * hole.radius**2 for hole in self.holes)
        return (_polygon_area(self.outline) - rounds) * self.height


def box(x: float, y: float, width: float, depth: float, height: float) -> Prism:
    corners = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    return Prism(corners, height)


def plate_with_holes() -> Prism:
    """80 × 50 × 6 mm with four holes of 3 mm radius and one of 10 mm."""
    corners = [Hole(x, y, 3) for x in (8, 72) for y in (8, 42)]
    return Prism(box(0, 0, 80, 50, 6).outline, 6, [*corners, Hole(40, 25, 10)])


def gear(teeth: int = 24, height: float = 8) -> Prism:
    """A disc with square teeth and a bore of 5 mm radius."""
    outline = []
    for index in range(teeth * 4):
        radius = 22 if index % 4 in (1, 2) else 19
        angle = 2 * math.pi * index / (teeth * 4)
        outline.append((radius * math.cos(angle), radius * math.sin(angle)))
    return Prism(outline, height, [Hole(0, 0, 5)])


def assembly(bodies: int = 200) -> list[Prism]:
    """Boxes of 8 mm with a hole of 2 mm radius, in rows of twenty."""
    return [
        Prism(box(x, y, 8, 8, 8).outline, 8, [Hole(x + 4, y + 4, 2)])
        for x, y in ((10 * (n % 20), 10 * (n // 20)) for n in range(bodies))
    ]


def step_file(*bodies: Prism, name: str = "part") -> bytes:
    """All bodies in one shape."""
    return _Writer().write(bodies, name).encode()


@dataclass
class _Writer:
    lines: list[str] = field(default_factory=list)
    placements: dict[tuple[float, ...], str] = field(default_factory=dict)

    def write(self, bodies: Sequence[Prism], name: str) -> str:
        solids = [self._solid(body) for body in bodies]
        self._product(solids, name)
        return HEADER.format(name=name) + "".join(self.lines) + FOOTER

    def _add(self, entity: str) -> str:
        self.lines.append(f"#{len(self.lines) + 1}={entity};\n")
        return f"#{len(self.lines)}"

    def _point(self, x: float, y: float, z: float) -> str:
        return self._add(f"CARTESIAN_POINT('',({x:.9f},{y:.9f},{z:.9f}))")

    def _direction(self, x: float, y: float, z: float) -> str:
        return self._add(f"DIRECTION('',({x:.9f},{y:.9f},{z:.9f}))")

    def _placement(
        self, origin: Sequence[float], axis: Sequence[float], side: Sequence[float]
    ) -> str:
        parts = [self._point(*origin), self._direction(*axis), self._direction(*side)]
        return self._add(f"AXIS2_PLACEMENT_3D('',{','.join(parts)})")

    def _vertex(self, x: float, y: float, z: float) -> str:
        return self._add(f"VERTEX_POINT('',{self._point(x, y, z)})")

    def _line_edge(self, start: str, end: str, a: Sequence[float], b: Sequence[float]) -> str:
        length = math.dist(a, b)
        along = [(t - f) / length for f, t in zip(a, b, strict=True)]
        vector = self._add(f"VECTOR('',{self._direction(*along)},1.)")
        line = self._add(f"LINE('',{self._point(*a)},{vector})")
        return self._add(f"EDGE_CURVE('',{start},{end},{line},.T.)")

    def _circle_edge(self, vertex: str, hole: Hole, z: float) -> str:
        placement = self._placement((hole.x, hole.y, z), (0, 0, 1), (1, 0, 0))
        circle = self._add(f"CIRCLE('',{placement},{hole.radius:.9f})")
        return self._add(f"EDGE_CURVE('',{vertex},{vertex},{circle},.T.)")

    def _loop(self, edges: Sequence[tuple[str, bool]]) -> str:
        oriented = [
            self._add(f"ORIENTED_EDGE('',*,*,{edge},{'.T.' if forward else '.F.'})")
            for edge, forward in edges
        ]
        return self._add(f"EDGE_LOOP('',({','.join(oriented)}))")

    def _face(self, outer: str, inner: Sequence[str], surface: str, *, same: bool) -> str:
        bounds = [self._add(f"FACE_OUTER_BOUND('',{outer},.T.)")]
        bounds += [self._add(f"FACE_BOUND('',{loop},.T.)") for loop in inner]
        sense = ".T." if same else ".F."
        return self._add(f"ADVANCED_FACE('',({','.join(bounds)}),{surface},{sense})")

    def _solid(self, body: Prism) -> str:
        low, high = body.z, body.z + body.height
        count = len(body.outline)
        bottom = [self._vertex(x, y, low) for x, y in body.outline]
        top = [self._vertex(x, y, high) for x, y in body.outline]
        faces: list[str] = []
        rims_low, rims_high, uprights = [], [], []
        for index, (x, y) in enumerate(body.outline):
            after = (index + 1) % count
            nx, ny = body.outline[after]
            rims_low.append(
                self._line_edge(bottom[index], bottom[after], (x, y, low), (nx, ny, low))
            )
            rims_high.append(self._line_edge(top[index], top[after], (x, y, high), (nx, ny, high)))
            uprights.append(self._line_edge(bottom[index], top[index], (x, y, low), (x, y, high)))
        for index, (x, y) in enumerate(body.outline):
            after = (index + 1) % count
            nx, ny = body.outline[after]
            faces.append(
                self._side(
                    (x, y, low),
                    (nx - x, ny - y),
                    [
                        (rims_low[index], True),
                        (uprights[after], True),
                        (rims_high[index], False),
                        (uprights[index], False),
                    ],
                )
            )
        rounds = [self._hole(hole, low, high, faces) for hole in body.holes]
        faces.append(
            self._lid(
                low,
                [(e, False) for e in reversed(rims_low)],
                [self._loop([(r[0], True)]) for r in rounds],
                up=False,
            )
        )
        faces.append(
            self._lid(
                high,
                [(e, True) for e in rims_high],
                [self._loop([(r[1], False)]) for r in rounds],
                up=True,
            )
        )
        shell = self._add(f"CLOSED_SHELL('',({','.join(faces)}))")
        return self._add(f"MANIFOLD_SOLID_BREP('',{shell})")

    def _side(
        self, origin: Sequence[float], along: Point, edges: Sequence[tuple[str, bool]]
    ) -> str:
        length = math.hypot(*along)
        outward = (along[1] / length, -along[0] / length, 0.0)
        plane = self._placement(origin, outward, (along[0] / length, along[1] / length, 0.0))
        surface = self._add(f"PLANE('',{plane})")
        return self._face(self._loop(edges), (), surface, same=True)

    def _lid(
        self, z: float, edges: Sequence[tuple[str, bool]], inner: Sequence[str], *, up: bool
    ) -> str:
        plane = self._placement((0, 0, z), (0, 0, 1 if up else -1), (1, 0, 0))
        surface = self._add(f"PLANE('',{plane})")
        return self._face(self._loop(edges), inner, surface, same=True)

    def _hole(self, hole: Hole, low: float, high: float, faces: list[str]) -> tuple[str, str]:
        x = hole.x + hole.radius
        below, above = self._vertex(x, hole.y, low), self._vertex(x, hole.y, high)
        rim_low, rim_high = (
            self._circle_edge(below, hole, low), self._circle_edge(above, hole, high),
        )  # fmt: skip
        seam = self._line_edge(below, above, (x, hole.y, low), (x, hole.y, high))
        placement = self._placement((hole.x, hole.y, low), (0, 0, 1), (1, 0, 0))
        surface = self._add(f"CYLINDRICAL_SURFACE('',{placement},{hole.radius:.9f})")
        # The material is outside of the cylinder, so the face looks the other way.
        loop = self._loop([(rim_low, False), (seam, True), (rim_high, True), (seam, False)])
        faces.append(self._face(loop, (), surface, same=False))
        return rim_low, rim_high

    def _product(self, solids: Sequence[str], name: str) -> None:
        length = self._add("(LENGTH_UNIT()NAMED_UNIT(*)SI_UNIT(.MILLI.,.METRE.))")
        angle = self._add("(NAMED_UNIT(*)PLANE_ANGLE_UNIT()SI_UNIT($,.RADIAN.))")
        solid_angle = self._add("(NAMED_UNIT(*)SI_UNIT($,.STERADIAN.)SOLID_ANGLE_UNIT())")
        near = self._add(
            f"UNCERTAINTY_MEASURE_WITH_UNIT(LENGTH_MEASURE(1.E-07),{length},"
            "'distance_accuracy_value','')"
        )
        context = self._add(
            "(GEOMETRIC_REPRESENTATION_CONTEXT(3)"
            f"GLOBAL_UNCERTAINTY_ASSIGNED_CONTEXT(({near}))"
            f"GLOBAL_UNIT_ASSIGNED_CONTEXT(({length},{angle},{solid_angle}))"
            "REPRESENTATION_CONTEXT('',''))"
        )
        origin = self._placement((0, 0, 0), (0, 0, 1), (1, 0, 0))
        shape = self._add(
            f"ADVANCED_BREP_SHAPE_REPRESENTATION('',({origin},{','.join(solids)}),{context})"
        )
        application = self._add("APPLICATION_CONTEXT('mechanical design')")
        self._add(
            "APPLICATION_PROTOCOL_DEFINITION('international standard',"
            f"'automotive_design',2000,{application})"
        )
        product_context = self._add(f"PRODUCT_CONTEXT('',{application},'mechanical')")
        product = self._add(f"PRODUCT('{name}','{name}','',({product_context}))")
        formation = self._add(f"PRODUCT_DEFINITION_FORMATION('','',{product})")
        definition_context = self._add(
            f"PRODUCT_DEFINITION_CONTEXT('part definition',{application},'design')"
        )
        definition = self._add(f"PRODUCT_DEFINITION('design','',{formation},{definition_context})")
        of_product = self._add(f"PRODUCT_DEFINITION_SHAPE('','',{definition})")
        self._add(f"SHAPE_DEFINITION_REPRESENTATION({of_product},{shape})")


def _polygon_area(outline: Sequence[Point]) -> float:
    ahead = [*outline[1:], outline[0]]
    return sum(x * ny - nx * y for (x, y), (nx, ny) in zip(outline, ahead, strict=True)) / 2
