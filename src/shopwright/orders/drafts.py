"""What an order is before it is ours: checked values, the same for every source."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shopwright.orders.states import OrderStatus

MAX_QUANTITY = 10_000  # pieces are rows; more than this is a typing error
MAX_ITEMS = 500


@dataclass(frozen=True, slots=True)
class ItemDraft:
    title: str
    quantity: int
    sku: str | None = None
    price_minor: int = 0
    external_id: str | None = None
    variant_id: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    personalisation: tuple[tuple[str, str], ...] = ()
    promised_on: date | None = None
    design_id: int | None = None
    template_id: int | None = None
    device_model_id: int | None = None


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """Money in minor units of ``currency``; ``placed_at`` aware UTC."""

    status: OrderStatus
    currency: str
    placed_at: datetime
    items: tuple[ItemDraft, ...]
    channel: str = "hand"
    connection_id: int | None = None
    external_id: str | None = None
    buyer_name: str = ""
    buyer_email: str | None = None
    buyer_external_id: str | None = None
    ship_to: dict[str, Any] = field(default_factory=dict)
    subtotal_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    total_minor: int = 0
    refunded_minor: int = 0
    priority: int = 3
    notes: str = ""
    buyer_message: str = ""
    gift_message: str = ""
    is_gift: bool = False
    promised_on: date | None = None
    updated_at: datetime | None = None  # the source's own time of its last change
    is_new_content: bool = False  # the inbox proved it; two changes may share a whole second
