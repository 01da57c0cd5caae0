"""Bodies of the queue routes: the reference's words first, then ours."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field

from shopwright.fleet.rules import LAST_SLOT
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import MillisTime
from shopwright.print_jobs.asked_products import ProductPrint
from shopwright.print_jobs.attempts import Answer
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.ordering import Place, revision_of
from shopwright.print_jobs.queries import JobRow
from shopwright.print_jobs.said import JobWord
from shopwright.print_jobs.states import AttemptStatus, JobStatus

HIGH, URGENT = 10, 20  # reference decision 17: the words stand for ranges of one number
PRIORITY_WORDS = {"low": -10, "normal": 0, "high": HIGH, "urgent": URGENT}


Priority = (
    Annotated[int, Field(ge=-1000, le=1000)]
    | Annotated[str, Field(pattern="^(?i:low|normal|high|urgent)$")]
)


def level_of(priority: int | str) -> int:
    return priority if isinstance(priority, int) else PRIORITY_WORDS[priority.lower()]


def minutes_of(job: PrintJob) -> float | None:
    """From its first layer to its end; None while it has not both."""
    if job.started_at is None or job.ended_at is None:
        return None
    return round((job.ended_at - job.started_at).total_seconds() / 60, 1)


def priority_word(priority: int) -> str:
    if priority < 0:
        return "low"
    if priority < HIGH:
        return "normal"
    return "high" if priority < URGENT else "urgent"


class AmsSlot(BaseModel):
    """Slots count from 1; 0 is the external spool."""

    slot_number: Annotated[int, Field(ge=0, le=LAST_SLOT)]
    filament_type: Annotated[str | None, Field(max_length=40)] = None
    filament_color: Annotated[str | None, Field(max_length=60)] = None


class AmsConfiguration(BaseModel):
    enabled: bool = True
    slots: Annotated[list[AmsSlot], Field(max_length=LAST_SLOT + 1)] = []


class JobCreate(BaseModel):
    """One plate per plate of the product and ``plates_requested``; ``printer_id`` may come with
    ``send``."""

    product_id: BodyRef
    printer_id: BodyRef | None = None
    plates_requested: Annotated[int, Field(ge=1, le=100)] = 1
    priority: Priority = 0
    ams_configuration: AmsConfiguration | None = None
    notes: Annotated[str | None, Field(max_length=5000)] = None

    def wanted(self) -> ProductPrint:
        told = self.ams_configuration
        return ProductPrint(
            product=self.product_id,
            printer=self.printer_id,
            plates=self.plates_requested,
            priority=level_of(self.priority),
            ams_configuration=told.model_dump() if told else None,
            notes=self.notes or "",
        )


class SendBody(BaseModel):
    """``printerId`` may be left out where the job was made for a printer."""

    printer_id: Annotated[
        BodyRef | None, Field(validation_alias=AliasChoices("printerId", "printer_id"))
    ] = None


class BackendAnswerBody(BaseModel):
    has_it: bool


class StatusBody(BaseModel):
    status: Annotated[str, Field(min_length=1, max_length=20)]
    progress_percentage: Annotated[float | None, Field(ge=0, le=100)] = None
    current_layer: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    failure_reason: Annotated[str | None, Field(max_length=500)] = None

    def word(self) -> JobWord:
        """Raises Invalid for a status that there is not."""
        return JobWord(
            status=read_status(self.status),
            percent=self.progress_percentage,
            current_layer=self.current_layer,
            failure_reason=self.failure_reason,
        )


def read_status(text: str) -> JobStatus:
    """Raises Invalid with the words that there are."""
    try:
        return JobStatus(text.strip().lower())
    except ValueError as err:
        raise Invalid(f"status must be one of {', '.join(JobStatus)}, not {text!r}.") from err


class JobRead(BaseModel):
    id: int
    uuid: str
    product_id: int | None
    product_name: str
    printer_id: int | None
    printer_name: str | None
    printer_model: str | None
    printer_ip: str | None
    status: JobStatus
    priority: str
    progress_percentage: float
    current_layer: int | None
    total_layers: int | None
    plates_requested: int
    ams_configuration: dict[str, Any] | None
    failure_reason: str | None
    last_error: str | None
    claimed_by: str | None
    actual_print_time_minutes: float | None
    actual_filament_used_grams: float | None
    created_at: MillisTime
    queued_at: MillisTime | None
    started_at: MillisTime | None
    completed_at: MillisTime | None
    name: str
    priority_level: int
    queue_revision: str
    waiting_reason: str | None
    order_id: int | None
    recipe_step_id: int | None
    print_file_id: int | None
    file_name: str | None
    plate_number: int | None
    not_before: MillisTime | None
    material: str | None
    slot: int | None
    notes: str
    yields: int
    good: int
    scrap: int
    estimated_s: int
    estimated_g: float
    claimed_at: MillisTime | None
    harvested_at: MillisTime | None
    sent_outside_at: MillisTime | None
    created_by: str

    @classmethod
    def of(cls, row: JobRow) -> "JobRead":
        job = row.job
        return cls(
            id=job.id,
            uuid=job.uuid,
            product_id=job.product_id,
            product_name=job.name,
            printer_id=job.printer_id or job.pinned_printer_id,
            printer_name=row.printer_name,
            printer_model=row.printer_model,
            printer_ip=row.printer_host,
            status=job.status,
            priority=priority_word(job.priority),
            progress_percentage=0
            if job.status in {JobStatus.QUEUED, JobStatus.PENDING}
            else row.percent or 0,
            current_layer=job.current_layer,
            total_layers=job.total_layers,
            plates_requested=job.plates_requested,
            ams_configuration=job.ams_configuration,
            failure_reason=job.failure_reason,
            last_error=job.last_error,
            claimed_by=job.claimed_by,
            actual_print_time_minutes=minutes_of(job),
            actual_filament_used_grams=None if job.used_mg is None else job.used_mg / 1000,
            created_at=job.created_at,
            queued_at=job.queued_at or (None if job.product_id else job.created_at),
            started_at=job.started_at,
            completed_at=job.ended_at,
            name=job.name,
            priority_level=job.priority,
            queue_revision=revision_of(job),
            waiting_reason=job.waiting_reason,
            order_id=job.order_id,
            recipe_step_id=job.recipe_step_id,
            print_file_id=job.print_file_id,
            file_name=row.file_name,
            plate_number=job.plate_number,
            not_before=job.not_before,
            material=job.material,
            slot=job.slot,
            notes=job.notes,
            yields=job.yields,
            good=job.good,
            scrap=job.scrap,
            estimated_s=job.estimated_s,
            estimated_g=job.estimated_mg / 1000,
            claimed_at=job.claimed_at,
            harvested_at=job.harvested_at,
            sent_outside_at=job.outside_at,
            created_by=job.created_by,
        )


class AttemptRead(BaseModel):
    id: int
    uuid: str
    number: int
    printer_id: int
    device_job_id: str
    status: AttemptStatus
    slots: list[int | None]
    percent: int
    reason: str | None
    created_at: MillisTime
    started_at: MillisTime | None
    ended_at: MillisTime | None

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptRead":
        return cls.model_validate(attempt, from_attributes=True)


class DispatchBody(BaseModel):
    printer_id: Annotated[BodyRef, Field(validation_alias=AliasChoices("printer_id", "printerId"))]


class ReasonBody(BaseModel):
    reason: Annotated[str, Field(max_length=500)] = ""


class PriorityBody(BaseModel):
    """A number, higher is sooner; or one of the words low, normal, high, urgent."""

    priority: Priority

    @property
    def level(self) -> int:
        return level_of(self.priority)


class MoveBody(BaseModel):
    """Behind which job it comes, before which, or both; `revision` is the job's `queue_revision` as
    it was read."""

    after: BodyRef | None = None
    before: BodyRef | None = None
    revision: Annotated[str | None, Field(max_length=50)] = None

    def place(self) -> Place:
        return Place(self.after, self.before, self.revision)


class HarvestBody(BaseModel):
    good: Annotated[int, Field(ge=0, le=10_000)]


class ResolveBody(BaseModel):
    """What was found on the bed of a printer that could not prove what it did."""

    answer: Answer
    percent: Annotated[int, Field(ge=0, le=100)] = 0
