"""Scheduled prints over HTTP, as the shop manager's clients know them (reference (a)).

Served under ``/api/bambu/scheduled-prints`` and under ``/api/bambu/printers/scheduled-prints``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, PrintLimited, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.fleet import service as fleet
from shopwright.fleet.maintenance.upkeep import find_zone
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed_bare,
    page_of,
    parse_ref,
    path_ref,
    problems,
)
from shopwright.kernel.errors import IllegalTransition, Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import service as orders
from shopwright.print_jobs import order_prints
from shopwright.print_jobs.attempts import AttemptNotUnknown
from shopwright.print_jobs.dispatch import AlreadyClaimed, PrinterUnsuitable
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.order_prints import NothingToPrint
from shopwright.print_jobs.scheduled import queries, service
from shopwright.print_jobs.scheduled.queries import PrintFilter
from shopwright.print_jobs.scheduled.rules import PrintWord
from shopwright.print_jobs.scheduled.schemas import (
    AssignedOrder,
    AssignedOrders,
    AssignOrdersBody,
    OrderPrints,
    ScheduledPrintCreate,
    ScheduledPrintRead,
    ScheduledPrintUpdate,
    ScheduleOrderBody,
    read_word,
)
from shopwright.print_jobs.service import JobNotWaiting

PREFIXES = ("/api/bambu/scheduled-prints", "/api/bambu/printers/scheduled-prints")

router = APIRouter(tags=["scheduled prints"], route_class=RepeatableRoute)
order_router = APIRouter(prefix="/api", tags=["scheduled prints"], route_class=RepeatableRoute)

JobRef = Annotated[Ref, path_ref("job")]
PrinterRef = Annotated[Ref, path_ref("printer")]
OrderRef = Annotated[Ref, path_ref("order")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
Words = Annotated[str | None, Query(max_length=200, description="words with commas")]
LIVE = {"cache-control": "no-store"}


@router.post(
    "",
    status_code=201,
    dependencies=[PrintLimited],
    responses=problems(Invalid, NotFound),
)
async def create_print(
    body: ScheduledPrintCreate, ctx: MemberCtx, session: Write, now: Now
) -> ScheduledPrintRead:
    """Ask for a file on a printer; without such a file the print waits until it is uploaded."""
    printer = await fleet.get_living_printer(session, ctx, body.printer_id)
    order = body.order_id
    order_id = await orders.get_order_id(session, ctx, order) if order else None
    wanted = body.request(printer.id, order_id, await find_zone(session, ctx))
    job = await service.schedule_print(session, ctx, wanted=wanted, now=now)
    return ScheduledPrintRead.of(await service.read_print(session, ctx, job.id, now))


@router.get("", response_model=list[ScheduledPrintRead], responses=problems(Invalid, NotFound))
async def list_prints(
    ctx: ViewerCtx,
    session: Read,
    now: Now,
    paging: EveryRow,
    printer_id: Annotated[str | None, Query(max_length=40)] = None,
    status: Words = None,
) -> JSONResponse:
    """The shop's prints, the oldest first: those asked for, and those its orders were planned
    into."""
    printer = parse_ref(printer_id) if printer_id else None
    return await _list(session, ctx, printer, status, paging, now)


@router.get("/{printer}/queue", responses=problems(NotFound))
async def read_queue(
    printer: PrinterRef, ctx: ViewerCtx, session: Read, now: Now
) -> list[ScheduledPrintRead]:
    """What waits for a printer, the next first."""
    found = await fleet.get_living_printer(session, ctx, printer)
    jobs = await queries.list_queue(session, ctx, found.id)
    rows = {job.id: (job, name) for job, name in await _with_names(session, ctx, jobs)}
    planned = await service.plan(session, ctx, [rows[job.id] for job in jobs], now)
    return [ScheduledPrintRead.of(one) for one in planned]


@router.get(
    "/{printer}",
    response_model=list[ScheduledPrintRead],
    responses=problems(Invalid, NotFound),
)
async def list_printer_prints(
    printer: PrinterRef,
    ctx: ViewerCtx,
    session: Read,
    now: Now,
    paging: EveryRow,
    status: Words = None,
) -> JSONResponse:
    """The prints of one printer, the oldest first."""
    return await _list(session, ctx, printer, status, paging, now)


@router.put(
    "/{job}",
    dependencies=[PrintLimited],
    responses=problems(
        Invalid,
        NotFound,
        JobNotWaiting,
        PrinterUnsuitable,
        AlreadyClaimed,
        AttemptNotUnknown,
        IllegalTransition,
    ),
)
async def update_print(
    job: JobRef, body: ScheduledPrintUpdate, ctx: MemberCtx, session: Write, now: Now
) -> ScheduledPrintRead:
    """Move a waiting print, or say what became of one.

    ``started`` on a printer that we drive asks for its start; only the printer's report proves it.
    """
    change = body.change(await find_zone(session, ctx))
    job_id = await service.change_print(session, ctx, ref=job, change=change, now=now)
    return ScheduledPrintRead.of(await service.read_print(session, ctx, job_id, now))


@router.delete("/{job}", dependencies=[PrintLimited], responses=problems(NotFound, JobNotWaiting))
async def cancel_print(job: JobRef, ctx: MemberCtx, session: Write, now: Now) -> Message:
    """Cancel a print; one that prints is stopped on its machine first."""
    await service.cancel_print(session, ctx, ref=job, now=now)
    return Message(message="Scheduled print cancelled")


@order_router.post(
    "/orders/{order}/schedule-prints",
    status_code=201,
    dependencies=[PrintLimited],
    responses=problems(Invalid, NotFound, NothingToPrint, PrinterUnsuitable),
)
async def schedule_order(
    order: OrderRef, body: ScheduleOrderBody, ctx: MemberCtx, session: Write, now: Now
) -> OrderPrints:
    """Give an order's prints to one printer; items without a recipe get a print each."""
    jobs = await order_prints.schedule_order(
        session,
        ctx,
        order=order,
        printer=body.printer_id,
        material=body.material,
        offset=body.offset,
        now=now,
    )
    rows = await _with_names(session, ctx, jobs)
    return OrderPrints.of(await service.plan(session, ctx, rows, now))


@order_router.post(
    "/printers/{printer}/assign-orders",
    dependencies=[PrintLimited],
    responses=problems(Invalid, NotFound, PrinterUnsuitable),
)
async def assign_orders(
    printer: PrinterRef, body: AssignOrdersBody, ctx: MemberCtx, session: Write, now: Now
) -> AssignedOrders:
    """Give the waiting prints of these orders to one printer."""
    found = await fleet.get_living_printer(session, ctx, printer)
    assigned = await order_prints.assign_orders(
        session, ctx, printer=printer, refs=body.order_ids, now=now
    )
    count = sum(len(jobs) for jobs in assigned.values())
    return AssignedOrders(
        message=f"{found.name} has {count} prints of {len(assigned)} orders",
        printer_id=found.id,
        assigned_orders=[
            AssignedOrder(order_id=order_id, print_job_ids=[job.id for job in jobs])
            for order_id, jobs in assigned.items()
        ],
        assigned_prints=count,
    )


async def _list(
    session: ReadSession,
    ctx: Actor,
    printer: Ref | None,
    status: str | None,
    paging: Paging,
    now: datetime,
) -> JSONResponse:
    found = await fleet.get_living_printer(session, ctx, printer) if printer else None
    wanted = PrintFilter(_read_words(status), found.id if found else None)
    rows, total = await queries.list_prints(session, ctx, wanted, paging)
    planned = await service.plan(session, ctx, rows, now)
    answer = listed_bare([ScheduledPrintRead.of(one) for one in planned], total, paging)
    answer.headers.update(LIVE)
    return answer


async def _with_names(
    session: ReadSession | WriteSession, ctx: Actor, jobs: Sequence[PrintJob]
) -> list[tuple[PrintJob, str | None]]:
    return await queries.list_prints_by_id(session, ctx, [job.id for job in jobs])


def _read_words(text: str | None) -> tuple[PrintWord, ...]:
    words = [read_word(word) for word in (text or "").split(",") if word.strip()]
    try:
        return tuple(PrintWord(word) for word in words)
    except ValueError as err:
        raise Invalid(f"status must be one of {', '.join(PrintWord)}, not {text!r}.") from err
