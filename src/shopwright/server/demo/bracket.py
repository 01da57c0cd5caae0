"""A part of the demo with a model to look at, a drawing and a profile to slice it with."""

import io
import struct
from collections.abc import Iterator, Sequence

from shopwright.files.access import files_of
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.parts import service, versions
from shopwright.parts.service import PartSpec
from shopwright.parts.slicing import profiles
from shopwright.parts.slicing.profiles import NewProfile
from shopwright.parts.states import FileKind, PartCategory, PartStatus, PartType
from shopwright.parts.versions import CheckedFile

NAME, MATERIAL, AMOUNT = "Motor bracket", "PETG", 4
DEPTH_MM = 45.0
# The bracket's side, against the clock, and the rectangles that it consists of.
OUTLINE = ((0, 0), (6, 0), (70, 0), (70, 6), (6, 6), (6, 50), (0, 50), (0, 6))
RECTANGLES = ((0, 1, 4, 7), (1, 2, 3, 4), (7, 4, 5, 6))
PROFILE = b"layer_height = 0.2\nperimeters = 3\nfill_density = 20%\nnozzle_diameter = 0.4\n"
SCALE, LEFT, BELOW = 5, 120, 130  # of the drawing, in points
PAPER = (595, 420)
MAX_BYTES = 100_000

Point = tuple[float, float, float]


async def add_bracket(process: Process, ctx: Actor) -> None:
    """Converted by the worker, like any upload."""
    model = await _store(process, "motor-bracket.stl", FileKind.STL, stl())
    drawing = await _store(process, "motor-bracket.pdf", FileKind.PDF, pdf())
    now = process.clock.now()
    spec = PartSpec(
        name=NAME,
        type=PartType.HAND,
        category=PartCategory.HAND,
        status=PartStatus.REVIEWED,
        facts={"material": MATERIAL, "amount": AMOUNT, "subsystem": "Turntable"},
    )
    async with process.database.write() as session:
        part = (await service.create_part(session, ctx, spec=spec, now=now)).part
        for file in (model, drawing):
            await versions.add_file(session, ctx, ref=Ref(part.id, None), checked=file, now=now)
        new = NewProfile("PETG 0.2 mm", "MK4", MATERIAL, PROFILE)
        await profiles.add_profile(session, ctx, new=new, now=now)


def stl() -> bytes:
    facets = [
        struct.pack("<12fH", 0, 0, 0, *(c for corner in three for c in corner), 0)
        for three in _triangles()
    ]
    return bytes(80) + struct.pack("<I", len(facets)) + b"".join(facets)


def pdf() -> bytes:
    """The bracket's side with its measures."""
    corners = [(LEFT + SCALE * x, BELOW + SCALE * z) for x, z in OUTLINE]
    lines = " ".join(f"{x} {z} {'l' if at else 'm'}" for at, (x, z) in enumerate(corners))
    words = (
        (LEFT + 160, BELOW - 30, "70"),
        (LEFT - 40, BELOW + 120, "50"),
        (LEFT + 360, BELOW + 10, "6"),
        (60, 50, f"{NAME}   70 x 50 x {DEPTH_MM:g} mm   t = 6   {MATERIAL}"),
    )
    written = "".join(f"BT /F1 14 Tf {x} {y} Td ({text}) Tj ET\n" for x, y, text in words)
    return _document(f"1.5 w {lines} h S\n0.5 w 30 30 535 360 re S\n{written}".encode())


def _triangles() -> Iterator[tuple[Point, Point, Point]]:
    front = [(float(x), 0.0, float(z)) for x, z in OUTLINE]
    back = [(x, DEPTH_MM, z) for x, _, z in front]
    for at in range(len(OUTLINE)):
        after = (at + 1) % len(OUTLINE)
        yield from _halves([front[at], back[at], back[after], front[after]])
    for rectangle in RECTANGLES:
        yield from _halves([front[at] for at in rectangle])
        yield from _halves([back[at] for at in reversed(rectangle)])


def _halves(corners: Sequence[Point]) -> Iterator[tuple[Point, Point, Point]]:
    a, b, c, d = corners
    yield from ((a, b, c), (a, c, d))


def _document(drawn: bytes) -> bytes:
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>" % PAPER,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 6\n0000000000 65535 f \n" + table
    return (
        content
        + head
        + (b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(content))
    )


async def _store(process: Process, name: str, kind: FileKind, content: bytes) -> CheckedFile:
    stored = await files_of(process).put(io.BytesIO(content), max_bytes=MAX_BYTES)
    return CheckedFile(name, kind, stored)
