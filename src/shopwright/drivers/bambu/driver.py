"""Bambu Lab printers on the LAN behind the driver port."""

import dataclasses
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from shopwright.drivers.bambu import camera, commands, diagnosis, models, outcomes, projects
from shopwright.drivers.bambu.codec import CLEAN_ERROR
from shopwright.drivers.bambu.errors import LinkFailed
from shopwright.drivers.bambu.ftps import FileStore, safe_name
from shopwright.drivers.bambu.session import Session
from shopwright.fleet.port import (
    CameraMissing,
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


class BambuDriver:
    """One MQTT connection per printer; files go over FTPS when asked for.

    ``Endpoint.options``: ``print_url`` (how the printer names its storage, usually ``ftp:///``) and
    yes/no for ``bed_leveling flow_cali vibration_cali layer_inspect timelapse``.
    """

    capabilities: ClassVar[Capability] = (
        Capability.UPLOAD
        | Capability.PAUSE
        | Capability.CAMERA
        | Capability.SLOTS
        | Capability.LIGHT
        | Capability.HOME
        | Capability.TEMPERATURE
        | Capability.FAN
        | Capability.SPEED
        | Capability.GCODE
        | Capability.CHAMBER_TEMPERATURE  # of the models that have the heater
        | Capability.FLOW
        | Capability.FILAMENT
        | Capability.JOG
        | Capability.EXTRUDE
        | Capability.CALIBRATE
        | Capability.CAMERA_SWITCH
    )

    def __init__(self, endpoint: Endpoint, *, timeouts: Timeouts) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts
        self._session: Session | None = None
        self._store: FileStore | None = None
        self._is_starting = False

    async def __aenter__(self) -> Self:
        session = Session(self._endpoint, self._timeouts)
        await session.open()
        self._session = session
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session:
            self._session.close()
        if self._store:
            self._store.close()
        self._session = self._store = None

    @property
    def fingerprint(self) -> str | None:
        return self._session.client.fingerprint if self._session else None

    async def reports(self) -> AsyncGenerator[DeviceReport, None]:
        session = self._living()
        with session.listen() as feed:
            if session.report:
                yield session.report
            while True:
                yield await feed.next_report()

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        """Raises DriverError when the file did not arrive whole; its remains are deleted."""
        return await self._files().upload(file, name=name, sha256=sha256, progress=progress)

    async def delete(self, name: str) -> None:
        """Remove an uploaded file; the small storage fills up otherwise."""
        await self._files().delete(f"/{safe_name(name)}")

    async def start(
        self, file: RemoteFile, *, plate: int, slots: SlotMap, device_job_id: str, job_name: str
    ) -> Confirmed | Refused | Unconfirmed:
        """Publish the start at most once, then wait for the printer to show our job at work.

        Raises DriverError only when the link was gone before anything was sent.
        """
        project = projects.Project(file, plate, slots, device_job_id, job_name)
        session = self._living()
        if self._is_starting:
            return Refused("Another print is being started on this printer.")
        self._is_starting = True
        try:
            return await self._start(session, project)
        finally:
            self._is_starting = False

    async def run(self, command: DeviceCommand) -> Done | Refused | Unconfirmed:
        session = self._living()
        plan = commands.plan(command, session.report, session.mirror.model)
        if isinstance(plan, Refused):
            return plan
        if plan.is_stop:
            session.mirror.note_stop()
        with session.listen() as feed:
            sequence_id = session.send(plan.request)
            answer = await outcomes.settle_command(
                feed, session.mirror, plan, sequence_id, self._timeouts.command_s
            )
        if plan.is_stop and isinstance(answer, Refused):
            session.mirror.note_stop(is_refused=True)
        return answer

    async def diagnose(self) -> Diagnosis:
        """Look at each part of the way to the printer; works connected or not."""
        return await diagnosis.diagnose(self._endpoint, self._timeouts, self._session)

    async def snapshot(self) -> bytes:
        """A JPEG. Raises CameraMissing where there is no camera that we can read."""
        async with aclosing(self.pictures()) as feed:
            return await anext(feed)

    async def pictures(self) -> AsyncGenerator[bytes, None]:
        endpoint = self._known_endpoint()
        model = self._session.mirror.model if self._session else None
        model = model or models.by_serial(endpoint.serial)
        model = model or models.by_name(endpoint.options.get("model", ""))
        if model and not model.has_jpeg_camera:
            raise CameraMissing(
                f"The camera of the {model.name} speaks RTSP, which is not supported."
            )
        async with aclosing(camera.pictures(endpoint, self._timeouts.connect_s)) as feed:
            async for picture in feed:
                yield picture

    async def _start(
        self, session: Session, project: projects.Project
    ) -> Confirmed | Refused | Unconfirmed:
        before = session.report
        refusal = projects.why_not(project, before)
        if refusal or before is None:
            return refusal or Refused("The printer has not reported its state.")
        if before.faults:  # else an old error could not be told from one about this start
            session.send(CLEAN_ERROR)
        with session.listen() as feed:
            sequence_id = session.send(projects.project_file(project, self._endpoint.options))
            return await outcomes.settle_start(
                feed, before, project.device_job_id, sequence_id, self._timeouts.start_s
            )

    def _living(self) -> Session:
        if self._session is None:
            raise LinkFailed("The printer is not connected.")
        return self._session

    def _files(self) -> FileStore:
        if self._store is None:
            self._store = FileStore(self._known_endpoint(), self._timeouts)
        return self._store

    def _known_endpoint(self) -> Endpoint:
        """The endpoint as seen on this connection, so that all ports show one certificate."""
        if self._session is None:
            return self._endpoint
        client = self._session.client
        return dataclasses.replace(
            self._endpoint,
            serial=client.serial,
            pinned_fingerprint=client.fingerprint or self._endpoint.pinned_fingerprint,
        )
