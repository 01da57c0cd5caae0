"""The canvas that a product defines: its size in pixels, where the design shows, and its frames.

Millimetres decide the height (reference (d): 1390 px wide, 1000 to 5000 high). It is copied into
the design, so that what was ordered does not move when the catalogue does.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shopwright.catalog.designs.models import Template
from shopwright.catalog.designs.states import TemplateCategory
from shopwright.catalog.devices import rules as devices
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.errors import Invalid

UM_PER_INCH = 25_400
MAX_FRAMES = 12
FILM_EDGE = 6.0  # percent of the canvas left free around the frames of a film strip


class CanvasUnknown(Invalid):
    code = "canvas-unknown"
    title = "There is nothing to draw on"


@dataclass(frozen=True, slots=True)
class Box:
    """In percent of the canvas."""

    x: float = 0.0
    y: float = 0.0
    width: float = 100.0
    height: float = 100.0


@dataclass(frozen=True, slots=True)
class Canvas:
    """``mask`` is the area that texts and stickers are placed in; ``frames`` are where the
    template's pictures go. ``dpi`` makes the print as wide as the device."""

    width_px: int
    height_px: int
    width_um: int
    mask: Box
    radius: float
    camera: tuple[float, float, float, float, float] | None
    frames: tuple[Box, ...]

    @property
    def dpi(self) -> float:
        return self.width_px * UM_PER_INCH / self.width_um


def canvas_of(template: Template, model: DeviceModel) -> Canvas:
    """Raises SizeNotPrintable for a device without a usable size."""
    width_px, height_px = devices.canvas_size(model.width_um, model.height_um)
    mask = devices.mask_of(model.mask)
    return Canvas(
        width_px=width_px,
        height_px=height_px,
        width_um=model.width_um,
        mask=Box(mask.x, mask.y, mask.width, mask.height),
        radius=mask.radius,
        camera=mask.camera,
        frames=frames_of(template.category, template.image_count),
    )


def frames_of(category: TemplateCategory, count: int) -> tuple[Box, ...]:
    """Where the pictures of a template stand: alone, stacked, or from four on in two columns; on a
    film strip with the film's edge around each."""
    count = max(1, min(count, MAX_FRAMES))
    if category is TemplateCategory.FILM:
        return _film(count)
    if count <= 3:  # noqa: PLR2004  more would be slits
        return tuple(Box(0, 100 / count * row, 100, 100 / count) for row in range(count))
    return _grid(count)


def stored(canvas: Canvas) -> dict[str, Any]:
    return asdict(canvas)


def read_stored(row: Mapping[str, Any]) -> Canvas:
    camera = row["camera"]
    return Canvas(
        width_px=row["width_px"],
        height_px=row["height_px"],
        width_um=row["width_um"],
        mask=Box(**row["mask"]),
        radius=row["radius"],
        camera=tuple(camera) if camera else None,
        frames=tuple(Box(**frame) for frame in row["frames"]),
    )


def _film(count: int) -> tuple[Box, ...]:
    height = (100 - FILM_EDGE * (count + 1) / 2) / count
    return tuple(
        Box(FILM_EDGE, FILM_EDGE / 2 + row * (height + FILM_EDGE / 2), 100 - 2 * FILM_EDGE, height)
        for row in range(count)
    )


def _grid(count: int) -> tuple[Box, ...]:
    """The last one of an odd number is as wide as the canvas."""
    rows = (count + 1) // 2
    height = 100 / rows
    boxes = [Box(50.0 * (i % 2), height * (i // 2), 50, height) for i in range(count)]
    if count % 2:
        boxes[-1] = Box(0, height * (rows - 1), 100, height)
    return tuple(boxes)
