"""The loop between us and the printer backend: asks after handed-over jobs, tells it what was
cancelled and commanded here."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.collisions import write_again
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import ShopError
from shopwright.kernel.signals import Signal
from shopwright.print_jobs.backend import commands, queries, sending
from shopwright.print_jobs.backend import words as backend_words
from shopwright.print_jobs.backend.queries import Watched
from shopwright.print_jobs.dispatch import AlreadyClaimed
from shopwright.print_jobs.port import (
    BackendInDoubt,
    BackendRefused,
    BackendUnreachable,
    PrinterBackend,
    RemoteJob,
    open_backend,
)
from shopwright.print_jobs.states import TERMINAL, JobStatus, SendingStatus

log = structlog.get_logger()

ROUND_S = 5.0
TOPICS = frozenset({"command", "queue"})
LOST_MARGIN_S = 60.0  # a caller that is alive has settled its try long before
ASK_AGAIN = timedelta(seconds=5)  # a busy queue wakes the loop more often
UNKNOWN_AGAIN = timedelta(minutes=1)
GATHER_S = 0.05
OPEN = frozenset({SendingStatus.TAKEN})
LOST_THERE = "The printer backend knows nothing of this job any more. Cancel it, or look there."


class BackendKeeper:
    def __init__(self, process: Process, backend: PrinterBackend | None = None) -> None:
        self._process = process
        self._backend = backend or open_backend(process.settings)
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled; without a backend there is nothing to do."""
        leave: Callable[[], None] = self._process.context.hub.listen_to_all(self._hear)
        try:
            while True:
                await self.look()
                await self._wait()
        finally:
            leave()

    async def look(self) -> None:
        """One round; a backend out of reach ends it."""
        if self._backend is None:
            return
        try:
            await commands.tell_all(self._process, self._backend)
            await self._settle_lost(self._backend)
            await self._ask_after_jobs(self._backend)
            await commands.ask_all(self._process, self._backend)
        except BackendUnreachable as err:
            log.info("the printer backend was not asked", why=err.detail)

    def _hear(self, signal: Signal) -> None:
        if signal.topic in TOPICS:
            self._wake.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(ROUND_S if self._backend else None):
                await self._wake.wait()
            await asyncio.sleep(GATHER_S)
        except TimeoutError:
            pass
        self._wake.clear()

    async def _settle_lost(self, backend: PrinterBackend) -> None:
        """Tries whose caller died before it knew the answer, and those that nobody could tell."""
        patience_s = self._process.settings.printer_backend_timeout_s + LOST_MARGIN_S
        begun_before = self._process.clock.now() - timedelta(seconds=patience_s)
        for watched in await self._list(SendingStatus.SENDING, SendingStatus.UNKNOWN):
            if watched.sent.status is SendingStatus.SENDING and watched.sent.sent_at > begun_before:
                continue
            if self._was_just_asked(watched, UNKNOWN_AGAIN):
                continue
            found = await backend.find_job(watched.job_uuid)
            ctx, job_id = _actor(watched), watched.sent.print_job_id
            async with self._process.database.write() as session:
                now = self._process.clock.now()
                await sending.settle(session, ctx, job_id=job_id, found=found, now=now)
                await queries.note_word(session, ctx, job_id, asked_at=now)

    async def _ask_after_jobs(self, backend: PrinterBackend) -> None:
        for watched in await self._list(SendingStatus.TAKEN):
            if watched.job_status in TERMINAL:
                await self._end(backend, watched)
            elif watched.sent.is_askable and not self._was_just_asked(watched, ASK_AGAIN):
                await self._ask(backend, watched)

    def _was_just_asked(self, watched: Watched, pause: timedelta) -> bool:
        asked_at = watched.sent.asked_at
        return asked_at is not None and self._process.clock.now() - asked_at < pause

    async def _list(self, *statuses: SendingStatus) -> list[Watched]:
        now = self._process.clock.now()
        async with self._process.database.read() as session:
            return await queries.list_watched(session, statuses, begun_before=now)

    async def _ask(self, backend: PrinterBackend, watched: Watched) -> None:
        found = await backend.find_job(watched.job_uuid)

        async def note(session: WriteSession) -> None:
            ctx, job_id, now = _actor(watched), watched.sent.print_job_id, self._process.clock.now()
            if isinstance(found, RemoteJob):
                await backend_words.hear(session, ctx, job_id=job_id, remote=found, now=now)
            elif found is None:
                values = {"asked_at": now, "detail": LOST_THERE}
                await queries.note_word(session, ctx, job_id, **values)
            else:
                values = {"asked_at": now, "is_askable": False}
                await queries.note_word(session, ctx, job_id, **values)

        try:
            await write_again(self._process.database, note)
        except AlreadyClaimed:
            log.info("a job of the printer backend waits", job_id=watched.sent.print_job_id)
        except ShopError as err:
            log.warning("a word of the printer backend is no use", why=err.detail)
            async with self._process.database.write() as session:
                ctx, job_id = _actor(watched), watched.sent.print_job_id
                await queries.note_word(session, ctx, job_id, asked_at=self._process.clock.now())

    async def _end(self, backend: PrinterBackend, watched: Watched) -> None:
        """Nothing more is asked; of what was cancelled here the backend hears."""
        words = None
        if watched.job_status is JobStatus.CANCELLED and _may_run_there(watched):
            words = await _tell_cancelled(backend, watched)
        ctx, now = _actor(watched), self._process.clock.now()
        async with self._process.database.write() as session:
            await queries.move_sent(
                session, ctx, watched.sent.print_job_id, OPEN, SendingStatus.ENDED,
                detail=words, cancel_told_at=now if words else None,
            )  # fmt: skip


async def _tell_cancelled(backend: PrinterBackend, watched: Watched) -> str:
    """May be told twice: cancelled stays cancelled."""
    command = {
        "recipientId": watched.job_uuid,
        "commandType": "cancel",
        "metadata": {"job_id": watched.job_uuid},
    }
    try:
        await backend.send_command(command)
    except BackendRefused as err:
        return err.detail[:500]
    except BackendInDoubt as err:
        raise BackendUnreachable(err.detail) from err
    return "The printer backend was told to cancel it."


def _may_run_there(watched: Watched) -> bool:
    """Its own last word was not that it is over."""
    status = backend_words.WORDS.get((watched.sent.remote_status or "").lower())
    return status not in TERMINAL


def _actor(watched: Watched) -> Actor:
    return system_actor(watched.sent.organization_id, "printer backend")
