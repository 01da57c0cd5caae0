"""``start_print`` as a command: the dispatch of the job that it names."""

from datetime import datetime

from shopwright.fleet import commanding
from shopwright.fleet import queries as fleet_queries
from shopwright.fleet.commanding import CommandRequest
from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.outside import is_external
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref, parse_ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.print_jobs import asked_products, dispatch, external, service
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import WAITING, JobStatus


async def start_job(
    session: WriteSession, ctx: Actor, *, printer: Printer, wanted: CommandRequest, now: datetime
) -> PrinterCommand:
    """The command that is on its way to the printer.

    Raises Invalid, NotFound, or what dispatching raises. A program outside gets the job's id, and
    says what becomes of the job.
    """
    commanding.check(printer, wanted.kind, {})
    job = await service.get_job(session, ctx, _job_ref(wanted))
    if job.status is JobStatus.PENDING:
        await asked_products.queue_jobs(session, ctx, job=job, printer_id=printer.id, now=now)
        job = await service.get_job(session, ctx, Ref(job.id, None))
    if is_external(printer):
        return await _hand_out(session, ctx, job, printer, wanted, now)
    attempt = await dispatch.dispatch_job(session, ctx, job=job, printer_id=printer.id, now=now)
    command = await fleet_queries.find_start(session, ctx, printer.id, attempt.device_job_id)
    if command is None:
        raise NotFound("The start of this job is gone.")
    return command


async def _hand_out(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    printer: Printer,
    wanted: CommandRequest,
    now: datetime,
) -> PrinterCommand:
    if job.status in WAITING:
        await external.claim(session, ctx, job=job, printer=printer, now=now)
    elif job.printer_id != printer.id:
        raise dispatch.AlreadyClaimed(f"The job is {job.status} on another printer.")
    arguments = {"job_id": job.id, "job_uuid": job.uuid, "job_name": job.name}
    return await commanding.queue_command(
        session, ctx, printer=printer, wanted=wanted, arguments=arguments, now=now
    )


def _job_ref(wanted: CommandRequest) -> Ref:
    named = wanted.metadata.get("job_id")
    if isinstance(named, bool) or not isinstance(named, int | str):
        raise Invalid("start_print needs the job_id of the print job in its metadata.")
    return parse_ref(str(named))
