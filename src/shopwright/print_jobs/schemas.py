"""Bodies of the queue routes: the reference's words first, then ours."""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from shopwright.kernel.edge import BodyRef
from shopwright.kernel.times import MillisTime
from shopwright.print_jobs.attempts import Answer
from shopwright.print_jobs.models import Attempt
from shopwright.print_jobs.queries import JobRow
from shopwright.print_jobs.states import AttemptStatus, JobStatus

HIGH, URGENT = 10, 20  # reference decision 17: the words stand for ranges of one number
PRIORITY_WORDS = {"low": -10, "normal": 0, "high": HIGH, "urgent": URGENT}


def priority_word(priority: int) -> str:
    if priority < 0:
        return "low"
    if priority < HIGH:
        return "normal"
    return "high" if priority < URGENT else "urgent"


class JobRead(BaseModel):
    id: int
    uuid: str
    product_name: str
    printer_id: int | None
    printer_name: str | None
    printer_model: str | None
    printer_ip: str | None
    status: JobStatus
    priority: str
    progress_percentage: float
    plates_requested: int
    failure_reason: str | None
    created_at: MillisTime
    started_at: MillisTime | None
    completed_at: MillisTime | None
    name: str
    priority_level: int
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
    created_by: str

    @classmethod
    def of(cls, row: JobRow) -> "JobRead":
        job = row.job
        return cls(
            id=job.id,
            uuid=job.uuid,
            product_name=job.name,
            printer_id=job.printer_id,
            printer_name=row.printer_name,
            printer_model=row.printer_model,
            printer_ip=row.printer_host,
            status=job.status,
            priority=priority_word(job.priority),
            progress_percentage=0
            if job.status in {JobStatus.QUEUED, JobStatus.PENDING}
            else row.percent or 0,
            plates_requested=1,
            failure_reason=job.failure_reason,
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.ended_at,
            name=job.name,
            priority_level=job.priority,
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

    priority: (
        Annotated[int, Field(ge=-1000, le=1000)]
        | Annotated[str, Field(pattern="^(?i:low|normal|high|urgent)$")]
    )

    @property
    def level(self) -> int:
        if isinstance(self.priority, int):
            return self.priority
        return PRIORITY_WORDS[self.priority.lower()]


class HarvestBody(BaseModel):
    good: Annotated[int, Field(ge=0, le=10_000)]


class ResolveBody(BaseModel):
    """What was found on the bed of a printer that could not prove what it did."""

    answer: Answer
    percent: Annotated[int, Field(ge=0, le=100)] = 0
