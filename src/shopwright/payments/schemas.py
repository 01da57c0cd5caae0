"""Bodies of checkout and payments: the webstore's words (reference (d)) and ours."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from shopwright.accounts.models import Organization
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.money import Money
from shopwright.kernel.times import ZuluTime
from shopwright.orders.storefront.pricing import Quote
from shopwright.orders.storefront.service import Buyer
from shopwright.payments.models import Payment, PaymentAccount, Refund
from shopwright.payments.refunds import RefundOutcome
from shopwright.payments.states import PaymentStatus, RefundStatus


def _text(value: Any) -> Any:
    """Clients send ids as numbers or as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=100)]
Short = Annotated[str, Field(max_length=200)]
Reference = Annotated[str, BeforeValidator(_text), Field(max_length=100)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Quantity = Annotated[int, Field(ge=1, le=100)]
Minor = Annotated[int, Field(ge=0, le=10**12)]


class Address(BaseModel):
    """Of the reference or of ours; what is missing is empty."""

    model_config = ConfigDict(extra="ignore")

    name: Short = ""
    line1: Short = ""
    line2: Short = ""
    city: Short = ""
    state: Short = ""
    postal_code: Annotated[str, Field(max_length=40)] = ""
    country: Annotated[str, Field(max_length=60)] = ""

    def kept(self) -> dict[str, str]:
        return {name: value for name, value in self.model_dump().items() if value}


class CheckoutBody(BaseModel):
    """``amount_pence`` must be the shop's own price. Other members are ignored."""

    amount_pence: Minor
    template_id: Name
    brand: Name
    model: Name
    customer_email: Email | None = None
    customer_name: Short | None = None
    customer_phone: Annotated[str | None, Field(max_length=40)] = None
    final_image_url: Annotated[str | None, Field(max_length=2000)] = None
    order_id: Reference | None = None
    color: Short | None = None
    quantity: Quantity = 1
    shipping_address: Address | None = None

    def buyer(self) -> Buyer:
        return Buyer(
            name=self.customer_name or "",
            email=self.customer_email,
            phone=self.customer_phone,
            ship_to=self.shipping_address.kept() if self.shipping_address else {},
        )


class CheckoutRead(BaseModel):
    """``order_token`` opens the order for its buyer."""

    checkout_url: str
    session_id: str
    order_id: int
    order_token: str
    order_url: str
    amount_pence: int
    currency: str


class SuccessBody(BaseModel):
    """``order_data`` is what the page remembers; what was ordered stands here already."""

    session_id: Annotated[str, Field(min_length=1, max_length=200)]
    order_data: Any = None


class SuccessRead(BaseModel):
    """``queue_no`` and ``chinese_order_id`` are the manufacturer's own, null until it gave them."""

    success: bool = True
    order_id: int
    payment_id: str | None
    queue_no: str | None
    status: str
    chinese_order_id: str | None
    amount: int
    currency: str


class DesignBody(BaseModel):
    """A design and the token that opens it."""

    model_config = ConfigDict(extra="forbid")

    id: BodyRef
    token: Annotated[str, Field(min_length=1, max_length=200)]


class LineBody(BaseModel):
    """Either ``variant_id`` or ``design``."""

    model_config = ConfigDict(extra="forbid")

    variant_id: Annotated[int | None, Field(ge=1)] = None
    design: DesignBody | None = None
    quantity: Quantity = 1


class BuyerBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Email
    phone: Annotated[str, Field(max_length=40)] = ""
    address: Address = Field(default_factory=Address)
    message: Annotated[str, Field(max_length=2000)] = ""

    def buyer(self) -> Buyer:
        return Buyer(
            name=self.name,
            email=self.email,
            phone=self.phone or None,
            ship_to={"name": self.name} | self.address.kept(),
            message=self.message,
        )


class QuoteBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[LineBody], Field(min_length=1, max_length=50)]


class ShopCheckoutBody(QuoteBody):
    """``expected_total_minor`` is what the buyer was shown. ``reference`` names this checkout: two
    tabs that send the same get the same order."""

    buyer: BuyerBody
    expected_total_minor: Minor
    reference: Annotated[str, Field(min_length=16, max_length=100)]


class QuoteLine(BaseModel):
    title: str
    quantity: int
    price_minor: int
    options: list[tuple[str, str]]


class QuoteRead(BaseModel):
    """In minor units of ``currency``; ``tax_minor`` is within the total."""

    currency: str
    lines: list[QuoteLine]
    subtotal_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    total: str

    @classmethod
    def of(cls, quote: Quote) -> Self:
        return cls(
            currency=quote.currency,
            lines=[
                QuoteLine(
                    title=line.title,
                    quantity=line.quantity,
                    price_minor=line.price_minor,
                    options=list(line.options),
                )
                for line in quote.lines
            ],
            subtotal_minor=quote.subtotal_minor,
            shipping_minor=quote.shipping_minor,
            tax_minor=quote.tax_minor,
            total_minor=quote.total_minor,
            total=str(Money(quote.total_minor, quote.currency).decimal),
        )


class RefundBody(BaseModel):
    """``amount_minor`` null gives back all that is left."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: Annotated[int | None, Field(ge=1)] = None
    reason: Annotated[str, Field(max_length=500)] = ""


class RefundResolve(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: RefundOutcome


class PaymentResolve(BaseModel):
    """What the person decided, in words."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=500)] = ""


class RefundRead(BaseModel):
    id: int
    uuid: str
    status: RefundStatus
    amount_minor: int
    currency: str
    reason: str
    by: str
    detail: str | None
    created_at: ZuluTime
    settled_at: ZuluTime | None

    @classmethod
    def of(cls, refund: Refund) -> Self:
        return cls.model_validate(refund, from_attributes=True)


class PaymentRead(BaseModel):
    """``problem`` is the sentence of what a person must decide."""

    id: int
    uuid: str
    order_id: int
    provider: str
    key: str
    attempt: int
    provider_id: str | None
    provider_payment_id: str | None
    status: PaymentStatus
    amount_minor: int
    currency: str
    refunded_minor: int
    fee_minor: int | None
    fee_currency: str | None
    detail: str | None
    problem: str | None
    created_at: ZuluTime
    paid_at: ZuluTime | None
    expires_at: ZuluTime | None
    refunds: list[RefundRead] = Field(default_factory=list)

    @classmethod
    def of(cls, payment: Payment, refunds: list[Refund]) -> Self:
        read = cls.model_validate(payment, from_attributes=True)
        read.refunds = [RefundRead.of(each) for each in refunds if each.payment_id == payment.id]
        return read


class AccountSet(BaseModel):
    """A member that is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    secret_key: Annotated[SecretStr | None, Field(max_length=300)] = None
    webhook_secret: Annotated[SecretStr | None, Field(max_length=300)] = None


class AccountRead(BaseModel):
    """``webhook_url`` is to be entered at Stripe. The secrets are never shown again."""

    provider: str
    key_ending: str
    has_webhook_secret: bool
    webhook_url: str
    updated_at: ZuluTime

    @classmethod
    def of(cls, account: PaymentAccount, organization: Organization, base_url: str) -> Self:
        return cls(
            provider=account.provider,
            key_ending=account.key_ending,
            has_webhook_secret=account.webhook_secret is not None,
            webhook_url=webhook_url(base_url, organization),
            updated_at=account.updated_at,
        )


def webhook_url(base_url: str, organization: Organization) -> str:
    """Names the shop, as several may share a host."""
    return f"{base_url}/stripe-webhook?shop={organization.slug}"
