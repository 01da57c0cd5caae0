"""Jobs that others hand to us as their printer backend: each once, by the sender's own id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from shopwright.accounts import audit
from shopwright.files.uploads import check_filename
from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound, TooMany
from shopwright.kernel.live import touch
from shopwright.print_jobs import asked_products
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend import targets
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.backend.role_queries import Part
from shopwright.print_jobs.backend.targets import Target
from shopwright.print_jobs.queries import AnySession
from shopwright.print_jobs.states import ACTIVE, POLLED, WAITING, JobStatus, ReceivedStatus

ALLOWED = (".3mf", ".gcode", ".gco")
MAX_OPEN = 1000  # of an organization, so that a runaway sender does not fill the disk
ROOM_AGAIN_S = 60
TOPIC = "printer_backend"


class BackendJobUnknown(NotFound):
    """``code`` proves to a sender that asks for it that the job never came."""

    code = "backend-job-unknown"
    title = "No such job was handed over"


class SenderJobReused(Conflict):
    code = "backend-job-reused"
    title = "This id was used for another job"


class BackendJobOver(Conflict):
    code = "backend-job-over"
    title = "This job is over"


@dataclass(frozen=True, slots=True)
class JobOffer:
    """What a sender wants printed. Without ``url`` the file comes with the offer."""

    sender_job_id: str
    file_name: str
    url: str = field(default="", repr=False)
    recipient: str = ""
    product_id: str = ""
    product_name: str = ""
    target: Target = field(default_factory=Target)
    is_relay: bool = False  # kept for a device that polls, no job of our own queue
    size_bytes: int | None = None
    sha256: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a received job is, in the words that senders know."""

    status: str
    percent: float
    reason: str | None


async def accept_job(session: WriteSession, ctx: Actor, *, offer: JobOffer) -> ReceivedJob:
    """The row of this offer; the same one when it is offered again.

    Raises Invalid, TargetUnknown, SenderJobReused or TooMany.
    """
    name = _checked_name(offer.file_name)
    offer = replace(offer, file_name=name)  # a repetition is compared by the name that is kept
    named = offer.target.is_named and not offer.is_relay
    printer = await targets.get_target(session, ctx, offer.target) if named else None
    known = await queries.find_by_sender_id(session, ctx, offer.sender_job_id)
    if known is not None:
        return await _repeat(session, ctx, known, offer, printer)
    await check_room(session, ctx)
    received = _row(session, ctx, offer, name, printer)
    try:
        async with session.begin_nested():
            session.add(received)
            await session.flush()
    except IntegrityError:  # the same offer came twice at once
        known = await get_received(session, ctx, offer.sender_job_id)
        return await _repeat(session, ctx, known, offer, printer)
    audit.record(session, ctx, "backend_job.received", received.id, sender=offer.sender_job_id)
    touch(session, ctx.organization_id, TOPIC, received.id)
    return received


async def check_room(session: AnySession, ctx: Actor) -> None:
    """Raises TooMany while ``MAX_OPEN`` jobs wait."""
    if await queries.count_open(session, ctx) >= MAX_OPEN:
        raise TooMany(
            f"{MAX_OPEN} jobs wait here already. Send more when some of them are taken.",
            retry_after_s=ROOM_AGAIN_S,
        )


async def get_received(session: AnySession, ctx: Actor, name: str) -> ReceivedJob:
    """By the sender's id or by ours; raises BackendJobUnknown."""
    found = await queries.find_received(session, ctx, name)
    if found is None:
        raise BackendJobUnknown(f"No job {name[:40]!r} was handed over.")
    return found


async def read_standing(session: AnySession, ctx: Actor, received: ReceivedJob) -> Standing:
    """Of a job of our own queue its jobs say it; several plates are done when all are."""
    if received.print_job_id is None or received.status in {
        ReceivedStatus.FAILED,
        ReceivedStatus.CANCELLED,
    }:
        is_done = received.status is ReceivedStatus.COMPLETED
        return Standing(received.status.value, 100 if is_done else 0, received.error)
    parts = await queries.list_parts(session, ctx, received.print_job_id)
    status = _status_of(parts)
    if received.status in POLLED and status in WAITING:
        return Standing(received.status.value, 0, received.error)
    percent = sum(_percent_of(part) for part in parts) / max(len(parts), 1)
    reason = next((part.reason for part in parts if part.reason), None)
    return Standing(status.value, round(percent, 1), reason)


async def cancel_received(
    session: WriteSession, ctx: Actor, *, received: ReceivedJob, now: datetime
) -> None:
    """Whoever sent it wants it no more; cancelled twice is cancelled once. Raises
    BackendJobOver."""
    if received.status is ReceivedStatus.CANCELLED:
        return
    reason = f"cancelled by {ctx.name}"
    if received.print_job_id is not None:
        await _cancel_printing(session, ctx, received, reason, now)
    open_ones = [ReceivedStatus.RECEIVED, *POLLED]
    moved = await queries.move_received(
        session, ctx, received.id, open_ones, ReceivedStatus.CANCELLED, error=reason, ended_at=now
    )
    if moved is None and received.print_job_id is None:
        raise BackendJobOver(f"The job is {received.status}; it cannot be cancelled any more.")
    audit.record(session, ctx, "backend_job.cancelled", received.id)
    touch(session, ctx.organization_id, TOPIC, received.id)


async def _cancel_printing(
    session: WriteSession, ctx: Actor, received: ReceivedJob, reason: str, now: datetime
) -> None:
    assert received.print_job_id is not None  # noqa: S101  asked by the caller
    standing = await read_standing(session, ctx, received)
    if standing.status == JobStatus.CANCELLED:
        return
    if standing.status in {JobStatus.COMPLETED, JobStatus.FAILED}:
        raise BackendJobOver(f"The job is {standing.status}; it cannot be cancelled any more.")
    ref = Ref(received.print_job_id, None)
    await asked_products.cancel_job(session, ctx, ref=ref, reason=reason, now=now)


async def _repeat(
    session: WriteSession,
    ctx: Actor,
    known: ReceivedJob,
    offer: JobOffer,
    printer: Printer | None,
) -> ReceivedJob:
    """The signed link may be another one by now; what is to be printed where may not."""
    told = (
        offer.file_name, offer.product_id, _recipient(offer, printer),
        printer.id if printer else None,
    )  # fmt: skip
    if told != (known.file_name, known.product_id, known.recipient, known.printer_id):
        raise SenderJobReused(
            f"The id {offer.sender_job_id} was used for {known.file_name!r} before, "
            "with another product, recipient or printer. Use a new id for a new job."
        )
    if known.status is not ReceivedStatus.FAILED or known.print_job_id or not offer.url:
        return known
    url = session.context.vault.encrypt(offer.url)
    again = await queries.move_received(
        session, ctx, known.id, [ReceivedStatus.FAILED], ReceivedStatus.RECEIVED,
        source_url=url, error=None, tries=0, not_before=None, ended_at=None,
    )  # fmt: skip
    touch(session, ctx.organization_id, TOPIC, known.id)
    return again or known


def _row(
    session: WriteSession, ctx: Actor, offer: JobOffer, name: str, printer: Printer | None
) -> ReceivedJob:
    return ReceivedJob(
        organization_id=ctx.organization_id,
        sender_job_id=offer.sender_job_id,
        sender=ctx.name[:120],
        recipient=_recipient(offer, printer),
        product_id=offer.product_id,
        product_name=offer.product_name,
        printer_id=printer.id if printer else None,
        file_name=name,
        source_url=session.context.vault.encrypt(offer.url) if offer.url else "",
        size_bytes=offer.size_bytes,
        sha256=offer.sha256,
        request={**offer.request, "is_relay": offer.is_relay},
    )


def _recipient(offer: JobOffer, printer: Printer | None) -> str:
    return offer.recipient or (printer.uuid if printer else "")


def _checked_name(name: str) -> str:
    checked = check_filename(name)
    if not checked.lower().endswith(ALLOWED):
        raise Invalid(f"file_name must end with {', '.join(ALLOWED)}, not {checked[-20:]!r}.")
    return checked


def _status_of(parts: Sequence[Part]) -> JobStatus:
    statuses = [part.status for part in parts]
    if not statuses:
        return JobStatus.CANCELLED  # its job was deleted here
    for group in (ACTIVE, WAITING):
        under_way = [status for status in statuses if status in group]
        if under_way:
            return under_way[0] if JobStatus.PRINTING not in under_way else JobStatus.PRINTING
    for end in (JobStatus.FAILED, JobStatus.CANCELLED):
        if end in statuses:
            return end
    return JobStatus.COMPLETED


def _percent_of(part: Part) -> int:
    if part.status in WAITING:
        return 0
    return 100 if part.status is JobStatus.COMPLETED else part.percent
