"""Bambu Lab printers of an account: over their LAN where that is known and answers, else watched
through Bambu's cloud."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from shopwright.drivers.bambu.cloud_client import CloudClient
from shopwright.drivers.bambu.driver import BambuDriver
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.drivers.bambu.session import Session
from shopwright.fleet.port import (
    CameraMissing,
    Capability,
    Confirmed,
    DeviceCommand,
    DeviceReport,
    Diagnosis,
    DiagnosisStep,
    Done,
    Endpoint,
    Finding,
    ProgressSink,
    Refused,
    RemoteFile,
    SlotMap,
    Timeouts,
    Unconfirmed,
)
from shopwright.fleet.states import ControlAccess

LAN_AGAIN_S = 300.0  # a printer that is switched on again is driven over its LAN after this
WATCHED = (
    "This printer is only watched through Bambu's cloud, which takes no commands: enter its "
    "address on the LAN, and look whether it answers there."
)

NO_LAN_CAMERA = "Its camera is seen over the LAN only: enter the printer's address there."


class BambuCloudDriver:
    """One way at a time. What is seen through the cloud says ``control`` is ``watched``."""

    capabilities: ClassVar[Capability] = BambuDriver.capabilities  # where the LAN answers

    def __init__(
        self, endpoint: Endpoint, *, timeouts: Timeouts, lan_again_s: float = LAN_AGAIN_S
    ) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts
        self._lan_again_s = lan_again_s
        self._lan: BambuDriver | None = None
        self._cloud: Session | None = None

    async def __aenter__(self) -> Self:
        why_not_lan = await self._open_lan()
        if self._lan is None:
            await self._open_cloud(why_not_lan)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        lan, self._lan = self._lan, None
        if lan is not None:
            await lan.__aexit__(exc_type, exc, traceback)
        if self._cloud is not None:
            self._cloud.close()
            self._cloud = None

    @property
    def fingerprint(self) -> str | None:
        """The printer's own; the broker's says nothing of it."""
        return self._lan.fingerprint if self._lan else None

    async def reports(self) -> AsyncGenerator[DeviceReport, None]:
        if self._cloud is not None:
            async with aclosing(self._watch(self._cloud)) as watched:
                async for report in watched:
                    yield report
        async with aclosing(self._at_hand().reports()) as reports:
            async for report in reports:
                yield report

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        """Raises DriverError, also where the printer is only watched."""
        return await self._at_hand().upload(file, name=name, sha256=sha256, progress=progress)

    async def delete(self, name: str) -> None:
        await self._at_hand().delete(name)

    async def start(
        self, file: RemoteFile, *, plate: int, slots: SlotMap, device_job_id: str, job_name: str
    ) -> Confirmed | Refused | Unconfirmed:
        return await self._at_hand().start(
            file, plate=plate, slots=slots, device_job_id=device_job_id, job_name=job_name
        )

    async def run(self, command: DeviceCommand) -> Done | Refused | Unconfirmed:
        return Refused(WATCHED) if self._lan is None else await self._lan.run(command)

    async def diagnose(self) -> Diagnosis:
        """The way over the LAN, if there is one, then the one through the cloud."""
        lan = self._lan or BambuDriver(self._endpoint, timeouts=self._timeouts)
        seen = await lan.diagnose() if self._endpoint.host else Diagnosis(())
        if seen.steps and self._endpoint.cloud is None:
            return seen
        steps = (*seen.steps, await self._try_cloud())
        return Diagnosis(steps, seen.serial or self._endpoint.serial, seen.fingerprint)

    async def snapshot(self) -> bytes:
        return await self._at_hand().snapshot()

    async def pictures(self) -> AsyncGenerator[bytes, None]:
        """Over the LAN; the cloud shows its pictures to Bambu's own programs only."""
        if not (self._endpoint.host and self._endpoint.access_code):
            raise CameraMissing(NO_LAN_CAMERA)
        lan = self._lan or BambuDriver(self._endpoint, timeouts=self._timeouts)
        async with aclosing(lan.pictures()) as feed:
            async for picture in feed:
                yield picture

    async def _open_lan(self) -> LinkFailed | CredentialRejected | None:
        """Why it is not reached that way; None where it is, or where no address is known."""
        if not (self._endpoint.host and self._endpoint.access_code):
            return None
        lan = BambuDriver(self._endpoint, timeouts=self._timeouts)
        try:
            await lan.__aenter__()
        except (LinkFailed, CredentialRejected) as err:
            return err
        self._lan = lan
        return None

    async def _open_cloud(self, why_not_lan: LinkFailed | CredentialRejected | None) -> None:
        """Where neither answers, what is wrong on the LAN is what a person should mend."""
        session = Session(self._endpoint, self._timeouts, CloudClient)
        try:
            await session.open()
        except (LinkFailed, CredentialRejected) as err:
            raise why_not_lan or err from err
        self._cloud = session

    async def _watch(self, session: Session) -> AsyncGenerator[DeviceReport, None]:
        """Ends when the printer answers on its LAN again."""
        loop = asyncio.get_running_loop()
        lan_at = loop.time() + self._lan_again_s
        with session.listen() as feed:
            if session.report:
                yield _watched(session.report)
            while True:
                yield _watched(await feed.next_report())
                if loop.time() >= lan_at:
                    await self._open_lan()
                    lan_at = loop.time() + self._lan_again_s
                if self._lan is not None:
                    break
        session.close()
        self._cloud = None

    async def _try_cloud(self) -> DiagnosisStep:
        living = self._cloud
        session = living or Session(self._endpoint, self._timeouts, CloudClient)
        try:
            if living is None:
                await session.open()
            async with asyncio.timeout(self._timeouts.command_s):
                report = await session.full_report()
        except (LinkFailed, CredentialRejected) as err:
            return DiagnosisStep("Bambu cloud", err.finding, str(err))
        except TimeoutError:
            sentence = "Bambu's cloud answers, but tells nothing of this printer: is it on?"
            return DiagnosisStep("Bambu cloud", Finding.SILENT, sentence)
        finally:
            if living is None:
                session.close()
        sentence = f"The printer reports {report.native or 'nothing'}; this way it is only watched."
        return DiagnosisStep("Bambu cloud", Finding.OK, sentence)

    def _at_hand(self) -> BambuDriver:
        if self._lan is None:
            raise LinkFailed(WATCHED)
        return self._lan


def _watched(report: DeviceReport) -> DeviceReport:
    return dataclasses.replace(report, control=ControlAccess.WATCHED)
