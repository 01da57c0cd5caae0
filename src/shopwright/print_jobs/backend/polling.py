"""Devices that poll: they list what waits for them, claim it, fetch each file once, and say what
became of it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, IllegalTransition, NotFound
from shopwright.kernel.live import touch
from shopwright.print_jobs import external, said, service
from shopwright.print_jobs.backend import intake
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.backend.tokens import FetchToken, FetchTokenSpent, FetchTokenUnknown
from shopwright.print_jobs.queries import AnySession
from shopwright.print_jobs.said import JobWord
from shopwright.print_jobs.states import (
    RECEIVED_TRANSITIONS,
    WAITING,
    JobStatus,
    ReceivedStatus,
)


class BackendJobTaken(Conflict):
    code = "backend-job-taken"
    title = "Another device has this job"


class BackendProductUnknown(NotFound):
    code = "backend-product-unknown"
    title = "No such product was handed over for this recipient"


@dataclass(frozen=True, slots=True)
class ProductWord:
    """What a device says of a product's print."""

    status: ReceivedStatus
    reason: str | None = None


async def claim_job(
    session: WriteSession, ctx: Actor, *, name: str, recipient: str, device: str, now: datetime
) -> ReceivedJob:
    """For this device alone; the same device may ask again. Raises BackendJobUnknown or
    BackendJobTaken."""
    received = await intake.get_received(session, ctx, name)
    if received.recipient != recipient:
        raise intake.BackendJobUnknown(f"No job {name[:40]!r} waits for {recipient!r}.")
    if received.status is ReceivedStatus.CLAIMED and received.claimed_by == device:
        return received
    return await _claim(session, ctx, received, device, now)


async def spend_token(session: WriteSession, token: FetchToken, now: datetime) -> ReceivedJob:
    """The file that it stands for, for the one caller who comes first.

    Raises FetchTokenUnknown, FetchTokenSpent, or what claiming raises.
    """
    received = await queries.find_by_file_id(session, token.file_id)
    if received is None:
        raise FetchTokenUnknown("The file of this token is gone.")
    ctx = system_actor(received.organization_id, received.recipient or "a device")
    if received.status is ReceivedStatus.UPLOADED and received.fetch_round == token.round:
        with suppress(BackendJobTaken):  # somebody was faster: the round tells who fetches
            await _claim(session, ctx, received, received.recipient or "a device", now)
    spent = await queries.move_received(
        session, ctx, received.id, [ReceivedStatus.CLAIMED], ReceivedStatus.CLAIMED,
        ReceivedJob.fetch_round == token.round,
        fetch_round=token.round + 1, fetched_at=now,
    )  # fmt: skip
    if spent is None:
        raise FetchTokenSpent("This file was fetched already. Ask for another token if it is lost.")
    audit.record(session, ctx, "backend_job.fetched", received.id)
    return spent


async def say_status(
    session: WriteSession,
    ctx: Actor,
    *,
    received: ReceivedJob,
    word: ProductWord,
    now: datetime,
) -> ReceivedJob:
    """Said twice is said once; raises IllegalTransition for what cannot follow."""
    if word.status is received.status:
        return received
    sources = [one for one, targets in RECEIVED_TRANSITIONS.items() if word.status in targets]
    is_end = not RECEIVED_TRANSITIONS[word.status] or word.status is ReceivedStatus.FAILED
    moved = await queries.move_received(
        session, ctx, received.id, [s for s in sources if s is not ReceivedStatus.RECEIVED],
        word.status, error=word.reason, **({"ended_at": now} if is_end else {}),
    )  # fmt: skip
    if moved is None:
        raise IllegalTransition(f"The job is {received.status}; it cannot become {word.status}.")
    await _tell_job(session, ctx, moved, word, now)
    audit.record(session, ctx, "backend_job.said", moved.id, status=word.status.value)
    touch(session, ctx.organization_id, intake.TOPIC, moved.id)
    return moved


async def get_of_product(
    session: AnySession, ctx: Actor, product_id: str, recipient: str
) -> ReceivedJob:
    """Raises BackendProductUnknown."""
    found = await queries.find_of_product(session, ctx, product_id, recipient)
    if found is None:
        raise BackendProductUnknown(
            f"No product {product_id[:40]!r} was handed over for {recipient[:40]!r}."
        )
    return found


async def _claim(
    session: WriteSession, ctx: Actor, received: ReceivedJob, device: str, now: datetime
) -> ReceivedJob:
    claimed = await queries.move_received(
        session, ctx, received.id, [ReceivedStatus.UPLOADED], ReceivedStatus.CLAIMED,
        claimed_by=device[:100], claimed_at=now,
    )  # fmt: skip
    if claimed is None:
        raise BackendJobTaken(f"The job is {received.status} by {received.claimed_by or 'nobody'}.")
    if claimed.print_job_id is not None and claimed.printer_id is not None:
        job = await service.get_job(session, ctx, Ref(claimed.print_job_id, None))
        printer = await fleet.get_printer(session, ctx, claimed.printer_id)
        await external.claim(session, ctx, job=job, printer=printer, now=now)
    audit.record(session, ctx, "backend_job.claimed", claimed.id, by=device)
    touch(session, ctx.organization_id, intake.TOPIC, claimed.id)
    return claimed


async def _tell_job(
    session: WriteSession, ctx: Actor, received: ReceivedJob, word: ProductWord, now: datetime
) -> None:
    """The job of our queue that it is, of a printer that the device drives."""
    if received.print_job_id is None:
        return
    job = await service.get_job(session, ctx, Ref(received.print_job_id, None))
    status = JobStatus(word.status.value)
    if job.status in WAITING and job.pinned_printer_id is None:
        return
    told = JobWord(status=status, failure_reason=word.reason)
    await said.say_status(session, ctx, ref=Ref(job.id, None), word=told, now=now)
