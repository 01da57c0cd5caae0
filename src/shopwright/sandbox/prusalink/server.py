"""PrusaLink's API v1 with its rules: 204 without content, 409 in the wrong state, Overwrite."""

import io
from typing import Any, ClassVar

from PIL import Image
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopwright.sandbox.plain.machine import BUSY, Machine, State, StoredFile
from shopwright.sandbox.plain.server import StandIn, StandInConfig
from shopwright.sandbox.prusalink.digest import AuthMode, Digest

WORDS = {
    State.IDLE: "IDLE",
    State.PREPARING: "BUSY",
    State.PRINTING: "PRINTING",
    State.PAUSED: "PAUSED",
    State.FINISHED: "FINISHED",
    State.CANCELLED: "STOPPED",
    State.FAILED: "ERROR",
}
STORE = "usb"
KINDS = frozenset({"text/x.gcode", "application/octet-stream"})
FILE_METHODS = ["GET", "PUT", "POST", "DELETE"]
SHORT_NAME = 6  # characters before ~1, as FAT keeps them


class PrusaLinkSandbox(StandIn):
    """``auth`` says which log-ins the board knows; the key is also the password of ``maker``."""

    kind: ClassVar[str] = "prusalink"

    def __init__(self, config: StandInConfig | None = None, auth: AuthMode = AuthMode.BOTH) -> None:
        super().__init__(config)
        self.auth = auth
        self.attention: str | None = None  # a question on the screen
        self._digest = Digest()

    def make_app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/version", self._version),
                Route("/api/v1/info", self._info),
                Route("/api/v1/status", self._status),
                Route("/api/v1/storage", self._storage),
                Route("/api/v1/transfer", self._transfer),
                Route("/api/v1/job", self._show_job),
                Route("/api/v1/job/{number:int}", self._stop, methods=["DELETE"]),
                Route("/api/v1/job/{number:int}/{verb}", self._tell_job, methods=["PUT"]),
                Route("/api/v1/cameras/snap", self._snapshot),
                Route("/api/v1/files/{store}/{path:path}", self._file, methods=FILE_METHODS),
            ],
            exception_handlers={HTTPException: _problem},
        )

    def dismiss(self) -> None:
        """A person leaves the screen that says how the print ended."""
        self.machine.forget()

    async def reboot(self) -> None:
        """The board serves the API itself, so its connections break as well."""
        await self.power_off()
        self.machine.forget()
        await self.power_on()

    def _admit(self, request: Request) -> Machine:
        """A wrong key is 403; without one there is a challenge (seen on prusalink 0.8.1)."""
        key, header = request.headers.get("x-api-key"), request.headers.get("authorization", "")
        if key is not None and self.auth is not AuthMode.DIGEST_ONLY:
            if key != self.key:
                raise HTTPException(403, "Forbidden")
        elif self.auth is AuthMode.KEY_ONLY or not self._digest.is_right(
            header, request.method, self.key
        ):
            challenge = self._digest.challenge(is_stale=self._digest.is_stale(header))
            raise HTTPException(401, "Unauthorized", {"WWW-Authenticate": challenge})
        self.machine.look()
        return self.machine

    async def _version(self, request: Request) -> Response:
        self._admit(request)
        told = {"api": "2.0.0", "server": "2.1.2", "text": "PrusaLink", "firmware": "6.2.0"}
        return JSONResponse({**told, "capabilities": {"upload-by-put": True}})

    async def _info(self, request: Request) -> Response:
        self._admit(request)
        told = {"name": self.name, "serial": f"SN-{self.port}", "nozzle_diameter": 0.4}
        return JSONResponse({**told, "mmu": False, "hostname": "prusa-mk4"})

    async def _status(self, request: Request) -> Response:
        machine = self._admit(request)
        heat = machine.heat
        printer = {
            "state": self._word(),
            "temp_nozzle": round(heat.now["nozzle"], 1),
            "target_nozzle": heat.targets["nozzle"],
            "temp_bed": round(heat.now["bed"], 1),
            "target_bed": heat.targets["bed"],
            "status_printer": {"ok": not self.attention, "message": self.attention or "OK"},
        }
        store = {"path": f"/{STORE}/", "name": STORE, "read_only": False}
        body: dict[str, Any] = {"printer": printer}
        if self.knobs.has_storage:
            body["storage"] = store
        else:
            body["storage"] = {**store, "available": False}
        if machine.job and machine.job.outcome in BUSY:
            body["job"] = self._progress(machine)
        return JSONResponse(body)

    async def _storage(self, request: Request) -> Response:
        machine = self._admit(request)
        store = {
            "path": f"/{STORE}/",
            "name": STORE,
            "type": "USB",
            "available": self.knobs.has_storage,
            "read_only": False,
            "free_space": machine.free_bytes,
        }
        return JSONResponse({"storage_list": [store]})

    async def _transfer(self, request: Request) -> Response:
        self._admit(request)
        return Response(status_code=204)

    async def _show_job(self, request: Request) -> Response:
        machine = self._admit(request)
        if machine.job is None:
            return Response(status_code=204)
        name = machine.job.file
        short = f"{name[:SHORT_NAME].upper()}~1.GCO"  # boards show FAT names beside the whole one
        shown = {"name": short, "display_name": name, "path": f"/{STORE}"}
        return JSONResponse({**self._progress(machine), "state": self._word(), "file": shown})

    async def _stop(self, request: Request) -> Response:
        machine = self._admit(request)
        self._demand_job(machine, request)
        if not machine.cancel():
            raise HTTPException(409, "There is nothing to stop")
        return Response(status_code=204)

    async def _tell_job(self, request: Request) -> Response:
        machine = self._admit(request)
        self._demand_job(machine, request)
        acts = {"pause": machine.pause, "resume": machine.resume}
        act = acts.get(request.path_params["verb"])
        if act is None:
            raise HTTPException(404, "Not Found")
        if not act():
            raise HTTPException(409, "Wrong state of the job")
        return Response(status_code=204)

    async def _snapshot(self, request: Request) -> Response:
        self._admit(request)
        if not self.knobs.has_camera:
            return Response(status_code=204)
        made = io.BytesIO()
        Image.open(io.BytesIO(self.picture())).save(made, "PNG")
        return Response(made.getvalue(), media_type="image/png")

    async def _file(self, request: Request) -> Response:
        machine = self._admit(request)
        if request.path_params["store"] != STORE or not self.knobs.has_storage:
            raise HTTPException(404, "There is no such storage")
        acts = {"PUT": self._put, "POST": self._post, "DELETE": self._delete}
        return await acts.get(request.method, self._show)(machine, request)

    async def _put(self, machine: Machine, request: Request) -> Response:
        name = request.path_params["path"]
        if "content-length" not in request.headers:
            raise HTTPException(411, "Length Required")
        if request.headers.get("content-type") not in KINDS:
            raise HTTPException(415, "Unsupported media type")
        if name in machine.files and request.headers.get("overwrite", "?0") != "?1":
            raise HTTPException(409, "File already exists")
        if machine.is_busy and machine.job and machine.job.file == name:
            raise HTTPException(409, "File is being printed")
        content = await request.body()
        if len(content) > machine.free_bytes:
            raise HTTPException(507, "Insufficient storage")
        machine.store(name, content)
        if request.headers.get("print-after-upload") == "?1":
            self._begin(machine, name)
        return Response(status_code=201)

    async def _post(self, machine: Machine, request: Request) -> Response:
        self._begin(machine, self._find(request).name)
        return Response(status_code=204)

    async def _show(self, machine: Machine, request: Request) -> Response:
        del machine
        file = self._find(request)
        told = {"name": file.name, "display_name": file.name, "size": file.size}
        return JSONResponse({**told, "m_timestamp": round(file.stored_at), "type": "PRINT_FILE"})

    async def _delete(self, machine: Machine, request: Request) -> Response:
        file = self._find(request)
        if machine.is_busy and machine.job and machine.job.file == file.name:
            raise HTTPException(409, "File is being printed")
        del machine.files[file.name]
        return Response(status_code=204)

    def _begin(self, machine: Machine, name: str) -> None:
        if machine.is_busy or self.attention or machine.state is State.FAILED:
            raise HTTPException(409, "The printer is not in a state to print")
        machine.start(name)

    def _find(self, request: Request) -> StoredFile:
        file = self.machine.files.get(request.path_params["path"])
        if file is None:
            raise HTTPException(404, "File not found")
        return file

    def _demand_job(self, machine: Machine, request: Request) -> None:
        if machine.job is None or machine.job.number != request.path_params["number"]:
            raise HTTPException(404, "There is no such job")

    def _progress(self, machine: Machine) -> dict[str, Any]:
        job = machine.job
        if job is None:
            return {}
        return {
            "id": job.number,
            "progress": round(job.percent, 2),
            "time_remaining": job.remaining_s,
            "time_printing": round(job.elapsed_s),
        }

    def _word(self) -> str:
        return "ATTENTION" if self.attention else WORDS[self.machine.state]


async def _problem(_: Request, err: Exception) -> Response:
    status = err.status_code if isinstance(err, HTTPException) else 500
    detail = err.detail if isinstance(err, HTTPException) else "Internal error"
    headers = err.headers if isinstance(err, HTTPException) else None
    body = {"title": detail, "message": detail}
    return JSONResponse(body, status_code=status, headers=headers)
