"""What printers say, as clients of reference (b) tell it and read it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from shopwright.accounts.access import NamedMemberCtx, NamedViewerCtx
from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.fleet.outside import is_told
from shopwright.fleet.overview import find_live
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    get_process,
    listed_bare,
    page_of,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.signals import Signal
from shopwright.print_jobs import printer_status, service
from shopwright.print_jobs.printer_status import ReportedStatus, ToldStatus
from shopwright.print_jobs.printer_status_schemas import (
    PrinterStatusCreate,
    PrinterStatusRead,
    sample_now,
)
from shopwright.telemetry.access import TelemetryDep
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.telemetry.queries import RING
from shopwright.telemetry.samples import Sample
from shopwright.telemetry.storage import TelemetryStorage

router = APIRouter(
    prefix="/api/printer-status", tags=["printer status"], route_class=RepeatableRoute
)

PrinterRef = Annotated[Ref, path_ref("printer")]
HISTORY_ROWS = 100
History = Annotated[Paging, page_of(HISTORY_ROWS)]
LIVE = {"cache-control": "no-store"}


@router.post("", status_code=201, responses=problems(Invalid, NotFound))
async def create_status(
    request: Request,
    body: PrinterStatusCreate,
    ctx: NamedMemberCtx,
    storage: TelemetryDep,
    now: Now,
) -> PrinterStatusRead:
    """Say what a printer does; of one that we drive it is kept and moves nothing."""
    wanted = ReportedStatus(
        body.printer_id, body.current_job_id, printer_status.read_word(body.status), body.figures()
    )
    printer, row = await keep_status(request, storage, ctx, wanted, now)
    return PrinterStatusRead.of(printer.id, row, {})


async def keep_status(
    request: Request,
    storage: TelemetryStorage,
    ctx: Actor,
    wanted: ReportedStatus,
    now: datetime,
) -> tuple[Printer, Sample]:
    """The report where nobody here drives the printer, else kept beside its own reports."""
    process = get_process(request)
    async with writing(request) as session:
        printer = await fleet.get_living_printer(session, ctx, wanted.printer)
        job = await service.get_job(session, ctx, wanted.job) if wanted.job else None
        told = ToldStatus(wanted.word, job, wanted.figures)
        if is_told(printer):
            await printer_status.take_report(session, ctx, printer=printer, told=told, now=now)
    sample = printer_status.sample_of(printer, told, now)
    if sample.reading.is_hearsay:
        seq = await storage.add_hearsay(printer_status.known_of(printer, now), sample)
    else:
        snapshot = printer_status.snapshot_of(printer, told, now)
        seq = await storage.add_report(snapshot, sample)
        process.context.keep(LatestSnapshots).put(snapshot)
        process.context.hub.publish(Signal(ctx.organization_id, "telemetry", printer.id))
    return printer, Sample(seq, now, sample.reading)


@router.get("/latest/{printer}", responses=problems(Invalid, NotFound))
async def read_latest(
    *,
    response: Response,
    printer: PrinterRef,
    ctx: NamedViewerCtx,
    session: Read,
    process: ProcessDep,
    storage: TelemetryDep,
) -> PrinterStatusRead:
    """What a printer said last."""
    found = await fleet.get_living_printer(session, ctx, printer)
    rows = await storage.list_samples(ctx, found.id, limit=1)
    live = find_live(process, found)
    if live is not None and (not rows or rows[0].at < live.at):
        rows = [sample_now(live, rows[0].seq + 1 if rows else 1)]
    if not rows:
        raise NotFound(f"{found.name} has not reported yet.")
    response.headers.update(LIVE)
    jobs = await printer_status.list_jobs_of(session, ctx, rows)
    return PrinterStatusRead.of(found.id, rows[0], jobs)


@router.get(
    "/history/{printer}",
    response_model=list[PrinterStatusRead],
    responses=problems(Invalid, NotFound),
)
async def list_history(
    *,
    printer: PrinterRef,
    ctx: NamedViewerCtx,
    session: Read,
    storage: TelemetryDep,
    paging: History,
) -> JSONResponse:
    """What a printer said, the newest first; its last 1000 rows are kept."""
    found = await fleet.get_printer(session, ctx, printer)
    every = await storage.list_samples(ctx, found.id, limit=RING)
    rows = every[paging.offset : paging.offset + paging.limit]
    jobs = await printer_status.list_jobs_of(session, ctx, rows)
    shown = [PrinterStatusRead.of(found.id, row, jobs) for row in rows]
    answer = listed_bare(shown, len(every), paging)
    answer.headers.update(LIVE)
    return answer
