"""Emoji as drawings: no font library at hand draws colour fonts and joined sequences, so each is
drawn from its vectors, at the size wanted.

The drawings are Twemoji (CC BY 4.0, see static/vendor/twemoji-license.json).
"""

import io
from functools import lru_cache

import msgspec
from PIL import Image

from shopwright.artwork.drawing.faces import font_folder

TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
JOINER = "\u200d"
KEYCAP = "\u20e3"
LONGEST = 16  # characters of the longest sequence, with its style selectors
PICTOGRAPHS = 0x1F000  # from here on characters are emoji by default
MAX_DRAWN_PX = 1600
SMALL_PX = 256  # kept in 260 kB each; large ones take up to 11 MB
POINTS = 72  # a page this wide at N dots per inch is N pixels wide

_PAGE = (
    "#set page(width: 72pt, height: 72pt, margin: 0pt, fill: none)\n"
    '#image(bytes(sys.inputs.svg), format: "svg", width: 72pt, height: 72pt)'
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">{body}</svg>'


class _Icon(msgspec.Struct):
    body: str


class _Alias(msgspec.Struct):
    parent: str


class _Drawings(msgspec.Struct):
    icons: dict[str, _Icon]
    aliases: dict[str, _Alias] = {}


def find_emoji(text: str, start: int) -> tuple[str, int] | None:
    """The name of the longest emoji that begins at ``start`` and where it ends, or None."""
    names = _names()
    if not _may_begin(text[start]):
        return None
    for end in range(min(len(text), start + LONGEST), start, -1):
        name = names.get(text[start:end].replace(EMOJI_STYLE, ""))
        if name is not None and text[end - 1] != JOINER:
            return name, end
    return None


def is_text_by_default(text: str, start: int, end: int) -> bool:
    """Whether what stands here is a letter-like sign, unless a font lacks it: ©, ™, ❤, ↔."""
    return end - start == 1 and ord(text[start]) < PICTOGRAPHS


def draw_emoji(name: str, px: int) -> Image.Image:
    """A square picture with alpha, ``px`` wide."""
    return _small(name, px) if px <= SMALL_PX else _large(name, px)


def forget_drawn() -> None:
    """When memory is short."""
    _small.cache_clear()
    _large.cache_clear()


@lru_cache(maxsize=200)
def _small(name: str, px: int) -> Image.Image:
    return _draw(name, px)


@lru_cache(maxsize=8)
def _large(name: str, px: int) -> Image.Image:
    return _draw(name, px)


def _draw(name: str, px: int) -> Image.Image:
    import typst  # noqa: PLC0415  only texts with emoji pay for it

    drawings = _drawings()
    alias = drawings.aliases.get(name)
    body = drawings.icons[alias.parent if alias else name].body
    drawn = typst.compile(
        _PAGE.encode(),
        format="png",
        ppi=float(min(px, MAX_DRAWN_PX)),
        sys_inputs={"svg": _SVG.format(body=body)},
        ignore_system_fonts=True,
    )
    picture = Image.open(io.BytesIO(bytes(drawn))).convert("RGBA")
    return picture if picture.width == px else picture.resize((px, px))


def _may_begin(character: str) -> bool:
    """Quick: most characters begin no emoji."""
    return character in _beginnings()


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    known: dict[str, str] = msgspec.json.decode(_read("twemoji-chars.json"), type=dict[str, str])
    names = {"".join(chr(int(code, 16)) for code in key.split("-")): known[key] for key in known}
    names |= {f"{digit}{KEYCAP}": f"keycap-{digit}" for digit in "0123456789"}
    return names | {f"#{KEYCAP}": "keycap-pound", f"*{KEYCAP}": "keycap-asterisk"}


@lru_cache(maxsize=1)
def _beginnings() -> frozenset[str]:
    return frozenset(sequence[0] for sequence in _names())


@lru_cache(maxsize=1)
def _drawings() -> _Drawings:
    return msgspec.json.decode(_read("twemoji.json"), type=_Drawings)


def _read(name: str) -> bytes:
    return (font_folder() / name).read_bytes()
