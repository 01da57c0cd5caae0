"""Stickers of the demo shop, drawn here."""

import math
from collections.abc import Callable, Mapping, Sequence

from PIL import Image, ImageDraw

SIZE = 480
FINE = 2  # drawn so many times larger, so that edges come out smooth
EDGE = "#ffffff"
Draw = ImageDraw.ImageDraw
Point = tuple[float, float]


def sketch_sticker(name: str) -> Image.Image:
    """Transparent with a white edge, as stickers have; raises KeyError for an unknown one."""
    sketch = SKETCHES[name]
    image = Image.new("RGBA", (SIZE * FINE, SIZE * FINE))
    sketch(ImageDraw.Draw(image))
    return image.reduce(FINE)


def _at(*points: Point) -> list[Point]:
    """In tenths of a percent of the picture: 0 to 1000."""
    return [(x * SIZE * FINE / 1000, y * SIZE * FINE / 1000) for x, y in points]


def _oval(draw: Draw, center: Point, across: float, down: float, fill: str, edge: str = "") -> None:
    (x, y) = center
    box = _at((x - across, y - down), (x + across, y + down))
    draw.ellipse(box, fill=fill, outline=edge or None, width=18 if edge else 0)


def _shape(draw: Draw, points: Sequence[Point], fill: str, edge: str = EDGE) -> None:
    at = _at(*points)
    draw.line([*at, at[0]], fill=edge, width=60, joint="curve")
    for x, y in at:
        draw.ellipse((x - 30, y - 30, x + 30, y + 30), fill=edge)
    draw.polygon(at, fill=fill)


def _star(center: Point, outer: float, inner: float, rays: int) -> list[Point]:
    return [
        (
            center[0] + (inner if step % 2 else outer) * math.sin(math.pi * step / rays),
            center[1] - (inner if step % 2 else outer) * math.cos(math.pi * step / rays),
        )
        for step in range(2 * rays)
    ]


def _heart_points() -> list[Point]:
    turns = [2 * math.pi * step / 80 for step in range(80)]
    return [
        (
            500 + 25 * 16 * math.sin(turn) ** 3 / 1.05,
            460
            - 25
            * (
                13 * math.cos(turn)
                - 5 * math.cos(2 * turn)
                - 2 * math.cos(3 * turn)
                - math.cos(4 * turn)
            )
            / 1.05,
        )
        for turn in turns
    ]


def _heart(color: str) -> Callable[[Draw], None]:
    def sketch(draw: Draw) -> None:
        _shape(draw, _heart_points(), color)
        _oval(draw, (330, 330), 60, 40, "#ffffff66")

    return sketch


def _sun(draw: Draw) -> None:
    _shape(draw, _star((500, 500), 430, 320, 14), "#f7b32b")
    _oval(draw, (500, 500), 270, 270, "#ffd65c")
    for x in (410, 590):
        _oval(draw, (x, 450), 28, 40, "#5b3a1e")
    draw.arc(_at((390, 430), (610, 640)), 20, 160, fill="#5b3a1e", width=26)


def _gold_star(draw: Draw) -> None:
    _shape(draw, _star((500, 520), 430, 190, 5), "#ffc93c")


def _cat(draw: Draw) -> None:
    ears = [(210, 480), (230, 160), (420, 300), (580, 300), (770, 160), (790, 480)]
    _shape(draw, [*ears, (740, 700), (500, 830), (260, 700)], "#f0994a")
    for x in (380, 620):
        _oval(draw, (x, 500), 52, 66, "#fffbe8")
        _oval(draw, (x, 510), 22, 52, "#2b2118")
    _shape_plain(draw, [(455, 610), (545, 610), (500, 665)], "#d35d6e")
    draw.arc(_at((410, 620), (500, 730)), 10, 150, fill="#2b2118", width=18)
    draw.arc(_at((500, 620), (590, 730)), 30, 170, fill="#2b2118", width=18)


def _dog(draw: Draw) -> None:
    top = [(260, 330), (400, 220), (600, 220), (740, 330)]
    _shape(draw, [*top, (740, 640), (600, 830), (400, 830), (260, 640)], "#c99766")
    _shape_plain(draw, [(260, 330), (150, 420), (170, 650), (290, 600), (310, 400)], "#7c5230")
    _shape_plain(draw, [(740, 330), (850, 420), (830, 650), (710, 600), (690, 400)], "#7c5230")
    for x in (400, 600):
        _oval(draw, (x, 470), 36, 44, "#2b2118")
    _oval(draw, (500, 640), 90, 62, "#2b2118")
    draw.arc(_at((390, 620), (610, 790)), 20, 160, fill="#2b2118", width=20)


def _alien(draw: Draw) -> None:
    skull = [(220, 350), (340, 190), (500, 140), (660, 190), (780, 350)]
    _shape(draw, [*skull, (740, 600), (600, 800), (500, 850), (400, 800), (260, 600)], "#8bd450")
    for x, lean in ((370, 1), (630, -1)):
        points = [
            (x - 90 * lean, 390),
            (x + 50 * lean, 450),
            (x + 70 * lean, 560),
            (x - 40 * lean, 510),
        ]
        _shape_plain(draw, points, "#18230f")
    draw.arc(_at((430, 650), (570, 730)), 20, 160, fill="#18230f", width=16)


def _rocket(draw: Draw) -> None:
    _shape(draw, [(500, 80), (640, 300), (660, 680), (340, 680), (360, 300)], "#e8ebf0")
    _shape_plain(draw, [(500, 80), (640, 300), (360, 300)], "#d62f45")
    _shape_plain(draw, [(350, 480), (220, 700), (345, 680)], "#d62f45")
    _shape_plain(draw, [(650, 480), (780, 700), (655, 680)], "#d62f45")
    _oval(draw, (500, 430), 75, 75, "#3b82c4", "#29506f")
    _shape_plain(draw, [(410, 690), (590, 690), (500, 930)], "#ff9f1c")
    _shape_plain(draw, [(450, 690), (550, 690), (500, 830)], "#ffe066")


def _planet(draw: Draw) -> None:
    _oval(draw, (500, 500), 300, 300, EDGE)
    _oval(draw, (500, 500), 270, 270, "#7d5ba6")
    _oval(draw, (400, 420), 70, 45, "#9a7bc0")
    _oval(draw, (590, 600), 95, 55, "#694a91")
    draw.arc(_at((70, 400), (930, 620)), 350, 190, fill=EDGE, width=110)
    draw.arc(_at((80, 405), (920, 610)), 350, 190, fill="#f2c14e", width=56)


def _bolt(draw: Draw) -> None:
    _shape(draw, [(560, 80), (260, 560), (460, 560), (400, 920), (740, 400), (530, 400)], "#ffd60a")


def _ghost(draw: Draw) -> None:
    head = [
        (500 + 270 * math.cos(t), 420 + 270 * math.sin(t)) for t in _turns(math.pi, 2 * math.pi)
    ]
    foot = [(770, 850), (680, 760), (590, 850), (500, 760), (410, 850), (320, 760), (230, 850)]
    _shape(draw, [*head, *foot], "#cdd7ff", "#5661a8")
    for x in (410, 590):
        _oval(draw, (x, 420), 44, 62, "#2b2f55")
    _oval(draw, (500, 560), 46, 36, "#2b2f55")


def _rainbow(draw: Draw) -> None:
    for at, color in enumerate(("#ffffff", "#e63946", "#f4a261", "#ffe066", "#57cc99", "#4895ef")):
        inset = 60 + 55 * at
        box = _at((inset, inset + 120), (1000 - inset, 1060 - inset + 120))
        draw.pieslice(box, 180, 360, fill=color)
    box = _at((390, 510), (610, 730))
    draw.pieslice(box, 180, 360, fill="#00000000")


def _turns(start: float, end: float, steps: int = 24) -> list[float]:
    return [start + (end - start) * step / steps for step in range(steps + 1)]


def _shape_plain(draw: Draw, points: Sequence[Point], fill: str) -> None:
    draw.polygon(_at(*points), fill=fill)


SKETCHES: Mapping[str, Callable[[Draw], None]] = {
    "Red heart": _heart("#e63946"),
    "Violet heart": _heart("#8e5bd0"),
    "Happy sun": _sun,
    "Gold star": _gold_star,
    "Tabby": _cat,
    "Buddy": _dog,
    "Green visitor": _alien,
    "Rocket": _rocket,
    "Planet": _planet,
    "Flash": _bolt,
    "Little ghost": _ghost,
    "Rainbow": _rainbow,
}
