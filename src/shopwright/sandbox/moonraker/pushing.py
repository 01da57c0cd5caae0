"""What Moonraker tells the clients of its websocket: everything once, then what changed."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from shopwright.sandbox.plain.knobs import Knobs

EVERY_S = 0.02  # Klipper's own 0.25 s, for tests
SUBSCRIBE = "printer.objects.subscribe"
UNKNOWN_METHOD = -32601
READY = "ready"

Status = dict[str, dict[str, Any]]
Look = Callable[[list[str]], Status]


class Client:
    """One open websocket. ``look`` tells the state of objects, ``klippy`` whether Klipper is
    there."""

    def __init__(
        self, socket: WebSocket, knobs: Knobs, look: Look, klippy: Callable[[], str]
    ) -> None:
        self._socket = socket
        self._knobs = knobs
        self._look = look
        self._klippy = klippy
        self._names: list[str] = []
        self._known: Status = {}
        self._word = klippy()
        self._held_back: str | None = None

    async def serve(self) -> None:
        """Until the client leaves or the line is cut."""
        telling = asyncio.create_task(self._tell_on())
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._answer(json.loads(await self._socket.receive_text()))
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)

    async def _answer(self, call: Mapping[str, Any]) -> None:
        if call.get("method") != SUBSCRIBE:
            await self._refuse(call, UNKNOWN_METHOD, "Method not found")
        elif self._klippy() != READY:
            await self._refuse(call, 503, "Klippy Host not connected")
        else:
            self._names = list(call["params"]["objects"])
            self._known = self._look(self._names)
            result = {"eventtime": _now(), "status": self._known}
            await self._send({"jsonrpc": "2.0", "result": result, "id": call.get("id")})

    async def _refuse(self, call: Mapping[str, Any], code: int, message: str) -> None:
        error = {"code": code, "message": message}
        await self._send({"jsonrpc": "2.0", "error": error, "id": call.get("id")})

    async def _tell_on(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await asyncio.sleep(EVERY_S)
                if not self._knobs.is_silent:
                    await self._tell_klippy()
                    await self._tell_changes()

    async def _tell_klippy(self) -> None:
        word = self._klippy()
        if word != self._word:
            self._word, self._names = word, []
            await self._send({"jsonrpc": "2.0", "method": f"notify_klippy_{word}"})

    async def _tell_changes(self) -> None:
        status = self._look(self._names)
        changed = {name: _changes(self._known.get(name, {}), status[name]) for name in status}
        changed = {name: members for name, members in changed.items() if members}
        self._known = status
        if changed:
            params = [changed, _now()]
            await self._send_disturbed({"method": "notify_status_update", "params": params})

    async def _send_disturbed(self, message: dict[str, Any]) -> None:
        text = json.dumps({"jsonrpc": "2.0", **message})
        if self._knobs.has_unordered_reports and self._held_back is None:
            self._held_back = text
            return
        await self._socket.send_text(text)
        if self._knobs.has_duplicate_reports:
            await self._socket.send_text(text)
        if self._held_back is not None:
            late, self._held_back = self._held_back, None
            await self._socket.send_text(late)

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._socket.send_text(json.dumps(message))


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in new.items() if old.get(member) != value}


def _now() -> float:
    """Klipper's host counts from its own start, whatever its wall clock says."""
    return asyncio.get_running_loop().time()
