"""OctoPrint's REST API, as far as we use it (protocol notes 3.1)."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.octoprint.reports import Mirror
from shopwright.drivers.polled import gcode, pictures
from shopwright.drivers.polled.diagnosis import disk_step
from shopwright.drivers.polled.link import (
    FORBIDDEN,
    Answer,
    HttpLink,
    admitted,
    header_safe,
    readable,
)
from shopwright.drivers.polled.outcomes import settled
from shopwright.drivers.polled.uploads import check_space, check_stored, form_body
from shopwright.drivers.polled.values import as_int, as_object, as_text
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

PORT = 80  # OctoPi's; OctoPrint by itself listens on 5000
BAD_KEY = "OctoPrint refused the API key: make one under Settings, Application Keys, and enter it."
NO_CONTROL = "OctoPrint does not let this key control the printer: give its user that permission."
OTHER_PROGRAM = "What answers there is not OctoPrint: correct the address or the kind of printer."
EMULATED = "What answers there is Moonraker, not OctoPrint: choose Moonraker as the connection."
NOT_OPERATIONAL = 409
JOB_COMMANDS: Mapping[str, Mapping[str, object]] = {
    "pause_print": {"command": "pause", "action": "pause"},
    "resume_print": {"command": "pause", "action": "resume"},
    "stop_print": {"command": "cancel"},
    "cancel_print": {"command": "cancel"},
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
    | Capability.CALIBRATE
)


class OctoPrint:
    program: ClassVar[str] = "OctoPrint"
    every_s: ClassVar[float] = 1.0

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self.link = HttpLink(endpoint, timeouts, port=PORT)
        self.link.headers["X-Api-Key"] = header_safe(endpoint.access_code)
        self._mirror = Mirror()

    async def identify(self) -> str:
        answer = await self.link.get("/api/version")
        text = as_text(answer.json().get("text")) or ""
        if "Moonraker" in text:
            raise LinkFailed(EMULATED, Finding.WRONG_PRINTER)
        if answer.is_good and text.startswith("OctoPrint"):
            self._mirror.firmware = text[:40]
            return text
        if answer.status in FORBIDDEN and "error" in answer.json():
            admitted(answer, BAD_KEY)
        raise LinkFailed(OTHER_PROGRAM, Finding.WRONG_PRINTER)

    async def sign_in(self) -> None:
        free = await self._free_bytes()
        self._mirror.has_storage = None if free is None else free > 0

    async def read(self) -> DeviceReport:
        printer = await self._get("/api/printer", exclude="sd")
        told = {} if printer.status == NOT_OPERATIONAL else readable(printer)
        job = readable(await self._get("/api/job"))
        self._mirror.take(told, job, time.monotonic())
        path = self._mirror.wants_history
        if path:
            entry = await self._get(_file(path))
            self._mirror.take_history(entry.json().get("prints") if entry.is_good else None)
        return self._mirror.report(datetime.now(UTC))

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        body, headers = form_body(file, progress, name=name, sha256=sha256, fields={"path": ""})
        check_space(await self._free_bytes(), body.size)
        answer = await self.link.send("POST", "/api/files/local", content=body, headers=headers)
        stored = as_object(as_object(check_stored(answer).json().get("files")).get("local"))
        path = as_text(stored.get("path")) or name
        entry = await self._get(_file(path))
        return RemoteFile(path, as_int(entry.json().get("size")) or 0)

    async def delete(self, name: str) -> Answer:
        return await self.link.send("DELETE", _file(name))

    async def start(self, file: RemoteFile) -> Answer:
        wanted = {"command": "select", "print": True}
        return _in_words(await self.link.send("POST", _file(file.path), body=wanted))

    async def command(
        self, command: DeviceCommand, report: DeviceReport | None
    ) -> Done | Refused | Unconfirmed:
        wanted = JOB_COMMANDS.get(command.kind)
        if wanted:
            return await self._tell("/api/job", wanted)
        lines = gcode.lines_for(command, report, self.program, CAN)
        if isinstance(lines, Refused):
            return lines
        return await self._tell("/api/printer/command", {"commands": lines})

    async def picture(self) -> bytes:
        settings = await self._get("/api/settings")
        webcam = as_object(settings.json().get("webcam"))
        address = as_text(webcam.get("snapshotUrl"))
        if not address:
            raise CameraMissing("OctoPrint has no camera with a snapshot address.")
        return await pictures.take(self.link, address, port=self.link.port)

    async def look(self) -> Sequence[DiagnosisStep]:
        return [disk_step(await self._free_bytes(), self.program)]

    async def _tell(self, path: str, body: Mapping[str, object]) -> Done | Refused | Unconfirmed:
        return settled(_in_words(await self.link.send("POST", path, body=body)), self.program)

    async def _get(self, path: str, /, **query: str) -> Answer:
        return admitted(await self.link.get(path, **query), BAD_KEY)

    async def _free_bytes(self) -> int | None:
        listed: dict[str, Any] = (await self._get("/api/files")).json()
        return as_int(listed.get("free"))


def _file(path: str) -> str:
    return f"/api/files/local/{quote(path.lstrip('/'))}"


def _in_words(answer: Answer) -> Answer:
    """Reading was allowed, so a refusal is about permissions, not about the key."""
    if answer.status not in FORBIDDEN:
        return answer
    told = f'{{"error": "{NO_CONTROL}"}}'.encode()
    return Answer(answer.status, told, "application/json")
