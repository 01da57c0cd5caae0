"""The webstore's bodies of orders (reference (d)), by JSON or form."""

import json
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from shopwright.orders.models import Order
from shopwright.orders.storefront.service import Buyer
from shopwright.orders.storefront.words import Word
from shopwright.payments.schemas import Email, Minor, Name, Quantity, Short

SYNONYMS = {"canceled": "cancelled", "pending payment": "pending_payment"}


def _object(value: Any) -> Any:
    """Forms carry objects as text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _word(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return SYNONYMS.get(word, word)


class UserData(BaseModel):
    model_config = ConfigDict(extra="ignore")

    name: Short = ""
    email: Email | None = None
    phone: Annotated[str, Field(max_length=40)] = ""


class OrderCreate(BaseModel):
    """``brand`` and ``model`` by id, name or partner id. Other members are ignored."""

    model_config = ConfigDict(extra="ignore")

    template_id: Name
    brand: Annotated[Name, Field(validation_alias=AliasChoices("brand_id", "brand"))]
    model: Annotated[Name, Field(validation_alias=AliasChoices("model_id", "model"))]
    amount_pence: Minor | None = None
    quantity: Quantity = 1
    color: Short | None = None
    session_id: Short | None = None
    customer_name: Short | None = None
    customer_email: Email | None = None
    final_image_url: Annotated[str | None, Field(max_length=2000)] = None
    user_data: Annotated[UserData, BeforeValidator(_object)] = Field(default_factory=UserData)

    def buyer(self) -> Buyer:
        return Buyer(
            name=self.customer_name or self.user_data.name,
            email=self.customer_email or self.user_data.email,
            phone=self.user_data.phone or None,
        )


class StatusChange(BaseModel):
    """Said by somebody who works here."""

    model_config = ConfigDict(extra="ignore")

    status: Annotated[Word, BeforeValidator(_word)]
    notes: Annotated[str | None, Field(max_length=2000)] = None


class PictureAdd(BaseModel):
    """A print picture for an order that came without one: our own link, or an allowed host's."""

    model_config = ConfigDict(extra="ignore")

    image_url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            validation_alias=AliasChoices("image_url", "image_path", "final_image_url"),
        ),
    ]


class OrderStatusRead(BaseModel):
    """``status`` in the webstore's words; the queue number is the manufacturer's own, or null."""

    success: bool = True
    order_id: int
    order_number: int
    status: str
    payment_status: str
    queue_no: str | None
    queue_number: str | None
    chinese_order_id: str | None
    total_amount: float
    currency: str
    created_at: str
    updated_at: str


class OrderCreatedRead(OrderStatusRead):
    """``order_token`` opens it for its buyer."""

    order_token: str
    order_url: str


class PictureRead(BaseModel):
    """``url`` is signed and lasts an hour."""

    id: int
    order_id: int
    image_type: str
    image_path: str
    url: str
    width: int
    height: int
    ai_params: dict[str, Any] | None
    created_at: str


class PicturesRead(BaseModel):
    success: bool = True
    order_id: int
    images: list[PictureRead]
    count: int


PAYMENT_WORDS = {
    "pending": "pending",
    "paying": "pending",
    "paid": "paid",
    "failed": "failed",
    "abnormal": "failed",
    "refunded": "refunded",
}


def payment_word(order: Order, status: str | None) -> str:
    """Reference (d): pending, paid, failed, refunded."""
    if status is not None:
        return PAYMENT_WORDS[status]
    if order.status == "refunded":
        return "refunded"
    return "pending" if order.status in {"pending_payment", "pending", "canceled"} else "paid"
