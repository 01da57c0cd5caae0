"""Moonraker's websocket: what changes at the printer is told at once, without being asked."""

import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.polled.values import as_float, as_list, as_object, as_text

SUBSCRIBE = "printer.objects.subscribe"
UPDATE = "notify_status_update"
UPSET = frozenset({"notify_klippy_ready", "notify_klippy_shutdown", "notify_klippy_disconnected"})
LARGEST_MESSAGE = 1024 * 1024  # a sick device must not fill our memory
PING_S = 20.0
OURS = 1  # the id of our one request


@dataclass(frozen=True, slots=True)
class Push:
    """Everything at first, then what changed."""

    status: Mapping[str, Any]
    eventtime: float


async def pushes(url: str, names: Iterable[str], *, timeout_s: float) -> AsyncGenerator[Push, None]:
    """Until Klipper comes or goes, which ends a subscription. Raises LinkFailed when the way breaks
    or there is none."""
    request = {"objects": dict.fromkeys(names)}
    call = {"jsonrpc": "2.0", "method": SUBSCRIBE, "params": request, "id": OURS}
    try:
        async with connect(
            url,
            open_timeout=timeout_s,
            close_timeout=0,
            ping_interval=PING_S,
            max_size=LARGEST_MESSAGE,
            compression=None,
            proxy=None,
        ) as socket:
            await socket.send(json.dumps(call))
            async for text in socket:
                message = _read(text)
                if message.get("method") in UPSET:
                    return
                push = _push_of(message)
                if push is not None:
                    yield push
    except (OSError, TimeoutError, WebSocketException) as err:
        raise LinkFailed(f"Moonraker's websocket is closed: {err}") from err


def _read(text: str | bytes) -> Mapping[str, Any]:
    try:
        return as_object(json.loads(text))
    except ValueError:
        return {}


def _push_of(message: Mapping[str, Any]) -> Push | None:
    """Raises LinkFailed when the subscription was refused."""
    if message.get("id") == OURS:
        told = as_object(message.get("result"))
        if "status" not in told:
            reason = as_text(as_object(message.get("error")).get("message")) or "no reason given"
            raise LinkFailed(f"Moonraker refuses the subscription: {reason}")
        return Push(as_object(told.get("status")), as_float(told.get("eventtime")) or 0.0)
    if message.get("method") != UPDATE:
        return None
    status, *rest = as_list(message.get("params")) or [None]
    return Push(as_object(status), as_float(rest[0] if rest else None) or 0.0)
