"""Which kind of spreadsheet a file is, by its heading, and what it says."""

import io
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from shopwright.kernel import sheets
from shopwright.kernel.errors import TooLarge
from shopwright.kernel.sheets import read_heading
from shopwright.orders.csv_import import etsy, rows
from shopwright.orders.csv_import.table import Customs, Reading

MAX_BYTES = 20_000_000
MAX_ORDERS = 100_000


class Form(StrEnum):
    OWN = "own"
    ETSY_ITEMS = "etsy_items"
    ETSY_ORDERS = "etsy_orders"


CHANNELS: Mapping[Form, str] = {
    Form.OWN: rows.CHANNEL,
    Form.ETSY_ITEMS: etsy.CHANNEL,
    Form.ETSY_ORDERS: etsy.CHANNEL,
}
READERS: Mapping[Form, Callable[[Iterable[str], Customs], Reading]] = {
    Form.OWN: rows.read_orders,
    Form.ETSY_ITEMS: etsy.read_items,
    Form.ETSY_ORDERS: etsy.read_orders,
}


class SheetTooLarge(TooLarge):
    code = "sheet-too-large"
    title = "This file has too much"


def form_of(text: str) -> Form:
    """What is neither of Etsy's files is ours, or wrong, which its reader tells."""
    columns = read_heading(text)
    if etsy.is_items(columns):
        return Form.ETSY_ITEMS
    return Form.ETSY_ORDERS if etsy.is_orders(columns) else Form.OWN


def decode(content: bytes, name: str) -> str:
    """Raises Invalid for what is no UTF-8 text, SheetTooLarge for too much of it."""
    if len(content) > MAX_BYTES:
        raise SheetTooLarge(
            f"{name} has more than {MAX_BYTES // 1_000_000} MB. Split it, by month for example."
        )
    return sheets.decode(content, name)


def read(text: str, customs: Customs) -> tuple[Form, Reading]:
    """Some seconds of CPU for a large file: call it in a thread."""
    form = form_of(text)
    reading = READERS[form](io.StringIO(text, newline=""), customs)
    if len(reading.orders) > MAX_ORDERS:
        raise SheetTooLarge(
            f"The file has {len(reading.orders):,} orders; at most {MAX_ORDERS:,} are taken in at "
            "once. Split it, by month for example."
        )
    return form, reading
