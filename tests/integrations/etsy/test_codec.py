"""Receipts as channel orders."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopwright.channels.port import BadAnswer, ChannelOrder, ChannelStatus
from shopwright.integrations.etsy.codec import (
    ReceiptRejected,
    decode_batch,
    decode_receipt,
    minor_units,
)
from shopwright.integrations.etsy.payloads import EtsyMoney
from shopwright.kernel.money import CURRENCIES, exponent


def money(amount: int, divisor: int = 100, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": amount, "divisor": divisor, "currency_code": currency}


def transaction(**changes: Any) -> dict[str, Any]:
    return {
        "transaction_id": 4_400_000_001,
        "title": "Ada&#039;s plate &amp; hook",
        "quantity": 2,
        "listing_id": 1_500_000_001,
        "sku": "PLATE-M-WAL",
        "price": money(2450),
        "shipping_cost": money(490),
        "variations": [],
        "expected_ship_date": 1_795_600_000,
        "is_digital": False,
        **changes,
    }


def receipt(**changes: Any) -> dict[str, Any]:
    return {
        "receipt_id": 3_300_000_001,
        "status": "Paid",
        "is_paid": True,
        "is_shipped": False,
        "created_timestamp": 1_795_000_000,
        "updated_timestamp": 1_795_000_042,
        "buyer_user_id": 811_222,
        "grandtotal": money(5390),
        "transactions": [transaction()],
        **changes,
    }


def order_of(**changes: Any) -> ChannelOrder:
    return decode_receipt(json.dumps(receipt(**changes)).encode())


def variation(name: str, value: str, **ids: Any) -> dict[str, Any]:
    return {
        "property_id": 507,
        "value_id": 1,
        "formatted_name": name,
        "formatted_value": value,
        **ids,
    }


def test_a_receipt_becomes_an_order() -> None:
    order = order_of(
        name="Zo&euml; Byron",
        first_line="12 rue des Lilas",
        city="Lyon",
        zip="69003",
        country_iso="FR",
        message_from_buyer="It&#039;s for Friday",
        is_gift=True,
        gift_message="Bon anniversaire",
        gift_sender="A.",
        payment_method="cc",
        buyer_email=None,
        subtotal=money(4900),
        total_shipping_cost=money(490),
        total_tax_cost=money(11),
        total_vat_cost=money(7),
        discount_amt=money(5),
        gift_wrap_price=money(3),
    )
    assert (order.external_id, order.status, order.native_status) == (
        "3300000001",
        ChannelStatus.PAID,
        "Paid",
    )
    assert (order.is_paid, order.is_shipped, order.is_canceled) == (True, False, False)
    assert (order.currency, order.total_minor, order.subtotal_minor) == ("EUR", 5390, 4900)
    assert (order.shipping_minor, order.tax_minor, order.vat_minor) == (490, 11, 7)
    assert (order.discount_minor, order.gift_wrap_minor) == (5, 3)
    assert order.placed_at == datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)
    assert order.updated_at == datetime(2026, 11, 18, 11, 7, 22, tzinfo=UTC)
    assert (order.buyer_name, order.buyer_email, order.buyer_user_id) == (
        "Zoë Byron",
        None,
        "811222",
    )
    assert (order.address.first_line, order.address.postcode) == ("12 rue des Lilas", "69003")
    assert (order.address.name, order.address.state) == ("Zoë Byron", None)
    assert (order.is_gift, order.gift_message, order.gift_sender) == (
        True,
        "Bon anniversaire",
        "A.",
    )
    assert (order.buyer_note, order.payment_method) == ("It's for Friday", "cc")
    (item,) = order.items
    assert (item.external_id, item.title) == ("4400000001", "Ada's plate & hook")
    assert (item.sku, item.listing_id, item.quantity) == ("PLATE-M-WAL", "1500000001", 2)
    assert (item.unit_price_minor, item.shipping_minor) == (2450, 490)
    assert (item.promised_on, order.promised_on) == (date(2026, 11, 25), date(2026, 11, 25))
    assert json.loads(order.raw)["receipt_id"] == 3_300_000_001


def test_the_least_a_receipt_can_be_is_an_order() -> None:
    raw = {
        "receipt_id": 1,
        "grandtotal": money(0),
        "create_timestamp": 1_795_000_000,
        "transactions": [{"transaction_id": 2, "quantity": 1, "price": money(0)}],
    }
    order = decode_receipt(json.dumps(raw).encode())
    assert (order.status, order.is_paid, order.total_minor) == (ChannelStatus.PENDING, False, 0)
    assert order.updated_at == order.placed_at
    assert (order.items[0].title, order.items[0].promised_on) == ("Listing unknown", None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": "open", "is_paid": False}, ChannelStatus.PENDING),
        ({"status": "Payment Processing", "is_paid": False}, ChannelStatus.PENDING),
        ({"status": "paid"}, ChannelStatus.PAID),
        ({"status": "PAID", "is_shipped": True}, ChannelStatus.SHIPPED),
        ({"status": "Completed", "is_shipped": True}, ChannelStatus.COMPLETED),
        ({"status": "Canceled"}, ChannelStatus.CANCELED),
        ({"status": "cancelled"}, ChannelStatus.CANCELED),
        ({"status": "Fully Refunded"}, ChannelStatus.REFUNDED),
        ({"status": "partially_refunded"}, ChannelStatus.PAID),
        ({"status": "partially refunded", "is_shipped": True}, ChannelStatus.SHIPPED),
        ({"status": "some new word"}, ChannelStatus.PAID),
        ({"status": None, "is_paid": False}, ChannelStatus.PENDING),
    ],
)
def test_status_words_in_any_spelling(changes: dict[str, Any], status: ChannelStatus) -> None:
    assert order_of(**changes).status is status


def test_refunds_in_full_make_the_order_refunded_whatever_its_word() -> None:
    parts = [{"amount": money(5000), "created_timestamp": 1_795_000_100}, {"amount": money(390)}]
    order = order_of(refunds=parts)
    assert (order.status, order.refunded_minor) == (ChannelStatus.REFUNDED, 5390)
    assert order.refunds[0].refunded_at == datetime(2026, 11, 18, 11, 8, 20, tzinfo=UTC)


def test_a_canceled_order_with_its_money_back_stays_known_as_canceled() -> None:
    order = order_of(status="Canceled", refunds=[{"amount": money(5390)}])
    assert (order.status, order.is_canceled) == (ChannelStatus.REFUNDED, True)


def test_a_part_refund_and_a_failed_one_leave_the_order_paid() -> None:
    failed = {"amount": money(5390), "status": "FAILED", "reason": "card&#039;s gone"}
    order = order_of(refunds=[{"amount": money(100)}, failed])
    assert (order.status, order.refunded_minor) == (ChannelStatus.PAID, 100)
    assert (order.refunds[1].is_failed, order.refunds[1].reason) == (True, "card's gone")


def test_options_and_personalisations_are_told_apart_in_order() -> None:
    variations = [
        variation("Material", "Walnut"),
        variation("Personalization", "L&#039;Atelier", property_id=54, value_id=None),
        variation("Which side?", "Front &amp; back", property_id=0, value_id=9, question_id=71),
        variation("Note", "free text", property_id=513, value_id=None),
        variation("Personalization", "Not requested on this item.", property_id=54, value_id=None),
        variation("Size", "M (20 cm)", value_id=0),
    ]
    (item,) = order_of(transactions=[transaction(variations=variations)]).items
    assert item.options == (("Material", "Walnut"), ("Size", "M (20 cm)"))
    assert item.personalisations == (
        ("Personalization", "L'Atelier"),
        ("Which side?", "Front & back"),
        ("Note", "free text"),
    )


def test_shipments_are_read() -> None:
    sent = {
        "carrier_name": "la-poste",
        "tracking_code": "X1",
        "shipment_notification_timestamp": 1_795_000_100,
        "receipt_shipping_id": 8,
    }
    (shipment,) = order_of(shipments=[sent]).shipments
    assert (shipment.carrier, shipment.tracking_code, shipment.external_id) == (
        "la-poste",
        "X1",
        "8",
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"transactions": []}, "Receipt 3300000001 came without its items."),
        ({"transactions": None}, "Receipt 3300000001 came without its items."),
        ({"grandtotal": money(1, 100, "XQQ")}, "The currency 'XQQ' is not known here."),
        ({"grandtotal": money(1, 0)}, "An amount has the divisor 0."),
        ({"subtotal": money(1, 100, "USD")}, "The receipt mixes EUR and USD."),
        ({"created_timestamp": None}, "Receipt 3300000001 has no time of order."),
        ({"created_timestamp": 10**17}, "100000000000000000 is not a time."),
        (
            {"transactions": [transaction(quantity=0)]},
            "Item 4400000001 has the quantity 0.",
        ),
        ({"grandtotal": None}, "The receipt cannot be read: Expected `object`, got `null`"),
        ({"receipt_id": "abc"}, "The receipt cannot be read: Expected `int`, got `str`"),
    ],
)
def test_what_cannot_be_an_order_is_rejected_in_words(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReceiptRejected) as caught:
        order_of(**changes)
    assert str(caught.value).startswith(reason)


def test_rejected_receipts_keep_their_number_payload_and_place_in_time() -> None:
    good, bad = receipt(), receipt(receipt_id=7, transactions=[], updated_timestamp=1_795_000_500)
    batch = decode_batch(json.dumps({"count": 9, "results": [good, bad, "nonsense"]}).encode())
    assert [order.external_id for order in batch.orders] == ["3300000001"]
    assert [(r.external_id, r.raw == json.dumps(bad)) for r in batch.rejected] == [
        ("7", True),
        (None, False),
    ]
    assert batch.rejected[1].raw == '"nonsense"'
    assert (batch.updates_s, batch.count, batch.size) == ((1_795_000_042, 1_795_000_500), 9, 3)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"count": 1', b"\xff\xfe", b"[]", b"{}"])
def test_what_is_no_page_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="Etsy's answer"):
        decode_batch(body)


@pytest.mark.parametrize(
    ("amount", "divisor", "currency", "minor"),
    [
        (4250, 100, "EUR", 4250),
        (4250, 1000, "EUR", 425),
        (42, 1, "EUR", 4200),
        (2500, 1, "JPY", 2500),
        (250_000, 100, "JPY", 2500),
        (12_345, 1000, "KWD", 12_345),
        (1234, 100, "KWD", 12_340),
        (-490, 100, "EUR", -490),
        (125, 1000, "EUR", 12),
        (135, 1000, "EUR", 14),
    ],
)
def test_money_by_divisor_and_currency(
    amount: int, divisor: int, currency: str, minor: int
) -> None:
    assert minor_units(EtsyMoney(amount, divisor, currency.lower()), currency) == minor


@given(
    amount=st.integers(-(10**12), 10**12),
    power=st.integers(0, 6),
    currency=st.sampled_from(sorted(CURRENCIES)),
)
def test_money_is_exact_whenever_the_currency_can_say_it(
    amount: int, power: int, currency: str
) -> None:
    divisor = 10**power
    minor = minor_units(EtsyMoney(amount, divisor, currency), currency)
    exact = Decimal(amount) / divisor * 10 ** exponent(currency)
    assert abs(minor - exact) <= Decimal("0.5")
    if exact == exact.to_integral_value():
        assert minor == exact


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises((ReceiptRejected, BadAnswer)):
        decode_receipt(body)
    with pytest.raises(BadAnswer):
        decode_batch(body)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists))
def test_any_member_of_any_kind_is_read_or_rejected(value: Any) -> None:
    sentences = [sentence_of({name: value}) for name in receipt()]
    assert all(sentence is None or sentence.endswith(".") for sentence in sentences)


def sentence_of(changes: dict[str, Any]) -> str | None:
    try:
        order_of(**changes)
    except ReceiptRejected as err:
        return str(err)
    return None
