"""Etsy's receipts as channel orders: pure, and strict about what an order cannot do without."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape
from typing import TypeVar

import msgspec

from shopwright.channels.port import (
    Address,
    BadAnswer,
    ChannelListing,
    ChannelOffer,
    ChannelOrder,
    ChannelOrderItem,
    ChannelRefund,
    ChannelShipment,
    ChannelStatus,
    RejectedOrder,
    ShopProfile,
)
from shopwright.integrations.etsy.payloads import (
    ErrorAnswer,
    EtsyInventoryProduct,
    EtsyListing,
    EtsyMoney,
    EtsyReceipt,
    EtsyRefund,
    EtsyShipment,
    EtsyShop,
    EtsyTransaction,
    EtsyVariation,
    ReceiptPage,
    ReceiptStamp,
)
from shopwright.kernel.money import CURRENCIES, Money, UnknownCurrency, exponent

T = TypeVar("T")

PERSONALIZATION_PROPERTY = 54
NOT_REQUESTED = "Not requested on this item."  # Etsy's text where the buyer left the field empty
EXCERPT_CHARS = 500

STATUSES = {
    "open": ChannelStatus.PENDING,
    "payment processing": ChannelStatus.PENDING,
    "paid": ChannelStatus.PAID,
    "partially refunded": ChannelStatus.PAID,
    "completed": ChannelStatus.COMPLETED,
    "canceled": ChannelStatus.CANCELED,
    "cancelled": ChannelStatus.CANCELED,
    "fully refunded": ChannelStatus.REFUNDED,
}
UNPAID = frozenset({ChannelStatus.PENDING, ChannelStatus.CANCELED})
FAILED_REFUNDS = frozenset({"failed", "declined", "denied", "canceled", "cancelled", "reversed"})


class ReceiptRejected(Exception):
    """This one receipt cannot become an order; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of getShopReceipts, read as far as it can be."""

    orders: tuple[ChannelOrder, ...]
    rejected: tuple[RejectedOrder, ...]
    updates_s: tuple[int, ...]  # update times in the order sent, of all receipts that have one
    count: int  # what Etsy says matches the filter in all
    size: int  # how many receipts this answer holds


def decode_answer(body: bytes, model: type[T]) -> T:
    """Raises BadAnswer when the body is not JSON of this shape."""
    try:
        return msgspec.json.decode(body, type=model, strict=False)
    except msgspec.ValidationError as err:
        sentence = f"Etsy's answer has an unexpected shape: {err}."
        raise BadAnswer(sentence, raw=excerpt(body)) from err
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise BadAnswer("Etsy's answer is not readable JSON.", raw=excerpt(body)) from err


def decode_error(body: bytes) -> ErrorAnswer:
    """What Etsy says of an error; empty when the answer is not Etsy's, as from a gateway."""
    try:
        return decode_answer(body, ErrorAnswer)
    except BadAnswer:
        return ErrorAnswer()


def excerpt(body: bytes) -> str:
    return body[:EXCERPT_CHARS].decode(errors="replace")


def decode_batch(body: bytes) -> Batch:
    """BadAnswer when the answer itself cannot be read; single receipts are rejected."""
    page = decode_answer(body, ReceiptPage)
    orders: list[ChannelOrder] = []
    rejected: list[RejectedOrder] = []
    updates: list[int] = []
    for raw in map(bytes, page.results):
        stamp = _stamp(raw)
        if isinstance(stamp.updated_s, int):
            updates.append(stamp.updated_s)
        order_or_reject = _read_receipt(raw, stamp)
        if isinstance(order_or_reject, ChannelOrder):
            orders.append(order_or_reject)
        else:
            rejected.append(order_or_reject)
    return Batch(tuple(orders), tuple(rejected), tuple(updates), page.count, len(page.results))


def decode_receipt(raw: bytes) -> ChannelOrder:
    """Raises ReceiptRejected with the reason in words."""
    try:
        receipt = msgspec.json.decode(raw, type=EtsyReceipt, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise ReceiptRejected(f"The receipt cannot be read: {err}.") from err
    if not receipt.transactions:
        raise ReceiptRejected(f"Receipt {receipt.receipt_id} came without its items.")
    return _to_order(receipt, receipt.transactions, raw.decode())


def minor_units(money: EtsyMoney | None, currency: str) -> int:
    """Etsy's amount/divisor in the currency's minor units; an absent amount is 0.

    Raises ReceiptRejected for an unknown currency, another one than the order's, or no divisor.
    """
    if money is None:
        return 0
    if money.divisor <= 0:
        raise ReceiptRejected(f"An amount has the divisor {money.divisor}.")
    if money.currency_code.strip().upper() != currency:
        raise ReceiptRejected(f"The receipt mixes {currency} and {money.currency_code}.")
    if currency in CURRENCIES and money.divisor == 10 ** exponent(currency):
        return money.amount  # nearly always
    try:
        return Money.from_decimal(Decimal(money.amount) / money.divisor, currency).minor
    except UnknownCurrency as err:
        raise ReceiptRejected(f"The currency {currency!r} is not known here.") from err


def to_shop_profile(shop: EtsyShop) -> ShopProfile:
    return ShopProfile(
        external_id=str(shop.shop_id),
        name=shop.shop_name,
        owner_user_id=str(shop.user_id),
        currency=shop.currency_code,
        country_iso=shop.shop_location_country_iso,
        url=shop.url,
        title=_text(shop.title),
        is_on_vacation=bool(shop.is_vacation),
    )


def to_listing(listing: EtsyListing) -> ChannelListing:
    """Raises BadAnswer for a price that cannot be read."""
    currency = listing.price.currency_code.strip().upper() if listing.price else None
    try:
        price = minor_units(listing.price, currency) if currency else None
    except ReceiptRejected as err:
        raise BadAnswer(f"Listing {listing.listing_id} cannot be read: {err}") from err
    return ChannelListing(
        external_id=str(listing.listing_id),
        title=unescape(listing.title),
        state=listing.state,
        skus=tuple(sku for sku in listing.skus if sku),
        quantity=listing.quantity,
        price_minor=price,
        currency=currency,
        url=listing.url,
        description=unescape(listing.description or ""),
        offers=_offers_of(listing),
    )


def _offers_of(listing: EtsyListing) -> tuple[ChannelOffer, ...]:
    """One per choice; a choice that is switched off offers none."""
    products = listing.inventory.products if listing.inventory else []
    return tuple(_offer(listing, product) for product in products if not product.is_deleted)


def _offer(listing: EtsyListing, product: EtsyInventoryProduct) -> ChannelOffer:
    offerings = [offering for offering in product.offerings if not offering.is_deleted]
    first = offerings[0] if offerings else None
    currency = first.price.currency_code.strip().upper() if first else None
    try:
        price = minor_units(first.price, currency) if first and currency else None
    except ReceiptRejected as err:
        raise BadAnswer(f"Listing {listing.listing_id} cannot be read: {err}") from err
    return ChannelOffer(
        sku=unescape(product.sku),
        options=tuple(
            (unescape(value.property_name or "Choice"), unescape(", ".join(value.values)))
            for value in product.property_values
        ),
        quantity=sum(offering.quantity for offering in offerings if offering.is_enabled),
        price_minor=price,
        currency=currency,
    )


def to_shipment(shipment: EtsyShipment) -> ChannelShipment:
    notified = shipment.shipment_notification_timestamp
    return ChannelShipment(
        carrier=shipment.carrier_name or None,
        tracking_code=shipment.tracking_code or None,
        notified_at=_moment(notified) if notified else None,
        external_id=_id(shipment.receipt_shipping_id),
    )


def _stamp(raw: bytes) -> ReceiptStamp:
    try:
        return msgspec.json.decode(raw, type=ReceiptStamp)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ReceiptStamp()


def _read_receipt(raw: bytes, stamp: ReceiptStamp) -> ChannelOrder | RejectedOrder:
    try:
        return decode_receipt(raw)
    except ReceiptRejected as err:
        external_id = None if stamp.receipt_id is None else str(stamp.receipt_id)
        return RejectedOrder(external_id, str(err), raw.decode(errors="replace"))


def _to_order(receipt: EtsyReceipt, transactions: list[EtsyTransaction], raw: str) -> ChannelOrder:
    currency = receipt.grandtotal.currency_code.strip().upper()
    total = minor_units(receipt.grandtotal, currency)
    refunds = tuple(_to_refund(refund, currency) for refund in receipt.refunds or ())
    vendor_status = _vendor_status(receipt)
    is_paid = vendor_status not in UNPAID if receipt.is_paid is None else receipt.is_paid
    placed_at, updated_at = _times(receipt)
    return ChannelOrder(
        external_id=str(receipt.receipt_id),
        status=_status(vendor_status, bool(receipt.is_shipped), refunds, total),
        native_status=receipt.status or "",
        is_paid=is_paid,
        is_shipped=bool(receipt.is_shipped),
        is_canceled=vendor_status is ChannelStatus.CANCELED,
        currency=currency,
        total_minor=total,
        subtotal_minor=minor_units(receipt.subtotal, currency),
        shipping_minor=minor_units(receipt.total_shipping_cost, currency),
        tax_minor=minor_units(receipt.total_tax_cost, currency),
        vat_minor=minor_units(receipt.total_vat_cost, currency),
        discount_minor=minor_units(receipt.discount_amt, currency),
        gift_wrap_minor=minor_units(receipt.gift_wrap_price, currency),
        placed_at=placed_at,
        updated_at=updated_at,
        items=tuple(_to_item(transaction, currency) for transaction in transactions),
        raw=raw,
        buyer_name=_text(receipt.name),
        buyer_email=receipt.buyer_email or None,
        buyer_user_id=_id(receipt.buyer_user_id),
        address=_to_address(receipt),
        buyer_note=_text(receipt.message_from_buyer),
        is_gift=bool(receipt.is_gift),
        gift_message=_text(receipt.gift_message),
        gift_sender=_text(receipt.gift_sender),
        payment_method=receipt.payment_method or None,
        refunds=refunds,
        shipments=tuple(map(to_shipment, receipt.shipments or ())),
    )


def _vendor_status(receipt: EtsyReceipt) -> ChannelStatus:
    """Live data spells the words in any case; a word we do not know is decided by ``is_paid``."""
    word = (receipt.status or "").strip().lower().replace("_", " ")
    otherwise = ChannelStatus.PAID if receipt.is_paid else ChannelStatus.PENDING
    return STATUSES.get(word, otherwise)


def _status(
    vendor: ChannelStatus, is_shipped: bool, refunds: tuple[ChannelRefund, ...], total: int
) -> ChannelStatus:
    refunded = sum(refund.amount_minor for refund in refunds if not refund.is_failed)
    if total > 0 and refunded >= total:
        return ChannelStatus.REFUNDED
    if vendor is ChannelStatus.PAID and is_shipped:
        return ChannelStatus.SHIPPED
    return vendor


def _times(receipt: EtsyReceipt) -> tuple[datetime, datetime]:
    if receipt.placed_s is None:
        raise ReceiptRejected(f"Receipt {receipt.receipt_id} has no time of order.")
    updated_s = receipt.placed_s if receipt.updated_s is None else receipt.updated_s
    return _moment(receipt.placed_s), _moment(updated_s)


def _to_item(transaction: EtsyTransaction, currency: str) -> ChannelOrderItem:
    if transaction.quantity < 1:
        text = f"Item {transaction.transaction_id} has the quantity {transaction.quantity}."
        raise ReceiptRejected(text)
    variations = transaction.variations or []
    promised_s = transaction.expected_ship_date
    return ChannelOrderItem(
        external_id=str(transaction.transaction_id),
        title=_text(transaction.title) or f"Listing {transaction.listing_id or 'unknown'}",
        sku=_text(transaction.sku),
        listing_id=_id(transaction.listing_id),
        quantity=transaction.quantity,
        unit_price_minor=minor_units(transaction.price, currency),
        options=tuple(_pair(v) for v in variations if not _is_personalization(v)),
        personalisations=tuple(_pair(v) for v in variations if _is_answered(v)),
        promised_on=_moment(promised_s).date() if promised_s else None,
        is_digital=bool(transaction.is_digital),
        shipping_minor=minor_units(transaction.shipping_cost, currency),
    )


def _is_personalization(variation: EtsyVariation) -> bool:
    """Both systems: the classic property 54 and the newer questions (fact sheet 1.6)."""
    return (
        variation.question_id is not None
        or variation.property_id == PERSONALIZATION_PROPERTY
        or variation.value_id is None
    )


def _is_answered(variation: EtsyVariation) -> bool:
    answer = _text(variation.formatted_value)
    return _is_personalization(variation) and answer is not None and answer != NOT_REQUESTED


def _pair(variation: EtsyVariation) -> tuple[str, str]:
    name = _text(variation.formatted_name) or "Personalization"
    return name, _text(variation.formatted_value) or ""


def _to_refund(refund: EtsyRefund, currency: str) -> ChannelRefund:
    return ChannelRefund(
        amount_minor=minor_units(refund.amount, currency),
        refunded_at=_moment(refund.created_timestamp) if refund.created_timestamp else None,
        reason=_text(refund.reason),
        note=_text(refund.note_from_issuer),
        native_status=refund.status,
        is_failed=(refund.status or "").lower() in FAILED_REFUNDS,
    )


def _to_address(receipt: EtsyReceipt) -> Address:
    return Address(
        name=_text(receipt.name),
        first_line=_text(receipt.first_line),
        second_line=_text(receipt.second_line),
        city=_text(receipt.city),
        state=_text(receipt.state),
        postcode=_text(receipt.zip),
        country_iso=_text(receipt.country_iso),
        formatted=_text(receipt.formatted_address),
    )


def _text(value: str | None) -> str | None:
    """Etsy escapes HTML in texts (``&#039;``); blank means absent."""
    return unescape(value).strip() or None if value else None


def _id(value: int | None) -> str | None:
    return None if value is None else str(value)


def _moment(epoch_s: int) -> datetime:
    try:
        return datetime.fromtimestamp(epoch_s, UTC)
    except (OverflowError, ValueError, OSError) as err:
        raise ReceiptRejected(f"{epoch_s} is not a time.") from err
