"""The members of Etsy's answers that we read (fact sheet 1.4–1.8); all others are ignored.

Receipts stay ``msgspec.Raw`` in their list, so that a broken one does not spoil the page.
"""

from typing import Any

from msgspec import Raw, Struct, field


class EtsyMoney(Struct):
    amount: int
    divisor: int
    currency_code: str


class EtsyVariation(Struct):
    formatted_name: str | None = None
    formatted_value: str | None = None
    property_id: int | None = None
    value_id: int | None = None
    question_id: int | None = None


class EtsyTransaction(Struct):
    transaction_id: int
    quantity: int
    price: EtsyMoney
    title: str | None = None
    sku: str | None = None
    listing_id: int | None = None
    is_digital: bool | None = False
    shipping_cost: EtsyMoney | None = None
    variations: list[EtsyVariation] | None = None
    expected_ship_date: int | None = None


class EtsyShipment(Struct):
    receipt_shipping_id: int | None = None
    shipment_notification_timestamp: int | None = None
    carrier_name: str | None = None
    tracking_code: str | None = None


class EtsyRefund(Struct):
    amount: EtsyMoney
    created_timestamp: int | None = None
    reason: str | None = None
    note_from_issuer: str | None = None
    status: str | None = None


class EtsyReceipt(Struct):
    receipt_id: int
    grandtotal: EtsyMoney
    transactions: list[EtsyTransaction] | None = None
    status: str | None = None
    is_paid: bool | None = None
    is_shipped: bool | None = None
    create_timestamp: int | None = None
    created_timestamp: int | None = None
    update_timestamp: int | None = None
    updated_timestamp: int | None = None
    buyer_user_id: int | None = None
    buyer_email: str | None = None
    name: str | None = None
    first_line: str | None = None
    second_line: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    formatted_address: str | None = None
    country_iso: str | None = None
    payment_method: str | None = None
    message_from_buyer: str | None = None
    is_gift: bool | None = None
    gift_message: str | None = None
    gift_sender: str | None = None
    subtotal: EtsyMoney | None = None
    total_shipping_cost: EtsyMoney | None = None
    total_tax_cost: EtsyMoney | None = None
    total_vat_cost: EtsyMoney | None = None
    discount_amt: EtsyMoney | None = None
    gift_wrap_price: EtsyMoney | None = None
    shipments: list[EtsyShipment] | None = None
    refunds: list[EtsyRefund] | None = None

    @property
    def placed_s(self) -> int | None:
        return (
            self.created_timestamp if self.created_timestamp is not None else self.create_timestamp
        )

    @property
    def updated_s(self) -> int | None:
        return (
            self.updated_timestamp if self.updated_timestamp is not None else self.update_timestamp
        )


class ReceiptStamp(Struct):
    """What can be read of nearly every receipt, for ordering and for naming a rejected one."""

    receipt_id: Any = None
    update_timestamp: Any = None
    updated_timestamp: Any = None

    @property
    def updated_s(self) -> Any:
        return self.update_timestamp if self.updated_timestamp is None else self.updated_timestamp


class ShipmentsOfReceipt(Struct):
    """Enough of a receipt to settle a tracking push, even when the rest cannot be read."""

    is_shipped: bool
    shipments: list[EtsyShipment] | None = None


class ReceiptPage(Struct):
    count: int
    results: list[Raw]


class EtsyMe(Struct):
    user_id: int
    shop_id: int | None = None


class EtsyUser(Struct):
    user_id: int
    primary_email: str | None = None
    first_name: str | None = None


class EtsyShop(Struct):
    shop_id: int
    user_id: int
    shop_name: str
    title: str | None = None
    currency_code: str | None = None
    url: str | None = None
    is_vacation: bool | None = False
    shop_location_country_iso: str | None = None


class EtsyCarrier(Struct):
    shipping_carrier_id: int
    name: str


class CarrierPage(Struct):
    results: list[EtsyCarrier]


class EtsyOffering(Struct):
    price: EtsyMoney
    quantity: int
    is_enabled: bool
    is_deleted: bool = False
    readiness_state_id: int | None = None


class EtsyPropertyValue(Struct):
    property_id: int
    property_name: str | None = None
    scale_id: int | None = None
    value_ids: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


class EtsyInventoryProduct(Struct):
    offerings: list[EtsyOffering]
    sku: str = ""
    is_deleted: bool = False
    property_values: list[EtsyPropertyValue] = field(default_factory=list)


class EtsyInventory(Struct):
    products: list[EtsyInventoryProduct]
    price_on_property: list[int] = field(default_factory=list)
    quantity_on_property: list[int] = field(default_factory=list)
    sku_on_property: list[int] = field(default_factory=list)
    readiness_state_on_property: list[int] = field(default_factory=list)


class EtsyListing(Struct):
    listing_id: int
    title: str
    state: str = "active"
    quantity: int | None = None
    url: str | None = None
    price: EtsyMoney | None = None
    skus: list[str] = field(default_factory=list)
    description: str | None = None
    inventory: EtsyInventory | None = None  # asked for with ``includes``


class ShopPage(Struct):
    results: list[EtsyShop]


class ListingPage(Struct):
    count: int
    results: list[EtsyListing]


class TokenAnswer(Struct):
    access_token: str
    refresh_token: str
    expires_in: int = 3600


class ErrorAnswer(Struct):
    """Every field optional: gateways answer with anything."""

    error: str | None = None
    error_description: str | None = None

    @property
    def sentence(self) -> str:
        return (self.error_description or self.error or "no reason given").rstrip(".")
