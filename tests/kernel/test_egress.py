"""Addresses that people typed are checked and pinned before anything is sent to them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shopwright.kernel.egress import (
    AddressRefused,
    EgressPolicy,
    check_reachable,
    check_url,
    guarded_client,
    why_refused,
)
from shopwright.kernel.errors import Invalid

PUBLIC, PRIVATE = EgressPolicy(), EgressPolicy(allows_private=True)
LOOPBACK = [
    "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
]  # fmt: skip
NEVER = ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "168.63.129.16",
         "100.100.100.200", "0.0.0.0", "::", "224.0.0.1", "255.255.255.255"]  # fmt: skip


@pytest.mark.parametrize("address", [*LOOPBACK, "10.1.2.3", "192.168.1.4", "100.64.0.1", "fd12::1"])
def test_private_addresses_are_called_only_where_that_is_allowed(address: str) -> None:
    assert why_refused(address, PUBLIC) is not None
    assert why_refused(address, PRIVATE) is None


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_no_mans_addresses_are_never_called(address: str) -> None:
    assert why_refused(address, PUBLIC) is not None
    assert why_refused(address, PRIVATE) is not None


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses_are_called(address: str) -> None:
    assert why_refused(address, PUBLIC) is None


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.test/", "https://", "https://a b.test/", "nonsense", "https://me:pw@shop.test/",
     "https://shop.test:0/", "https://shop.test:99999/", "https://shop.test/" + "x" * 2000],
)  # fmt: skip
def test_what_is_no_web_address_is_said_so(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/hook", "http://2130706433/", "http://0x7f.1/", "http://[::1]:8000/"]
)
async def test_loopback_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(AddressRefused, match=r"is a loopback address\. Use a public https"):
        await check_reachable(url, PUBLIC)


async def test_metadata_is_refused_even_in_a_shops_own_network() -> None:
    with pytest.raises(AddressRefused, match=r"169\.254\.169\.254 is a metadata"):
        await check_reachable("http://169.254.169.254/latest/meta-data/", PRIVATE)


class Names:
    """A resolver that answers one address at first and another one ever after."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked = 0

    async def getaddrinfo(self, _host: str, port: int, **_: Any) -> list[Any]:
        self.asked += 1
        address = self.addresses[min(self.asked, len(self.addresses)) - 1]
        return [(2, 1, 6, "", (address, port))]


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port of this machine that answers 302 to elsewhere and keeps what it was sent."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n")
        writer.write(b"content-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def test_the_checked_address_is_the_one_connected_to(
    receiver: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second answer of the DNS, which would be refused, is never asked for."""
    port, heard = receiver
    names = Names("127.0.0.1", "169.254.169.254")
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
    async with guarded_client(PRIVATE, 5) as client:
        answer = await client.post(f"http://hooks.example:{port}/x", content=b"")
    assert (answer.status_code, names.asked, len(heard)) == (302, 1, 1)  # and not followed
    assert f"host: hooks.example:{port}".encode() in heard[0].lower()


async def test_a_name_that_turns_private_is_refused_when_called(
    receiver: tuple[int, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, heard = receiver
    names = Names("8.8.8.8", "127.0.0.1")
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
    await check_reachable(f"http://hooks.example:{port}/", PUBLIC)
    async with guarded_client(PUBLIC, 5) as client:
        with pytest.raises(AddressRefused):
            await client.post(f"http://hooks.example:{port}/", content=b"")
    assert heard == []
