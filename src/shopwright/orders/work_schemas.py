"""Bodies of the routes by which people tell how an order's making goes."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from shopwright.inventory.rules import MAX_GRAMS, to_grams
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import PlainTime
from shopwright.orders.bulk import MAX_ORDERS, Outcome
from shopwright.orders.filament_use import Assignment
from shopwright.orders.filament_use_queries import UsageRow
from shopwright.orders.labels import LabelSpec
from shopwright.orders.models import PrintSession
from shopwright.orders.print_sessions import SessionSpec
from shopwright.orders.schemas import (
    PRODUCTION_SYNONYMS,
    STATUS_SYNONYMS,
    Priority,
    ProductionIn,
    Text,
    word_of,
)
from shopwright.orders.service import OrderChange
from shopwright.orders.states import LabelStatus, OrderStatus, ProductionStatus, SessionStatus

MAX_PRINT_MINUTES = 1_000_000  # two years
LABEL_SYNONYMS = {"bought": "purchased"}
SESSION_SYNONYMS = {"active": "in_progress", "done": "completed"}

WebAddress = Annotated[str, Field(max_length=2000, pattern=r"^\s*(https?://[^\s]+)?\s*$")]
LabelIn = Annotated[LabelStatus, word_of(LABEL_SYNONYMS)]
SessionIn = Annotated[SessionStatus, word_of(SESSION_SYNONYMS)]


class ProductionBody(BaseModel):
    """``printed`` makes what is missing good, ``failed`` counts a failure."""

    production_status: ProductionIn
    print_notes: Text | None = None

    def change(self) -> OrderChange:
        return OrderChange(production_status=self.production_status, print_notes=self.print_notes)


class PriorityBody(BaseModel):
    """1 urgent, 2 high, 3 medium, 4 low, 5 backlog."""

    priority: Priority


class PrintTimeBody(BaseModel):
    """In minutes."""

    estimated_print_time: Annotated[int, Field(ge=0, le=MAX_PRINT_MINUTES)]


class LabelBody(BaseModel):
    """What is left out stays as it was."""

    provider: Annotated[str, Field(max_length=60)] | None = None
    status: LabelIn | None = None
    label_url: WebAddress | None = None
    tracking_number: Annotated[str, Field(max_length=100)] | None = None

    def spec(self) -> LabelSpec:
        return LabelSpec(self.provider, self.status, self.label_url, self.tracking_number)


def _either(value: Any) -> Any:
    """A word of production where it is none of the order's own."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower().replace(" ", "_")
    if word in {"shipped", "completed"}:  # both lists have them; of an order they say more
        return word
    return (STATUS_SYNONYMS | PRODUCTION_SYNONYMS).get(word, word)


class BulkBody(BaseModel):
    """``status`` goes with ``update_status``, ``priority`` with ``set_priority``."""

    order_ids: Annotated[list[BodyRef], Field(min_length=1, max_length=MAX_ORDERS)]
    action: Annotated[
        Literal["mark_shipped", "update_status", "set_priority", "assign_filament"], word_of({})
    ]
    status: Annotated[OrderStatus | ProductionStatus, BeforeValidator(_either)] | None = None
    priority: Priority | None = None


class OutcomeRead(BaseModel):
    order_id: int | None
    requested: str
    success: bool
    message: str
    code: str | None
    status: OrderStatus | None
    production_status: ProductionStatus | None

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeRead":
        order = outcome.order
        return cls(
            order_id=order.id if order else None,
            requested=str(outcome.ref),
            success=outcome.refusal is None,
            message=outcome.sentence,
            code=outcome.refusal.code if outcome.refusal else None,
            status=order.status if order else None,
            production_status=order.production_status if order else None,
        )


class BulkRead(BaseModel):
    """``success`` when all of them did."""

    success: bool
    message: str
    action: str
    updated_count: int
    failed_count: int
    results: list[OutcomeRead]

    @classmethod
    def of(cls, action: str, outcomes: list[Outcome]) -> "BulkRead":
        results = [OutcomeRead.of(outcome) for outcome in outcomes]
        updated = sum(result.success for result in results)
        return cls(
            success=updated == len(results),
            message=f"{updated} of {len(results)} orders updated.",
            action=action,
            updated_count=updated,
            failed_count=len(results) - updated,
            results=results,
        )


class AssignmentRead(BaseModel):
    order_item_id: int
    item_title: str
    quantity: int
    filament_id: int
    material: str
    color: str
    amount_used: int | float

    @classmethod
    def of(cls, made: Assignment) -> "AssignmentRead":
        return cls(
            order_item_id=made.item.id,
            item_title=made.item.title,
            quantity=made.item.quantity,
            filament_id=made.usage.filament_id,
            material=made.filament.filament.material,
            color=made.filament.filament.color_name,
            amount_used=to_grams(made.usage.amount_mg),
        )


class AssignedRead(BaseModel):
    """``total_assigned`` counts the items."""

    success: bool
    total_assigned: int
    assignments: list[AssignmentRead]
    message: str


class UsageBody(BaseModel):
    """Grams."""

    filament_id: BodyRef
    amount_used: Annotated[Decimal, Field(gt=0, le=MAX_GRAMS)]
    order_id: BodyRef | None = None
    description: Annotated[str, Field(max_length=300)] = ""


class UsageRead(BaseModel):
    id: int
    uuid: str
    order_id: int | None
    order_item_id: int | None
    filament_id: int
    material: str
    color: str
    amount_used: int | float
    description: str
    author: str
    created_at: PlainTime

    @classmethod
    def of(cls, row: UsageRow) -> "UsageRead":
        usage = row.usage
        return cls(
            id=usage.id,
            uuid=usage.uuid,
            order_id=usage.order_id,
            order_item_id=usage.order_item_id,
            filament_id=usage.filament_id,
            material=row.material,
            color=row.color,
            amount_used=to_grams(usage.amount_mg),
            description=usage.description,
            author=usage.by,
            created_at=usage.created_at,
        )


class SessionChange(BaseModel):
    """What a client read and sends back is fine: members it may not change are ignored."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")] | None = None
    order_ids: Annotated[list[BodyRef], Field(max_length=500)] | None = None
    notes: Text | None = None
    status: SessionIn | None = None

    def spec(self) -> SessionSpec:
        return SessionSpec(self.name, self.order_ids, self.notes, self.status)


class SessionCreate(SessionChange):
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class SessionRead(BaseModel):
    id: int
    uuid: str
    name: str
    status: SessionStatus
    order_ids: list[int]
    notes: str
    created_at: PlainTime
    updated_at: PlainTime
    started_at: PlainTime | None
    completed_at: PlainTime | None

    @classmethod
    def of(cls, found: PrintSession) -> "SessionRead":
        return cls.model_validate(found, from_attributes=True)
