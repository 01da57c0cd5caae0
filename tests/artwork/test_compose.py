"""Designs drawn from their data: exact colours in exact places, the same bytes each time."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFont

from shopwright.artwork.drawing import emoji, texts
from shopwright.artwork.drawing.compose import compose, faces_of
from shopwright.artwork.drawing.png import encode_png
from shopwright.artwork.drawing.sources import Missing, Sources
from shopwright.artwork.drawing.texts import Style
from tests.artwork.samples import BLUE, GREEN, RED, WHITE, encoded, halves, is_near, opened, written

PHOTO, STICKER = "a" * 64, "b" * 64
IMAGE = {"kind": "image", "source": PHOTO, "frame": [0, 0, 100, 100], "x": 50, "y": 50,
         "scale": 1, "rotation": 0, "opacity": 1}  # fmt: skip
STUCK = {"kind": "sticker", "source": STICKER, "x": 50, "y": 50, "scale": 1, "rotation": 0,
         "opacity": 1}  # fmt: skip
TEXT = {"kind": "text", "text": "I", "face": "NotoSans-Bold.ttf", "weight": 700, "size": 20,
        "color": "#0000ff", "align": "center", "width": None, "spacing": 1, "outline": 0,
        "outline_color": "#ff0000", "x": 50, "y": 50, "scale": 1, "rotation": 0,
        "opacity": 1}  # fmt: skip


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, str]:
    photo = written(tmp_path, encoded(halves(RED, BLUE, (200, 200))), "photo")
    sticker = written(tmp_path, encoded(Image.new("RGBA", (50, 50), (0, 255, 0, 255))), "sticker")
    return {PHOTO: str(photo), STICKER: str(sticker)}


def draw(paths: dict[str, str], *layers: dict[str, Any], **plan: Any) -> Image.Image:
    base = {"width": 200, "height": 400, "background": "#ffffff", "mask": [0, 0, 100, 100]}
    return compose({**base, **plan, "layers": list(layers)}, Sources(1 << 24, None), paths)


def extent(image: Image.Image, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The box of all pixels that are nearly of this colour."""
    bands = [
        band.point([255 if abs(value - wanted) < 60 else 0 for value in range(256)])
        for band, wanted in zip(image.split(), color, strict=True)
    ]
    found = ImageChops.darker(ImageChops.darker(bands[0], bands[1]), bands[2]).getbbox()
    assert found is not None
    return found


def test_the_ground_is_everywhere(paths: dict[str, str]) -> None:
    image = draw(paths, background="#00ff00")
    assert image.size == (200, 400)
    assert image.getextrema() == ((0, 0), (255, 255), (0, 0))


def test_a_photo_covers_its_frame_and_nothing_else(paths: dict[str, str]) -> None:
    image = draw(paths, IMAGE | {"frame": [0, 0, 100, 50]})
    assert image.getpixel((5, 100)) == RED
    assert image.getpixel((195, 100)) == BLUE
    assert image.getpixel((5, 199)) == RED
    assert image.getpixel((5, 201)) == WHITE


def test_a_photo_is_moved_and_cut_off_by_its_frame(paths: dict[str, str]) -> None:
    image = draw(paths, IMAGE | {"frame": [0, 0, 100, 50], "x": 100})
    assert image.getpixel((5, 100)) == WHITE
    assert image.getpixel((150, 100)) == RED


def test_a_crop_is_a_part_of_the_photo(paths: dict[str, str]) -> None:
    image = draw(paths, IMAGE | {"crop": [50, 0, 50, 100]})
    assert image.getextrema() == ((0, 0), (0, 0), (255, 255))


def test_a_photo_turned_upside_down_has_its_colours_changed_over(paths: dict[str, str]) -> None:
    image = draw(paths, IMAGE | {"frame": [0, 0, 100, 50], "rotation": 180})
    assert image.getpixel((20, 100)) == BLUE
    assert image.getpixel((180, 100)) == RED


def test_a_quarter_turn_is_clockwise(paths: dict[str, str]) -> None:
    image = draw(paths, IMAGE | {"frame": [0, 0, 100, 50], "rotation": 90})
    assert image.getpixel((100, 20)) == RED
    assert image.getpixel((100, 180)) == BLUE


def test_a_sticker_is_a_quarter_of_the_masked_area_wide_and_placed_in_it(
    paths: dict[str, str],
) -> None:
    image = draw(paths, STUCK | {"x": 0, "y": 25}, mask=[10, 0, 80, 100])
    assert extent(image, GREEN) == (0, 80, 40, 120)  # x = 0.10·200 + 0 %·0.80·200, 40 px wide


def test_a_sticker_half_seen_through_is_mixed_with_the_ground(paths: dict[str, str]) -> None:
    pixel = draw(paths, STUCK | {"opacity": 0.5}).getpixel((100, 200))
    assert is_near(pixel, (128, 255, 128), slack=2)


def test_a_later_layer_lies_on_the_earlier_ones(paths: dict[str, str]) -> None:
    assert draw(paths, IMAGE, STUCK).getpixel((100, 200)) == GREEN
    assert draw(paths, STUCK, IMAGE).getpixel((90, 200)) == RED


def test_a_turned_sticker_keeps_its_centre_and_its_size(paths: dict[str, str]) -> None:
    left, top, right, bottom = extent(draw(paths, STUCK | {"rotation": 45}), GREEN)
    assert (left + right, top + bottom) == pytest.approx((200, 400), abs=2)
    assert right - left == pytest.approx(50 * 2**0.5, abs=4)


def test_a_text_has_its_colour_its_place_and_its_outline(paths: dict[str, str]) -> None:
    plain = draw(paths, TEXT)
    left, top, right, bottom = extent(plain, BLUE)
    assert (left + right) / 2 == pytest.approx(100, abs=3)
    assert top < 200 < bottom
    outlined = draw(paths, TEXT | {"outline": 2})
    around = extent(outlined, RED)
    assert around[0] < left
    assert around[2] > right


def test_a_text_is_aligned_within_its_block(paths: dict[str, str]) -> None:
    two = TEXT | {"text": "IIIIII\nI", "size": 12}
    ends = {
        align: extent(draw(paths, two | {"align": align}).crop((0, 200, 200, 400)), BLUE)
        for align in ("left", "center", "right")
    }
    assert ends["left"][2] < ends["center"][0] < ends["center"][2] < ends["right"][0]


def test_a_text_is_broken_at_the_width_of_its_box(paths: dict[str, str]) -> None:
    one = extent(draw(paths, TEXT | {"text": "II II", "size": 12}), BLUE)
    two = extent(draw(paths, TEXT | {"text": "II II", "size": 12, "width": 12}), BLUE)
    assert two[3] - two[1] > 1.8 * (one[3] - one[1])
    assert two[2] - two[0] < one[2] - one[0]


def test_emoji_are_drawn_in_their_colours(paths: dict[str, str]) -> None:
    image = draw(paths, TEXT | {"text": "\U0001f600", "size": 40})
    left, top, right, bottom = extent(image, (255, 204, 77))  # the face's yellow
    assert 60 <= right - left <= 82
    assert 60 <= bottom - top <= 82
    family = draw(paths, TEXT | {"text": "\U0001f468\u200d\U0001f469\u200d\U0001f467", "size": 40})
    assert family.getpixel((100, 200)) != WHITE


def test_a_right_to_left_text_begins_at_the_right() -> None:
    """The first letter of the Hebrew word stands behind the last one."""
    style = Style(faces=faces_of("NotoSans-Regular.ttf", 400, {}), size_px=60, color="#000000")
    word = texts.draw_text("אבגא", style)
    reverse = texts.draw_text("אגבא", style)
    assert word is not None
    assert reverse is not None
    assert word.picture.tobytes() != reverse.picture.tobytes()
    mirrored = texts.draw_text("ב.", style)
    assert mirrored is not None
    dot = extent(_on_white(mirrored.picture).crop((0, 60, mirrored.picture.width, 120)), (0, 0, 0))
    assert dot[0] < mirrored.picture.width / 2  # a full stop at the end stands at the left


def _on_white(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture)
    return ground


def test_a_text_far_larger_than_the_canvas_is_drawn_in_bounded_memory(
    paths: dict[str, str],
) -> None:
    style = Style(faces=faces_of("NotoSans-Bold.ttf", 700, {}), size_px=3000, color="#0000ff")
    block = texts.draw_text("I" * 20, style)
    assert block is not None
    assert block.picture.width * block.picture.height <= texts.MAX_BLOCK_PIXELS * 1.2
    assert block.scale > 2
    image = draw(paths, TEXT | {"text": "I" * 40, "size": 60, "scale": 4})
    assert image.size == (200, 400)


def test_breaking_lines_measures_each_run_about_once(
    paths: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of mixed scripts, where every character is a run of its own."""
    measured: list[str] = []
    measure = ImageFont.FreeTypeFont.getlength

    def counted(font: Any, text: str, *more: Any, **options: Any) -> float:
        measured.append(text)
        return measure(font, text, *more, **options)

    monkeypatch.setattr(ImageFont.FreeTypeFont, "getlength", counted)
    draw(paths, TEXT | {"text": "!א" * 60, "size": 1.01, "width": 300})
    assert 0 < len(measured) <= 4 * 120


def test_large_emoji_are_not_kept_in_their_hundreds() -> None:
    emoji.forget_drawn()
    for px in range(300, 320):
        emoji.draw_emoji("grinning-face", px)
    emoji.draw_emoji("grinning-face", 40)
    kept = emoji._large.cache_info().currsize, emoji._small.cache_info().currsize
    assert kept == (8, 1)
    emoji.forget_drawn()


def test_an_empty_text_draws_nothing(paths: dict[str, str]) -> None:
    image = draw(paths, TEXT | {"text": " \n "})
    assert image.getextrema() == ((255, 255),) * 3


def test_what_is_outside_of_the_canvas_is_not_there(paths: dict[str, str]) -> None:
    for layer in (STUCK | {"x": 200, "rotation": 10}, STUCK | {"y": -90}, TEXT | {"x": 190}):
        assert draw(paths, layer).getextrema() == ((255, 255),) * 3


def test_a_preview_is_the_same_only_smaller(paths: dict[str, str]) -> None:
    layers = (IMAGE | {"frame": [0, 0, 100, 50]}, STUCK | {"y": 75})
    large, small = draw(paths, *layers), draw(paths, *layers, out_width=100)
    assert small.size == (100, 200)
    for place in ((10, 50), (190, 50), (100, 300), (20, 380)):
        assert large.getpixel(place) == small.getpixel((place[0] // 2, place[1] // 2))


def test_a_picture_that_was_not_sent_is_asked_for() -> None:
    with pytest.raises(Missing):
        draw({}, IMAGE)


def test_kept_pictures_make_room_for_newer_ones(tmp_path: Path, paths: dict[str, str]) -> None:
    sources = Sources(200 * 200 * 4 + 10, None)
    sources.get(PHOTO, paths[PHOTO])
    sources.get(STICKER, paths[STICKER])
    assert sources.held() == [STICKER]


def test_the_same_design_gives_the_same_bytes(paths: dict[str, str]) -> None:
    layers = (IMAGE | {"rotation": 7}, STUCK, TEXT | {"text": "Hi \U0001f600"})
    assert encode_png(draw(paths, *layers)) == encode_png(draw(paths, *layers))


def test_a_png_has_exactly_its_pixels_its_colour_space_and_its_size() -> None:
    noise = Image.effect_noise((61, 47), 80)
    for mode in ("L", "RGB", "RGBA"):
        picture = noise.convert(mode)
        content = encode_png(picture, dpi=500)
        found = opened(content)
        found.load()
        assert (found.mode, found.tobytes()) == (mode, picture.tobytes())
        assert found.info["dpi"] == pytest.approx((500, 500), abs=0.05)
        assert found.info["srgb"] == 0
