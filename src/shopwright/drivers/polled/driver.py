"""The driver port over any of the protocols that are asked over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from shopwright.drivers.errors import LinkFailed, NoAnswer, NotSent
from shopwright.drivers.polled import diagnosis, uploads
from shopwright.drivers.polled.dialect import Dialect, Telling
from shopwright.drivers.polled.jobs import safe_name, why_not_this_file
from shopwright.drivers.polled.outcomes import is_unclear, settle_start, why_not_now
from shopwright.drivers.polled.session import Session
from shopwright.fleet.port import (
    Capability,
    Confirmed,
    DeviceCommand,
    DeviceReport,
    Diagnosis,
    Done,
    Endpoint,
    ProgressSink,
    Refused,
    RemoteFile,
    SlotMap,
    Timeouts,
    Unconfirmed,
)

GONE = 404


class PolledDriver:
    """``Endpoint.options``: ``scheme`` (http or https), ``poll_s`` (seconds between questions)."""

    capabilities: ClassVar[Capability]
    dialect: ClassVar[type[Dialect]]

    def __init__(self, endpoint: Endpoint, *, timeouts: Timeouts) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts
        self._dialect: Dialect | None = None
        self._session: Session | None = None
        self._is_starting = False

    async def __aenter__(self) -> Self:
        dialect = self.dialect(self._endpoint, self._timeouts)
        try:
            await dialect.identify()
            await dialect.sign_in()
            session = Session(
                dialect.read,
                every_s=float(self._endpoint.options.get("poll_s") or dialect.every_s),
                silence_s=self._timeouts.silence_s,
                follow=dialect.follow if isinstance(dialect, Telling) else None,
            )
            await session.open()
        except BaseException:
            await dialect.link.close()
            raise
        self._dialect, self._session = dialect, session
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        dialect, session = self._dialect, self._session
        self._dialect = self._session = None
        if session:
            await session.close()
        if dialect:
            await dialect.link.close()

    @property
    def fingerprint(self) -> str | None:
        """None: the programs behind these protocols show no certificate of their own."""
        return None

    async def reports(self) -> AsyncGenerator[DeviceReport, None]:
        _, session = self._living()
        with session.listen() as feed:
            if session.report:
                yield session.report
            while True:
                yield await feed.next_report()

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        """Raises DriverError when the file did not arrive whole; its remains are deleted."""
        dialect, _ = self._living()
        uploads.check_kind(name)
        size = await asyncio.to_thread(lambda: file.stat().st_size)
        sending = dialect.upload(file, name=safe_name(name), sha256=sha256, progress=progress)
        remote = await uploads.in_time(sending, size, self._timeouts)
        if remote.size != size:
            await dialect.delete(remote.path)
            raise LinkFailed(
                f"The file did not arrive whole: {remote.size} of {size} bytes are there."
            )
        return remote

    async def delete(self, name: str) -> None:
        """Remove an uploaded file; one that is not there is no error."""
        dialect, _ = self._living()
        answer = await dialect.delete(name)
        if not answer.is_good and answer.status != GONE:
            raise LinkFailed(f"The printer did not delete the file: {answer.reason}.")

    async def start(
        self, file: RemoteFile, *, plate: int, slots: SlotMap, device_job_id: str, job_name: str
    ) -> Confirmed | Refused | Unconfirmed:
        """Ask for the start at most once, then wait for the printer to show our job at work.

        The printer learns no job id and no slots: the id is in the file's name, and the filament
        that is loaded is used. Raises DriverError only when nothing was sent.
        """
        del plate, slots, job_name
        if self._is_starting:
            return Refused("Another print is being started on this printer.")
        self._is_starting = True
        try:
            return await self._start(file, device_job_id)
        finally:
            self._is_starting = False

    async def run(self, command: DeviceCommand) -> Done | Refused | Unconfirmed:
        dialect, session = self._living()
        try:
            return await dialect.command(command, session.report)
        except NotSent:
            raise
        except NoAnswer:
            return Unconfirmed(
                f"The printer gave no answer within {self._timeouts.command_s:.0f} s."
            )
        except LinkFailed as err:
            return Unconfirmed(f"{err} Whether it took the command is not known.")
        finally:
            session.ask_now()

    async def diagnose(self) -> Diagnosis:
        """Look at each part of the way to the printer; works connected or not."""
        return await diagnosis.diagnose(self.dialect(self._endpoint, self._timeouts))

    async def snapshot(self) -> bytes:
        """A JPEG. Raises DriverError where there is no camera that we can read."""
        dialect, _ = self._living()
        return await dialect.picture()

    async def pictures(self) -> AsyncGenerator[bytes, None]:
        """One snapshot after the other, as none of these protocols has a stream of its own."""
        dialect = self.dialect(self._endpoint, self._timeouts)
        try:
            await dialect.identify()
            await dialect.sign_in()
            while True:
                yield await dialect.picture()
                await asyncio.sleep(dialect.every_s)
        finally:
            await dialect.link.close()

    async def _start(
        self, file: RemoteFile, device_job_id: str
    ) -> Confirmed | Refused | Unconfirmed:
        dialect, session = self._living()
        refusal = why_not_this_file(file, device_job_id) or why_not_now(await session.refresh())
        if refusal:
            return refusal
        with session.listen() as feed:
            try:
                answer = await dialect.start(file)
            except NotSent:
                raise
            except LinkFailed:
                answer = None  # it may have been taken: only the printer can show it
            if answer is not None and not answer.is_good and not is_unclear(answer):
                return Refused(
                    f"The printer refused to start: {answer.reason}.", str(answer.status)
                )
            session.ask_now()
            return await settle_start(feed, device_job_id, self._timeouts.start_s)

    def _living(self) -> tuple[Dialect, Session]:
        if self._dialect is None or self._session is None:
            raise LinkFailed("The printer is not connected.")
        return self._dialect, self._session
