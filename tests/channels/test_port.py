"""What the values of the port say by themselves."""

from dataclasses import replace
from datetime import UTC, date, datetime

from shopwright.channels.port import (
    ChannelApp,
    ChannelOrder,
    ChannelOrderItem,
    ChannelRefund,
    ChannelStatus,
    Tokens,
    Watermark,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ITEM = ChannelOrderItem(
    external_id="1",
    title="Door plate",
    sku="PLATE",
    listing_id=None,
    quantity=1,
    unit_price_minor=4900,
)
ORDER = ChannelOrder(
    external_id="7",
    status=ChannelStatus.PAID,
    native_status="Paid",
    is_paid=True,
    is_shipped=False,
    is_canceled=False,
    currency="EUR",
    total_minor=4900,
    subtotal_minor=4900,
    shipping_minor=0,
    tax_minor=0,
    vat_minor=0,
    discount_minor=0,
    gift_wrap_minor=0,
    placed_at=NOW,
    updated_at=NOW,
    items=(ITEM,),
    raw="{}",
)


def test_the_earliest_promise_counts() -> None:
    early = replace(ITEM, promised_on=date(2026, 12, 1))
    late = replace(ITEM, promised_on=date(2026, 12, 9))
    assert replace(ORDER, items=(late, ITEM, early)).promised_on == date(2026, 12, 1)
    assert ORDER.promised_on is None


def test_failed_refunds_are_not_money_back() -> None:
    back, failed = ChannelRefund(400, NOW), ChannelRefund(900, NOW, is_failed=True)
    assert replace(ORDER, refunds=(back, failed)).refunded_minor == 400


def test_watermarks_have_an_order() -> None:
    assert max(Watermark(3), Watermark(5), Watermark(4)) == Watermark(5)


def test_secrets_do_not_show_in_a_log() -> None:
    tokens = Tokens("700123.secret", "700123.hidden", NOW, "700123")
    app = ChannelApp("keystring", "very-secret")
    assert "secret" not in repr(tokens).replace("700123.", "")
    assert "hidden" not in repr(tokens)
    assert "very-secret" not in repr(app)
