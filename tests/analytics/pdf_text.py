"""The words of a PDF as our typesetter writes them: fonts with a table back to Unicode, named
``f0``, ``f1`` … in the order of these tables."""

import re
import zlib
from collections.abc import Iterator

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
STREAM = re.compile(
    rb"obj\s*<<(?:(?!endobj).)*?/Length (\d+)(?:(?!endobj).)*?>>\s*stream\r?\n", re.DOTALL
)
SHOWN = re.compile(r"/f(\d+) [\d.]+ Tf|\[?(\((?:\\.|[^\\)])*\)[^\]]*?)\]?T[jJ]", re.DOTALL)


def read_text(pdf: bytes) -> str:
    """One line for each run of words."""
    streams = list(_streams(pdf))
    fonts = [_table(text) for text in streams if "beginbf" in text]
    lines: list[str] = []
    for text in streams:
        font: dict[int, str] = {}
        for found in SHOWN.finditer(text) if " Tf" in text else ():
            if found[1]:
                font = fonts[int(found[1])]
            else:
                lines.append(_decode(found[2], font))
    return "\n".join(lines)


def _streams(pdf: bytes) -> Iterator[str]:
    for found in STREAM.finditer(pdf):
        body = pdf[found.end() : found.end() + int(found[1])]
        try:
            yield zlib.decompress(body).decode("latin-1")
        except zlib.error:
            continue


def _table(cmap: str) -> dict[int, str]:
    pairs = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>\n", cmap.partition("beginbf")[2])
    return {int(glyph, 16): bytes.fromhex(text).decode("utf-16-be") for glyph, text in pairs}


def _decode(shown: str, font: dict[int, str]) -> str:
    found = ""
    for string in re.findall(r"\(((?:\\.|[^\\)])*)\)", shown, re.DOTALL):
        codes = [ord(one) for one in re.sub(r"\\([0-7]{3}|.)", _plain, string, flags=re.DOTALL)]
        glyphs = zip(codes[::2], codes[1::2], strict=True)
        found += "".join(font.get(high << 8 | low, "?") for high, low in glyphs)
    return found


def _plain(escape: re.Match[str]) -> str:
    word = escape[1]
    return chr(int(word, 8)) if word.isdigit() else ESCAPES.get(word, word)
