"""The words of a PDF as our typesetter writes them: fonts with a table back to Unicode, named
``f0``, ``f1`` … in the order of these tables."""

import re
import zlib
from collections.abc import Iterator

ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
STREAM = re.compile(
    rb"obj\s*<<(?:(?!endobj).)*?/Length (\d+)(?:(?!endobj).)*?>>\s*stream\r?\n", re.DOTALL
)
SHOWN = re.compile(r"/f(\d+) [\d.]+ Tf|Tm\s*([\[(].*?[\])])\s*T[jJ]", re.DOTALL)


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
    codes = [ord(one) for string in _strings(shown) for one in string]
    glyphs = zip(codes[::2], codes[1::2], strict=True)
    return "".join(font.get(high << 8 | low, "?") for high, low in glyphs)


def _strings(shown: str) -> Iterator[str]:
    """Parentheses in pairs stand for themselves."""
    depth, found = 0, ""
    for part in re.findall(r"\\[0-7]{3}|\\.|.", shown, re.DOTALL):
        if part == ")":
            depth -= 1
            if depth == 0:
                yield found
                found = ""
        if depth:
            found += _plain(part)
        depth += part == "("


def _plain(part: str) -> str:
    word = part.removeprefix("\\")
    if word == part:
        return part
    return chr(int(word, 8)) if word.isdigit() else ESCAPES.get(word, word)
