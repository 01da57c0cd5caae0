"""Bodies of the order routes, in the shop manager's words and ours."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shopwright.accounts.models import Organization
from shopwright.catalog.states import StepKind
from shopwright.kernel.edge import ALL_ROWS, MAX_ID, BodyRef, Paging, make_paging
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money
from shopwright.kernel.times import PlainTime
from shopwright.orders.drafts import MAX_QUANTITY, ItemDraft, OrderDraft
from shopwright.orders.list_queries import OrderFilter, order_filter
from shopwright.orders.models import (
    Hold,
    Piece,
    PieceStep,
)
from shopwright.orders.progress import Declaration
from shopwright.orders.rules import read_end, read_moment
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OPEN, OrderStatus, ProductionStatus, StepStatus

# Words of the reference systems beside ours (reference decisions 2).
STATUS_SYNONYMS = {"cancelled": "canceled", "open": "pending"}
PRODUCTION_SYNONYMS = {"printing": "in_progress", "printed": "completed", "shipped": "completed"}


def word_of(synonyms: dict[str, str]) -> BeforeValidator:
    def tidy(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        word = value.strip().lower().replace(" ", "_")
        return synonyms.get(word, word)

    return BeforeValidator(tidy)


def _pairs(value: Any) -> Any:
    """``{"Name": "Ada"}``, ``[["Name", "Ada"]]`` or a plain text, as pairs."""
    if isinstance(value, str):
        return [("Personalisation", value)] if value.strip() else []
    if isinstance(value, dict):
        return list(value.items())
    return value


def _words(kind: type[StrEnum], synonyms: dict[str, str]) -> BeforeValidator:
    """One word, or several with commas, in any case; raises Invalid with the words there are."""

    def split(value: Any) -> Any:
        text = ",".join(value) if isinstance(value, list) else str(value or "")
        said = [word.strip() for word in text.split(",") if word.strip()]
        return [_known(kind, synonyms, word) for word in said] or None

    return BeforeValidator(split)


def _known(kind: type[StrEnum], synonyms: dict[str, str], said: str) -> StrEnum:
    word = said.lower().replace(" ", "_")
    word = synonyms.get(word, word)
    if word not in list(kind):
        raise Invalid(f"“{said[:40]}” is none of {', '.join(kind)}.")
    return kind(word)


StatusIn = Annotated[OrderStatus, word_of(STATUS_SYNONYMS)]
ProductionIn = Annotated[ProductionStatus, word_of(PRODUCTION_SYNONYMS)]
Priority = Annotated[int, Field(ge=1, le=5)]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 9)]
Text = Annotated[str, Field(max_length=10_000)]
Pair = tuple[
    Annotated[str, Field(max_length=200)],
    Annotated[str, BeforeValidator(str), Field(max_length=2000)],
]
Pairs = Annotated[list[Pair], BeforeValidator(_pairs), Field(max_length=50)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class Body(BaseModel):
    """Our own routes say no to members they do not know."""

    model_config = ConfigDict(extra="forbid")


DEFAULT_PAGE = 50


class OrderQuery(BaseModel):
    """``status`` and ``production_status`` take several words with commas.

    ``customer`` and ``connection`` are integer ids; ``q`` looks into buyer, numbers and items.
    """

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int | None, Field(description="1 to 1000; 50 unless told")] = None
    offset: Annotated[int, Field(description="rows to skip")] = 0
    envelope: Annotated[Literal["data"] | None, Field(description="name the rows data")] = None
    status: Annotated[list[OrderStatus] | None, _words(OrderStatus, STATUS_SYNONYMS)] = None
    production_status: Annotated[
        list[ProductionStatus] | None, _words(ProductionStatus, PRODUCTION_SYNONYMS)
    ] = None
    start_date: Annotated[str | None, Field(max_length=40)] = None
    end_date: Annotated[str | None, Field(max_length=40)] = None
    channel: Annotated[str | None, Field(max_length=40)] = None
    connection: Annotated[int | None, Field(ge=1, le=MAX_ID)] = None
    customer: Annotated[int | None, Field(ge=1, le=MAX_ID)] = None
    priority: Annotated[int | None, Field(ge=1, le=5)] = None
    held: bool | None = None
    q: Annotated[str | None, Field(max_length=200)] = None

    @property
    def paging(self) -> Paging:
        return make_paging(self.limit, self.offset, self.envelope, DEFAULT_PAGE)

    @property
    def names_a_time(self) -> bool:
        return bool(self.start_date or self.end_date)

    def filter(self, zone: str) -> OrderFilter:
        since = read_moment(self.start_date, zone) if self.start_date else None
        until = read_end(self.end_date, zone) if self.end_date else None
        if since and until and until <= since:
            raise Invalid(
                f"end_date {self.end_date} is before start_date {self.start_date}. Swap them."
            )
        return order_filter(
            statuses=self.status,
            production_statuses=self.production_status,
            since=since,
            until=until,
            channel=self.channel,
            connection_id=self.connection,
            customer_id=self.customer,
            priority=self.priority,
            is_held=self.held,
            text=self.q.strip() if self.q else None,
        )


class QueueQuery(BaseModel):
    """``production_status`` takes several words with commas; all rows unless ``limit`` is given."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int | None, Field(description="1 to 1000; all unless told")] = None
    offset: Annotated[int, Field(description="rows to skip")] = 0
    envelope: Annotated[Literal["data"] | None, Field(description="name the rows data")] = None
    production_status: Annotated[
        list[ProductionStatus] | None, _words(ProductionStatus, PRODUCTION_SYNONYMS)
    ] = None

    @property
    def paging(self) -> Paging:
        return make_paging(self.limit, self.offset, self.envelope, ALL_ROWS)

    def filter(self) -> OrderFilter:
        """What was paid for, or is to be paid, and has not left."""
        return order_filter(statuses=sorted(OPEN), production_statuses=self.production_status)


class ItemCreate(Body):
    """What was bought: by SKU, by variant, or only by title, which then waits in the inbox."""

    title: Annotated[str, Field(max_length=300)] = ""
    sku: Annotated[str | None, Field(max_length=200)] = None
    variant_id: BodyRef | None = None
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY)] = 1
    price: Amount = Decimal(0)
    options: Pairs = []
    personalisation: Pairs = []
    promised_on: date | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not (self.title.strip() or self.sku or self.variant_id):
            raise ValueError("an item needs a title, a sku or a variant_id")
        return self


class OrderCreate(Body):
    buyer_name: Annotated[str, Field(max_length=200)] = ""
    buyer_email: Email | None = None
    currency: Annotated[str | None, Field(max_length=3)] = None
    status: Annotated[Literal["pending_payment", "pending", "paid"], word_of({})] = "paid"
    items: Annotated[list[ItemCreate], Field(min_length=1, max_length=500)]
    ship_to: dict[str, Annotated[str, Field(max_length=300)]] = {}
    shipping_amount: Amount = Decimal(0)
    tax_amount: Amount = Decimal(0)
    discount_amount: Amount = Decimal(0)
    total_amount: Amount | None = None
    priority: Priority = 3
    notes: Text = ""
    buyer_message: Text = ""
    gift_message: Text = ""
    is_gift: bool = False
    promised_on: date | None = None
    placed_at: str | None = None

    def draft(
        self, organization: Organization, items: tuple[ItemDraft, ...], now: datetime
    ) -> OrderDraft:
        """``items`` with titles and variants found; the total is what was said, else the sum."""
        currency = (self.currency or organization.currency).upper()
        subtotal = sum(item.price_minor * item.quantity for item in items)
        shipping, tax, discount = (
            Money.from_decimal(value, currency).minor
            for value in (self.shipping_amount, self.tax_amount, self.discount_amount)
        )
        total = max(subtotal + shipping + tax - discount, 0)
        if self.total_amount is not None:
            total = Money.from_decimal(self.total_amount, currency).minor
        placed_at = read_moment(self.placed_at, organization.time_zone) if self.placed_at else now
        return OrderDraft(
            status=OrderStatus(self.status),
            currency=currency,
            placed_at=placed_at,
            items=items,
            buyer_name=self.buyer_name,
            buyer_email=self.buyer_email,
            ship_to=dict(self.ship_to),
            subtotal_minor=subtotal,
            shipping_minor=shipping,
            tax_minor=tax,
            discount_minor=discount,
            total_minor=total,
            priority=self.priority,
            notes=self.notes,
            buyer_message=self.buyer_message,
            gift_message=self.gift_message,
            is_gift=self.is_gift,
            promised_on=self.promised_on,
        )


class OrderUpdate(BaseModel):
    """Clients PUT back what they read, so other members are ignored."""

    status: StatusIn | None = None
    production_status: ProductionIn | None = None
    notes: Text | None = None
    priority: Priority | None = None
    carrier: Annotated[str | None, Field(max_length=60)] = None
    tracking_code: Annotated[str | None, Field(max_length=100)] = None
    tell_channel: bool = False

    def change(self) -> OrderChange:
        said = Declaration(self.carrier, self.tracking_code, self.tell_channel)
        return OrderChange(
            self.status, self.production_status, self.notes, self.priority, declaration=said
        )


class Reason(Body):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class CancelBody(Body):
    reason: Annotated[str, Field(max_length=500)] = "cancelled by hand"


class HoldRead(BaseModel):
    id: int
    uuid: str
    order_id: int
    subject: str
    reason: str
    by: str
    created_at: PlainTime
    released_at: PlainTime | None
    released_by: str | None

    @classmethod
    def of(cls, hold: Hold) -> "HoldRead":
        return cls.model_validate(hold, from_attributes=True)


class StepRead(BaseModel):
    id: int
    recipe_step_id: int
    kind: StepKind
    status: StepStatus
    print_file_id: int | None
    plate_number: int | None
    print_job_id: int | None
    source: str | None
    failures: int
    good_at: PlainTime | None


class PieceRead(BaseModel):
    id: int
    uuid: str
    order_item_id: int
    number: int
    steps_total: int
    steps_good: int
    is_good: bool
    is_released: bool
    steps: list[StepRead]

    @classmethod
    def of(cls, piece: Piece, steps: list[PieceStep]) -> "PieceRead":
        return cls(
            id=piece.id,
            uuid=piece.uuid,
            order_item_id=piece.order_item_id,
            number=piece.number,
            steps_total=piece.steps_total,
            steps_good=piece.steps_good,
            is_good=piece.steps_good >= piece.steps_total,
            is_released=piece.is_released,
            steps=[StepRead.model_validate(step, from_attributes=True) for step in steps],
        )


class WaitingRead(BaseModel):
    """One code of the SKU inbox; mapping it once (``POST /api/sku-aliases``) releases its items."""

    sku: str | None
    waiting_code: str
    waiting_reason: str
    title: str
    item_count: int
    order_count: int
    quantity: int
    oldest_at: PlainTime
