"""The typefaces that come with the program, and which characters each of them has.

All are under the SIL Open Font License (see static/vendor/licenses).
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

REGULAR, BOLD = 400, 700
DEFAULT_FAMILY = "Noto Sans"
MAX_TABLES = 200
MAX_RANGES = 20_000

# What each family has of weights. Texts fall back on FALLBACKS, in this order.
FAMILIES: dict[str, dict[int, str]] = {
    "Noto Sans": {REGULAR: "NotoSans-Regular.ttf", BOLD: "NotoSans-Bold.ttf"},
    "Bebas Neue": {REGULAR: "BebasNeue-Regular.ttf"},
    "Caveat": {BOLD: "Caveat-Bold.ttf"},
    "Lobster": {REGULAR: "Lobster-Regular.ttf"},
    "Pacifico": {REGULAR: "Pacifico-Regular.ttf"},
    "Permanent Marker": {REGULAR: "PermanentMarker-Regular.ttf"},
    "Playfair Display": {BOLD: "PlayfairDisplay-Bold.ttf"},
    "Press Start 2P": {REGULAR: "PressStart2P-Regular.ttf"},
    "Noto Sans Arabic": {REGULAR: "NotoSansArabic-Regular.ttf", BOLD: "NotoSansArabic-Bold.ttf"},
    "Noto Sans Hebrew": {REGULAR: "NotoSansHebrew-Regular.ttf", BOLD: "NotoSansHebrew-Bold.ttf"},
    "Noto Sans Thai": {REGULAR: "NotoSansThai-Regular.ttf"},
    "Noto Sans Symbols": {REGULAR: "NotoSansSymbols-Regular.ttf"},
}
FALLBACKS = (
    "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Symbols",
)  # fmt: skip
SYMBOLS = "Noto Sans Symbols"


@dataclass(frozen=True, slots=True)
class Face:
    """A font file, and how it is named in plans."""

    name: str
    path: Path


def find_face(family: str, weight: int = REGULAR) -> Face | None:
    """The bundled face of a family that is nearest to a weight, whatever the case and spaces."""
    wanted = _key(family)
    for name, files in FAMILIES.items():
        if _key(name) == wanted:
            nearest = min(files, key=lambda known: (abs(known - weight), known))
            return Face(files[nearest], font_folder() / files[nearest])
    return None


def fallbacks(weight: int) -> list[Face]:
    """The faces that texts fall back on, in order."""
    found = [find_face(family, weight) for family in FALLBACKS]
    return [face for face in found if face is not None]


@lru_cache(maxsize=1)
def font_folder() -> Path:
    return Path(str(resources.files("shopwright"))) / "web" / "static" / "vendor"


@lru_cache(maxsize=64)
def characters_of(path: Path) -> frozenset[int]:
    """The code points a font file has a glyph for; empty for a file that is no such font."""
    try:
        return frozenset(_read_cmap(path.read_bytes()))
    except (OSError, struct.error, ValueError, IndexError):
        return frozenset()


def _key(family: str) -> str:
    return "".join(family.casefold().split()).replace("-", "")


def _read_cmap(font: bytes) -> set[int]:
    """The Unicode character map, formats 4 and 12 (OpenType, chapter cmap)."""
    start = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    found: set[int] = set()
    for index in range(min(count, MAX_TABLES)):
        platform, _, offset = struct.unpack_from(">HHL", font, start + 4 + 8 * index)
        if platform in {0, 3}:  # Unicode, Windows
            found |= _read_subtable(font, start + offset)
    return found


def _table(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(min(count, MAX_TABLES)):
        name, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise ValueError("no such table")


def _read_subtable(font: bytes, at: int) -> set[int]:
    (form,) = struct.unpack_from(">H", font, at)
    if form == 12:  # noqa: PLR2004  groups over all of Unicode
        return _read_groups(font, at)
    if form == 4:  # noqa: PLR2004  segments of the first plane
        return _read_segments(font, at)
    return set()


def _read_groups(font: bytes, at: int) -> set[int]:
    (count,) = struct.unpack_from(">L", font, at + 12)
    found: set[int] = set()
    for index in range(min(count, MAX_RANGES)):
        first, last, _ = struct.unpack_from(">LLL", font, at + 16 + 12 * index)
        found.update(range(first, min(last, 0x10FFFF) + 1))
    return found


def _read_segments(font: bytes, at: int) -> set[int]:
    (doubled,) = struct.unpack_from(">H", font, at + 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", font, at + 14)
    starts = struct.unpack_from(f">{count}H", font, at + 16 + doubled)
    found: set[int] = set()
    for first, last in zip(starts, ends, strict=True):
        found.update(range(first, last + 1))
    return found - {0xFFFF}
