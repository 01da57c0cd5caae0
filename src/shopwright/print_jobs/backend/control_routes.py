"""Commands and status of our printer backend: who gives them, and the programs that poll."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import ValidationError

from shopwright.accounts.access import PrintLimited
from shopwright.fleet.commanding import CommandWord, NotReportable
from shopwright.fleet.rules import CommandUnsupported
from shopwright.fleet.states import CommandStatus
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, problems
from shopwright.kernel.errors import Forbidden, IllegalTransition, Invalid
from shopwright.print_jobs.backend import control, targets
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend.control import (
    BackendCommandUnknown,
    CommandTaken,
    JobNotOnPrinter,
)
from shopwright.print_jobs.backend.edge import BackendCtx, BackendRoute
from shopwright.print_jobs.backend.intake import BackendJobOver, BackendJobUnknown
from shopwright.print_jobs.backend.role_routes import PREFIX
from shopwright.print_jobs.backend.role_schemas import (
    AckBody,
    CommandGiven,
    CommandHeard,
    CommandList,
    CommandShown,
    ControlBody,
    PrinterStatusBody,
    ResultBody,
    StatusKept,
)
from shopwright.print_jobs.backend.targets import TargetUnknown
from shopwright.print_jobs.printer_status import ReportedStatus
from shopwright.print_jobs.printer_status_routes import keep_status
from shopwright.print_jobs.service import JobNotWaiting
from shopwright.telemetry.access import TelemetryDep

USUAL, MOST = 25, 1000

router = APIRouter(prefix=PREFIX, tags=["printer backend"], route_class=BackendRoute)

CommandName = Annotated[str, Path(min_length=1, max_length=100)]
MaybeText = Annotated[str | None, Query(max_length=100)]


@router.post(
    "/control",
    dependencies=[PrintLimited],
    responses=problems(
        Invalid, Forbidden, TargetUnknown, BackendJobUnknown, BackendJobOver, JobNotOnPrinter,
        CommandUnsupported, JobNotWaiting,
    ),
)  # fmt: skip
async def give_command(
    body: ControlBody, ctx: BackendCtx, session: Write, now: Now
) -> CommandGiven:
    """Tell one of our printers something; ``cancel`` with a ``job_id`` in metadata drops the job
    wherever it is."""
    return CommandGiven.of(await control.give_command(session, ctx, wish=body.wish(), now=now))


@router.get("/control", responses=problems(Invalid))
async def list_commands(
    *,
    ctx: BackendCtx,
    session: Read,
    now: Now,
    recipientId: MaybeText = None,  # noqa: N803  the reference's spelling
    printerSerial: MaybeText = None,  # noqa: N803
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL,
) -> CommandList:
    """What programs outside are to tell their printers, the oldest first."""
    rows = await control.list_for_devices(
        session, ctx, recipient=recipientId, serial=printerSerial, limit=limit, now=now
    )
    return CommandList(commands=[CommandShown.of(row) for row in rows])


@router.get("/control/{backend_command}", responses=problems(BackendCommandUnknown))
async def read_command(
    backend_command: CommandName, ctx: BackendCtx, session: Read
) -> CommandGiven:
    """What became of a command."""
    return CommandGiven.of(await control.get_given(session, ctx, backend_command))


@router.post(
    "/control/ack",
    responses=problems(
        Invalid, BackendCommandUnknown, CommandTaken, NotReportable, IllegalTransition
    ),
)
async def acknowledge_command(
    body: AckBody, ctx: BackendCtx, session: Write, now: Now
) -> CommandHeard:
    """A device takes a command; another one that comes later is refused."""
    word = CommandWord(CommandStatus.EXECUTING)
    heard = await control.hear_of(
        session, ctx, name=body.command_id, device=body.device, word=word, now=now
    )
    return CommandHeard.at(heard, now)


@router.post(
    "/control/result",
    responses=problems(
        Invalid, BackendCommandUnknown, CommandTaken, NotReportable, IllegalTransition
    ),
)
async def say_result(body: ResultBody, ctx: BackendCtx, session: Write, now: Now) -> CommandGiven:
    """A device says how a command ended."""
    heard = await control.hear_of(
        session, ctx, name=body.command_id, device=body.device, word=body.word(), now=now
    )
    return CommandGiven.of(heard)


@router.post("/printer-status", responses=problems(Invalid, TargetUnknown))
async def say_printer_status(
    request: Request,
    body: PrinterStatusBody,
    ctx: BackendCtx,
    process: ProcessDep,
    storage: TelemetryDep,
    now: Now,
) -> StatusKept:
    """A device says what its printer does; of one that we drive it is kept and moves nothing."""
    try:
        figures = body.figures()
    except ValidationError as err:
        first = err.errors()[0]
        raise Invalid(f"{first['loc'][0]}: {first['msg']}") from err
    async with process.database.read() as session:
        printer = await targets.get_target(session, ctx, body.target())
        job = await queries.find_job_on(session, ctx, printer.id)
    wanted = ReportedStatus(
        Ref(printer.id, None), Ref(job.id, None) if job else None, body.word(), figures
    )
    found, row = await keep_status(request, storage, ctx, wanted, now)
    return StatusKept(status_update_id=f"{found.uuid}-{row.seq}", timestamp=now)


@router.post(
    "/api/apps/{app_name}/functions/updatePrinterStatus",
    responses=problems(Invalid, TargetUnknown),
)
async def update_printer_status(
    request: Request,
    app_name: Annotated[str, Path(min_length=1, max_length=100)],  # noqa: ARG001
    body: PrinterStatusBody,
    ctx: BackendCtx,
    process: ProcessDep,
    storage: TelemetryDep,
    now: Now,
) -> StatusKept:
    """The same by the path that names an app."""
    return await say_printer_status(request, body, ctx, process, storage, now)
