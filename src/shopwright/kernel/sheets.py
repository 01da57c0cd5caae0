"""A spreadsheet as text: its heading, its lines, and what is wrong with them. Pure reading.

A file is read to its end, so that every bad line is told at once.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shopwright.kernel.errors import Invalid

FORMULA = re.compile(r"'*\s*[=+\-@]")

HeadingCheck = Callable[[Sequence[str]], Iterable[str]]
Problems = list[tuple[int, str]]  # line and sentence


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file; ``number`` is that of its first line."""

    number: int
    cells: Mapping[str, str]


def decode(content: bytes, name: str) -> str:
    """Raises Invalid for what is no UTF-8 text."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise Invalid(f"{name} is not UTF-8 text. Save it as CSV UTF-8.") from err


def escape(text: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula; an apostrophe makes it text."""
    return f"'{text}" if FORMULA.match(text) else text


def unescape(text: str) -> str:
    """The reverse of ``escape``."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def read_heading(source: str) -> list[str]:
    """The columns' names in lower case."""
    text = source.removeprefix("\ufeff").partition("\n")[0]
    cells = next(csv.reader([text.rstrip("\r")], delimiter=_delimiter(text)), [])
    return [cell.strip().lower() for cell in cells]


def read_lines(
    source: Iterable[str], problems: Problems, check_heading: HeadingCheck
) -> Iterator[Line]:
    """Nothing when the heading is wrong; lines of another length are problems."""
    lines = iter(source)
    heading = next(lines, "")
    columns = read_heading(heading)
    wrong = [(1, sentence) for sentence in check_heading(columns)]
    problems += wrong
    if wrong:
        return
    for number, cells in _read_rows(lines, _delimiter(heading), problems):
        if len(cells) == len(columns):
            tidy = (unescape(cell.strip()) for cell in cells)
            yield Line(number, dict(zip(columns, tidy, strict=True)))
        else:
            sentence = f"It has {len(cells)} cells, the heading has {len(columns)}."
            problems.append((number, sentence))


def _read_rows(
    lines: Iterator[str], delimiter: str, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """With the number of their first line; rows of empty cells are left out."""
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 2  # the heading is line 1
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield number, cells
            number = rows.line_num + 2
    except csv.Error as err:
        problems.append((number, f"From here on this is not CSV: {err}."))


def _delimiter(heading: str) -> str:
    """Spreadsheets of half of Europe write semicolons."""
    return ";" if heading.count(";") > heading.count(",") else ","
