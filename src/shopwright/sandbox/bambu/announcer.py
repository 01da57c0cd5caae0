"""A virtual printer says that it is there, as real ones do (protocol notes 1.12), and answers
whoever asks.

A real printer sends to its whole network. A stand-in sends only where its ``Announcing`` says,
which is this machine unless somebody wants otherwise, and adds its unusual ports.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

GROUP = "239.255.255.250"
DEVICE = "urn:bambulab-com:device:3dprinter:1"


@dataclass(frozen=True, slots=True)
class Announcing:
    """``also`` are single addresses that get every announcement, like ``127.0.0.1:2021``."""

    interface: str = "127.0.0.1"
    ports: tuple[int, ...] = (1990, 2021)
    also: tuple[str, ...] = ()
    interval_s: float = 5.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Announcing":
        """From a farm file; raises TypeError for a word that there is not."""
        lists = {key: tuple(values[key]) for key in ("ports", "also") if key in values}
        return cls(**{**values, **lists})


@dataclass(frozen=True, slots=True)
class Identity:
    """What a printer says of itself."""

    serial: str
    name: str
    model_code: str
    firmware: str
    host: str
    ports: Mapping[str, int]


class Announcer:
    """Opened and closed by its printer; ``is_on`` says whether the machine has power."""

    def __init__(self, how: Announcing, who: Identity, is_on: Callable[[], bool]) -> None:
        self._how, self._who, self._is_on = how, who, is_on
        self._transports: list[asyncio.DatagramTransport] = []
        self._telling: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._teller = await self._open(_bound((self._how.interface, 0), self._how.interface))
        for port in self._how.ports:
            with contextlib.suppress(OSError):  # another program has it: then it is not asked
                await self._open(_bound((GROUP, port), self._how.interface))
        self._telling = asyncio.create_task(self._tell_all_along(), name="bambu-announcer")

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
            self._tell("ssdp:byebye")
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    def answer(self, question: bytes, asker: tuple[str, int]) -> None:
        lines = question.decode("utf-8", "replace").split("\r\n")
        wanted = {
            line.partition(":")[2].strip() for line in lines if line.upper().startswith("ST:")
        }
        if self._is_on() and lines[0].startswith("M-SEARCH") and DEVICE in wanted:
            self._teller.sendto(_datagram("HTTP/1.1 200 OK", self._headers("ST")), asker)

    async def _open(self, sock: socket.socket) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(partial(_Asked, self), sock=sock)
        self._transports.append(transport)
        return transport

    async def _tell_all_along(self) -> None:
        while True:
            if self._is_on():
                self._tell("ssdp:alive")
            await asyncio.sleep(self._how.interval_s)

    def _tell(self, kind: str) -> None:
        headers = {"Host": f"{GROUP}:1990", "NTS": kind} | self._headers("NT")
        datagram = _datagram("NOTIFY * HTTP/1.1", headers)
        places = [(GROUP, port) for port in self._how.ports]
        for text in self._how.also:
            host, _, port = text.rpartition(":")
            places.append((host, int(port)))
        for place in places:
            with contextlib.suppress(OSError):
                self._teller.sendto(datagram, place)

    def _headers(self, kind: str) -> dict[str, str]:
        who = self._who
        return {
            "Server": "UPnP/1.0",
            "Location": who.host,
            kind: DEVICE,
            "USN": who.serial,
            "Cache-Control": "max-age=1800",
            "DevModel.bambu.com": who.model_code,
            "DevName.bambu.com": who.name,
            "DevSignal.bambu.com": "-44",
            "DevConnect.bambu.com": "lan",
            "DevBind.bambu.com": "free",
            "Devseclink.bambu.com": "secure",
            "DevInf.bambu.com": "wlan0",
            "DevVersion.bambu.com": who.firmware,
            "DevCap.bambu.com": "1",
            "DevPorts.shopwright": ",".join(f"{name}={port}" for name, port in who.ports.items()),
        }


class _Asked(asyncio.DatagramProtocol):
    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._announcer.answer(data, addr)


def _bound(place: tuple[str, int], interface: str) -> socket.socket:
    """Many stand-ins of one machine share the group's ports."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own = socket.inet_aton(interface)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(place)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, own)
        if place[0] == GROUP:
            member = socket.inet_aton(GROUP) + own
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        sock.close()
        raise
    return sock


def _datagram(first: str, headers: Mapping[str, str]) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
