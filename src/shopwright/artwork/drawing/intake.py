"""A stranger's picture drawn anew: upright, in sRGB, without anything but its pixels."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, features

from shopwright.artwork.drawing.png import encode_png
from shopwright.files.images import UNREADABLE
from shopwright.kernel.child import ChildRefusal

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 50_000_000  # what phones take; more is no photo of a customer
MAX_SIDE_PX = 4096  # kept of it: three times the width of a print
MIN_SIDE_PX = 8
QUALITY = 95
HEAD_BYTES = 4096
SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I")
OPAQUE = (255, 255)
# Behind the end of a picture these are another file, which somebody else may open as such.
FOREIGN = (b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"<html", b"<script", b"<?php", b"<svg")
UNREADABLE_SENTENCE = "The picture cannot be read. Send a JPEG, PNG or WebP."


@dataclass(frozen=True, slots=True)
class Redrawn:
    content: bytes
    content_type: str
    width: int
    height: int


def redraw(path: Path, *, is_lossless: bool, max_side_px: int = MAX_SIDE_PX) -> Redrawn:
    """Raises ChildRefusal with a sentence for the customer."""
    _check_kind(path)
    try:
        with Image.open(path, formats=FORMATS) as source:
            _check_header(source)
            return _encoded(_upright(source, max_side_px), is_lossless=is_lossless)
    except UNREADABLE as err:
        raise ChildRefusal(_why_unreadable(err)) from err


def _check_kind(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.lstrip().startswith(b"<") or b"<svg" in head.lower():
        raise ChildRefusal(
            "SVG drawings are not taken, as they may hold programs. Send a JPEG, PNG or WebP."
        )
    if head.startswith(b"GIF8"):
        raise ChildRefusal("GIFs are not printed. Send one picture as a JPEG, PNG or WebP.")
    if head[4:8] == b"ftyp":
        raise ChildRefusal("HEIC, AVIF and videos are not read here. Send a JPEG, PNG or WebP.")
    if not head:
        raise ChildRefusal("The file is empty. Send a JPEG, PNG or WebP.")


def _check_header(source: Image.Image) -> None:
    """What its header claims, before anything is decoded."""
    width, height = source.size
    if width * height > MAX_PIXELS:
        raise ChildRefusal(
            f"The picture has {width:,} × {height:,} pixels; at most "
            f"{MAX_PIXELS // 1_000_000} million are read. Send a smaller one."
        )
    if min(width, height) < MIN_SIDE_PX:
        raise ChildRefusal(f"The picture is only {width} × {height} pixels. Send a larger one.")
    if getattr(source, "is_animated", False):
        raise ChildRefusal("Animated pictures are not printed. Send one picture.")
    _check_end(source)


def _check_end(source: Image.Image) -> None:
    """Phones put videos and depth maps behind photos, which are left out; archives, pages and
    programs there are meant for something else than printing."""
    with Path(str(source.filename)).open("rb") as file:  # type: ignore[attr-defined]
        content = file.read()
    tail = content[_end_of(content, source.format or "") :].lower()
    if any(mark.lower() in tail for mark in FOREIGN):
        raise ChildRefusal(
            "Another file is hidden behind this picture. Save it anew and send that."
        )


def _end_of(content: bytes, kind: str) -> int:
    if kind == "PNG":
        return content.rfind(b"IEND") + 8
    if kind == "WEBP":
        return int.from_bytes(content[4:8], "little") + 8
    return content.rfind(b"\xff\xd9") + 2


def _upright(source: Image.Image, max_side_px: int) -> Image.Image:
    source.draft(None, (max_side_px, max_side_px))  # a large JPEG is decoded smaller
    source.load()
    profile = source.info.get("icc_profile")
    picture = _eight_bit(source)
    if max(picture.size) > max_side_px:
        picture.thumbnail((max_side_px, max_side_px), Image.Resampling.LANCZOS)
    turned = ImageOps.exif_transpose(_with_exif(picture, source))
    return _without_empty_alpha(_in_srgb(turned, profile))


def _with_exif(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Palettes and deep colours were converted, which loses the note of how it was held."""
    if picture is not source:
        picture.info["exif"] = source.getexif().tobytes()
    return picture


def _eight_bit(source: Image.Image) -> Image.Image:
    if source.mode in SIXTEEN_BIT:
        return Image.fromarray((np.asarray(source).astype(np.uint32) >> 8).astype(np.uint8), "L")
    if source.mode in {"RGB", "RGBA", "CMYK", "L"} and not source.has_transparency_data:
        return source
    return source.convert("RGBA" if source.has_transparency_data else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    wanted = "RGBA" if picture.mode == "RGBA" else "RGB"
    if not profile or not features.check("littlecms2"):
        return picture.convert(wanted)
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = ImageCms.profileToProfile(
            picture, own, ImageCms.createProfile("sRGB"), outputMode=wanted
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture.convert(wanted)  # a profile that does not fit says nothing
    return found if found is not None else picture.convert(wanted)


def _without_empty_alpha(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == OPAQUE:
        return picture.convert("RGB")
    return picture


def _encoded(picture: Image.Image, *, is_lossless: bool) -> Redrawn:
    if is_lossless or picture.mode == "RGBA":
        return Redrawn(encode_png(picture), "image/png", *picture.size)
    target = io.BytesIO()
    # A new picture: what hangs on the old one (comments, notes of the camera) stays behind.
    clean = Image.frombytes("RGB", picture.size, picture.tobytes())
    clean.save(target, "JPEG", quality=QUALITY, subsampling=0)
    return Redrawn(target.getvalue(), "image/jpeg", *picture.size)


def _why_unreadable(err: BaseException) -> str:
    said = str(err).lower()
    if "truncated" in said or "broken data" in said:
        return "The picture breaks off before its end. Send it again."
    if isinstance(err, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels."
    return UNREADABLE_SENTENCE
