"""Designs over HTTP: layers as data, version 1 of their schema.

Texts and stickers stand by their centre, in percent of the masked area; pictures by their centre in
percent of their frame, which is in percent of the canvas. Angles are degrees clockwise. At scale 1
a picture covers its frame and a sticker is a quarter of the masked area wide.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shopwright.artwork.states import DesignStatus, ImageKind

SCHEMA_VERSION = 1
MAX_LAYERS = 30
MAX_TEXT = 500
MAX_LINES = 20

Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$", to_lower=True)]
Percent = Annotated[float, Field(ge=-100, le=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class BoxBody(_Strict):
    """In percent of what it lies in."""

    x: float = Field(0, ge=-50, le=100)
    y: float = Field(0, ge=-50, le=100)
    width: float = Field(100, gt=0, le=150)
    height: float = Field(100, gt=0, le=150)


class CropBody(_Strict):
    """The part of a picture that is used, in percent of it."""

    x: float = Field(0, ge=0, lt=100)
    y: float = Field(0, ge=0, lt=100)
    width: float = Field(100, gt=0.5, le=100)
    height: float = Field(100, gt=0.5, le=100)


class _Layer(_Strict):
    id: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")
    x: Percent = 50
    y: Percent = 50
    rotation: float = Field(0, ge=-360, le=360)
    opacity: float = Field(1, ge=0, le=1)


class ImageLayer(_Layer):
    """``image`` is the id of an uploaded or generated picture of this design."""

    kind: Literal["image"]
    image: str = Field(min_length=1, max_length=40)
    scale: float = Field(1, ge=0.1, le=10)
    frame: BoxBody = Field(default_factory=BoxBody)
    crop: CropBody | None = None


class StickerLayer(_Layer):
    """``sticker`` is its id in the catalogue."""

    kind: Literal["sticker"]
    sticker: str = Field(min_length=1, max_length=40)
    scale: float = Field(1, ge=0.1, le=10)


class TextLayer(_Layer):
    """``size`` and ``outline`` in percent of the canvas' width; ``width``, where lines are broken,
    in percent of the masked area's."""

    kind: Literal["text"]
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    font: str = Field("Noto Sans", min_length=1, max_length=100)
    weight: int = Field(400, ge=100, le=900)
    size: float = Field(8, ge=1, le=60)
    scale: float = Field(1, ge=0.1, le=10)
    color: Color = "#000000"
    align: Literal["left", "center", "right"] = "center"
    width: float | None = Field(90, gt=1, le=300)
    spacing: float = Field(1, ge=0.5, le=3)
    outline: float = Field(0, ge=0, le=3)
    outline_color: Color = "#ffffff"


Layer = Annotated[ImageLayer | StickerLayer | TextLayer, Field(discriminator="kind")]


class DesignData(_Strict):
    """What is drawn, from the ground up."""

    schema_version: Literal[1] = 1
    background: Color = "#ffffff"
    layers: list[Layer] = Field(default_factory=list, max_length=MAX_LAYERS)


class DesignCreate(_Strict):
    """``template`` by code or id; ``model`` and ``brand`` by code, id, name or partner id."""

    template: str = Field(min_length=1, max_length=60)
    model: str = Field(min_length=1, max_length=100)
    brand: str | None = Field(None, max_length=100)


class DesignSave(DesignData):
    """``version`` is the one that was read; another tab's newer one is answered with 409."""

    version: int = Field(ge=1)


class CanvasRead(BaseModel):
    width_px: int
    height_px: int
    dpi: float
    mask: BoxBody
    radius: float
    camera: list[float] | None
    frames: list[BoxBody]


class ImageRead(BaseModel):
    """``url`` shows it for an hour; read the design again for a new one."""

    id: str
    kind: ImageKind
    filename: str
    width_px: int
    height_px: int
    content_type: str
    url: str


class DesignRead(BaseModel):
    id: str
    status: DesignStatus
    version: int
    schema_version: int
    template: str
    model: str
    background: str
    layers: list[dict[str, Any]]
    canvas: CanvasRead
    images: list[ImageRead]
    expires_at: datetime | None
    updated_at: datetime


class DesignCreated(DesignRead):
    """``token`` is told this once: it opens the design."""

    token: str


class FontRead(BaseModel):
    """``url`` is its file, for drawing texts in the browser as they are printed."""

    family: str
    weight: int
    url: str
