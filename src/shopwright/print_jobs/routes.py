"""The queue over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from shopwright.accounts.access import (
    MemberCtx,
    NamedMemberCtx,
    NamedViewerCtx,
    PrintLimited,
    ViewerCtx,
)
from shopwright.accounts.schemas import Message
from shopwright.fleet import service as fleet
from shopwright.fleet.states import DrivenBy
from shopwright.inventory.service import StockMoved
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed_bare,
    page_of,
    parse_ref,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import IllegalTransition, Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import service as orders
from shopwright.orders.piece_revision import CopiesGone
from shopwright.print_jobs import (
    asked_products,
    attempts,
    dispatch,
    harvest,
    ordering,
    queries,
    revision,
    said,
    service,
)
from shopwright.print_jobs.asked_products import JobPrinting
from shopwright.print_jobs.attempts import AttemptNotUnknown, AttemptWasPrinting
from shopwright.print_jobs.backend import sending as backend_sending
from shopwright.print_jobs.backend.sending import BackendAnswerMissing, SendingHeld
from shopwright.print_jobs.dispatch import AlreadyClaimed, PrinterUnsuitable
from shopwright.print_jobs.harvest import NothingToHarvest
from shopwright.print_jobs.ordering import QueueChanged
from shopwright.print_jobs.port import (
    BackendInDoubt,
    BackendNotSetUp,
    BackendRefused,
    BackendUnreachable,
    send_to_backend,
)
from shopwright.print_jobs.queries import JobFilter
from shopwright.print_jobs.revision import NotHarvested
from shopwright.print_jobs.said import NoPrinterYet
from shopwright.print_jobs.schemas import (
    AttemptRead,
    BackendAnswerBody,
    DispatchBody,
    HarvestBody,
    JobCreate,
    JobRead,
    MoveBody,
    PriorityBody,
    ReasonBody,
    ResolveBody,
    SendBody,
    StatusBody,
    read_status,
)
from shopwright.print_jobs.service import JobNotWaiting
from shopwright.print_jobs.states import JobStatus

router = APIRouter(prefix="/api/print-jobs", tags=["print jobs"], route_class=RepeatableRoute)

JobRef = Annotated[Ref, path_ref("job")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
Id = Annotated[str | None, Query(max_length=40)]


@router.get("", response_model=list[JobRead], responses=problems(Invalid))
async def list_jobs(
    ctx: NamedViewerCtx,
    session: Read,
    paging: EveryRow,
    status: Annotated[str | None, Query(max_length=200, description="words with commas")] = None,
    printerId: Id = None,  # noqa: N803  the reference's spelling
    order_id: Id = None,
) -> JSONResponse:
    """Print jobs, the latest first, each with why it waits."""
    printer = await fleet.get_printer(session, ctx, parse_ref(printerId)) if printerId else None
    wanted = JobFilter(
        statuses=_read_statuses(status),
        printer_id=printer.id if printer else None,
        order_id=await orders.get_order_id(session, ctx, parse_ref(order_id)) if order_id else None,
    )
    rows, total = await queries.list_jobs(session, ctx, wanted, paging)
    return listed_bare([JobRead.of(row) for row in rows], total, paging)


@router.get("/{job}", responses=problems(NotFound))
async def read_job(job: JobRef, ctx: NamedViewerCtx, session: Read) -> JobRead:
    """One job."""
    return await _read(session, ctx, job)


@router.post("", status_code=201, responses=problems(Invalid, NotFound))
async def create_job(body: JobCreate, ctx: NamedMemberCtx, session: Write) -> JobRead:
    """Ask for a product to be printed; nothing starts until the job is sent."""
    job = await asked_products.create_jobs(session, ctx, wanted=body.wanted())
    return await _read(session, ctx, Ref(job.id, None))


@router.post(
    "/{job}/send",
    dependencies=[PrintLimited],
    responses=problems(
        Invalid,
        NotFound,
        JobNotWaiting,
        PrinterUnsuitable,
        BackendNotSetUp,
        BackendAnswerMissing,
        SendingHeld,
        BackendRefused,
        BackendUnreachable,
        BackendInDoubt,
    ),
)
async def send_job(
    request: Request,
    job: JobRef,
    body: SendBody,
    ctx: NamedMemberCtx,
    process: ProcessDep,
    now: Now,
) -> JobRead:
    """Queue a pending job for a printer, which begins as soon as it can."""
    async with writing(request) as session:
        found = await service.get_job(session, ctx, job)
        wanted = body.printer_id or (
            Ref(found.pinned_printer_id, None) if found.pinned_printer_id else None
        )
        if wanted is None:
            raise Invalid("printerId is missing. Name the printer that is to print it.")
        sent, printer = await asked_products.send_job(
            session, ctx, ref=job, printer_ref=wanted, now=now
        )
    if printer.driven_by is DrivenBy.PRINTER_BACKEND:
        await send_to_backend(process, ctx, sent.id, printer.id)
    async with process.database.read() as reading:
        return await _read(reading, ctx, job)


@router.post("/{job}/backend-answer", responses=problems(Invalid, NotFound, BackendAnswerMissing))
async def answer_for_backend(
    job: JobRef, body: BackendAnswerBody, ctx: MemberCtx, session: Write, now: Now
) -> JobRead:
    """Say whether the printer backend has a job, where nobody knows: somebody looked there."""
    await backend_sending.resolve_job(session, ctx, ref=job, has_it=body.has_it, now=now)
    return await _read(session, ctx, job)


@router.put(
    "/{job}/status",
    responses=problems(
        Invalid, NotFound, IllegalTransition, JobNotWaiting, NoPrinterYet, AlreadyClaimed
    ),
)
async def say_status(
    job: JobRef, body: StatusBody, ctx: NamedMemberCtx, session: Write, now: Now
) -> JobRead:
    """Say how far a job is; of a printer that we drive only its own report moves the job."""
    await said.say_status(session, ctx, ref=job, word=body.word(), now=now)
    return await _read(session, ctx, job)


@router.delete("/{job}", responses=problems(NotFound, JobPrinting, JobNotWaiting))
async def delete_job(job: JobRef, ctx: NamedMemberCtx, session: Write, now: Now) -> Message:
    """Hide a job that no printer has; one that waits is cancelled."""
    await _read(session, ctx, job)
    await asked_products.delete_job(session, ctx, ref=job, now=now)
    return Message(message="Print job deleted")


@router.get("/{job}/attempts", responses=problems(NotFound))
async def list_attempts(job: JobRef, ctx: ViewerCtx, session: Read) -> list[AttemptRead]:
    """Every try to print it, with its outcome."""
    found = await service.get_job(session, ctx, job)
    return [AttemptRead.of(row) for row in await queries.list_attempts(session, ctx, found.id)]


@router.post(
    "/{job}/dispatch",
    dependencies=[PrintLimited],
    responses=problems(NotFound, PrinterUnsuitable, AlreadyClaimed),
)
async def dispatch_job(
    job: JobRef, body: DispatchBody, ctx: MemberCtx, session: Write, now: Now
) -> JobRead:
    """Send a queued job to a printer."""
    found = await service.get_job(session, ctx, job)
    printer = await fleet.get_printer(session, ctx, body.printer_id)
    await dispatch.dispatch_job(session, ctx, job=found, printer_id=printer.id, now=now)
    return await _read(session, ctx, job)


@router.post("/{job}/hold", responses=problems(NotFound, JobNotWaiting))
async def hold_job(
    job: JobRef, ctx: MemberCtx, session: Write, body: ReasonBody | None = None
) -> JobRead:
    """Keep a queued job back until it is released."""
    found = await service.get_job(session, ctx, job)
    reason = (body.reason if body else "") or f"{ctx.name} holds it back."
    await service.hold_job(session, ctx, job_id=found.id, reason=reason)
    return await _read(session, ctx, job)


@router.post("/{job}/release", responses=problems(NotFound, JobNotWaiting))
async def release_job(job: JobRef, ctx: MemberCtx, session: Write) -> JobRead:
    """Let a held job be printed."""
    found = await service.get_job(session, ctx, job)
    await service.release_job(session, ctx, job_id=found.id)
    return await _read(session, ctx, job)


@router.post("/{job}/priority", responses=problems(NotFound, JobNotWaiting))
async def prioritise_job(
    job: JobRef, body: PriorityBody, ctx: MemberCtx, session: Write
) -> JobRead:
    """Move a waiting job in the queue; higher is sooner."""
    found = await service.get_job(session, ctx, job)
    await service.prioritise_job(session, ctx, job_id=found.id, priority=body.level)
    return await _read(session, ctx, job)


@router.post("/{job}/move", responses=problems(Invalid, NotFound, JobNotWaiting, QueueChanged))
async def move_job(job: JobRef, body: MoveBody, ctx: MemberCtx, session: Write) -> JobRead:
    """Put a waiting job between two others; refused when they stand elsewhere by now."""
    await ordering.move_job(session, ctx, ref=job, place=body.place())
    return await _read(session, ctx, job)


@router.post(
    "/{job}/cancel", dependencies=[PrintLimited], responses=problems(NotFound, JobNotWaiting)
)
async def cancel_job(
    job: JobRef, ctx: NamedMemberCtx, session: Write, now: Now, body: ReasonBody | None = None
) -> JobRead:
    """Drop a waiting job, or stop a printing one; the orders that still want it are held."""
    reason = (body.reason if body else "") or f"cancelled by {ctx.name}"
    await asked_products.cancel_job(session, ctx, ref=job, reason=reason, now=now)
    return await _read(session, ctx, job)


@router.post("/{job}/harvest", responses=problems(Invalid, NotFound, NothingToHarvest))
async def harvest_job(
    job: JobRef, body: HarvestBody, ctx: MemberCtx, session: Write, now: Now
) -> JobRead:
    """Take a finished plate off and count its good copies; the printer may print again."""
    found = await service.get_job(session, ctx, job)
    await harvest.harvest_job(session, ctx, job_id=found.id, good=body.good, now=now)
    return await _read(session, ctx, job)


@router.put(
    "/{job}/harvest", responses=problems(Invalid, NotFound, NotHarvested, CopiesGone, StockMoved)
)
async def revise_harvest(
    job: JobRef, body: HarvestBody, ctx: MemberCtx, session: Write, now: Now
) -> JobRead:
    """Count a harvested plate anew, until its copies are shipped; orders and stock follow."""
    found = await service.get_job(session, ctx, job)
    await revision.revise_harvest(session, ctx, job_id=found.id, good=body.good, now=now)
    return await _read(session, ctx, job)


@router.post("/{job}/resolve", responses=problems(NotFound, AttemptNotUnknown, AttemptWasPrinting))
async def resolve_job(
    job: JobRef, body: ResolveBody, ctx: MemberCtx, session: Write, now: Now
) -> JobRead:
    """Say what a printer did that could not prove it."""
    found = await service.get_job(session, ctx, job)
    await attempts.resolve_attempt(
        session, ctx, job_id=found.id, answer=body.answer, percent=body.percent, now=now
    )
    return await _read(session, ctx, job)


async def _read(session: AsyncSession, ctx: Actor, ref: Ref) -> JobRead:
    row = await queries.find_job_row(session, ctx, ref)
    if row is None:
        raise NotFound(f"There is no print job {ref}.")
    return JobRead.of(row)


def _read_statuses(text: str | None) -> tuple[JobStatus, ...]:
    return tuple(read_status(word) for word in (text or "").split(",") if word.strip())
