"""Moonraker's API with its rules; its answers are wrapped, its errors have codes."""

import asyncio
import hashlib
from typing import Any, ClassVar
from uuid import uuid4

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from shopwright.sandbox.moonraker.pushing import READY, Client, Status
from shopwright.sandbox.plain.announcer import Service
from shopwright.sandbox.plain.machine import Machine, PrintRecord, State
from shopwright.sandbox.plain.server import StandIn, StandInConfig, read_form

WORDS = {
    State.IDLE: "standby",
    State.PREPARING: "printing",
    State.PRINTING: "printing",
    State.PAUSED: "paused",
    State.FINISHED: "complete",
    State.CANCELLED: "cancelled",
    State.FAILED: "error",
}
ENDS = {
    State.FINISHED: "completed",
    State.CANCELLED: "cancelled",
    State.FAILED: "error",
}
OBJECTS = (
    "webhooks", "print_stats", "virtual_sdcard", "display_status", "extruder", "heater_bed",
    "toolhead", "fan",
)  # fmt: skip
VERSION = "v0.9.3-1"


class MoonrakerSandbox(StandIn):
    """With an empty key it trusts every address, as many shops set it up."""

    kind: ClassVar[str] = "moonraker"

    def __init__(self, config: StandInConfig | None = None) -> None:
        super().__init__(config)
        self.klippy = READY
        self.klippy_message = "Printer is ready"
        self.lost: dict[int, str] = {}  # prints that Klipper forgot, and the word for it
        self.queries = 0  # how often somebody asked for the state of objects
        self._tokens: set[str] = set()

    def shut_down(self, message: str = "MCU 'mcu' shutdown: Heater extruder not heating") -> None:
        """Klipper stops everything and waits for a firmware restart."""
        self._lose_job("klippy_shutdown")
        self.klippy, self.klippy_message = "shutdown", message

    def restart_firmware(self) -> None:
        self.machine.forget()
        self.klippy, self.klippy_message = READY, "Printer is ready"

    async def reboot(self) -> None:
        """Klipper's process starts anew: it knows of no print, the history does."""
        self._lose_job("klippy_disconnect")
        self.restart_firmware()

    def service(self) -> Service:
        texts = {"uuid": uuid4().hex, "https_port": "", "version": VERSION}
        return Service("_moonraker._tcp", f"Moonraker @ {self.name}", texts)

    def make_app(self) -> Starlette:
        return Starlette(
            routes=[
                WebSocketRoute("/websocket", self._websocket),
                Route("/access/oneshot_token", self._token),
                Route("/server/info", self._info),
                Route("/server/files/directory", self._directory),
                Route("/server/files/metadata", self._metadata),
                Route("/server/files/upload", self._upload, methods=["POST"]),
                Route("/server/files/gcodes/{path:path}", self._delete, methods=["DELETE"]),
                Route("/server/history/list", self._history),
                Route("/server/webcams/list", self._webcams),
                Route("/printer/info", self._printer_info),
                Route("/printer/objects/list", self._objects),
                Route("/printer/objects/query", self._query, methods=["GET", "POST"]),
                Route("/printer/print/start", self._start, methods=["POST"]),
                Route("/printer/print/{verb}", self._verb, methods=["POST"]),
                Route("/printer/gcode/script", self._script, methods=["POST"]),
                Route("/webcam/", self._snapshot),
            ],
            exception_handlers={HTTPException: _problem},
        )

    def _admit(self, request: Request) -> Machine:
        if self.key and request.headers.get("x-api-key") != self.key:
            raise HTTPException(401, "Unauthorized")
        self.machine.look()
        return self.machine

    def _admit_to_klippy(self, request: Request, *, needs_ready: bool = True) -> Machine:
        machine = self._admit(request)
        if self.klippy == "disconnected":
            raise HTTPException(503, "Klippy Host not connected")
        if needs_ready and self.klippy != READY:
            raise HTTPException(400, self.klippy_message)
        return machine

    async def _token(self, request: Request) -> Response:
        self._admit(request)
        token = uuid4().hex
        self._tokens.add(token)
        return _result(token)

    async def _websocket(self, socket: WebSocket) -> None:
        """For one connection per token; the addresses it trusts need none."""
        token = socket.query_params.get("token")
        is_let_in = not self.key or token in self._tokens
        self._tokens.discard(token or "")
        if not is_let_in or not self.knobs.has_push:
            await socket.close()  # before it was accepted: 403
            return
        await socket.accept()
        await Client(socket, self.knobs, self._look, lambda: self.klippy).serve()

    def _look(self, names: list[str]) -> Status:
        self.machine.look()
        return {name: self._object(self.machine, name) for name in names if name in OBJECTS}

    async def _info(self, request: Request) -> Response:
        self._admit(request)
        told = {"moonraker_version": VERSION, "klippy_state": self.klippy}
        return _result({**told, "klippy_connected": self.klippy != "disconnected"})

    async def _printer_info(self, request: Request) -> Response:
        self._admit_to_klippy(request, needs_ready=False)
        return _result({"state": self.klippy, "state_message": self.klippy_message})

    async def _directory(self, request: Request) -> Response:
        machine = self._admit(request)
        total, free = self.knobs.capacity_bytes, machine.free_bytes
        usage = {"total": total, "used": total - free, "free": free}
        return _result({"dirs": [], "files": [], "disk_usage": usage})

    async def _metadata(self, request: Request) -> Response:
        machine = self._admit(request)
        file = machine.files.get(request.query_params.get("filename", ""))
        if file is None:
            raise HTTPException(404, "Metadata not available")
        told = {"filename": file.name, "size": file.size, "modified": file.stored_at}
        times = {"estimated_time": file.duration_s, "layer_count": file.layers}
        span = {"gcode_start_byte": 0, "gcode_end_byte": file.size}
        return _result({**told, **times, **span})

    async def _upload(self, request: Request) -> Response:
        machine = self._admit(request)
        name, content, fields = await read_form(request)
        checksum = fields.get("checksum")
        if checksum and checksum != hashlib.sha256(content).hexdigest():
            raise HTTPException(422, "File checksum mismatch")
        if machine.is_busy and machine.job and machine.job.file == name:
            raise HTTPException(403, "File is loaded, upload not permitted")
        if len(content) > machine.free_bytes:
            raise HTTPException(500, "No space left on device")
        file = machine.store(name, content)
        item = {"path": name, "root": "gcodes", "size": file.size, "modified": file.stored_at}
        body = {"item": item, "print_started": False, "print_queued": False}
        return JSONResponse({**body, "action": "create_file"}, status_code=201)

    async def _delete(self, request: Request) -> Response:
        machine, name = self._admit(request), request.path_params["path"]
        if name not in machine.files:
            raise HTTPException(404, f"File {name} does not exist")
        if machine.is_busy and machine.job and machine.job.file == name:
            raise HTTPException(403, "File is loaded, delete not permitted")
        del machine.files[name]
        return _result({"item": {"path": name, "root": "gcodes"}, "action": "delete_file"})

    async def _history(self, request: Request) -> Response:
        machine = self._admit(request)
        limit = int(request.query_params.get("limit", 50))
        jobs = [self._entry(each) for each in reversed(machine.prints)][:limit]
        return _result({"count": len(machine.prints), "jobs": jobs})

    async def _webcams(self, request: Request) -> Response:
        self._admit(request)
        address = f"http://{self.host}:{self.port}/webcam/?action=snapshot"
        camera = {"name": "bed", "enabled": True, "snapshot_url": address}
        return _result({"webcams": [camera] if self.knobs.has_camera else []})

    async def _objects(self, request: Request) -> Response:
        self._admit_to_klippy(request, needs_ready=False)
        return _result({"objects": list(OBJECTS)})

    async def _query(self, request: Request) -> Response:
        self._admit_to_klippy(request, needs_ready=False)
        self.queries += 1
        if request.method == "POST":
            wanted = list((await request.json())["objects"])
        else:
            wanted = list(request.query_params)
        status, eventtime = self._look(wanted), asyncio.get_running_loop().time()
        return _result({"eventtime": eventtime, "status": status})

    async def _start(self, request: Request) -> Response:
        machine = self._admit_to_klippy(request)
        name = request.query_params.get("filename") or (await request.json()).get("filename")
        if machine.is_busy:
            raise HTTPException(400, "SD busy")
        if name not in machine.files:
            raise HTTPException(400, f"Unable to open file: {name}")
        machine.start(name)
        return _result("ok")

    async def _verb(self, request: Request) -> Response:
        """Klipper's macros answer ok whether or not there was something to do."""
        machine = self._admit_to_klippy(request)
        acts = {"pause": machine.pause, "resume": machine.resume, "cancel": machine.cancel}
        act = acts.get(request.path_params["verb"])
        if act is None:
            raise HTTPException(404, "Not Found")
        act()
        return _result("ok")

    async def _script(self, request: Request) -> Response:
        machine = self._admit_to_klippy(request)
        for line in str((await request.json()).get("script", "")).splitlines():
            if not line[:1].isalpha():
                raise HTTPException(400, f"Malformed command '{line}'")
            machine.run_gcode(line)
        return _result("ok")

    async def _snapshot(self, _: Request) -> Response:
        return Response(self.picture(), media_type="image/jpeg")

    def _object(self, machine: Machine, name: str) -> dict[str, Any]:
        job = machine.job
        if name == "webhooks":
            return {"state": self.klippy, "state_message": self.klippy_message}
        if name == "print_stats":
            return self._stats(machine)
        if name == "virtual_sdcard":
            size = machine.files[job.file].size if job and job.file in machine.files else 0
            share = job.percent / 100 if job else 0.0
            return {"progress": share, "file_position": round(size * share), "file_size": size}
        part = {"extruder": "nozzle", "heater_bed": "bed"}.get(name)
        if part is None:
            return {}
        return {
            "temperature": round(machine.heat.now[part], 2),
            "target": machine.heat.targets[part],
        }

    def _stats(self, machine: Machine) -> dict[str, Any]:
        job = machine.job
        return {
            "state": WORDS[machine.state],
            "filename": job.file if job else "",
            "print_duration": job.elapsed_s if job else 0.0,
            "total_duration": job.elapsed_s if job else 0.0,
            "message": machine.message,
            "info": {"current_layer": job.layer, "total_layer": job.layers} if job else None,
        }

    def _entry(self, record: PrintRecord) -> dict[str, Any]:
        word = self.lost.get(record.number) or ENDS.get(record.outcome, "in_progress")
        return {"job_id": f"{record.number:06X}", "filename": record.file, "status": word}

    def _lose_job(self, word: str) -> None:
        job = self.machine.job
        if self.machine.is_busy and job:
            self.lost[job.number] = word
            self.machine.fail(word)


def _result(value: object) -> Response:
    return JSONResponse({"result": value})


async def _problem(_: Request, err: Exception) -> Response:
    status = err.status_code if isinstance(err, HTTPException) else 500
    detail = err.detail if isinstance(err, HTTPException) else "Internal error"
    error = {"code": status, "message": detail, "traceback": ""}
    return JSONResponse({"error": error}, status_code=status)
