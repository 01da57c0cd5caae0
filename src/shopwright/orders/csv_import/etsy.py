"""The two files a seller can download from Etsy without API access: EtsySoldOrderItems has what was
bought, EtsySoldOrders what was paid. Pure reading; nothing is stored.

The ids in them are those of the API (Order ID = receipt, Transaction ID = item), so that a shop
that is connected later finds its orders again. Neither file has the buyer's e-mail address.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

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
from shopwright.orders.states import OrderStatus

CHANNEL = "etsy"
ITEM_COLUMNS = ("order id", "item name", "quantity", "price", "transaction id")
ORDER_COLUMNS = ("order id", "number of items", "order total")
DATES = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%d-%b-%Y", "%d %b, %Y", "%b %d, %Y")
PERSONAL = re.compile(r"personali[sz]ation|engraving", re.IGNORECASE)
MAX_NAME, MAX_TITLE, MAX_SKU, MAX_LINE, MAX_ID = 200, 300, 200, 300, 80

# Column of the items' file and of the orders' file → member of an order's ``ship_to``.
ITEM_ADDRESS = {
    "ship name": "name",
    "ship address1": "line1",
    "ship address2": "line2",
    "ship city": "city",
    "ship state": "state",
    "ship zipcode": "postcode",
    "ship country": "country",
}
ORDER_ADDRESS = {
    "full name": "name",
    "street 1": "line1",
    "street 2": "line2",
    "ship city": "city",
    "ship state": "state",
    "ship zipcode": "postcode",
    "ship country": "country",
}

# Column of the orders' file → the sum it is.
AMOUNTS = {
    "order value": "subtotal_minor",
    "shipping": "shipping_minor",
    "sales tax": "tax_minor",
    "discount amount": "discount_minor",
}


def is_items(columns: Sequence[str]) -> bool:
    return {"item name", "transaction id"} <= set(columns)


def is_orders(columns: Sequence[str]) -> bool:
    return {"order id", "number of items"} <= set(columns)


def read_items(source: Iterable[str], customs: Customs) -> Reading:
    """EtsySoldOrderItems: lines with one Order ID are one order."""
    reading = Reading()
    orders: dict[str, list[Line]] = {}
    for line in read_lines(source, reading, lambda columns: _missing(columns, ITEM_COLUMNS)):
        orders.setdefault(line.cells["order id"], []).append(line)
    for lines in orders.values():
        _read_order(lines, reading, customs)
    reading.problems.sort()
    return reading


def read_orders(source: Iterable[str], customs: Customs) -> Reading:
    """EtsySoldOrders: what was paid for orders whose items are known already."""
    reading = Reading()
    for line in read_lines(source, reading, lambda columns: _missing(columns, ORDER_COLUMNS)):
        try:
            _check_id(line)
            reading.orders.append(_paid(line, customs))
        except Invalid as err:
            reading.problems.append((line.number, err.detail))
    reading.problems.sort()
    return reading


def read_variations(text: str) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """``Colour:Red,Personalization:Ada, with love`` as options and personalisation: a comma that
    no name follows belongs to the value."""
    pairs: list[tuple[str, str]] = []
    for part in text.split(","):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            pairs.append((name.strip()[:MAX_NAME], value.strip()))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{part}")
    options = tuple(pair for pair in pairs if not PERSONAL.search(pair[0]))
    return options, tuple(pair for pair in pairs if PERSONAL.search(pair[0]))


def _missing(columns: Sequence[str], wanted: Sequence[str]) -> Iterator[str]:
    """Etsy adds columns now and then; more than we know is no fault."""
    for column in wanted:
        if column not in columns:
            yield f"The column {column!r} is missing: download the file from Etsy again."
        elif columns.count(column) > 1:
            yield f"The column {column!r} is there {columns.count(column)} times."


def _check_id(line: Line) -> None:
    text = line.cells["order id"]
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID):
        raise Invalid(f"The Order ID {text[:40]!r} is no number, as Etsy's are.")


def _read_order(lines: Sequence[Line], reading: Reading, customs: Customs) -> None:
    """Into ``orders``, or what is wrong with its lines into ``problems``."""
    wrong: list[tuple[int, str]] = []
    items: list[ItemDraft] = []
    for line in lines:
        try:
            _check_id(line)
            items.append(_item(line.cells, _currency(lines[0].cells, customs)))
            _moment(line.cells.get("sale date", ""), customs)
        except Invalid as err:
            wrong.append((line.number, err.detail))
    if len(lines) > MAX_ITEMS:
        sentence = f"The order {lines[0].cells['order id']} has more than {MAX_ITEMS} items."
        wrong.append((lines[MAX_ITEMS].number, sentence))
    reading.problems += wrong
    if not wrong:
        reading.orders.append(_bought(lines, items, customs))


def _bought(lines: Sequence[Line], items: Sequence[ItemDraft], customs: Customs) -> SheetOrder:
    """The extras stand on every line of an order, so the largest counts."""
    first = lines[0].cells
    currency = _currency(first, customs)
    subtotal = sum(item.price_minor * item.quantity for item in items)
    shipping, tax, discount = (
        max(_amount(line.cells.get(column, ""), currency) for line in lines)
        for column in ("order shipping", "order sales tax", "discount amount")
    )
    is_shipped = all(line.cells.get("date shipped") for line in lines)
    ship_to = _address(first, ITEM_ADDRESS)
    draft = OrderDraft(
        status=OrderStatus.SHIPPED if is_shipped else OrderStatus.PAID,
        currency=currency,
        placed_at=_moment(first.get("sale date", ""), customs),
        items=tuple(items),
        channel=CHANNEL,
        external_id=first["order id"],
        buyer_name=_name(first, "ship name", "buyer"),
        ship_to=ship_to,
        subtotal_minor=subtotal,
        shipping_minor=shipping,
        tax_minor=tax,
        discount_minor=discount,
        total_minor=max(subtotal + shipping + tax - discount, 0),
    )
    said = {"items"} | ({"ship_to"} if ship_to else set()) | ({"status"} if is_shipped else set())
    return SheetOrder(draft, lines[0].number, frozenset(said))


def _paid(line: Line, customs: Customs) -> SheetOrder:
    cells = line.cells
    currency = _currency(cells, customs)
    status = _status(cells)
    ship_to = _address(cells, ORDER_ADDRESS)
    draft = OrderDraft(
        status=status,
        currency=currency,
        placed_at=_moment(cells.get("sale date", ""), customs),
        items=(),
        channel=CHANNEL,
        external_id=cells["order id"],
        buyer_name=_name(cells, "full name", "buyer"),
        ship_to=ship_to,
        subtotal_minor=_amount(cells.get("order value", ""), currency),
        shipping_minor=_amount(cells.get("shipping", ""), currency),
        tax_minor=_amount(cells.get("sales tax", ""), currency),
        discount_minor=_amount(cells.get("discount amount", ""), currency),
        total_minor=_amount(cells["order total"], currency),
    )
    said = {"total_minor"} | ({"buyer_name"} if draft.buyer_name else set())
    said |= {name for column, name in AMOUNTS.items() if cells.get(column)}
    said |= {"ship_to"} if ship_to else set()
    said |= {"status"} if status is not OrderStatus.PAID else set()
    return SheetOrder(draft, line.number, frozenset(said))


def _item(cells: Mapping[str, str], currency: str) -> ItemDraft:
    """Raises Invalid with the sentence for this line."""
    title, transaction = cells["item name"], cells["transaction id"]
    if not title:
        raise Invalid("It does not say what was bought: Item Name is empty.")
    if not transaction or len(transaction) > MAX_ID:
        raise Invalid("It has no Transaction ID, by which its item is known.")
    options, personalisation = read_variations(cells.get("variations", ""))
    return ItemDraft(
        title=_kept(title, MAX_TITLE),
        sku=_kept(cells.get("sku", ""), MAX_SKU) or None,
        quantity=read_quantity(cells["quantity"]),
        price_minor=_amount(cells["price"], currency),
        external_id=transaction,
        options=options,
        personalisation=personalisation,
    )


def _status(cells: Mapping[str, str]) -> OrderStatus:
    word = cells.get("status", "").lower()
    if "cancel" in word:
        return OrderStatus.CANCELED
    if "refund" in word:
        return OrderStatus.REFUNDED
    return OrderStatus.SHIPPED if cells.get("date shipped") else OrderStatus.PAID


def _currency(cells: Mapping[str, str], customs: Customs) -> str:
    return check_currency(cells.get("currency") or customs.currency)


def _amount(text: str, currency: str) -> int:
    """``1,234.50`` and ``-3.00`` (a discount) too; a sum in minor units."""
    return read_price(text.replace(",", "").removeprefix("-"), currency)


def _moment(text: str, customs: Customs) -> datetime:
    """Etsy tells the day alone: its beginning in the shop's zone."""
    if not text:
        return customs.now
    for form in DATES:
        try:
            day = datetime.strptime(text, form)  # noqa: DTZ007  the zone is the shop's
        except ValueError:
            continue
        return day.replace(tzinfo=ZoneInfo(customs.time_zone)).astimezone(UTC)
    raise Invalid(f"{text[:40]!r} is no date like 01/31/25.")


def _address(cells: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    lines = {key: _kept(cells.get(column, ""), MAX_LINE) for column, key in columns.items()}
    return {key: line for key, line in lines.items() if line}


def _name(cells: Mapping[str, str], *columns: str) -> str:
    names = (_kept(cells.get(column, ""), MAX_NAME) for column in columns)
    return next((name for name in names if name), "")


def _kept(text: str, length: int) -> str:
    """Etsy's files are not typed by hand: what is too long is cut."""
    return text.replace("\x00", "")[:length].strip()
