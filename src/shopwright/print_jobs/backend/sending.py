"""A job is handed to the outside printer backend: at most once, under the job's own id.

The try is written down and committed before the call. What came of a try that nobody answered the
backend is asked by that id; where it cannot be asked a person says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.effects import Effect, EffectStatus
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.print_jobs import asked_files, asked_queries, queries, service
from shopwright.print_jobs.backend import queries as backend_queries
from shopwright.print_jobs.backend.models import SentJob
from shopwright.print_jobs.backend.payload import FileFacts, JobFacts, PrinterFacts, build_payload
from shopwright.print_jobs.backend.queries import Printable
from shopwright.print_jobs.dispatch import PrinterUnsuitable
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.port import (
    BackendInDoubt,
    BackendNotSetUp,
    BackendRefused,
    BackendSending,
    BackendUnreachable,
    CannotTell,
    PrinterBackend,
    RemoteJob,
    open_backend,
)
from shopwright.print_jobs.service import JobNotWaiting
from shopwright.print_jobs.states import WAITING, JobStatus, SendingStatus

SEND_EFFECT = "printer_backend.send"
UNANSWERED = frozenset({SendingStatus.SENDING, SendingStatus.UNKNOWN})
THERE = "The printer backend has it."
NEVER_CAME = "The printer backend says that it never got this job. Send it again."
UNSURE = (
    "Nobody knows whether the printer backend took this job. Look there, then say on the page of "
    "the printer backend whether it has it."
)


class BackendAnswerMissing(Conflict):
    code = "printer-backend-answer-missing"
    title = "It is not known yet whether the printer backend took this job"


class SendingHeld(Conflict):
    code = "effects-held"
    title = "Nothing is sent since a restore"


@dataclass(frozen=True, slots=True)
class Offer:
    job_id: int
    job_uuid: str
    payload: dict[str, Any]


def set_up(process: Process) -> None:
    """From now on this process hands jobs over, where a backend is set up."""
    if process.settings.printer_backend_url:
        process.context.keep(BackendSending).send = send_job


async def send_job(process: Process, ctx: Actor, job_id: int, printer_id: int) -> None:
    """The job with whatever of its batch waits; each is handed over by itself, this one last.

    Raises what the backend raises; a job that was not taken is as it was.
    """
    backend = open_backend(process.settings)
    if backend is None:
        raise BackendNotSetUp("PRINTER_BACKEND_URL is not set, so nothing can be sent there.")
    async with process.database.read() as session:
        job = await service.get_job(session, ctx, Ref(job_id, None))
        batch = await asked_queries.list_batch(session, ctx, job, [JobStatus.PENDING])
    for each in [*(other for other in batch if other != job_id), job_id]:
        await _hand_over(process, ctx, backend, each, printer_id)


async def _hand_over(
    process: Process, ctx: Actor, backend: PrinterBackend, job_id: int, printer_id: int
) -> None:
    async with process.database.write() as session:
        offer = await begin(process, session, ctx, job_id=job_id, printer_id=printer_id)
    try:
        taken = await backend.send_job(offer.payload)
    except (BackendRefused, BackendUnreachable) as err:
        await _settle_refused(process, ctx, job_id, err.detail)
        raise
    except BackendInDoubt as err:
        await _settle_doubt(process, ctx, backend, offer, err)
        return
    async with process.database.write() as session:
        await take(session, ctx, job_id=job_id, remote=taken, now=process.clock.now())


async def _settle_refused(process: Process, ctx: Actor, job_id: int, words: str) -> None:
    async with process.database.write() as session:
        await refuse(session, ctx, job_id=job_id, words=words, now=process.clock.now())


async def _settle_doubt(
    process: Process, ctx: Actor, backend: PrinterBackend, offer: Offer, err: BackendInDoubt
) -> None:
    """Ask at once; raises ``err`` unless the backend says that it has the job."""
    found = await ask(backend, offer.job_uuid)
    async with process.database.write() as session:
        await settle(session, ctx, job_id=offer.job_id, found=found, now=process.clock.now())
    if not isinstance(found, RemoteJob):
        raise err


async def ask(backend: PrinterBackend, job_uuid: str) -> RemoteJob | CannotTell | None:
    """Whether it has the job; CannotTell while it is out of reach as well."""
    try:
        return await backend.find_job(job_uuid)
    except BackendUnreachable:
        return CannotTell()


async def begin(
    process: Process, session: WriteSession, ctx: Actor, *, job_id: int, printer_id: int
) -> Offer:
    """Write the try down; after the commit this caller alone may make it.

    Raises JobNotWaiting, BackendAnswerMissing, PrinterUnsuitable or SendingHeld.
    """
    now = process.clock.now()
    job = await service.get_job(session, ctx, Ref(job_id, None))
    printer = await fleet.get_living_printer(session, ctx, Ref(printer_id, None))
    sent = await backend_queries.find_sent(session, ctx, job_id)
    _check_sendable(job, sent)
    if not await backend_queries.is_wanted(session, ctx, job_id):
        raise JobNotWaiting("Its order is held or was stopped.")
    printable = await backend_queries.find_printable(session, ctx, job)
    if printable is None:
        raise PrinterUnsuitable(asked_files.no_file(job), job_id=job.id, printer_id=printer.id)
    effect = await _intend(session, ctx, job, printer, now)
    await _note_try(session, ctx, job, printer, sent, effect, now)
    facts = await _file_facts(process, session, ctx, printable, now)
    payload = build_payload(_job_facts(job, printable), _printer_facts(session, printer), facts)
    return Offer(job.id, job.uuid, payload)


async def take(
    session: WriteSession, ctx: Actor, *, job_id: int, remote: RemoteJob, now: datetime
) -> None:
    """It has the job. One that was cancelled meanwhile stays so: the backend is told."""
    sent = await backend_queries.move_sent(
        session, ctx, job_id, UNANSWERED, SendingStatus.TAKEN,
        remote_id=_cut(remote.id, 100), remote_status=_cut(remote.status, 40), detail=None,
    )  # fmt: skip
    if sent is None:
        return
    await effects.settle(
        session, ctx.organization_id, sent.effect_id, EffectStatus.DONE, THERE, now
    )
    await queries.move_job(
        session, ctx, job_id, WAITING, JobStatus.QUEUED,
        pinned_printer_id=sent.printer_id, queued_at=now, outside_at=now,
        waiting_reason=THERE, last_error=None,
    )  # fmt: skip
    audit.record(session, ctx, "print_job.sent_outside", job_id, printer_id=sent.printer_id)
    touch(session, ctx.organization_id, "queue", job_id)


async def refuse(
    session: WriteSession, ctx: Actor, *, job_id: int, words: str, now: datetime
) -> None:
    """It certainly has nothing: the job is as it was, with the reason."""
    sent = await backend_queries.move_sent(
        session, ctx, job_id, UNANSWERED, SendingStatus.REFUSED, detail=words[:500]
    )
    if sent is None:
        return
    await effects.settle(
        session, ctx.organization_id, sent.effect_id, EffectStatus.FAILED, words, now
    )
    await backend_queries.note_failed_try(session, ctx, job_id, words)
    touch(session, ctx.organization_id, "queue", job_id)


async def settle(
    session: WriteSession,
    ctx: Actor,
    *,
    job_id: int,
    found: RemoteJob | CannotTell | None,
    now: datetime,
) -> None:
    """What the backend said when it was asked for a job that nobody had answered for."""
    if isinstance(found, RemoteJob):
        await take(session, ctx, job_id=job_id, remote=found, now=now)
    elif found is None:
        await refuse(session, ctx, job_id=job_id, words=NEVER_CAME, now=now)
    else:
        await _doubt(session, ctx, job_id=job_id, now=now)


async def resolve_job(
    session: WriteSession, ctx: Actor, *, ref: Ref, has_it: bool, now: datetime
) -> None:
    """A person looked at the backend; raises BackendAnswerMissing when nothing is in doubt."""
    job = await service.get_job(session, ctx, ref)
    sent = await backend_queries.find_sent(session, ctx, job.id)
    if sent is None or sent.status is not SendingStatus.UNKNOWN:
        raise BackendAnswerMissing("Of this job it is known whether the printer backend has it.")
    audit.record(session, ctx, "print_job.sending_resolved", job.id, has_it=has_it)
    if has_it:
        remote = RemoteJob(id=None, status="queued")
        await take(session, ctx, job_id=job.id, remote=remote, now=now)
    else:
        words = f"{ctx.name} saw that the printer backend does not have it."
        await refuse(session, ctx, job_id=job.id, words=words, now=now)


async def _doubt(session: WriteSession, ctx: Actor, *, job_id: int, now: datetime) -> None:
    sent = await backend_queries.move_sent(
        session, ctx, job_id, [SendingStatus.SENDING], SendingStatus.UNKNOWN, detail=UNSURE
    )
    if sent is None:
        return
    await effects.settle(
        session, ctx.organization_id, sent.effect_id, EffectStatus.UNKNOWN, UNSURE, now
    )
    await backend_queries.note_failed_try(session, ctx, job_id, UNSURE)
    touch(session, ctx.organization_id, "queue", job_id)


def _check_sendable(job: PrintJob, sent: SentJob | None) -> None:
    if sent is not None and sent.status is SendingStatus.UNKNOWN:
        raise BackendAnswerMissing(UNSURE, job_id=job.id)
    if sent is not None and sent.status is SendingStatus.SENDING:
        raise BackendAnswerMissing("This job is being handed over at this moment.", job_id=job.id)
    if job.outside_at is not None:
        raise JobNotWaiting("The printer backend has this job already.")
    if job.status not in WAITING:
        raise JobNotWaiting(f"The job is {job.status}; only a waiting one can be sent.")


async def _intend(
    session: WriteSession, ctx: Actor, job: PrintJob, printer: Printer, now: datetime
) -> Effect:
    tries = await backend_queries.count_tries(session, ctx, SEND_EFFECT, job.id)
    effect = await effects.intend(
        session,
        ctx.organization_id,
        kind=SEND_EFFECT,
        key=f"{job.uuid}/{tries + 1}",
        subject_id=job.id,
        request={"printer_id": printer.id, "job": job.uuid},
    )
    begun = await effects.begin_sending(session, ctx.organization_id, effect.id, now)
    if begun is None:
        raise SendingHeld(
            "Nothing is sent since a restore: the owner lets it go on with "
            "`shopwright effects release`."
        )
    return begun


async def _note_try(
    session: WriteSession,
    ctx: Actor,
    job: PrintJob,
    printer: Printer,
    sent: SentJob | None,
    effect: Effect,
    now: datetime,
) -> None:
    values: dict[str, Any] = {"printer_id": printer.id, "effect_id": effect.id, "sent_at": now}
    if sent is None:
        session.add(SentJob(organization_id=ctx.organization_id, print_job_id=job.id, **values))
        await session.flush()
        return
    again = await backend_queries.move_sent(
        session, ctx, job.id, [SendingStatus.REFUSED], SendingStatus.SENDING, detail=None, **values
    )
    if again is None:
        raise BackendAnswerMissing("Somebody else sends this job at this moment.", job_id=job.id)


async def _file_facts(
    process: Process, session: WriteSession, ctx: Actor, printable: Printable, now: datetime
) -> FileFacts:
    file = printable.file
    stored = await files.get_file(session, ctx, file.sha256)
    link, _ = files.make_link(process, stored, now=now, filename=file.name)
    path = link.removeprefix(process.settings.base_path)
    url = process.settings.base_url + path
    return FileFacts(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256, url=url)


def _job_facts(job: PrintJob, printable: Printable) -> JobFacts:
    plate = printable.plate
    return JobFacts(
        job_uuid=job.uuid,
        product_uuid=printable.product_uuid,
        product_name=job.name,
        plate_number=plate.number,
        priority=job.priority,
        material=job.material,
        slot=job.slot,
        ams_configuration=job.ams_configuration,
        time_s=plate.time_s,
        used_mg=plate.total_mg,
        layers=plate.layers,
        nozzle_um=printable.file.nozzle_um,
        recipient=printable.organization_uuid,
    )


def _printer_facts(session: WriteSession, printer: Printer) -> PrinterFacts:
    return PrinterFacts(
        uuid=printer.uuid,
        name=printer.name,
        model=printer.model,
        serial=printer.serial,
        host=printer.host,
        access_code=session.context.vault.decrypt(printer.access_code),
    )


def _cut(text: str | None, length: int) -> str | None:
    return None if text is None else text[:length]
