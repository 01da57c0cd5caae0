"""What an answer proves of a start or a command, and what it does not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from shopwright.drivers.moonraker.driver import MoonrakerDriver
from shopwright.drivers.polled.link import Answer
from shopwright.drivers.polled.outcomes import settled
from shopwright.fleet.port import (
    Done,
    Endpoint,
    Refused,
    RemoteFile,
    SlotMap,
    Timeouts,
    Unconfirmed,
)

READY = {
    "/server/info": '{"result": {"moonraker_version": "1", "klippy_state": "ready"}}',
    "/server/files/directory": '{"result": {"disk_usage": {"free": 1}}}',
    "/printer/objects/list": '{"result": {"objects": []}}',
    "/printer/objects/query": (
        '{"result": {"status": {"webhooks": {"state": "ready"}, '
        '"print_stats": {"state": "standby", "filename": ""}}}}'
    ),
    "/server/history/list": '{"result": {"jobs": []}}',
}


@dataclass(slots=True)
class Proxy:
    """Stands before a Moonraker that takes longer to begin a print than the proxy waits."""

    status: str = "504 Gateway Timeout"
    port: int = 0
    started: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = head.lower().partition("content-length: ")[2].partition("\r\n")[0]
                await reader.readexactly(int(length or 0))
                writer.write(self._answer(head.split()[1].partition("?")[0]))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, path: str) -> bytes:
        status, body = "200 OK", READY.get(path, "{}")
        if path == "/printer/print/start":
            self.started.append(path)
            status, body = self.status, "{}"
        return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    found = Proxy()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    async with server:
        found.port = server.sockets[0].getsockname()[1]
        yield found


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("504 Gateway Timeout", Unconfirmed),
        ("502 Bad Gateway", Unconfirmed),
        ("500 Internal Server Error", Unconfirmed),
        ("503 Service Unavailable", Refused),
        ("400 Bad Request", Refused),
    ],
)
async def test_only_a_refusal_proves_that_nothing_started(
    proxy: Proxy, status: str, outcome: type[Unconfirmed | Refused]
) -> None:
    proxy.status = status
    endpoint = Endpoint("127.0.0.1", None, "", http_port=proxy.port)
    timeouts = Timeouts(connect_s=5, command_s=5, start_s=0.2)
    async with MoonrakerDriver(endpoint, timeouts=timeouts) as driver:
        answered = await driver.start(
            RemoteFile("order-7.gcode", 1),
            plate=1,
            slots=SlotMap(()),
            device_job_id="7",
            job_name="order",
        )
    assert isinstance(answered, outcome)
    assert len(proxy.started) == 1


def test_a_command_whose_answer_broke_off_may_have_been_done() -> None:
    assert settled(Answer(200), "Klipper") == Done()
    assert settled(Answer(504), "Klipper") == Unconfirmed(
        "Klipper broke off: HTTP status 504. Whether it was done is not known."
    )
    assert settled(Answer(503), "Klipper") == Refused("Klipper refused: HTTP status 503", "503")


def test_an_answer_nested_without_end_is_no_answer() -> None:
    assert Answer(200, b"[" * 1_000_000).json() == {}
