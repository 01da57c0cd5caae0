"""Bodies of the routes of maintenance; amounts in units of the shop's currency."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shopwright.fleet.maintenance.models import (
    MaintenancePlan,
    MaintenanceTask,
    PrinterReport,
    SparePart,
    SparePartMovement,
)
from shopwright.fleet.maintenance.plans import PlanSpec
from shopwright.fleet.maintenance.reports import ReportSpec
from shopwright.fleet.maintenance.rules import HOUR_S, used_percent
from shopwright.fleet.maintenance.service import PlanAt
from shopwright.fleet.maintenance.spare_parts import PartSpec, PartUse, is_low
from shopwright.fleet.maintenance.states import PartMoveReason, ReportStatus, Severity, TaskStatus
from shopwright.fleet.maintenance.tasks import Done, TaskChange, TaskSpec
from shopwright.kernel.edge import MAX_ID, BodyRef
from shopwright.kernel.money import Money
from shopwright.kernel.times import PlainTime, read_moment

MAX_COUNT = 1_000_000
Name = Annotated[str, Field(min_length=1, max_length=100)]
Words = Annotated[str, Field(max_length=5000)]
Note = Annotated[str, Field(max_length=300)]
Cost = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
UserId = Annotated[int, Field(ge=1, le=MAX_ID)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class PlanBody(Strict):
    """For `printer_id` or for every printer of `model`. Of the intervals the first one that is
    reached counts; with `is_blocking` the printer then gets no work, after `grace_percent` more of
    the interval."""

    name: Name
    instructions: Words = ""
    printer_id: BodyRef | None = None
    model: Annotated[str | None, Field(max_length=60)] = None
    every_printing_hours: Annotated[float | None, Field(gt=0.01, le=100_000)] = None
    every_prints: Annotated[int | None, Field(ge=1, le=MAX_COUNT)] = None
    every_days: Annotated[int | None, Field(ge=1, le=3650)] = None
    grace_percent: Annotated[int, Field(ge=0, le=100)] = 0
    is_blocking: bool = False

    def spec(self) -> PlanSpec:
        hours = self.every_printing_hours
        return PlanSpec(
            name=self.name,
            instructions=self.instructions,
            printer=self.printer_id,
            model=self.model,
            every_printing_s=None if hours is None else round(hours * HOUR_S),
            every_prints=self.every_prints,
            every_days=self.every_days,
            grace_percent=self.grace_percent,
            is_blocking=self.is_blocking,
        )


class PlanRead(BaseModel):
    id: int
    uuid: str
    name: str
    instructions: str
    printer_id: int | None
    model: str | None
    every_printing_hours: float | None
    every_prints: int | None
    every_days: int | None
    grace_percent: int
    is_blocking: bool
    created_at: PlainTime
    updated_at: PlainTime

    @classmethod
    def of(cls, plan: MaintenancePlan) -> "PlanRead":
        same = {name: getattr(plan, name) for name in cls.model_fields if hasattr(plan, name)}
        seconds = plan.every_printing_s
        return cls(**same, every_printing_hours=None if seconds is None else seconds / HOUR_S)


class DueRead(BaseModel):
    """A plan at one printer, counted since it was last fulfilled; `expected_at` goes by what the
    printer printed in a day until now, null when it does not come due within ten years."""

    plan_id: int
    plan: str
    printer_id: int
    printer: str
    is_due: bool
    is_holding: bool
    used_percent: int
    printing_hours: float
    prints: int
    days: int
    since: PlainTime
    expected_at: PlainTime | None

    @classmethod
    def of(cls, at: PlanAt) -> "DueRead":
        passed = at.passed
        return cls(
            plan_id=at.plan.id,
            plan=at.plan.name,
            printer_id=at.printer.id,
            printer=at.printer.name,
            is_due=at.is_due,
            is_holding=at.is_holding,
            used_percent=used_percent(at.limits, passed),
            printing_hours=round(passed.printing_s / HOUR_S, 2),
            prints=passed.prints,
            days=passed.passed.days,
            since=at.mark.since,
            expected_at=at.expected_at,
        )


class HeldRead(BaseModel):
    """Why a printer gets no work, as its waiting jobs say it."""

    printer_id: int
    printer: str
    reason: str


class UpkeepRead(BaseModel):
    due: list[DueRead]
    held: list[HeldRead]
    total: int
    due_count: int


class TaskCreate(Strict):
    """`due_at` is now when missing; a blocking task holds the printer from then on."""

    printer_id: BodyRef
    title: Name
    instructions: Words = ""
    due_at: Annotated[str | None, Field(max_length=40)] = None
    is_blocking: bool = False
    assigned_user_id: UserId | None = None

    def spec(self, zone: str) -> TaskSpec:
        return TaskSpec(
            printer=self.printer_id,
            title=self.title,
            instructions=self.instructions,
            due_at=read_moment(self.due_at, zone) if self.due_at else None,
            is_blocking=self.is_blocking,
            assigned_user_id=self.assigned_user_id,
        )


class TaskUpdate(Strict):
    """Only what is sent changes; `assigned_user_id: null` takes it from whoever had it."""

    title: Name | None = None
    instructions: Words | None = None
    due_at: Annotated[str | None, Field(max_length=40)] = None
    is_blocking: bool | None = None
    assigned_user_id: UserId | None = None

    def change(self, zone: str) -> TaskChange:
        return TaskChange(
            title=self.title,
            instructions=self.instructions,
            due_at=read_moment(self.due_at, zone) if self.due_at else None,
            is_blocking=self.is_blocking,
            assigned_user_id=self.assigned_user_id,
            is_unassigned="assigned_user_id" in self.model_fields_set
            and self.assigned_user_id is None,
        )


class PartUseBody(Strict):
    part_id: BodyRef
    quantity: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 1


class TaskDone(Strict):
    """`cost` is what was paid besides the parts; those are counted at their prices of today."""

    note: Words = ""
    minutes: Annotated[int | None, Field(ge=0, le=100_000)] = None
    cost: Cost = Decimal(0)
    parts: Annotated[list[PartUseBody], Field(max_length=50)] = []

    def done(self) -> Done:
        uses = tuple(PartUse(one.part_id, one.quantity) for one in self.parts)
        return Done(self.note, self.minutes, self.cost, uses)


class TaskSkip(Strict):
    note: Annotated[str, Field(min_length=1, max_length=5000)]


class UsedPartRead(BaseModel):
    part_id: int
    sku: str
    name: str
    quantity: int


class TaskRead(BaseModel):
    """`total_cost` is `cost` and `parts_cost` together."""

    id: int
    uuid: str
    printer_id: int
    printer: str
    plan_id: int | None
    title: str
    instructions: str
    status: TaskStatus
    due_at: PlainTime
    is_blocking: bool
    assigned_user_id: int | None
    created_by: str
    created_at: PlainTime
    note: str
    minutes: int | None
    cost: float
    parts_cost: float
    total_cost: float
    currency: str
    ended_by: str | None
    ended_at: PlainTime | None
    parts: list[UsedPartRead]

    @classmethod
    def of(
        cls,
        task: MaintenanceTask,
        names: Mapping[int, str],
        parts: Sequence[tuple[SparePart, int]] = (),
    ) -> "TaskRead":
        same = {name: getattr(task, name) for name in cls.model_fields if hasattr(task, name)}
        return cls(
            **same,
            printer=names.get(task.printer_id, ""),
            cost=amount(task.cost_minor, task.currency),
            parts_cost=amount(task.parts_cost_minor, task.currency),
            total_cost=amount(task.cost_minor + task.parts_cost_minor, task.currency),
            parts=[
                UsedPartRead(part_id=part.id, sku=part.sku, name=part.name, quantity=quantity)
                for part, quantity in parts
            ],
        )


class PartBody(Strict):
    """`threshold`: it is low when as many or fewer are left. `cost` is of one."""

    sku: Annotated[str, Field(min_length=1, max_length=60)]
    name: Name
    location: Annotated[str, Field(max_length=100)] = ""
    threshold: Count = 0
    cost: Cost = Decimal(0)

    def spec(self) -> PartSpec:
        return PartSpec(self.sku, self.name, self.location, self.threshold, self.cost)


class PartCreate(PartBody):
    on_hand: Count = 0


class PartRead(BaseModel):
    id: int
    uuid: str
    sku: str
    name: str
    location: str
    on_hand: int
    threshold: int
    is_low: bool
    cost: float
    currency: str
    updated_at: PlainTime

    @classmethod
    def of(cls, part: SparePart) -> "PartRead":
        same = {name: getattr(part, name) for name in cls.model_fields if hasattr(part, name)}
        return cls(**same, is_low=is_low(part), cost=amount(part.cost_minor, part.currency))


class PartReceived(Strict):
    """So many came."""

    quantity: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    note: Note = ""


class PartCounted(Strict):
    """So many are in the drawer."""

    on_hand: Count
    note: Note = ""


class MovementRead(BaseModel):
    id: int
    quantity: int
    reason: PartMoveReason
    task_id: int | None
    note: str
    by: str
    created_at: PlainTime

    @classmethod
    def of(cls, row: SparePartMovement) -> "MovementRead":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class ReportCreate(Strict):
    """`stops_printer` holds the printer back until the problem is resolved; when it is not said, a
    critical one does."""

    printer_id: BodyRef
    severity: Severity = Severity.MINOR
    description: Annotated[str, Field(min_length=1, max_length=5000)]
    stops_printer: bool | None = None

    def spec(self) -> ReportSpec:
        return ReportSpec(self.printer_id, self.severity, self.description, self.stops_printer)


class ReportResolve(Strict):
    resolution: Words = ""


class ReportRead(BaseModel):
    id: int
    uuid: str
    printer_id: int
    printer: str
    severity: Severity
    description: str
    stops_printer: bool
    status: ReportStatus
    reported_by: str
    photo_url: str | None
    created_at: PlainTime
    resolution: str
    resolved_by: str | None
    resolved_at: PlainTime | None

    @classmethod
    def of(cls, report: PrinterReport, names: Mapping[int, str]) -> "ReportRead":
        same = {name: getattr(report, name) for name in cls.model_fields if hasattr(report, name)}
        photo = f"/api/maintenance/reports/{report.id}/photo" if report.photo_sha256 else None
        return cls(**same, printer=names.get(report.printer_id, ""), photo_url=photo)


class PrinterCostRead(BaseModel):
    """What maintenance of one printer took and cost, per currency."""

    printer_id: int
    printer: str
    currency: str
    tasks: int
    minutes: int
    cost: float
    parts_cost: float
    total_cost: float


class HistoryRead(BaseModel):
    tasks: list[TaskRead]
    printers: list[PrinterCostRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class HistoryLine(BaseModel):
    """A row of the CSV."""

    ended_at: datetime
    printer: str
    title: str
    status: TaskStatus
    ended_by: str | None
    minutes: int | None
    cost: float
    parts_cost: float
    total_cost: float
    currency: str
    parts: str
    note: str

    @classmethod
    def of(cls, task: TaskRead) -> "HistoryLine":
        same = task.model_dump(include=set(cls.model_fields) - {"parts", "ended_at"})
        parts = "; ".join(f"{one.quantity} x {one.sku}" for one in task.parts)
        return cls(**same, parts=parts, ended_at=task.ended_at or task.created_at)


def amount(minor: int, currency: str) -> float:
    return float(Money(minor, currency).decimal)
