"""Files of received jobs are fetched from their senders, checked, and become jobs of our queue."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog

from shopwright.files import service as files
from shopwright.files.access import files_of, incoming_folder
from shopwright.files.disk import incoming_file
from shopwright.files.service import NewFile
from shopwright.files.uploads import MEGABYTE, Upload
from shopwright.fleet import service as fleet
from shopwright.fleet.outside import is_external
from shopwright.fleet.rules import LAST_SLOT
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.egress import EgressPolicy, guarded_client
from shopwright.kernel.errors import Invalid, ShopError, Unavailable
from shopwright.kernel.live import touch
from shopwright.kernel.metrics import outside_call
from shopwright.kernel.signals import Signal
from shopwright.print_files import service as print_files
from shopwright.print_files.models import PrintFile
from shopwright.print_files.service import CheckedFile
from shopwright.print_files.uploads import take_in
from shopwright.print_jobs import asked_queries
from shopwright.print_jobs import queries as job_queries
from shopwright.print_jobs.backend import intake
from shopwright.print_jobs.backend import role_queries as queries
from shopwright.print_jobs.backend.models import ReceivedJob
from shopwright.print_jobs.dispatch import FIRST_PLATE
from shopwright.print_jobs.schemas import PRIORITY_WORDS
from shopwright.print_jobs.states import JobStatus, ReceivedStatus

log = structlog.get_logger()

ROUND_S = 10.0
LEASE = timedelta(minutes=15)  # longer than a fetch may take
FETCH_S = 600.0
SILENCE_S = 30.0  # between two pieces
MAX_TRIES = 5
FIRST_PAUSE_S = 10.0
MOST_PLATES = 100


class SenderFileBad(Invalid):
    """It will not get better by waiting."""

    code = "sender-file-bad"
    title = "The sender's file cannot be used"


class _Withdrawn(Exception):
    """The sender cancelled while its file was on the way."""


class BackendFetcher:
    """The loop that fetches; one process at a time has a job, for as long as a lease."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        leave = self._process.context.hub.listen_to_all(self._hear)
        try:
            while True:
                await self.look()
                await self._wait()
        finally:
            leave()

    async def look(self) -> None:
        """Everything that is due now, one after the other."""
        while True:
            async with self._process.database.write() as session:
                taken = await queries.take_due(session, self._process.clock.now(), LEASE)
            if taken is None:
                return
            await self._fetch(taken)

    def _hear(self, signal: Signal) -> None:
        if signal.topic == intake.TOPIC:
            self._wake.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(ROUND_S):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _fetch(self, received: ReceivedJob) -> None:
        try:
            async with asyncio.timeout(FETCH_S):
                await take_over(self._process, received)
        except _Withdrawn:
            log.info("a received job was cancelled meanwhile", received_job=received.id)
        except (Unavailable, TimeoutError) as err:
            words = err.detail if isinstance(err, Unavailable) else "It took too long."
            await self._postpone(received, words)
        except ShopError as err:
            await self._fail(received, err.detail)

    async def _postpone(self, received: ReceivedJob, words: str) -> None:
        if received.tries >= MAX_TRIES:
            await self._fail(received, f"Its file could not be fetched: {words}")
            return
        pause = timedelta(seconds=FIRST_PAUSE_S * 2**received.tries)
        moment = self._process.clock.now() + pause
        await self._move(received, ReceivedStatus.RECEIVED, error=words[:500], not_before=moment)

    async def _fail(self, received: ReceivedJob, words: str) -> None:
        now = self._process.clock.now()
        await self._move(received, ReceivedStatus.FAILED, error=words[:500], ended_at=now)

    async def _move(self, received: ReceivedJob, target: ReceivedStatus, **values: Any) -> None:
        ctx = _actor(received)
        async with self._process.database.write() as session:
            await queries.move_received(
                session, ctx, received.id, [ReceivedStatus.RECEIVED], target, **values
            )
            touch(session, ctx.organization_id, intake.TOPIC, received.id)


async def take_over(process: Process, received: ReceivedJob) -> None:
    """Fetch and check its file, then make its jobs, all of it in one transaction.

    Raises Unavailable to be tried again, and any other ShopError for good.
    """
    url = process.context.vault.decrypt(received.source_url)
    async with _download(process, received, url) as (path, size):
        if received.request.get("is_relay"):
            stored = await files_of(process).put(path, max_bytes=size)
            new = NewFile(stored, received.file_name, "application/octet-stream")
            await write_again(process.database, lambda session: keep_file(session, received, new))
            return
        upload = Upload(path, _name_of(received), "", size)
        checked = await take_in(process, upload)
    await write_again(process.database, lambda session: _make_jobs(session, received, checked))


async def keep_file(session: WriteSession, received: ReceivedJob, new: NewFile) -> None:
    """It waits for a device that polls."""
    ctx = _actor(received)
    await files.record_files(session, ctx, [new])
    moved = await queries.move_received(
        session, ctx, received.id, [ReceivedStatus.RECEIVED], ReceivedStatus.UPLOADED,
        sha256=new.stored.sha256, size_bytes=new.stored.size, error=None, not_before=None,
    )  # fmt: skip
    if moved is None:
        raise _Withdrawn
    touch(session, ctx.organization_id, intake.TOPIC, received.id)


async def _make_jobs(session: WriteSession, received: ReceivedJob, checked: CheckedFile) -> None:
    ctx = _actor(received)
    added = await print_files.add_print_file(session, ctx, checked)
    job_ids = await job_queries.insert_jobs(session, _job_rows(ctx, received, added.print_file))
    await asked_queries.join_batch(session, ctx, job_ids)
    is_polled = False
    if received.printer_id is not None:
        is_polled = is_external(await fleet.get_printer(session, ctx, received.printer_id))
    moved = await queries.move_received(
        session, ctx, received.id, [ReceivedStatus.RECEIVED],
        ReceivedStatus.UPLOADED if is_polled else ReceivedStatus.HANDED_OVER,
        print_job_id=job_ids[0], sha256=checked.stored.sha256, size_bytes=checked.stored.size,
        error=None, not_before=None,
    )  # fmt: skip
    if moved is None:
        raise _Withdrawn
    touch(session, ctx.organization_id, "queue", job_ids[0])
    touch(session, ctx.organization_id, intake.TOPIC, received.id)


def _job_rows(ctx: Actor, received: ReceivedJob, file: PrintFile) -> list[dict[str, Any]]:
    """One per run of the plate that was asked for."""
    told = received.request.get("print_parameters") or {}
    number = _whole(told.get("plate_number"), 1, 1000) or FIRST_PLATE
    plate = next((plate for plate in file.plates if plate.number == number), None)
    if plate is None:
        raise SenderFileBad(f"{received.file_name} has no plate {number}.")
    material = told.get("material")
    row = {
        "organization_id": ctx.organization_id,
        "name": (received.product_name or received.file_name)[:300],
        "status": JobStatus.QUEUED,
        "priority": PRIORITY_WORDS.get(str(told.get("priority")).lower(), 0),
        "print_file_id": file.id,
        "plate_number": plate.number,
        "yields": 1,
        "total_layers": plate.layers,
        "estimated_s": plate.time_s,
        "estimated_mg": plate.total_mg,
        "pinned_printer_id": received.printer_id,
        "slot": _whole(told.get("slot"), 0, LAST_SLOT),
        "material": material[:40] if isinstance(material, str) else None,
        "notes": f"Received from {received.sender}.",
        "created_by": ctx.name,
    }
    return [row] * (_whole(told.get("plates_requested"), 1, MOST_PLATES) or 1)


def _whole(value: object, low: int, high: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        return None
    return value


def _name_of(received: ReceivedJob) -> str:
    """Never a name that files of our own have: theirs would be the next version of ours."""
    name = received.file_name
    if name.lower().endswith(".gco"):
        name += "de"
    return f"{received.uuid[-12:]}-{name}"[-255:]


@asynccontextmanager
async def _download(
    process: Process, received: ReceivedJob, url: str
) -> AsyncIterator[tuple[Path, int]]:
    """The file on disk while the context is open, as large and with the hash that was told."""
    max_bytes = process.settings.max_upload_mb * MEGABYTE
    digest, size = hashlib.sha256(), 0
    with incoming_file(incoming_folder(process.settings)) as (file, path):
        async for piece in _pieces(process, url):
            size += len(piece)
            if size > max_bytes:
                raise SenderFileBad(f"The sender's file has more than {max_bytes:,} bytes.")
            digest.update(piece)
            await asyncio.to_thread(file.write, piece)
        await asyncio.to_thread(file.flush)
        if received.size_bytes is not None and size != received.size_bytes:
            raise Unavailable(f"{size:,} bytes came; {received.size_bytes:,} were told.")
        if received.sha256 is not None and digest.hexdigest() != received.sha256:
            raise SenderFileBad("What came is not the file that was told: its hash is another.")
        yield path, size


async def _pieces(process: Process, url: str) -> AsyncIterator[bytes]:
    policy = EgressPolicy.for_servers(process.settings)
    try:
        async with guarded_client(policy, SILENCE_S) as http:
            with outside_call("sender of a job") as call:
                async with http.stream("GET", url) as answer:
                    call.outcome = f"{answer.status_code // 100}xx"
                    _judge(answer.status_code)
                    async for piece in answer.aiter_bytes():
                        yield piece
    except (httpx.HTTPError, httpx.InvalidURL) as err:
        raise Unavailable(f"The sender did not give its file ({type(err).__name__}).") from err


def _judge(status: int) -> None:
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {408, 425, 429}:
        raise Unavailable(f"The sender answered with status {status}.")
    if status != httpx.codes.OK:
        raise SenderFileBad(
            f"The sender's link answered with status {status}. "
            "Send the job again, under the same id, with a fresh link."
        )


def _actor(received: ReceivedJob) -> Actor:
    return system_actor(received.organization_id, received.sender)
