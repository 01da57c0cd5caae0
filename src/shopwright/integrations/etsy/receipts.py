"""Walking through a shop's receipts by time of change, losing none.

Offsets are not safe while orders change: a receipt that is touched moves to the end and everything
behind it moves up, past the next offset. So each page starts at the newest change seen (the answer
is sorted by it), and offsets serve only inside one second that alone fills a page. That also keeps
far below Etsy's offset ceiling of 12 000.
"""

from collections.abc import AsyncIterator

from shopwright.channels.port import BadAnswer, OrderPage, Watermark
from shopwright.integrations.etsy.client import EtsyClient
from shopwright.integrations.etsy.codec import Batch, decode_batch

PAGE_SIZE = 100
OVERLAP_S = 300  # whole-second stamps and late commits at Etsy (fact sheet 1.5)
EARLIEST_S = 946_684_800  # Etsy refuses times before 2000
MAX_OFFSET = 12_000


class ReceiptWalk:
    """One run over the receipts of one shop."""

    def __init__(self, client: EtsyClient, shop_id: str, *, page_size: int = PAGE_SIZE) -> None:
        self._client = client
        self._path = f"/shops/{shop_id}/receipts"
        self._page_size = page_size
        self._seen: frozenset[str] = frozenset()

    async def pages(self, watermark: Watermark) -> AsyncIterator[OrderPage]:
        """Pages in order of change, each with the watermark that holds once it is stored."""
        cursor_s = max(watermark.epoch_s - OVERLAP_S, EARLIEST_S)
        while True:
            batch = await self._ask({"min_last_modified": cursor_s})
            newest_s = _newest(batch, cursor_s)
            yield self._page(batch, max(watermark, Watermark(newest_s)))
            if batch.size >= batch.count:
                return
            if newest_s > cursor_s:
                cursor_s = newest_s
                continue
            async for page in self._one_second(cursor_s, max(watermark, Watermark(cursor_s))):
                yield page
            cursor_s += 1

    async def _one_second(self, second_s: int, watermark: Watermark) -> AsyncIterator[OrderPage]:
        """All receipts changed in this very second, by offset.

        They can only leave the second, never join it later; when one left, the rest has moved up
        and the second is read again.
        """
        offset, expected = 0, None
        while expected is None or offset < expected:
            batch = await self._ask(
                {
                    "min_last_modified": second_s,
                    "max_last_modified": second_s,
                    "offset": offset,
                }
            )
            if expected is not None and batch.count < expected:
                offset, expected = 0, None
                continue
            expected = batch.count
            yield self._page(batch, watermark)
            offset += batch.size
            _check_offset(offset, expected, second_s)

    async def _ask(self, window: dict[str, str | int]) -> Batch:
        fixed: dict[str, str | int] = {
            "sort_on": "updated",
            "sort_order": "asc",
            "limit": self._page_size,
        }
        batch = decode_batch(await self._client.get(self._path, fixed | window))
        if not batch.size and batch.count > int(window.get("offset", 0)):
            raise BadAnswer(f"Etsy announces {batch.count} orders and sends none.")
        if list(batch.updates_s) != sorted(batch.updates_s):
            raise BadAnswer("Etsy sent the orders unsorted; going on could lose some.")
        return batch

    def _page(self, batch: Batch, watermark: Watermark) -> OrderPage:
        """Without what the page before held already."""
        orders = tuple(order for order in batch.orders if order.raw not in self._seen)
        rejected = tuple(reject for reject in batch.rejected if reject.raw not in self._seen)
        self._seen = frozenset(raw for raw in _raws(batch))
        return OrderPage(orders, rejected, watermark, max(0, batch.count - batch.size))


def _newest(batch: Batch, cursor_s: int) -> int:
    return max(batch.updates_s, default=cursor_s)


def _check_offset(offset: int, expected: int, second_s: int) -> None:
    if offset < expected and offset > MAX_OFFSET:
        raise BadAnswer(f"More than {MAX_OFFSET} orders changed in second {second_s}.")


def _raws(batch: Batch) -> list[str]:
    return [order.raw for order in batch.orders] + [reject.raw for reject in batch.rejected]
