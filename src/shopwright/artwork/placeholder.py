"""The provider of shops that have none: a drawing made here, marked so that nobody prints it by
mistake."""

import asyncio
import hashlib
import io

from PIL import Image, ImageDraw, ImageFont, ImageOps

from shopwright.artwork.drawing.faces import BOLD, DEFAULT_FAMILY, find_face
from shopwright.artwork.drawing.png import encode_png
from shopwright.artwork.port import PLACEHOLDER, GeneratedPicture, ImageRequest, Price
from shopwright.kernel.settings import Settings

LONG_SIDE = {"1K": 1024, "2K": 2048, "4K": 4096}
MARK = "PLACEHOLDER"
HINT = "no image provider is set"


class Placeholder:
    def __init__(self, _settings: Settings) -> None:
        self.name = PLACEHOLDER

    @property
    def price(self) -> Price | None:
        return None

    async def generate(self, request: ImageRequest) -> GeneratedPicture:
        return GeneratedPicture(await asyncio.to_thread(_draw, request), "image/png")


def _draw(request: ImageRequest) -> bytes:
    """The customer's picture in two colours that the words decide, under a banner."""
    size = _size(request)
    seed = hashlib.sha256(request.prompt.encode()).digest()
    dark, light = _colour(seed[:3], 90), _colour(seed[3:6], 255)
    ground = _ground(request, size)
    picture = ImageOps.colorize(ground, dark, light)
    _banner(picture, request.marks)
    return encode_png(picture)


def _size(request: ImageRequest) -> tuple[int, int]:
    across, down = (int(part) for part in request.aspect.split(":"))
    long_side = min(LONG_SIDE.get(request.size, 1024), 2048)
    scale = long_side / max(across, down)
    return round(across * scale), round(down * scale)


def _ground(request: ImageRequest, size: tuple[int, int]) -> Image.Image:
    if not request.pictures:
        return Image.radial_gradient("L").resize(size)
    with Image.open(io.BytesIO(request.pictures[0].content), formats=("JPEG", "PNG")) as source:
        return ImageOps.posterize(ImageOps.fit(source.convert("L"), size), 3)


def _banner(picture: Image.Image, marks: tuple[str, ...]) -> None:
    pen = ImageDraw.Draw(picture)
    height = picture.height // 6
    top = (picture.height - height) // 2
    pen.rectangle((0, top, picture.width, top + height), fill="#111111")
    for line, (text, share) in enumerate(((MARK, 0.5), (HINT, 0.2), (" · ".join(marks), 0.2))):
        y = top + height * (0.3, 0.65, 0.87)[line]
        font = _font(text, height * share, picture.width * 0.94)
        pen.text((picture.width / 2, y), text, font=font, fill="#ffffff", anchor="mm")


def _font(text: str, px: float, room: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    face = find_face(DEFAULT_FAMILY, BOLD)
    if face is None or not face.path.is_file():
        return ImageFont.load_default()
    font = ImageFont.truetype(str(face.path), px)
    width = font.getlength(text)
    return font if width <= room else ImageFont.truetype(str(face.path), max(6, px * room / width))


def _colour(seed: bytes, most: int) -> tuple[int, int, int]:
    red, green, blue = (value * most // 255 for value in seed)
    return (red, green, blue) if most < 255 else (255 - red // 3, 255 - green // 3, 255 - blue // 3)  # noqa: PLR2004
