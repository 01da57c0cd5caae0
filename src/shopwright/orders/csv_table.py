"""A spreadsheet as text: its heading, its lines, and what is wrong with them. Pure reading.

A file is read to its end, so that every bad line is told at once.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import exponent
from shopwright.orders.drafts import MAX_QUANTITY, OrderDraft

MAX_PRICE = Decimal(10) ** 9
FORMULA = re.compile(r"'*\s*[=+\-@]")
PRICE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,6})?")

HeadingCheck = Callable[[Sequence[str]], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file; ``number`` is that of its first line."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SheetOrder:
    """One order of a file. ``said`` are the members of ``draft`` that the file tells; of an order
    that is known already the others stay as they are."""

    draft: OrderDraft
    line: int
    said: frozenset[str]

    @property
    def external_id(self) -> str:
        return str(self.draft.external_id)


@dataclass(slots=True)
class Reading:
    """What a file says: orders, or what is wrong with it, one sentence per bad line."""

    orders: list[SheetOrder] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Customs:
    """What a file leaves unsaid: the shop's currency and time zone, and the moment."""

    currency: str
    time_zone: str
    now: datetime


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
    source: Iterable[str], reading: Reading, check_heading: HeadingCheck
) -> Iterator[Line]:
    """Nothing when the heading is wrong; lines of another length are problems."""
    lines = iter(source)
    heading = next(lines, "")
    columns = read_heading(heading)
    reading.problems += [(1, sentence) for sentence in check_heading(columns)]
    if reading.problems:
        return
    for number, cells in _read_rows(lines, _delimiter(heading), reading):
        if len(cells) == len(columns):
            tidy = (unescape(cell.strip()) for cell in cells)
            yield Line(number, dict(zip(columns, tidy, strict=True)))
        else:
            sentence = f"It has {len(cells)} cells, the heading has {len(columns)}."
            reading.problems.append((number, sentence))


def read_quantity(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < len("1" * 10)):
        raise Invalid(f"The quantity {text!r} is no whole number.")
    if not 1 <= int(text) <= MAX_QUANTITY:
        raise Invalid(f"The quantity must be between 1 and {MAX_QUANTITY}, not {int(text)}.")
    return int(text)


def read_price(text: str, currency: str) -> int:
    """Of one unit. Never rounded: more decimals than the currency has are a typing error."""
    if not PRICE.fullmatch(text or "0"):
        raise Invalid(f"The price {text!r} is no number like 12.50.")
    price = Decimal(text or "0")
    if price > MAX_PRICE:
        raise Invalid(f"The price {text!r} is more than {MAX_PRICE}.")
    minor = price.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise Invalid(f"The price {text!r} has more decimals than {currency} has.")
    return int(minor)


def _read_rows(
    lines: Iterator[str], delimiter: str, reading: Reading
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
        reading.problems.append((number, f"From here on this is not CSV: {err}."))


def _delimiter(heading: str) -> str:
    """Spreadsheets of half of Europe write semicolons."""
    return ";" if heading.count(";") > heading.count(",") else ","
