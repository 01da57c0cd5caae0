"""From what is stored of a design to what the drawing child needs: hashes, faces and numbers.

Saving resolves every name once: pictures of the design, stickers and fonts of the catalogue. What
was found is kept in the layer, so that an ordered design needs nothing of the catalogue any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shopwright.artwork import canvas as canvases
from shopwright.artwork.canvas import Box, Canvas
from shopwright.artwork.drawing import faces, runs
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.schemas import MAX_LINES, DesignData, ImageLayer, StickerLayer, TextLayer
from shopwright.catalog.designs.models import Font, Sticker
from shopwright.kernel.errors import Invalid

RESOLVED = ("source", "face")  # members of a stored layer that nobody outside sees
MAX_NAMED = 12  # characters listed in a refusal

Stored = dict[str, Any]
Plan = dict[str, Any]


class LayerUnusable(Invalid):
    code = "layer-unusable"
    title = "A layer of this design cannot be drawn"


class TextNotPrintable(LayerUnusable):
    code = "text-not-printable"
    title = "No font at hand has these characters"


@dataclass(frozen=True, slots=True)
class Material:
    """What a design may be made of, by the names that layers use. ``font_files`` are local copies
    of the shop's own fonts, by hash."""

    images: Mapping[str, DesignImage]
    stickers: Mapping[str, Sticker]
    fonts: Mapping[str, Font]
    font_files: Mapping[str, Path]


def resolve(data: DesignData, material: Material) -> list[Stored]:
    """The layers as they are stored. Raises LayerUnusable with the layer's id."""
    _check_ids([layer.id for layer in data.layers])
    return [_resolved(layer, material) for layer in data.layers]


def shown(layers: Iterable[Stored]) -> list[Stored]:
    """As they were sent, without what was resolved."""
    return [{k: v for k, v in layer.items() if k not in RESOLVED} for layer in layers]


def plan_of(canvas: Canvas, background: str, layers: Sequence[Stored]) -> Plan:
    return {
        "width": canvas.width_px,
        "height": canvas.height_px,
        "dpi": canvas.dpi,
        "mask": _numbers(canvas.mask),
        "background": background,
        "layers": [_planned(layer) for layer in layers],
        "fonts": sorted({layer["face"] for layer in layers if _is_own(layer.get("face", ""))}),
    }


def plan_of_design(design: Design) -> Plan:
    canvas = canvases.read_stored(design.canvas)
    return plan_of(canvas, design.background, design.layers)


def find_faces(text: str, first: faces.Face, weight: int) -> list[str]:
    """The characters of a text that neither its face nor those behind it have."""
    known = [first, *faces.fallbacks(weight)]
    return [lacking for line in text.split("\n") for lacking in runs.missing_in(line, known)]


def _check_ids(ids: list[str]) -> None:
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise LayerUnusable(f"Two layers are called {twice!r}. Give each an id of its own.")


def _resolved(layer: ImageLayer | StickerLayer | TextLayer, material: Material) -> Stored:
    stored = layer.model_dump(mode="json")
    if isinstance(layer, ImageLayer):
        return stored | {"source": _image(layer, material).sha256}
    if isinstance(layer, StickerLayer):
        return stored | {"source": _sticker(layer, material).file_sha256}
    return stored | {"face": _face(layer, material)}


def _image(layer: ImageLayer, material: Material) -> DesignImage:
    found = material.images.get(layer.image)
    if found is None:
        raise LayerUnusable(
            f"The layer {layer.id!r} shows a picture that this design does not have. "
            "Upload it first.",
            layer=layer.id,
        )
    return found


def _sticker(layer: StickerLayer, material: Material) -> Sticker:
    found = material.stickers.get(layer.sticker)
    if found is None:
        raise LayerUnusable(
            f"There is no sticker {layer.sticker!r} for the layer {layer.id!r}.", layer=layer.id
        )
    return found


def _face(layer: TextLayer, material: Material) -> str:
    """A bundled file's name, or the hash of one of the shop's own."""
    _check_text(layer)
    face = _find_face(layer, material)
    lacking = find_faces(layer.text, face, layer.weight)
    if lacking:
        listed = " ".join(dict.fromkeys(lacking[:MAX_NAMED]))
        raise TextNotPrintable(
            f"No font here has {listed}. Leave that out, or write it in other letters.",
            layer=layer.id,
            characters=lacking[:MAX_NAMED],
        )
    return face.name


def _find_face(layer: TextLayer, material: Material) -> faces.Face:
    font = material.fonts.get(layer.font.casefold())
    if font is not None and font.file_sha256 in material.font_files:
        return faces.Face(str(font.file_sha256), material.font_files[str(font.file_sha256)])
    family = font.family if font is not None else layer.font
    face = faces.find_face(family, layer.weight)
    if face is None:
        raise LayerUnusable(
            f"There is no font {layer.font!r} for the layer {layer.id!r}.", layer=layer.id
        )
    return face


def _check_text(layer: TextLayer) -> None:
    if layer.text.count("\n") >= MAX_LINES:
        raise LayerUnusable(f"A text has at most {MAX_LINES} lines.", layer=layer.id)
    controls = [c for c in layer.text if (ord(c) < ord(" ") and c != "\n") or ord(c) == 0x7F]  # noqa: PLR2004
    if controls or any("\ud800" <= c <= "\udfff" for c in layer.text):
        raise TextNotPrintable(
            "The text has control characters. Type it instead of pasting it.", layer=layer.id
        )


def _planned(layer: Stored) -> Plan:
    plan = {k: v for k, v in layer.items() if k not in {"id", "image", "sticker", "font"}}
    for name in ("frame", "crop"):
        if plan.get(name):
            plan[name] = _numbers(Box(**plan[name]))
    return plan


def _numbers(box: Box) -> list[float]:
    return [box.x, box.y, box.width, box.height]


def _is_own(face: str) -> bool:
    return bool(face) and "." not in face
