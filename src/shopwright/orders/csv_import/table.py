"""What a spreadsheet of orders says: its orders, and what is wrong with its lines. Pure reading."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shopwright.kernel import sheets
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import exponent
from shopwright.kernel.sheets import HeadingCheck, Line
from shopwright.orders.drafts import MAX_QUANTITY, OrderDraft

MAX_PRICE = Decimal(10) ** 9
PRICE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,6})?")


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


def read_lines(
    source: Iterable[str], reading: Reading, check_heading: HeadingCheck
) -> Iterator[Line]:
    """Nothing when the heading is wrong; lines of another length are problems."""
    return sheets.read_lines(source, reading.problems, check_heading)


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
