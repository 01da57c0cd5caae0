"""Bodies of the scheduled-print routes (reference (a)): its words, times and minutes."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import PlainTime, read_moment
from shopwright.print_jobs.scheduled.rules import PrintWord
from shopwright.print_jobs.scheduled.service import Planned, PrintChange, PrintRequest
from shopwright.print_jobs.states import JobStatus

MINUTE_S = 60
DEFAULT_MATERIAL = "PLA"
SYNONYMS = {"canceled": "cancelled", "printing": "started", "pending": "queued"}


def read_word(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return SYNONYMS.get(word, word)


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


Word = Annotated[PrintWord, BeforeValidator(read_word)]
Name = Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]
Priority = Annotated[int, Field(ge=-1000, le=1000)]
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 30)]
When = Annotated[str, Field(max_length=40)]


class ScheduledPrintCreate(BaseModel):
    printer_id: BodyRef
    job_name: Name
    file_name: Annotated[
        Annotated[str, Field(max_length=255)] | None, BeforeValidator(_empty_is_none)
    ] = None
    material_type: Annotated[str, Field(max_length=40)] | None = None
    material_slot: Annotated[int, Field(ge=0, le=64)] | None = None
    estimated_duration_minutes: Minutes | None = None
    priority: Priority = 0
    scheduled_start: Annotated[When | None, BeforeValidator(_empty_is_none)] = None
    notes: Annotated[str, Field(max_length=5000)] | None = None
    order_id: BodyRef | None = None

    def request(self, printer_id: int, order_id: int | None, zone: str) -> PrintRequest:
        """Raises Invalid for a time that is none."""
        minutes = self.estimated_duration_minutes
        return PrintRequest(
            printer_id=printer_id,
            name=self.job_name,
            file_name=self.file_name,
            material=self.material_type or None,
            slot=self.material_slot,
            estimated_s=minutes * MINUTE_S if minutes else None,
            priority=self.priority,
            not_before=read_moment(self.scheduled_start, zone) if self.scheduled_start else None,
            notes=self.notes or "",
            order_id=order_id,
        )


class ScheduledPrintUpdate(BaseModel):
    """Clients PUT back what they read, so other members are ignored."""

    status: Word | None = None
    job_name: Name | None = None
    priority: Priority | None = None
    scheduled_start: Annotated[When | None, BeforeValidator(_empty_is_none)] = None
    printer_id: BodyRef | None = None
    failed_reason: Annotated[
        str | None,
        Field(max_length=500, validation_alias=AliasChoices("failed_reason", "failure_reason")),
    ] = None

    def change(self, zone: str) -> PrintChange:
        """Raises Invalid for a time that is none."""
        start = self.scheduled_start
        return PrintChange(
            word=self.status,
            name=self.job_name,
            priority=self.priority,
            not_before=read_moment(start, zone) if start else None,
            printer=self.printer_id,
            reason=self.failed_reason or None,
        )


class ScheduledPrintRead(BaseModel):
    """``scheduled_start`` is when it began, or is planned to begin."""

    id: int
    printer_id: int | None
    job_name: str
    status: PrintWord
    priority: int
    scheduled_start: PlainTime | None
    created_at: PlainTime
    uuid: str
    file_name: str | None
    material_type: str | None
    material_slot: int | None
    estimated_duration_minutes: int
    estimated_duration: int
    started_at: PlainTime | None
    completed_at: PlainTime | None
    failed_reason: str | None
    waiting_reason: str | None
    notes: str
    order_id: int | None
    job_status: JobStatus

    @classmethod
    def of(cls, planned: Planned) -> "ScheduledPrintRead":
        job = planned.job
        minutes = max(round(job.estimated_s / MINUTE_S), 1)
        return cls(
            id=job.id,
            printer_id=job.printer_id or job.pinned_printer_id,
            job_name=job.name,
            status=planned.word,
            priority=job.priority,
            scheduled_start=planned.start,
            created_at=job.created_at,
            uuid=job.uuid,
            file_name=planned.file_name,
            material_type=job.material,
            material_slot=job.slot,
            estimated_duration_minutes=minutes,
            estimated_duration=minutes,
            started_at=job.started_at,
            completed_at=job.ended_at,
            failed_reason=job.failure_reason,
            waiting_reason=job.waiting_reason,
            notes=job.notes,
            order_id=job.order_id,
            job_status=job.status,
        )


class ScheduleOrderBody(BaseModel):
    printer_id: BodyRef
    material_type: Annotated[str, Field(max_length=40)] | None = None
    start_offset_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 365)] | None = None

    @property
    def offset(self) -> timedelta:
        return timedelta(minutes=self.start_offset_minutes or 0)

    @property
    def material(self) -> str:
        return self.material_type or DEFAULT_MATERIAL


class OrderPrints(BaseModel):
    message: str
    prints: list[ScheduledPrintRead]

    @classmethod
    def of(cls, planned: list[Planned]) -> "OrderPrints":
        words = "1 print" if len(planned) == 1 else f"{len(planned)} prints"
        return cls(
            message=f"{words} scheduled",
            prints=[ScheduledPrintRead.of(one) for one in planned],
        )


class AssignOrdersBody(BaseModel):
    order_ids: Annotated[list[BodyRef], Field(min_length=1, max_length=500)]


class AssignedOrder(BaseModel):
    order_id: int
    print_job_ids: list[int]


class AssignedOrders(BaseModel):
    message: str
    printer_id: int
    assigned_orders: list[AssignedOrder]
    assigned_prints: int
