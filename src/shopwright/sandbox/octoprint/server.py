"""OctoPrint's REST API with its rules: who may, in which state, and what is answered."""

from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.plain.announcer import Service
from shopwright.sandbox.plain.machine import BUSY, Machine, State, StoredFile
from shopwright.sandbox.plain.server import StandIn, StandInConfig, read_form

FORBIDDEN = (
    "You don't have the permission to access the requested resource. It is either read-protected "
    "or not readable by the server."
)
WORDS = {State.PREPARING: "Starting", State.PRINTING: "Printing", State.PAUSED: "Paused"}
FLAGS = (
    "operational", "printing", "paused", "pausing", "resuming", "cancelling", "finishing",
    "closedOrError", "error", "ready", "sdReady",
)  # fmt: skip
SUFFIXES = (".gcode", ".gco", ".g")
VERSION = "1.11.8"


class OctoPrintSandbox(StandIn):
    kind: ClassVar[str] = "octoprint"

    def __init__(self, config: StandInConfig | None = None) -> None:
        super().__init__(config)
        self.is_attached = True  # whether OctoPrint has its printer on the serial line
        self.selected: str | None = None

    def attach(self) -> None:
        """A person presses Connect."""
        self.is_attached = True

    async def reboot(self) -> None:
        """The serial line breaks: OctoPrint ends the print and waits for Connect."""
        self.machine.fail("printer halted")
        self.is_attached = False

    def start_at_screen(self, file: str = "") -> None:
        super().start_at_screen(file)
        self.selected = self.machine.job.file if self.machine.job else None

    def service(self) -> Service:
        texts = {"path": "/", "version": VERSION, "api": "0.1", "vendor": "Prusa", "model": "MK4"}
        return Service("_octoprint._tcp", f'OctoPrint instance "{self.name}"', texts)

    def make_app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/version", self._version),
                Route("/api/connection", self._connection, methods=["GET", "POST"]),
                Route("/api/printer", self._printer),
                Route("/api/printer/command", self._command, methods=["POST"]),
                Route("/api/job", self._show_job),
                Route("/api/job", self._tell_job, methods=["POST"]),
                Route("/api/files", self._list),
                Route("/api/files/local", self._upload, methods=["POST"]),
                Route("/api/files/local/{path:path}", self._show_file),
                Route("/api/files/local/{path:path}", self._tell_file, methods=["POST"]),
                Route("/api/files/local/{path:path}", self._delete, methods=["DELETE"]),
                Route("/api/settings", self._settings),
                Route("/webcam/", self._snapshot),
            ],
            exception_handlers={HTTPException: _problem},
        )

    def _admit(self, request: Request, *, controls: bool = False) -> Machine:
        """The machine as it is now, for whoever has the key."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key not in {request.headers.get("x-api-key"), bearer}:
            raise HTTPException(403, FORBIDDEN)
        if controls and self.knobs.refuses_control:
            raise HTTPException(403, FORBIDDEN)
        self.machine.look()
        return self.machine

    def _demand_printer(self) -> None:
        if not self.is_attached:
            raise HTTPException(409, "Printer is not operational")

    async def _version(self, request: Request) -> Response:
        self._admit(request)
        told = {"api": "0.1", "server": VERSION, "text": f"OctoPrint {VERSION}"}
        return JSONResponse(told)

    async def _connection(self, request: Request) -> Response:
        self._admit(request, controls=request.method == "POST")
        if request.method == "GET":
            return JSONResponse({"current": {"state": self._word()}})
        self.is_attached = (await request.json()).get("command") == "connect"
        return Response(status_code=204)

    async def _printer(self, request: Request) -> Response:
        machine = self._admit(request)
        self._demand_printer()
        heat = machine.heat
        temperature = {
            part: {"actual": round(heat.now[name], 1), "target": heat.targets[name], "offset": 0}
            for part, name in (("tool0", "nozzle"), ("bed", "bed"))
        }
        state = {"text": self._word(), "error": "", "flags": self._flags()}
        return JSONResponse({"state": state, "temperature": temperature})

    async def _command(self, request: Request) -> Response:
        machine = self._admit(request, controls=True)
        self._demand_printer()
        body = await request.json()
        lines = body.get("commands") or [body.get("command")]
        if not all(isinstance(line, str) for line in lines):
            raise HTTPException(400, "command or commands is missing")
        for line in lines:
            machine.run_gcode(line)
        return Response(status_code=204)

    async def _show_job(self, request: Request) -> Response:
        machine = self._admit(request)
        file = machine.files.get(self.selected or "")
        job = machine.job if machine.job and machine.job.file == self.selected else None
        has_progress = job is not None and job.outcome in BUSY | {State.FINISHED}
        progress: dict[str, Any] = {"completion": None, "printTime": None, "printTimeLeft": None}
        if job and has_progress:
            progress = {
                "completion": job.percent,
                "printTime": round(job.elapsed_s),
                "printTimeLeft": job.remaining_s,
                "printTimeLeftOrigin": "analysis",
            }
        shown = {
            "name": file.name if file else None,
            "path": file.name if file else None,
            "origin": "local" if file else None,
            "size": file.size if file else None,
            "date": round(file.stored_at) if file else None,
        }
        job_part = {"file": shown, "estimatedPrintTime": file.duration_s if file else None}
        return JSONResponse({"job": job_part, "progress": progress, "state": self._word()})

    async def _tell_job(self, request: Request) -> Response:
        machine = self._admit(request, controls=True)
        self._demand_printer()
        body = await request.json()
        command, action = body.get("command"), body.get("action", "toggle")
        if command == "pause":
            if not machine.is_busy:
                raise HTTPException(409, "Printer is neither printing nor paused")
            is_paused = machine.state is State.PAUSED
            if action == "resume" or (action == "toggle" and is_paused):
                machine.resume()
            else:
                machine.pause()
        elif command == "cancel":
            if not machine.cancel():
                raise HTTPException(409, "Printer is neither printing nor paused")
        elif command == "start":
            self._start(machine, self.selected)
        else:
            raise HTTPException(400, f"Unknown command: {command}")
        return Response(status_code=204)

    async def _list(self, request: Request) -> Response:
        machine = self._admit(request)
        files = [self._entry(file) for file in machine.files.values()]
        total = self.knobs.capacity_bytes
        return JSONResponse({"files": files, "free": machine.free_bytes, "total": total})

    async def _upload(self, request: Request) -> Response:
        machine = self._admit(request)
        name, content, _ = await read_form(request)
        if not name.endswith(SUFFIXES):
            raise HTTPException(415, f"Could not upload the file {name}: unsupported type")
        if machine.is_busy and self.selected == name:
            raise HTTPException(409, "Trying to overwrite file that is currently being printed")
        if len(content) > machine.free_bytes:
            raise HTTPException(500, "Could not save the file: no space left on device")
        machine.store(name, content)
        local = {"name": name, "path": name, "origin": "local"}
        body = {"done": True, "effectiveSelect": False, "effectivePrint": False}
        return JSONResponse({**body, "files": {"local": local}}, status_code=201)

    async def _show_file(self, request: Request) -> Response:
        self._admit(request)
        return JSONResponse(self._entry(self._find(request)))

    async def _tell_file(self, request: Request) -> Response:
        machine = self._admit(request, controls=True)
        file, body = self._find(request), await request.json()
        if body.get("command") != "select":
            raise HTTPException(400, "Unknown command")
        if machine.is_busy or not self.is_attached:
            raise HTTPException(409, "Printer is not operational or already printing")
        self.selected = file.name
        if body.get("print"):
            self._start(machine, file.name)
        return Response(status_code=204)

    async def _delete(self, request: Request) -> Response:
        machine = self._admit(request, controls=True)
        file = self._find(request)
        if machine.is_busy and self.selected == file.name:
            raise HTTPException(409, "Trying to delete a file that is currently in use")
        del machine.files[file.name]
        if self.selected == file.name:
            self.selected = None
        return Response(status_code=204)

    async def _settings(self, request: Request) -> Response:
        self._admit(request)
        address = "/webcam/?action=snapshot" if self.knobs.has_camera else ""
        return JSONResponse({"webcam": {"snapshotUrl": address}})

    async def _snapshot(self, _: Request) -> Response:
        return Response(self.picture(), media_type="image/jpeg")

    def _start(self, machine: Machine, name: str | None) -> None:
        if machine.is_busy or name is None or name not in machine.files:
            raise HTTPException(409, "Printer is already printing or no file is selected")
        machine.start(name)

    def _find(self, request: Request) -> StoredFile:
        file = self.machine.files.get(request.path_params["path"])
        if file is None:
            raise HTTPException(404, "File not found")
        return file

    def _entry(self, file: StoredFile) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": file.name,
            "path": file.name,
            "origin": "local",
            "type": "machinecode",
            "size": file.size,
            "date": round(file.stored_at),
        }
        if file.last:
            told = {"success": file.successes, "failure": file.failures, "last": file.last}
            entry["prints"] = told
        return entry

    def _word(self) -> str:
        if not self.is_attached:
            return "Offline after error"
        return WORDS.get(self.machine.state, "Operational")

    def _flags(self) -> dict[str, bool]:
        state = self.machine.state
        flags = dict.fromkeys(FLAGS, False)
        flags["operational"] = flags["sdReady"] = True
        flags["ready"] = state not in BUSY
        flags["printing"] = state in {State.PREPARING, State.PRINTING}
        flags["paused"] = state is State.PAUSED
        return flags


async def _problem(_: Request, err: Exception) -> Response:
    status = err.status_code if isinstance(err, HTTPException) else 500
    detail = err.detail if isinstance(err, HTTPException) else "Internal error"
    return JSONResponse({"error": detail}, status_code=status)
