"""Orders in our own form of a spreadsheet: one line per item. Pure reading; nothing is stored."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import check_currency
from shopwright.kernel.sheets import Line
from shopwright.orders.csv_import.table import (
    Customs,
    Reading,
    SheetOrder,
    read_lines,
    read_price,
    read_quantity,
)
from shopwright.orders.drafts import MAX_ITEMS, ItemDraft, OrderDraft
from shopwright.orders.rules import read_moment
from shopwright.orders.states import OrderStatus

CHANNEL = "csv"
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

ITEM_KEY = 60  # characters of a SKU or title that tell an item from the others of its order
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def read_orders(source: Iterable[str], customs: Customs) -> Reading:
    """Rows with the same external id are one order, in the order of the file."""
    reading = Reading()
    orders: dict[str, list[Line]] = {}
    for line in read_lines(source, reading, _heading_problems):
        orders.setdefault(_external_id(line), []).append(line)
    for external_id, lines in orders.items():
        if external_id:
            _read_order(lines, reading, customs)
        else:
            sentence = "It does not say which order it belongs to: external_id is empty."
            reading.problems += [(line.number, sentence) for line in lines]
    reading.problems.sort()
    return reading


def number_items(items: Iterable[ItemDraft]) -> tuple[ItemDraft, ...]:
    """With an id each, so that a later file changes them: lines may come in another order."""
    seen = Counter[str]()
    numbered = []
    for item in items:
        key = (item.sku or item.title)[:ITEM_KEY].lower()
        seen[key] += 1
        numbered.append(replace(item, external_id=f"{key}#{seen[key]}"))
    return tuple(numbered)


def _external_id(line: Line) -> str:
    return line.cells.get("external_id") or line.cells.get("number", "")


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
    """Into ``orders``, or what is wrong with its lines into ``problems``."""
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
        sentence = f"The order {_external_id(lines[0])} has more than {MAX_ITEMS} items."
        wrong.append((lines[MAX_ITEMS].number, sentence))
    reading.problems += wrong
    if not wrong:
        draft = _draft(_external_id(lines[0]), items, facts, customs)
        reading.orders.append(SheetOrder(draft, lines[0].number, _said(facts)))


def _said(facts: Mapping[str, str]) -> frozenset[str]:
    names = {name for name in ("buyer_name", "buyer_email") if name in facts}
    return frozenset(
        {"items", "subtotal_minor", *names}
        | ({"ship_to"} if ADDRESS.keys() & facts.keys() else set())
    )


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
        quantity=read_quantity(cells["quantity"]),
        price_minor=read_price(cells.get("price", ""), currency),
        personalisation=(("Personalisation", asked),) if asked else (),
        promised_on=_read_day(cells.get("promised_on", "")),
    )


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
        items=number_items(items),
        channel=CHANNEL,
        external_id=external_id,
        buyer_name=facts.get("buyer_name", ""),
        buyer_email=facts.get("buyer_email"),
        ship_to={key: facts[column] for column, key in ADDRESS.items() if column in facts},
        subtotal_minor=total,
        total_minor=total,
        promised_on=min((item.promised_on for item in items if item.promised_on), default=None),
    )
