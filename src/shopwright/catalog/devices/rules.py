"""How large a print for a device is, and which sizes can be printed at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shopwright.kernel.errors import Invalid

CANVAS_WIDTH_PX = 1390  # fixed by the manufacturer, reference (d)
CANVAS_HEIGHT_PX = (1000, 5000)
WIDTH_UM = (30_000, 200_000)
HEIGHT_UM = (100_000, 300_000)
RATIO = (1.2, 3.0)  # height by width


class SizeNotPrintable(Invalid):
    code = "size-not-printable"
    title = "A device of this size cannot be printed"


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a design shows, in percent of the canvas; ``radius`` of its corners in percent of the
    canvas' width. ``camera`` is the hole, as x, y, width, height, radius, or None."""

    x: float = 0.0
    y: float = 0.0
    width: float = 100.0
    height: float = 100.0
    radius: float = 0.0
    camera: tuple[float, float, float, float, float] | None = None


def canvas_size(width_um: int, height_um: int) -> tuple[int, int]:
    """Width and height of the print in pixels; raises SizeNotPrintable with the limit."""
    check_size(width_um, height_um)
    height = round(height_um * CANVAS_WIDTH_PX / width_um)
    low, high = CANVAS_HEIGHT_PX
    if not low <= height <= high:
        raise SizeNotPrintable(f"The print would be {height} px high, not {low} to {high}.")
    return CANVAS_WIDTH_PX, height


def check_size(width_um: int, height_um: int) -> None:
    """Raises SizeNotPrintable: width 30 to 200 mm, height 100 to 300 mm, ratio 1.2 to 3.0."""
    _check_length("width", width_um, WIDTH_UM)
    _check_length("height", height_um, HEIGHT_UM)
    ratio = height_um / width_um
    low, high = RATIO
    if not low <= ratio <= high:
        raise SizeNotPrintable(
            f"Height by width must be {low} to {high}; this one is {ratio:.2f}.", ratio=ratio
        )


def mask_of(stored: Mapping[str, Any]) -> Mask:
    """The mask that a row's JSON holds; an empty one covers the whole canvas."""
    known = {name: float(stored[name]) for name in _SIDES if name in stored}
    camera = stored.get("camera")
    return Mask(**known, camera=_hole_of(camera) if camera else None)


_SIDES = ("x", "y", "width", "height", "radius")


def _hole_of(camera: Mapping[str, Any]) -> tuple[float, float, float, float, float]:
    x, y, width, height, radius = (float(camera.get(name, 0)) for name in _SIDES)
    return x, y, width, height, radius


def _check_length(name: str, value_um: int, limits_um: tuple[int, int]) -> None:
    low, high = limits_um
    if not low <= value_um <= high:
        raise SizeNotPrintable(
            f"The {name} must be {low // 1000} to {high // 1000} mm; "
            f"{value_um / 1000:g} mm is not printed here."
        )
