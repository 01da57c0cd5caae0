"""Cells and lines of orders as a spreadsheet holds them: pure reading and writing.

Nothing here is stored. A file is read to its end, so that every bad line is told at once.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import check_currency, exponent
from shopwright.orders.drafts import MAX_ITEMS, MAX_QUANTITY, ItemDraft, OrderDraft
from shopwright.orders.rules import read_moment
from shopwright.orders.states import OrderStatus

CHANNEL = "csv"
MAX_PRICE = Decimal(10) ** 9
MAX_OTHER = 80  # characters of a number, a date, a currency

# Column → member of an order's ``ship_to``.
ADDRESS: Mapping[str, str] = {
    "ship_name": "name",
    "line1": "line1",
    "line2": "line2",
    "city": "city",
    "state": "state",
    "postcode": "postcode",
    "country": "country",
    "address": "formatted",
}
ORDER_COLUMNS = ("buyer_name", "buyer_email", "currency", "placed_at", *ADDRESS)
ITEM_COLUMNS = ("title", "sku", "quantity", "price", "personalisation", "promised_on")
COLUMNS = ("external_id", "number", *ORDER_COLUMNS, *ITEM_COLUMNS)
LENGTHS = {
    "external_id": 80,
    "number": 80,
    "title": 300,
    "sku": 200,
    "buyer_name": 200,
    "buyer_email": 254,
    "personalisation": 2000,
} | dict.fromkeys(ADDRESS, 300)

FORMULA = re.compile(r"'*\s*[=+\-@]")
PRICE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,6})?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the file; ``number`` is that of its first line."""

    number: int
    cells: Mapping[str, str]

    @property
    def external_id(self) -> str:
        return self.cells.get("external_id") or self.cells.get("number", "")


@dataclass(slots=True)
class Reading:
    """What a file says: orders, or what is wrong with it, one sentence per bad line."""

    drafts: list[OrderDraft] = field(default_factory=list)
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


def read_orders(source: Iterable[str], customs: Customs) -> Reading:
    """Rows with the same external id are one order, in the order of the file."""
    reading = Reading()
    orders: dict[str, list[Line]] = {}
    for line in _read_lines(source, reading):
        orders.setdefault(line.external_id, []).append(line)
    for external_id, lines in orders.items():
        if external_id:
            _read_order(lines, reading, customs)
        else:
            sentence = "It does not say which order it belongs to: external_id is empty."
            reading.problems += [(line.number, sentence) for line in lines]
    reading.problems.sort()
    return reading


def _read_lines(source: Iterable[str], reading: Reading) -> Iterator[Line]:
    lines = iter(source)
    heading = next(lines, "")
    columns = _read_heading(heading, reading)
    if reading.problems:
        return
    for number, cells in _read_rows(lines, _delimiter(heading), reading):
        if len(cells) == len(columns):
            tidy = (unescape(cell.strip()) for cell in cells)
            yield Line(number, dict(zip(columns, tidy, strict=True)))
        else:
            sentence = f"It has {len(cells)} cells, the heading has {len(columns)}."
            reading.problems.append((number, sentence))


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


def _read_heading(heading: str, reading: Reading) -> list[str]:
    cells = next(csv.reader([heading.removeprefix("\ufeff")], delimiter=_delimiter(heading)), [])
    columns = [cell.strip().lower() for cell in cells]
    reading.problems += [(1, sentence) for sentence in _heading_problems(columns)]
    return columns


def _heading_problems(columns: Sequence[str]) -> Iterator[str]:
    for column in dict.fromkeys(columns):
        if column not in COLUMNS:
            yield f"The column {column!r} is not known; known are {', '.join(COLUMNS)}."
        elif columns.count(column) > 1:
            yield f"The column {column!r} is there {columns.count(column)} times."
    if not {"external_id", "number"} & set(columns):
        yield "A column external_id (or number) must say which order a row belongs to."
    if not {"title", "sku"} & set(columns):
        yield "A column title or sku must say what was bought."
    if "quantity" not in columns:
        yield "A column quantity must say how many were bought."


def _read_order(lines: Sequence[Line], reading: Reading, customs: Customs) -> None:
    """Into ``drafts``, or what is wrong with its lines into ``problems``."""
    wrong = list(_contradictions(lines))
    facts = _agree(lines)
    currency = facts.get("currency") or customs.currency
    items: list[ItemDraft] = []
    for line in lines:
        try:
            _check_facts(line.cells, customs)
            items.append(_read_item(line.cells, check_currency(currency)))
        except Invalid as err:
            wrong.append((line.number, err.detail))
    if len(lines) > MAX_ITEMS:
        sentence = f"The order {lines[0].external_id} has more than {MAX_ITEMS} items."
        wrong.append((lines[MAX_ITEMS].number, sentence))
    reading.problems += wrong
    if not wrong:
        reading.drafts.append(_draft(lines[0].external_id, items, facts, customs))


def _agree(lines: Sequence[Line]) -> dict[str, str]:
    """What the lines of one order say about it; an empty cell means: as in the others."""
    said: dict[str, str] = {}
    for line in lines:
        for column in ORDER_COLUMNS:
            if line.cells.get(column):
                said.setdefault(column, line.cells[column])
    return said


def _contradictions(lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    facts = _agree(lines)
    for line in lines:
        for column, known in facts.items():
            text = line.cells.get(column)
            if text and text != known:
                yield line.number, f"{column} is {text!r}, but {known!r} above in the same order."


def _check_facts(cells: Mapping[str, str], customs: Customs) -> None:
    """Raises Invalid for what a line says wrongly about its order."""
    for column, text in cells.items():
        limit = LENGTHS.get(column, MAX_OTHER)
        if len(text) > limit:
            raise Invalid(f"{column} has {len(text)} characters; at most {limit} are kept.")
        if "\x00" in text:
            raise Invalid(f"{column} contains a NUL character.")
    email = cells.get("buyer_email")
    if email and not EMAIL.fullmatch(email):
        raise Invalid(f"{email!r} is no e-mail address.")
    if cells.get("placed_at"):
        _read_placed_at(cells["placed_at"], customs)


def _read_placed_at(text: str, customs: Customs) -> datetime:
    try:
        return read_moment(text, customs.time_zone)
    except OverflowError as err:  # the first or last day there is, in another zone
        raise Invalid(f"{text!r} is out of range.") from err


def _read_item(cells: Mapping[str, str], currency: str) -> ItemDraft:
    """Raises Invalid with the sentence for this line."""
    title, sku = cells.get("title", ""), cells.get("sku", "")
    if not (title or sku):
        raise Invalid("It does not say what was bought: title and sku are empty.")
    asked = cells.get("personalisation", "")
    return ItemDraft(
        title=title or sku,
        sku=sku or None,
        quantity=_read_quantity(cells["quantity"]),
        price_minor=_read_price(cells.get("price", ""), currency),
        personalisation=(("Personalisation", asked),) if asked else (),
        promised_on=_read_day(cells.get("promised_on", "")),
    )


def _read_quantity(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < len("1" * 10)):
        raise Invalid(f"The quantity {text!r} is no whole number.")
    if not 1 <= int(text) <= MAX_QUANTITY:
        raise Invalid(f"The quantity must be between 1 and {MAX_QUANTITY}, not {int(text)}.")
    return int(text)


def _read_price(text: str, currency: str) -> int:
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


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as err:
        raise Invalid(f"{text!r} is no date like 2025-01-31.") from err


def _draft(
    external_id: str, items: Sequence[ItemDraft], facts: Mapping[str, str], customs: Customs
) -> OrderDraft:
    total = sum(item.price_minor * item.quantity for item in items)
    placed_at = facts.get("placed_at")
    return OrderDraft(
        status=OrderStatus.PAID,
        currency=check_currency(facts.get("currency") or customs.currency),
        placed_at=_read_placed_at(placed_at, customs) if placed_at else customs.now,
        items=tuple(items),
        channel=CHANNEL,
        external_id=external_id,
        buyer_name=facts.get("buyer_name", ""),
        buyer_email=facts.get("buyer_email"),
        ship_to={key: facts[column] for column, key in ADDRESS.items() if column in facts},
        subtotal_minor=total,
        total_minor=total,
        promised_on=min((item.promised_on for item in items if item.promised_on), default=None),
    )
