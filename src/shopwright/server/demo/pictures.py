"""Pictures of what the demo shop prints, as a slicer would have put them into its files."""

import colorsys
import io
import math
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw

SIZE = 512
FINE = 2  # drawn so many times larger, so that edges come out smooth
BED, GRID = "#E8EAED", "#D5D9DE"
GRID_STEP = 32

Point = tuple[float, float]
Sketch = Callable[["Pen"], None]


class Pen:
    """Draws in points of the final picture, in shades of one colour."""

    def __init__(self, color_hex: str) -> None:
        self._rgb = tuple(int(color_hex[at : at + 2], 16) / 255 for at in (0, 2, 4))
        self._image = Image.new("RGB", (SIZE * FINE, SIZE * FINE), BED)
        self._draw = ImageDraw.Draw(self._image)
        for at in range(GRID_STEP, SIZE, GRID_STEP):
            self._draw.line(_fine([(at, 0), (at, SIZE)]), fill=GRID, width=FINE)
            self._draw.line(_fine([(0, at), (SIZE, at)]), fill=GRID, width=FINE)

    def shade(self, by: float) -> str:
        """Lighter above 0, darker below; white and black still show their edges."""
        hue, light, depth = colorsys.rgb_to_hls(*self._rgb)
        light = min(max(light + by, 0.06), 0.97)
        red, green, blue = colorsys.hls_to_rgb(hue, light, depth)
        return f"#{round(red * 255):02X}{round(green * 255):02X}{round(blue * 255):02X}"

    def area(self, points: list[Point], by: float) -> None:
        self._draw.polygon(_fine(points), fill=self.shade(by))

    def oval(self, center: Point, radii: Point, by: float) -> None:
        (x, y), (across, down) = center, radii
        box = _fine([(x - across, y - down), (x + across, y + down)])
        self._draw.ellipse(box, fill=self.shade(by))

    def hole(self, center: Point, radii: Point) -> None:
        (x, y), (across, down) = center, radii
        self._draw.ellipse(_fine([(x - across, y - down), (x + across, y + down)]), fill=BED)

    def slab(self, corner: Point, size: Point, height: float) -> None:
        """A board lying on the bed, seen from the front right."""
        (x, y), (width, depth) = corner, size
        lean = depth / 2
        self.area(
            [(x, y), (x + lean, y - lean), (x + width + lean, y - lean), (x + width, y)], 0.08
        )
        self.area([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], 0)
        right = x + width
        self.area(
            [
                (right, y),
                (right + lean, y - lean),
                (right + lean, y - lean + height),
                (right, y + height),
            ],
            -0.1,
        )

    def cup(self, center: Point, radius: float, height: float, foot: float) -> None:
        """A round vessel that is ``foot`` times as wide at its foot."""
        (x, y), flat, low = center, 0.35, radius * foot
        self.oval((x, y + height), (low, low * flat), -0.08)
        self.area(
            [(x - radius, y), (x + radius, y), (x + low, y + height), (x - low, y + height)], 0
        )
        self.area([(x, y), (x + radius, y), (x + low, y + height), (x, y + height)], -0.05)
        self.oval((x, y), (radius, radius * flat), 0.1)
        self.oval((x, y + 4), (radius * 0.86, radius * 0.86 * flat), -0.16)

    def png(self) -> bytes:
        buffer = io.BytesIO()
        self._image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(buffer, "PNG")
        return buffer.getvalue()


def draw(name: str, color_hex: str) -> bytes:
    """The PNG of a plate by its name; raises KeyError for a plate nobody drew."""
    pen = Pen(color_hex)
    SKETCHES[name](pen)
    return pen.png()


def _door_plate(pen: Pen) -> None:
    pen.slab((70, 300), (290, 150), 26)
    for letter in range(5):
        x = 135 + letter * 47
        pen.area([(x, 278), (x + 42, 236), (x + 62, 236), (x + 20, 278)], 0.24)


def _planter(radius: float, height: float) -> Sketch:
    def sketch(pen: Pen) -> None:
        top = 256 - height / 2
        pen.cup((256, top + height - 4), radius * 0.86, 22, 0.92)
        pen.cup((256, top), radius, height, 0.7)

    return sketch


def _cable_clips(pen: Pen) -> None:
    for place in range(6):
        x, y = 130 + 125 * (place % 3), 190 + 140 * (place // 3)
        pen.oval((x, y), (44, 44), -0.02)
        pen.oval((x - 3, y - 4), (38, 38), 0.1)
        pen.hole((x, y), (22, 22))
        pen.slab((x - 48, y + 40), (86, 22), 12)


def _keychain(pen: Pen) -> None:
    pen.slab((90, 310), (280, 140), 28)
    for letter in range(4):
        x = 170 + letter * 50
        pen.area([(x, 292), (x + 40, 252), (x + 60, 252), (x + 20, 292)], -0.22)
    pen.oval((104, 300), (56, 36), 0.02)
    pen.hole((102, 298), (30, 18))


def _lamp_base(pen: Pen) -> None:
    pen.cup((256, 250), 130, 46, 1.12)
    pen.oval((256, 252), (60, 22), 0.14)
    pen.hole((256, 252), (22, 8))


def _lamp_shade(pen: Pen) -> None:
    for ring in range(24):
        radius = 150 - ring * 6.2
        pen.oval((256 - ring * 1.6, 256 - ring * 1.8), (radius, radius), -0.14 + ring * 0.008)
    for turn in range(9):
        angle, reach = turn * 2.4, 34 + 11 * turn
        x, y = 256 + reach * math.cos(angle), 256 + reach * math.sin(angle)
        size = 9 + 3 * (turn % 4)
        pen.oval((x, y), (size, size * 0.9), -0.17)


def _key_hooks(pen: Pen) -> None:
    for row in range(2):
        y = 190 + row * 160
        pen.slab((80, y), (300, 50), 20)
        for hook in range(4):
            x = 112 + hook * 76
            pen.area([(x, y + 8), (x + 16, y + 8), (x + 16, y + 62), (x, y + 62)], -0.06)
            pen.oval((x + 8, y + 64), (15, 13), 0.05)


SKETCHES: Mapping[str, Sketch] = {
    "door plate": _door_plate,
    "planter small": _planter(105, 150),
    "planter large": _planter(150, 230),
    "cable clip": _cable_clips,
    "keychain": _keychain,
    "lamp base": _lamp_base,
    "lamp shade": _lamp_shade,
    "key hooks": _key_hooks,
}


def _fine(points: list[Point]) -> list[Point]:
    return [(x * FINE, y * FINE) for x, y in points]
