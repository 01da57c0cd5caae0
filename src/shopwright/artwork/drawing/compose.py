"""A design drawn from its data: always on an opaque ground, so the canvas is plain RGB.

A plan is what the parent made of a design: numbers and hashes, nothing of a stranger's naming.
"""

from pathlib import Path
from typing import Any

from PIL import Image

from shopwright.artwork.drawing import texts
from shopwright.artwork.drawing.faces import Face, fallbacks, font_folder
from shopwright.artwork.drawing.placing import Place, Rect, put
from shopwright.artwork.drawing.sources import Sources

STICKER_WIDTH = 0.25  # of the masked area's width, at scale 1

Plan = dict[str, Any]


def compose(plan: Plan, sources: Sources, paths: dict[str, str]) -> Image.Image:
    """The picture, ``out_width`` pixels wide or as wide as the canvas."""
    factor = (plan.get("out_width") or plan["width"]) / plan["width"]
    size = (round(plan["width"] * factor), max(1, round(plan["height"] * factor)))
    canvas = Image.new("RGB", size, plan["background"])
    for layer in plan["layers"]:
        _Layer(canvas, plan, layer, sources, paths).draw()
    return canvas


class _Layer:
    def __init__(
        self,
        canvas: Image.Image,
        plan: Plan,
        layer: Plan,
        sources: Sources,
        paths: dict[str, str],
    ) -> None:
        self.canvas = canvas
        self.layer = layer
        self.mask = _rect(plan["mask"], canvas.size)
        self._sources = sources
        self._paths = paths

    def draw(self) -> None:
        {"image": self._image, "sticker": self._sticker, "text": self._text}[self.layer["kind"]]()

    def _image(self) -> None:
        """At scale 1 it covers its frame."""
        picture = _cropped(self._source(), self.layer.get("crop"))
        frame = _rect(self.layer["frame"], self.canvas.size)
        cover = max((frame[2] - frame[0]) / picture.width, (frame[3] - frame[1]) / picture.height)
        self._put(picture, cover * self.layer["scale"], within=frame, clip=frame)

    def _sticker(self) -> None:
        picture = self._source()
        base = (self.mask[2] - self.mask[0]) * STICKER_WIDTH / max(picture.size)
        self._put(picture, base * self.layer["scale"], within=self.mask)

    def _text(self) -> None:
        block = texts.draw_text(self.layer["text"], self._style())
        if block is not None:
            self._put(block.picture, block.scale, within=self.mask)

    def _style(self) -> texts.Style:
        layer, px = self.layer, self.canvas.width / 100 * self.layer["scale"]
        width = layer["width"]
        masked = (self.mask[2] - self.mask[0]) / 100
        return texts.Style(
            faces=faces_of(layer["face"], layer["weight"], self._paths),
            size_px=layer["size"] * px,
            color=layer["color"],
            align=layer["align"],
            spacing=layer["spacing"],
            width_px=None if width is None else width * masked * layer["scale"],
            outline_px=layer["outline"] * px,
            outline_color=layer["outline_color"],
        )

    def _source(self) -> Image.Image:
        sha256 = self.layer["source"]
        return self._sources.get(sha256, self._paths.get(sha256))

    def _put(
        self, picture: Image.Image, scale: float, *, within: Rect, clip: Rect | None = None
    ) -> None:
        layer = self.layer
        place = Place(
            cx=within[0] + (within[2] - within[0]) * layer["x"] / 100,
            cy=within[1] + (within[3] - within[1]) * layer["y"] / 100,
            width=picture.width * scale,
            height=picture.height * scale,
            rotation=layer["rotation"],
            clip=clip or (0, 0, *self.canvas.size),
            opacity=layer["opacity"],
        )
        put(self.canvas, picture, place)


def faces_of(name: str, weight: int, paths: dict[str, str]) -> tuple[Face, ...]:
    """The face a text asks for, a bundled file or one of the shop's own by its hash, and behind it
    those that have what it lacks."""
    first = Face(name, Path(paths[name]) if name in paths else font_folder() / name)
    return (first, *(face for face in fallbacks(weight) if face.path != first.path))


def _rect(box: list[float], size: tuple[int, int]) -> Rect:
    """Of percents; x, y, width, height."""
    x, y, width, height = box
    across, down = size[0] / 100, size[1] / 100
    return (x * across, y * down, (x + width) * across, (y + height) * down)


def _cropped(picture: Image.Image, crop: list[float] | None) -> Image.Image:
    if crop is None:
        return picture
    left, top, right, bottom = (round(side) for side in _rect(crop, picture.size))
    return picture.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
