"""PrusaLink's API v1, as far as we use it (protocol notes 3.3).

Printers' own boards answer slowly and want one request at a time on a living connection.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from shopwright.drivers.errors import CredentialRejected, LinkFailed
from shopwright.drivers.polled import gcode, pictures
from shopwright.drivers.polled.diagnosis import STORAGE
from shopwright.drivers.polled.link import (
    FORBIDDEN,
    Answer,
    HttpLink,
    admitted,
    header_safe,
    readable,
)
from shopwright.drivers.polled.outcomes import settled
from shopwright.drivers.polled.uploads import FileBody, check_space, check_stored
from shopwright.drivers.polled.values import as_float, as_int, as_list, as_object, as_text
from shopwright.drivers.prusalink.reports import Mirror
from shopwright.fleet.port import (
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

PORT = 80
USER = "maker"
BAD_KEY = (
    "PrusaLink refused the password: read it off the printer (Settings, Network, PrusaLink) and "
    "enter it."
)
OTHER_PROGRAM = "What answers there is not PrusaLink: correct the address or the kind of printer."
NO_STORAGE = "There is no writable USB stick or card: put one in."
NO_CONTENT = 204
VERSION, STATUS, JOB, STORES = "/api/version", "/api/v1/status", "/api/v1/job", "/api/v1/storage"
CAN = Capability.UPLOAD | Capability.PAUSE | Capability.CAMERA
JOB_COMMANDS: Mapping[str, tuple[str, str]] = {
    "pause_print": ("PUT", "/pause"),
    "resume_print": ("PUT", "/resume"),
    "stop_print": ("DELETE", ""),
    "cancel_print": ("DELETE", ""),
}


class PrusaLink:
    program: ClassVar[str] = "PrusaLink"
    every_s: ClassVar[float] = 2.0

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self.link = HttpLink(endpoint, timeouts, port=PORT, is_single=True)
        self._code = header_safe(endpoint.access_code)
        self._wanted_store = endpoint.options.get("storage")
        self._mirror = Mirror()
        self._store: Mapping[str, Any] = {}

    async def identify(self) -> str:
        """With whichever of the two ways to sign in this printer takes."""
        answer = await self.link.get(VERSION)
        if answer.status in FORBIDDEN:
            await self._find_way_in()
            answer = admitted(await self.link.get(VERSION), BAD_KEY)
        text = as_text(answer.json().get("text")) or ""
        if not answer.is_good or "PrusaLink" not in text:
            raise LinkFailed(OTHER_PROGRAM, Finding.WRONG_PRINTER)
        self._mirror.firmware = as_text(answer.json().get("firmware")) or text[:40]
        return text

    async def sign_in(self) -> None:
        if self.link.auth is None and "X-Api-Key" not in self.link.headers:
            await self._find_way_in()  # it tells strangers its version
        told = (await self._get("/api/v1/info")).json()
        self._mirror.serial = as_text(told.get("serial"))
        self._mirror.nozzle_mm = as_float(told.get("nozzle_diameter"))
        self._store = await self._choose_store()

    async def read(self) -> DeviceReport:
        self._mirror.take(readable(await self._get(STATUS)))
        if self._mirror.wants_job:
            answer = await self._get(JOB)
            self._mirror.take_job({} if answer.status == NO_CONTENT else readable(answer))
        return self._mirror.report(datetime.now(UTC))

    async def upload(
        self, file: Path, *, name: str, sha256: str, progress: ProgressSink
    ) -> RemoteFile:
        """The storage is asked first, which also makes the log-in fresh for the long request."""
        body = FileBody(file, progress, sha256=sha256)
        self._store = await self._choose_store()
        if not self._store:
            raise LinkFailed(NO_STORAGE, Finding.NO_STORAGE)
        check_space(as_int(self._store.get("free_space")), body.size)
        headers = {
            "Content-Type": "text/x.gcode",
            "Content-Length": body.length,
            "Overwrite": "?1",  # a second try of the same upload
            "Print-After-Upload": "?0",
        }
        path = self._file(name)
        check_stored(await self.link.send("PUT", path, content=body, headers=headers))
        entry = await self._get(path)
        return RemoteFile(name, as_int(entry.json().get("size")) or 0)

    async def delete(self, name: str) -> Answer:
        return await self.link.send("DELETE", self._file(name))

    async def start(self, file: RemoteFile) -> Answer:
        return await self.link.send("POST", self._file(file.path))

    async def command(
        self, command: DeviceCommand, report: DeviceReport | None
    ) -> Done | Refused | Unconfirmed:
        del report
        way = JOB_COMMANDS.get(command.kind)
        if way is None:
            return gcode.refuse(self.program, command.kind)
        number = self._mirror.job_number
        if number is None:
            return Refused(f"The printer has no job, so it cannot {command.kind}.")
        method, tail = way
        return settled(await self.link.send(method, f"{JOB}/{number}{tail}"), self.program)

    async def picture(self) -> bytes:
        answer = await self._get("/api/v1/cameras/snap")
        if answer.status == NO_CONTENT or not answer.content:
            raise LinkFailed("PrusaLink has no camera, or no picture of it yet.")
        return await pictures.as_jpeg(answer)

    async def look(self) -> Sequence[DiagnosisStep]:
        store = await self._choose_store()
        if not store:
            return [DiagnosisStep(STORAGE, Finding.NO_STORAGE, NO_STORAGE)]
        name = as_text(store.get("name")) or "storage"
        return [DiagnosisStep(STORAGE, Finding.OK, f"Files go to {name}.")]

    async def _find_way_in(self) -> None:
        """The key if it is taken, else digest; ``user:password`` is digest only."""
        user, colon, password = self._code.partition(":")
        if not colon:
            user, password = USER, self._code
            self.link.headers["X-Api-Key"] = self._code
            if (await self.link.get(STATUS)).status not in FORBIDDEN:
                return
            del self.link.headers["X-Api-Key"]
        self.link.auth = httpx.DigestAuth(user, password)
        if (await self.link.get(STATUS)).status in FORBIDDEN:
            raise CredentialRejected(BAD_KEY)

    async def _choose_store(self) -> Mapping[str, Any]:
        """The one named in the options, else the first that can be written; empty when none can."""
        told = as_list((await self._get(STORES)).json().get("storage_list"))
        usable = [
            store
            for store in map(as_object, told)
            if store.get("available", True) and not store.get("read_only")
        ]
        if self._wanted_store:
            usable = [store for store in usable if _folder(store) == self._wanted_store]
        return usable[0] if usable else {}

    def _file(self, name: str) -> str:
        return f"/api/v1/files/{_folder(self._store) or 'usb'}/{quote(name.lstrip('/'))}"

    async def _get(self, path: str) -> Answer:
        return admitted(await self.link.get(path), BAD_KEY)


def _folder(store: Mapping[str, Any]) -> str:
    return (as_text(store.get("path")) or "").strip("/")
