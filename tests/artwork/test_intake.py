"""Strangers' pictures: what is taken, what is refused and in which words, what is left of them."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from shopwright.artwork.drawing import intake
from shopwright.artwork.drawing.intake import Redrawn
from shopwright.kernel.child import ChildRefusal
from tests.artwork.samples import (
    BLUE,
    GREEN,
    RED,
    archive,
    encoded,
    halves,
    is_near,
    opened,
    picture,
    written,
)

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>'


@pytest.fixture(autouse=True)
def as_in_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """There, Pillow leaves the look at the header to us."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)


def redraw(folder: Path, content: bytes, *, is_lossless: bool = False, side: int = 4096) -> Redrawn:
    path = written(folder, content)
    return intake.redraw(path, is_lossless=is_lossless, max_side_px=side)


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(ChildRefusal) as caught:
        redraw(folder, content)
    return str(caught.value)


def claimed_png(width: int, height: int) -> bytes:
    """Only the header of one, which is all that a look at it reads."""
    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    check = zlib.crc32(header, zlib.crc32(b"IHDR"))
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">L", 13) + b"IHDR" + header
    data = b"IDAT"
    return (
        start
        + struct.pack(">L", check)
        + struct.pack(">L", 0)
        + data
        + struct.pack(">L", zlib.crc32(data))
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg_of_its_pixels(tmp_path: Path, kind: str) -> None:
    drawn = redraw(tmp_path, picture((60, 90), RED, kind=kind))
    image = opened(drawn.content)
    assert (drawn.content_type, drawn.width, drawn.height) == ("image/jpeg", 60, 90)
    assert (image.format, image.size) == ("JPEG", (60, 90))
    assert is_near(image.getpixel((30, 45)), RED)


def test_what_can_be_seen_through_stays_so_and_becomes_a_png(tmp_path: Path) -> None:
    drawn = redraw(tmp_path, picture((20, 20), (0, 0, 255, 100)))
    image = opened(drawn.content)
    assert drawn.content_type == "image/png"
    assert image.mode == "RGBA"
    assert image.getpixel((10, 10)) == (0, 0, 255, 100)


def test_a_palette_with_a_hole_keeps_it(tmp_path: Path) -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 255, 0, 255, 0, 0])
    image.paste(0, (0, 0, 10, 20))
    drawn = opened(redraw(tmp_path, encoded(image, "PNG", transparency=0)).content)
    assert drawn.getpixel((5, 5))[3] == 0  # type: ignore[index]
    assert drawn.getpixel((15, 5)) == (255, 0, 0, 255)


def test_sixteen_bits_a_pixel_are_scaled_and_not_cut(tmp_path: Path) -> None:
    image = Image.new("I;16", (20, 20), 0x8000)
    drawn = opened(redraw(tmp_path, encoded(image), is_lossless=True).content)
    assert drawn.getpixel((3, 3)) == (128, 128, 128)


def test_a_photo_held_sideways_is_turned_and_its_notes_are_gone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010F] = "SecretMaker"
    content = encoded(halves(RED, BLUE), "JPEG", quality=95, exif=exif, comment=b"secret comment")
    assert b"SecretMaker" in content
    drawn = redraw(tmp_path, content)
    image = opened(drawn.content)
    assert image.size == (40, 80)
    assert is_near(image.getpixel((20, 10)), RED)
    assert is_near(image.getpixel((20, 70)), BLUE)
    assert not dict(image.getexif())
    assert b"SecretMaker" not in drawn.content
    assert b"secret comment" not in drawn.content


def test_a_cmyk_jpeg_is_converted(tmp_path: Path) -> None:
    content = encoded(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG", quality=100)
    image = opened(redraw(tmp_path, content).content)
    assert image.mode == "RGB"
    assert is_near(image.getpixel((20, 20)), RED, slack=12)


def test_a_colour_profile_is_applied_and_not_kept(tmp_path: Path) -> None:
    """The profile says that what is stored as green lies elsewhere: Lab as the plainest case."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    drawn = redraw(tmp_path, picture((20, 20), GREEN, icc_profile=profile), is_lossless=True)
    image = opened(drawn.content)
    assert is_near(image.getpixel((5, 5)), GREEN)
    assert "icc_profile" not in image.info


def test_a_profile_that_is_rubbish_is_ignored(tmp_path: Path) -> None:
    drawn = redraw(tmp_path, picture((20, 20), GREEN, icc_profile=b"rubbish" * 30))
    assert is_near(opened(drawn.content).getpixel((5, 5)), GREEN)


def test_a_large_photo_is_made_smaller(tmp_path: Path) -> None:
    drawn = redraw(tmp_path, picture((400, 800), kind="JPEG"), side=200)
    assert (drawn.width, drawn.height) == (100, 200)


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    content = encoded(halves(), "PNG")
    assert redraw(tmp_path, content).content == redraw(tmp_path, content).content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG, "SVG drawings are not taken"),
        (b"  <svg onload='alert(1)'/>", "SVG drawings are not taken"),
        (picture((20, 20), kind="GIF"), "GIFs are not printed"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(50), "HEIC, AVIF and videos are not read here"),
        (b"", "The file is empty"),
        (b"hello, I am a text", "cannot be read"),
        (b"%PDF-1.7\n", "cannot be read"),
        (picture((4, 400)), "only 4 × 400 pixels"),
        (claimed_png(10_000, 10_000), "10,000 × 10,000 pixels; at most 50 million"),
    ],
)
def test_what_is_no_photo_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(tmp_path, content)


def test_an_animation_is_refused(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert "GIFs are not printed" in refusal(tmp_path, moving)
    moving = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    assert "Animated pictures are not printed" in refusal(tmp_path, moving)
    moving = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert "Animated pictures are not printed" in refusal(tmp_path, moving)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, kind: str) -> None:
    noise = Image.effect_noise((200, 200), 90)
    content = encoded(noise, kind)
    said = refusal(tmp_path, content[: len(content) // 2])
    assert "breaks off" in said or "cannot be read" in said


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("hidden", [archive(), b"<html><script>1</script>", b"%PDF-1.7 x"])
def test_another_file_behind_the_picture_is_refused(
    tmp_path: Path, kind: str, hidden: bytes
) -> None:
    assert "Another file is hidden" in refusal(tmp_path, picture(kind=kind) + hidden)


def test_what_a_phone_puts_behind_a_photo_is_left_out(tmp_path: Path) -> None:
    drawn = redraw(tmp_path, picture(kind="JPEG") + b"\x00\x00\x00\x18ftypmp42" + bytes(500))
    assert b"ftypmp42" not in drawn.content
