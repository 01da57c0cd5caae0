"""A picture put on the canvas: scaled, turned, clipped, half seen through. Never more pixels are
made than are seen."""

import math
from dataclasses import dataclass

from PIL import Image

Rect = tuple[float, float, float, float]  # left, top, right, bottom
OPAQUE = 255
TURNED = 0.01  # degrees below which nothing is seen of a turn
GAP = 1.5  # at least this much is left to the filter after whole pixels were joined


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture's centre is, how large it is shown, how far it is turned clockwise, and the
    part of the canvas it may be seen in."""

    cx: float
    cy: float
    width: float
    height: float
    rotation: float
    clip: Rect
    opacity: float = 1.0


def put(canvas: Image.Image, picture: Image.Image, place: Place) -> None:
    """Change ``canvas``, which is RGBA or RGB."""
    if place.width < 1 or place.height < 1:
        return
    if abs(place.rotation) % 360 < TURNED:
        _put_straight(canvas, picture, place)
    else:
        _put_turned(canvas, picture, place)


def _put_straight(canvas: Image.Image, picture: Image.Image, place: Place) -> None:
    left, top = round(place.cx - place.width / 2), round(place.cy - place.height / 2)
    width, height = max(1, round(place.width)), max(1, round(place.height))
    seen = _seen(canvas, place.clip, (left, top, left + width, top + height))
    if seen is None:
        return
    across, down = picture.width / width, picture.height / height
    box = (
        (seen[0] - left) * across,
        (seen[1] - top) * down,
        min(picture.width, (seen[2] - left) * across),
        min(picture.height, (seen[3] - top) * down),
    )
    size = (seen[2] - seen[0], seen[3] - seen[1])
    if (width, height) == picture.size:
        part = picture.crop(tuple(round(side) for side in box))  # type: ignore[arg-type]
    else:
        part = picture.resize(size, _filter(across), box, reducing_gap=GAP)
    _compose(canvas, part, (seen[0], seen[1]), place.opacity)


def _put_turned(canvas: Image.Image, picture: Image.Image, place: Place) -> None:
    """Scaled down first, where it is, so that the turn loses nothing; scaled up in the turn."""
    around = _bounds(place)
    seen = _seen(canvas, place.clip, around)
    if seen is None:
        return
    shown = (max(1, round(place.width)), max(1, round(place.height)))
    if shown[0] < picture.width:
        picture = picture.resize(shown, _filter(picture.width / shown[0]), reducing_gap=GAP)
    framed = Image.new("RGBA", (picture.width + 2, picture.height + 2))  # its edges fade out
    framed.paste(picture, (1, 1))
    part = framed.transform(
        (seen[2] - seen[0], seen[3] - seen[1]),
        Image.Transform.AFFINE,
        _inverse(picture.size, place, (seen[0], seen[1])),
        Image.Resampling.BICUBIC,
    )
    _compose(canvas, part, (seen[0], seen[1]), place.opacity)


def _filter(shrink: float) -> Image.Resampling:
    """Hamming makes smaller as well as bicubic does, in half the time; it makes nothing larger."""
    return Image.Resampling.HAMMING if shrink > 1 else Image.Resampling.BICUBIC


def _inverse(
    size: tuple[int, int], place: Place, origin: tuple[int, int]
) -> tuple[float, float, float, float, float, float]:
    """From a pixel of the part to a pixel of the framed picture."""
    angle = math.radians(place.rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    across, down = size[0] / place.width, size[1] / place.height
    dx, dy = origin[0] - place.cx, origin[1] - place.cy
    return (
        cos * across,
        sin * across,
        (dx * cos + dy * sin) * across + size[0] / 2 + 1,
        -sin * down,
        cos * down,
        (-dx * sin + dy * cos) * down + size[1] / 2 + 1,
    )


def _bounds(place: Place) -> tuple[int, int, int, int]:
    angle = math.radians(place.rotation)
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    half_w = (place.width * cos + place.height * sin) / 2 + 1
    half_h = (place.width * sin + place.height * cos) / 2 + 1
    return (
        math.floor(place.cx - half_w),
        math.floor(place.cy - half_h),
        math.ceil(place.cx + half_w),
        math.ceil(place.cy + half_h),
    )


def _seen(
    canvas: Image.Image, clip: Rect, around: tuple[int, int, int, int]
) -> tuple[int, int, int, int] | None:
    left = max(0, round(clip[0]), around[0])
    top = max(0, round(clip[1]), around[1])
    right = min(canvas.width, round(clip[2]), around[2])
    bottom = min(canvas.height, round(clip[3]), around[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _compose(canvas: Image.Image, part: Image.Image, at: tuple[int, int], opacity: float) -> None:
    seen_through = round(OPAQUE * opacity)
    if part.mode == "RGBA":
        mask = part.getchannel("A")
        if seen_through < OPAQUE:
            mask = mask.point([value * seen_through // OPAQUE for value in range(256)])
        canvas.paste(part.convert("RGB"), at, mask)
    elif seen_through < OPAQUE:
        canvas.paste(part, at, Image.new("L", part.size, seen_through))
    else:
        canvas.paste(part, at)
