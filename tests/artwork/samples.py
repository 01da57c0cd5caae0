"""Pictures for the tests of this slice, drawn here."""

import io
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def picture(
    size: tuple[int, int] = (60, 90), color: Any = RED, *, kind: str = "PNG", **options: Any
) -> bytes:
    mode = "RGBA" if len(color) == 4 else "RGB"
    return encoded(Image.new(mode, size, color), kind, **options)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def halves(left: Any = RED, right: Any = BLUE, size: tuple[int, int] = (80, 40)) -> Image.Image:
    image = Image.new("RGB", size, right)
    image.paste(left, (0, 0, size[0] // 2, size[1]))
    return image


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def is_near(pixel: Any, wanted: tuple[int, int, int], slack: int = 6) -> bool:
    return all(abs(a - b) <= slack for a, b in zip(pixel[:3], wanted, strict=True))


def written(folder: Path, content: bytes, name: str = "upload") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("index.html", "<script>alert(1)</script>")
    return target.getvalue()
