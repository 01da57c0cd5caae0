"""Moonraker's API, as far as we use it (protocol notes 3.2): asked over HTTP, and told by its
websocket where that works."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.moonraker import subscription
from shopwright.drivers.moonraker.objects import Objects
from shopwright.drivers.moonraker.reports import READY, Heard, report_of
from shopwright.drivers.polled import gcode, pictures
from shopwright.drivers.polled.diagnosis import disk_step
from shopwright.drivers.polled.link import (
    FORBIDDEN,
    Answer,
    HttpLink,
    admitted,
    header_safe,
    url_of,
)
from shopwright.drivers.polled.outcomes import settled
from shopwright.drivers.polled.uploads import check_space, check_stored, form_body
from shopwright.drivers.polled.values import as_float, as_int, as_list, as_object, as_text
from shopwright.fleet.port import (
    CameraMissing,
    Capability,
    DeviceCommand,
    DeviceReport,
    DiagnosisStep,
    Done,
    Endpoint,
    Finding,
    ProgressSink,
    Refused,
    RemoteFile,
    Timeouts,
    Unconfirmed,
)

PORT = 7125
KLIPPER = "Klipper"  # which carries out what Moonraker passes on
KEY_HEADER = "X-Api-Key"
BAD_KEY = (
    "Moonraker refused us: enter its API key, or add this server to trusted_clients in "
    "moonraker.conf."
)
OTHER_PROGRAM = "What answers there is not Moonraker: correct the address or the kind of printer."
SHOWN = ("print_stats", "virtual_sdcard", "extruder", "heater_bed", "webhooks")
CHAMBERS = ("heater_generic chamber", "temperature_sensor chamber", "temperature_fan chamber")
CAMERA_PORT = 80  # the web server in front of Moonraker passes relative camera addresses on
JOB_COMMANDS: Mapping[str, str] = {
    "pause_print": "/printer/print/pause",
    "resume_print": "/printer/print/resume",
    "stop_print": "/printer/print/cancel",
    "cancel_print": "/printer/print/cancel",
}
# The words of the job's own states in which a command makes sense; Klipper answers ok to all.
FITS: Mapping[str, tuple[str, ...]] = {
    "pause_print": ("printing",),
    "resume_print": ("paused",),
    "stop_print": ("printing", "paused"),
    "cancel_print": ("printing", "paused"),
}
CAN = (
    Capability.UPLOAD
    | Capability.PAUSE
    | Capability.CAMERA
    | Capability.HOME
    | Capability.TEMPERATURE
    | Capability.FAN
    | Capability.SPEED
    | Capability.FLOW
    | Capability.GCODE
    | Capability.JOG
    | Capability.EXTRUDE
)


class Moonraker:
    program: ClassVar[str] = "Moonraker"
    every_s: ClassVar[float] = 1.0

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self.link = HttpLink(endpoint, timeouts, port=PORT)
        if endpoint.access_code:
            self.link.headers[KEY_HEADER] = header_safe(endpoint.access_code)
        self._socket_url = url_of(endpoint, self.link.port).replace("http", "ws", 1)
        self._connect_s = timeouts.connect_s
        self._told = Objects()
        self._firmware: str | None = None
        self._has_storage: bool | None = None
        self._chamber: str | None = None
        self._has_listed = False
        self._metadata: tuple[str, Mapping[str, Any]] = ("", {})

    async def identify(self) -> str:
        """``/server/info`` needs the key as well, so a refusal says no more than the key's."""
        answer = await self.link.get("/server/info")
        told = _result(answer)
        version = as_text(told.get("moonraker_version"))
        if answer.is_good and version:
            self._firmware = f"Moonraker {version}"[:40]
            return f"Moonraker {version}"
        if answer.status in FORBIDDEN and isinstance(answer.json().get("error"), dict):
            admitted(answer, BAD_KEY)
        raise LinkFailed(OTHER_PROGRAM, Finding.WRONG_PRINTER)

    async def sign_in(self) -> None:
        free = await self._free_bytes()
        self._has_storage = None if free is None else free > 0

    async def read(self) -> DeviceReport:
        return await self._report(await self._hear())

    async def follow(self, tell: Callable[[DeviceReport], None]) -> None:
        """What Klipper pushes, until it comes or goes; raises LinkFailed when nothing is pushed."""
        url = f"{self._socket_url}/websocket"
        if KEY_HEADER in self.link.headers:
            token = as_text((await self._get("/access/oneshot_token")).json().get("result"))
            url += f"?token={quote(token or '')}"
        pushed = subscription.pushes(url, self._wanted(), timeout_s=self._connect_s)
        async with contextlib.aclosing(pushed):
            async for push in pushed:
                self._told.apply(push.status, push.eventtime)
                report = await self._report(self._heard(READY, ""))
                if self._told.values:  # else it went away meanwhile, which the next question tells
                    tell(report)

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        """Moonraker checks the checksum itself and answers 422 when it does not fit."""
        fields = {"root": "gcodes", "checksum": sha256}
        body, headers = form_body(file, progress, name=name, sha256=sha256, fields=fields)
        check_space(await self._free_bytes(), body.size)
        path = "/server/files/upload"
        answer = check_stored(await self.link.send("POST", path, content=body, headers=headers))
        told = answer.json()
        item = as_object(told.get("item") or as_object(told.get("result")).get("item"))
        return RemoteFile(as_text(item.get("path")) or name, as_int(item.get("size")) or 0)

    async def delete(self, name: str) -> Answer:
        return await self.link.send("DELETE", f"/server/files/gcodes/{quote(name.lstrip('/'))}")

    async def start(self, file: RemoteFile) -> Answer:
        body = {"filename": file.path.lstrip("/")}
        return await self.link.send("POST", "/printer/print/start", body=body)

    async def command(
        self, command: DeviceCommand, report: DeviceReport | None
    ) -> Done | Refused | Unconfirmed:
        path = JOB_COMMANDS.get(command.kind)
        if path:
            word = report.native if report else None
            if word not in FITS[command.kind]:
                return Refused(f"The printer is {word}, so it cannot {command.kind}.")
            return settled(await self.link.send("POST", path), KLIPPER)
        lines = gcode.lines_for(command, report, self.program, CAN)
        if isinstance(lines, Refused):
            return lines
        body = {"script": "\n".join(lines)}
        answer = await self.link.send("POST", "/printer/gcode/script", body=body)
        return settled(answer, KLIPPER)

    async def picture(self) -> bytes:
        cameras = as_list(_result(await self._get("/server/webcams/list")).get("webcams"))
        addresses = [
            as_text(as_object(each).get("snapshot_url"))
            for each in cameras
            if as_object(each).get("enabled", True)
        ]
        address = next((address for address in addresses if address), None)
        if not address:
            raise CameraMissing("Moonraker has no camera with a snapshot address.")
        return await pictures.take(self.link, address, port=CAMERA_PORT)

    async def look(self) -> Sequence[DiagnosisStep]:
        return [disk_step(await self._free_bytes(), self.program)]

    async def _report(self, heard: Heard) -> DeviceReport:
        if heard.needs_history:
            heard.newest = await self._newest_job()
        elif heard.filename:
            heard.metadata = await self._metadata_of(heard.filename)
        return report_of(heard, datetime.now(UTC))

    async def _hear(self) -> Heard:
        """``/printer/…`` is served by Klipper and is missing while Klipper is away."""
        await self._ask_objects()
        if "webhooks" in self._told.values:
            return self._heard(READY, "")
        info = _result(await self._get("/server/info"))
        message = as_text(_result(await self.link.get("/printer/info")).get("state_message"))
        self._has_listed = False
        return self._heard(as_text(info.get("klippy_state")) or "disconnected", message or "")

    def _heard(self, klippy: str, message: str) -> Heard:
        webhooks = as_object(self._told.values.get("webhooks"))
        return Heard(
            klippy=as_text(webhooks.get("state")) or klippy,
            message=as_text(webhooks.get("state_message")) or message,
            objects=self._told.values,
            chamber=self._chamber,
            firmware=self._firmware,
            has_storage=self._has_storage,
        )

    async def _ask_objects(self) -> None:
        if not self._has_listed:
            listed = await self._get("/printer/objects/list")
            names = as_list(_result(listed).get("objects"))
            self._chamber = next((name for name in CHAMBERS if name in names), None)
            self._has_listed = listed.is_good
        wanted: dict[str, object] = dict.fromkeys(self._wanted())
        answer = await self.link.query("/printer/objects/query", {"objects": wanted})
        admitted(answer, BAD_KEY)
        told = _result(answer) if answer.is_good else {}
        if told.get("status"):
            self._told.apply(as_object(told["status"]), as_float(told.get("eventtime")) or 0.0)
        else:
            self._told.clear()

    def _wanted(self) -> list[str]:
        return [*SHOWN, self._chamber] if self._chamber else [*SHOWN]

    async def _newest_job(self) -> Mapping[str, Any]:
        answer = await self._get("/server/history/list", limit=1, order="desc")
        jobs = as_list(_result(answer).get("jobs")) if answer.is_good else []
        return as_object(jobs[0]) if jobs else {}

    async def _metadata_of(self, filename: str) -> Mapping[str, Any]:
        if self._metadata[0] != filename:
            answer = await self._get("/server/files/metadata", filename=filename)
            self._metadata = (filename, _result(answer) if answer.is_good else {})
        return self._metadata[1]

    async def _free_bytes(self) -> int | None:
        answer = await self._get("/server/files/directory", path="gcodes")
        return as_int(as_object(_result(answer).get("disk_usage")).get("free"))

    async def _get(self, path: str, /, **query: str | int) -> Answer:
        return admitted(await self.link.get(path, **query), BAD_KEY)


def _result(answer: Answer) -> Mapping[str, Any]:
    return as_object(answer.json().get("result"))
