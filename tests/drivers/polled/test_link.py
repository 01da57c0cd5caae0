"""Where a printer's requests go: to a checked address, over a connection that is kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from shopwright.drivers.errors import NotSent
from shopwright.drivers.polled.link import HttpLink
from shopwright.fleet.port import Endpoint, Finding, Timeouts

IPV4, IPV6 = 2, 10


@dataclass(slots=True)
class Names:
    """A resolver with one answer after the other; the last one stays."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(host)
        return [(IPV6 if ":" in one else IPV4, 1, 6, "", (one, port)) for one in answer]


@dataclass(slots=True)
class Device:
    port: int = 0
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    found = Device()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    async with server:
        found.port = server.sockets[0].getsockname()[1]
        yield found


def link_to(device: Device, host: str) -> HttpLink:
    endpoint = Endpoint(host, None, "", http_port=device.port)
    return HttpLink(endpoint, Timeouts(connect_s=5, command_s=5), port=80)


async def test_a_name_that_turns_into_the_address_of_secrets_is_asked_nothing_more(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names([["127.0.0.1"], ["169.254.169.254"]])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
    async with link_to(device, "octopi.lan") as link:
        assert (await link.get("/api/version")).status == 200
        with pytest.raises(NotSent, match=r"^octopi\.lan is no address of a printer\.$") as refused:
            await link.get("/api/version")
    assert refused.value.finding is Finding.HOST_UNREACHABLE
    assert names.asked == ["octopi.lan", "octopi.lan"]


async def test_an_address_of_the_link_beside_a_usable_one_is_left_out_and_the_connection_kept(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names([["fe80::1%eth0", "127.0.0.1"]])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
    async with link_to(device, "octopi.local") as link:
        for _ in range(3):
            assert (await link.get("/api/version")).status == 200
    assert device.connections == 1


async def test_a_plain_address_needs_no_resolver(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names([[]])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
    async with link_to(device, "127.0.0.1") as link:
        assert (await link.get("/api/version")).status == 200
    assert names.asked == []


async def test_a_name_that_is_none_is_said_so(device: Device) -> None:
    async with link_to(device, "a..b") as link:
        with pytest.raises(NotSent, match=r"The name a\.\.b is not known to the DNS"):
            await link.get("/")
