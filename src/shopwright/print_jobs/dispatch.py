"""Dispatch: reserve a printer for a job and intend its start. The link owner talks to the device
later."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.maintenance import queries as maintenance
from shopwright.fleet.outside import is_external
from shopwright.fleet.states import DrivenBy
from shopwright.inventory import service as inventory
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.print_files.models import PrintFile
from shopwright.print_jobs import asked_files, matching, queries
from shopwright.print_jobs.matching import Match, Needs, PrinterFacts, Refusal, SlotFacts
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import JobStatus

PRINTER_BACKEND = DrivenBy.PRINTER_BACKEND
MAX_JOBS_LOOKED_AT = 500  # per round; the rest keeps the reason it has
FIRST_PLATE = 1
GRAMS_PER_PERCENT = 10  # a full roll is 1 kg when the device tells only percent


class PrinterUnsuitable(Conflict):
    code = "printer-unsuitable"
    title = "This printer cannot print this job"


class AlreadyClaimed(Conflict):
    code = "print-job-already-claimed"
    title = "Someone else took this job"


async def dispatch_job(
    session: WriteSession, ctx: Actor, *, job: PrintJob, printer_id: int, now: datetime
) -> Attempt:
    """A person sends one job to one printer; raises PrinterUnsuitable or AlreadyClaimed."""
    if job.status is not JobStatus.QUEUED:
        raise AlreadyClaimed(f"The job is {job.status}; only a queued one can be sent.")
    facts = {printer.id: printer for printer in await list_printer_facts(session, ctx)}
    printer = facts.get(printer_id)
    if printer is None:
        raise NotFound(f"There is no printer {printer_id}.")
    needs = (await asked_files.list_job_needs(session, ctx, [job])).get(job.id)
    if needs is None:
        raise PrinterUnsuitable(asked_files.no_file(job), job_id=job.id, printer_id=printer.id)
    found = matching.match(needs, printer)
    if isinstance(found, Refusal):
        raise PrinterUnsuitable(found.sentence, job_id=job.id, printer_id=printer.id)
    attempt = await _claim(session, ctx, job, printer, found, needs, now)
    if attempt is None:
        raise AlreadyClaimed("This job was taken, or its order was stopped.", job_id=job.id)
    return attempt


async def dispatch_waiting(session: WriteSession, ctx: Actor, *, now: datetime) -> int:
    """Give every ready printer the most urgent job it can print; the other jobs state why they
    wait."""
    jobs = await queries.list_queued(session, ctx, MAX_JOBS_LOOKED_AT, now)
    if not jobs:
        return 0
    printers = await list_printer_facts(session, ctx)
    needs = await asked_files.list_job_needs(session, ctx, jobs)
    free = {printer.id: printer for printer in printers}
    reasons: dict[int, str] = {}
    started = 0
    for job in jobs:
        need = needs.get(job.id)
        if need is None:
            reasons[job.id] = asked_files.no_file(job)
            continue
        candidates = [p for p in free.values() if job.pinned_printer_id in {None, p.id}]
        best = _best(need, candidates)
        if best is None:
            reasons[job.id] = _why_waiting(job, need, candidates)
            continue
        printer, found = best
        refusal = await _try_claim(session, ctx, job, printer, found, need, now)
        if refusal is None:
            started += 1
            free[printer.id] = _now_busy(printer)
        else:
            reasons[job.id] = refusal
    changed = {
        job.id: reasons[job.id]
        for job in jobs
        if reasons.get(job.id, job.waiting_reason) != job.waiting_reason
    }
    if changed:
        await queries.set_waiting_reasons(session, ctx, changed)
        touch(session, ctx.organization_id, "queue_reasons")
    return started


async def list_printer_facts(session: WriteSession, ctx: Actor) -> list[PrinterFacts]:
    """Every printer as matching sees it: the device's slots, with the shop's knowledge of the
    spools."""
    printers = await fleet.list_printers(session, ctx)
    printer_ids = [printer.id for printer in printers]
    busy = await queries.list_busy_printers(session, ctx)
    slots = await fleet.list_slots(session, ctx, printer_ids)
    spools = await inventory.get_slot_spools(session, ctx, printer_ids)
    holds = await maintenance.list_holds(session, ctx)
    facts = []
    for printer in printers:
        own = []
        for slot in slots.get(printer.id, ()):
            spool = spools.get((printer.id, slot.number))
            if spool is not None:
                left = max(spool.remaining_mg - spool.reserved_mg, 0)
                own.append(
                    SlotFacts(
                        slot.number, spool.material, spool.color or slot.color, left, spool.spool_id
                    )
                )
            elif slot.is_loaded:
                own.append(
                    SlotFacts(slot.number, slot.material, slot.color, _told(slot.remaining_percent))
                )
        facts.append(
            PrinterFacts(
                id=printer.id,
                name=printer.name,
                model=printer.model,
                nozzle_um=printer.nozzle_um,
                connection=printer.connection,
                activity=printer.activity,
                gate=printer.gate,
                gate_reason=printer.gate_reason,
                control=printer.control,
                has_job=printer.id in busy,
                slots=tuple(own),
                trouble=printer.trouble,
                is_external=is_external(printer) or printer.driven_by is PRINTER_BACKEND,
                held_because=holds.get(printer.id),
            )
        )
    return facts


def _why_waiting(job: PrintJob, needs: Needs, printers: Sequence[PrinterFacts]) -> str:
    if job.pinned_printer_id is not None and not printers:
        return "The printer it is meant for was removed. Choose another one."
    return matching.why_waiting(needs, printers)


def _told(percent: int | None) -> int | None:
    return None if percent is None else percent * GRAMS_PER_PERCENT * 1000


def _best(needs: Needs, printers: Sequence[PrinterFacts]) -> tuple[PrinterFacts, Match] | None:
    for printer in printers:
        found = matching.match(needs, printer)
        if isinstance(found, Match):
            return printer, found
    return None


def _now_busy(facts: PrinterFacts) -> PrinterFacts:
    return PrinterFacts(
        **{name: getattr(facts, name) for name in PrinterFacts.__slots__ if name != "has_job"},
        has_job=True,
    )


async def _try_claim(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    printer: PrinterFacts,
    found: Match,
    needs: Needs,
    now: datetime,
) -> str | None:
    """Claim in a savepoint, so that one job's refusal does not undo the others; None when it is on
    its way, else why not."""
    try:
        async with session.begin_nested():
            attempt = await _claim(session, ctx, job, printer, found, needs, now)
    except inventory.NotEnoughFilament as err:
        return err.detail
    except IntegrityError:  # the partial unique index: a printer does one job
        return f"{printer.name} was taken just now."
    return None if attempt else "Its order is held or was stopped."


async def _claim(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    printer: PrinterFacts,
    found: Match,
    needs: Needs,
    now: datetime,
) -> Attempt | None:
    """Claim, attempt, reservation, command and effect in one transaction; no call to the device."""
    claimed = await queries.claim_job(session, ctx, job.id, printer.id, now)
    if claimed is None:
        return None
    attempt = await queries.add_attempt(
        session,
        ctx,
        print_job_id=job.id,
        printer_id=printer.id,
        device_job_id=ids.new_device_job_id(),
        slots=list(found.slots),
        spools={str(index): spool_id for index, spool_id in found.spools.items()},
    )
    for need in needs.filaments:
        spool_id = found.spools.get(need.project_index)
        if spool_id is not None:
            await inventory.reserve_filament(
                session, ctx, attempt_id=attempt.id, spool_id=spool_id, amount_mg=need.used_mg
            )
    file = await session.get_one(
        PrintFile, job.print_file_id, execution_options={"cross_tenant": True}
    )
    plate = job.plate_number or FIRST_PLATE
    await fleet.command_start(
        session,
        ctx,
        printer_id=printer.id,
        source=fleet.PrintSource(
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            plate=plate,
            slots=tuple(found.slots),
            job_name=job.name,
            is_3mf=file.kind == "gcode_3mf",
        ),
        attempt_id=attempt.id,
        device_job_id=attempt.device_job_id,
        now=now,
    )
    audit.record(session, ctx, "print_job.claimed", job.id, printer_id=printer.id)
    touch(session, ctx.organization_id, "queue", job.id)
    return attempt
