"""Bodies of the customer routes."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from shopwright.kernel.edge import BodyRef
from shopwright.kernel.money import Money
from shopwright.kernel.times import PlainTime
from shopwright.orders.customers.rules import segment_of
from shopwright.orders.customers.states import RequestPriority, RequestStatus, Segment
from shopwright.orders.models import Customer, CustomerFeedback, CustomerRequest

STATUS_SYNONYMS = {"cancelled": "canceled", "done": "delivered"}
PRIORITY_SYNONYMS = {"medium": "normal"}


def _word(synonyms: dict[str, str]) -> BeforeValidator:
    def tidy(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = value.strip().lower().replace(" ", "_").replace("-", "_")
        return synonyms.get(word, word)

    return BeforeValidator(tidy)


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_stripped), Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=10_000)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Phone = Annotated[str, Field(max_length=40)]
Source = Annotated[str, Field(min_length=1, max_length=40)]
StatusIn = Annotated[RequestStatus, _word(STATUS_SYNONYMS)]
PriorityIn = Annotated[RequestPriority, _word(PRIORITY_SYNONYMS)]


class CustomerBody(BaseModel):
    name: Name
    email: Email | None = None
    phone: Phone | None = None
    notes: Text = ""


class CustomerChange(BaseModel):
    """What is not named stays as it is; clients PUT back what they read."""

    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    notes: Text | None = None

    def changes(self) -> dict[str, str | None]:
        """A name and notes may be empty in no row, so ``null`` leaves them."""
        said = self.model_dump(exclude_unset=True)
        return {k: v for k, v in said.items() if v is not None or k in {"email", "phone"}}


class CustomerRead(BaseModel):
    """The spend is in ``currency``, the organization's; orders in another one do not count in."""

    id: int
    uuid: str
    name: str
    email: str | None
    phone: str | None
    channel: str | None
    external_id: str | None
    notes: str
    order_count: int
    total_spend: float
    currency: str
    segment: Segment
    last_customer_contact_at: PlainTime | None
    anonymised_at: PlainTime | None
    created_at: PlainTime

    @classmethod
    def of(cls, customer: Customer, currency: str) -> "CustomerRead":
        spend = Money(customer.total_spend_minor, currency)
        return cls(
            id=customer.id,
            uuid=customer.uuid,
            name=customer.name,
            email=customer.email,
            phone=customer.phone,
            channel=customer.channel,
            external_id=customer.external_id,
            notes=customer.notes,
            order_count=customer.order_count,
            total_spend=float(spend.decimal),
            currency=currency,
            segment=segment_of(customer.order_count, spend),
            last_customer_contact_at=customer.last_customer_contact_at,
            anonymised_at=customer.anonymised_at,
            created_at=customer.created_at,
        )


class SegmentsRead(BaseModel):
    """How many customers fall into each; one who spent much and bought often is in both."""

    vip: int
    repeat: int
    new: int
    prospect: int
    total: int


class RequestCreate(BaseModel):
    title: Name
    description: Text = ""
    status: StatusIn = RequestStatus.OPEN
    priority: PriorityIn = RequestPriority.NORMAL
    desired_by: date | None = None
    order_id: BodyRef | None = None


class RequestChange(BaseModel):
    """What is not named stays as it is."""

    title: Name | None = None
    description: Text | None = None
    status: StatusIn | None = None
    priority: PriorityIn | None = None
    desired_by: date | None = None

    def changes(self) -> dict[str, Any]:
        """Only ``desired_by`` may be taken back."""
        said = self.model_dump(exclude_unset=True)
        return {k: v for k, v in said.items() if v is not None or k == "desired_by"}


class RequestRead(BaseModel):
    id: int
    uuid: str
    customer_id: int
    order_id: int | None
    title: str
    description: str
    status: RequestStatus
    priority: RequestPriority
    desired_by: date | None
    source: str
    created_by: str
    created_at: PlainTime
    updated_at: PlainTime

    @classmethod
    def of(cls, request: CustomerRequest) -> "RequestRead":
        return cls.model_validate(request, from_attributes=True)


class FeedbackCreate(BaseModel):
    order_id: BodyRef | None = None
    rating: Annotated[int, Field(ge=1, le=5)]
    comment: Text = ""
    source: Source = "hand"


class FeedbackRead(BaseModel):
    id: int
    uuid: str
    customer_id: int
    order_id: int | None
    rating: int
    comment: str
    source: str
    author: str
    created_at: PlainTime

    @classmethod
    def of(cls, feedback: CustomerFeedback) -> "FeedbackRead":
        return cls.model_validate(feedback, from_attributes=True)


class AnonymiseBody(BaseModel):
    """``confirm`` is the customer's name as it stands: what is taken out does not come back."""

    confirm: Annotated[str, Field(max_length=200)]
    reason: Annotated[str, Field(max_length=500)] = "the customer asked for it"
