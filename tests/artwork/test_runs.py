"""Texts as runs: which font draws what, and in which order."""

from pathlib import Path

import pytest

from shopwright.artwork.drawing import faces, runs
from shopwright.artwork.drawing.faces import Face

SMILE, FAMILY = "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG, KEYCAP, HEART = "\U0001f1e9\U0001f1ea", "1\ufe0f\u20e3", "\u2764\ufe0f"


def all_faces(family: str = "Noto Sans") -> list[Face]:
    first = faces.find_face(family)
    assert first is not None
    return [first, *faces.fallbacks(400)]


def shown(text: str, family: str = "Noto Sans") -> list[str]:
    """The runs from left to right, emoji by the name of their drawing."""
    found = runs.visual_runs(runs.clusters_of(text, all_faces(family)))
    return [run.emoji or run.text for run in found]


def test_latin_is_one_run() -> None:
    assert shown("Hello you") == ["Hello you"]


def test_an_emoji_is_a_run_of_its_own() -> None:
    assert shown(f"a{SMILE}b") == ["a", "grinning-face", "b"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (FAMILY, "family-man-woman-girl"),
        (FLAG, "flag-germany"),
        (KEYCAP, "keycap-1"),
        (HEART, "red-heart"),
        ("\U0001f44d\U0001f3fd", "thumbs-up-medium-skin-tone"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308", "rainbow-flag"),
    ],
)
def test_a_sequence_is_one_emoji(text: str, name: str) -> None:
    assert shown(text) == [name]


def test_an_unknown_sequence_is_drawn_in_its_parts() -> None:
    assert shown(f"{SMILE}\u200d{SMILE}")[0] == "grinning-face"
    assert shown(f"{SMILE}\u200d{SMILE}")[-1] == "grinning-face"


def test_signs_that_the_font_has_stay_letters() -> None:
    assert shown("\u00a9 \u2122 1") == ["\u00a9 \u2122 1"]


def test_hebrew_runs_from_right_to_left_with_its_numbers_from_left_to_right() -> None:
    found = runs.visual_runs(runs.clusters_of("שלום 25 אחד", all_faces()))
    assert [(run.text, run.is_right_to_left) for run in found if run.text.strip()] == [
        ("אחד", True),
        ("25", False),
        ("שלום", True),
    ]


def test_a_latin_word_in_arabic_keeps_its_direction() -> None:
    assert [run for run in shown("مرحبا Anna سلام") if run.strip()] == ["سلام", "Anna", "مرحبا"]


def test_a_hebrew_word_in_latin_stands_where_it_was_written() -> None:
    assert shown("one שלום two") == ["one ", "שלום", " two"]


def test_a_script_font_falls_back_for_what_it_lacks() -> None:
    clusters = runs.clusters_of("Hi שלום", all_faces("Pacifico"))
    assert [c.face.name for c in clusters if c.face and not c.text.isspace()] == [
        *["Pacifico-Regular.ttf"] * 2,
        *["NotoSansHebrew-Regular.ttf"] * 4,
    ]


def test_what_no_font_has_is_named_once() -> None:
    assert runs.missing_in("漢字漢 ok", all_faces()) == ["漢", "字"]
    assert runs.missing_in(f"ok {SMILE} שלום", all_faces()) == []


def test_a_combining_mark_stays_with_its_letter() -> None:
    assert [c.text for c in runs.clusters_of("e\u0301a", all_faces())] == ["e\u0301", "a"]


def test_a_file_that_is_no_font_has_no_characters(tmp_path: Path) -> None:
    path = tmp_path / "x.ttf"
    path.write_bytes(b"\x00\x01\x00\x00\x00\x09" + b"\xff" * 200)
    assert faces.characters_of(path) == frozenset()


def test_families_are_found_whatever_the_spelling() -> None:
    found = faces.find_face("playfair-display", 400)
    assert found is not None
    assert found.name == "PlayfairDisplay-Bold.ttf"
    assert faces.find_face("Comic Sans") is None
