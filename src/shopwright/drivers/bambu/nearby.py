"""Listens for Bambu printers on the shop's own networks, and asks who is there."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator

from shopwright.drivers.bambu import ssdp
from shopwright.fleet.discovery.port import Nearby, Tell
from shopwright.fleet.port import DriverError

ASK_EVERY_S = 3.0  # a datagram may be lost
GROUP = socket.inet_aton(ssdp.GROUP_ADDRESS)
ONLY_JOINED = 49  # Linux' IP_MULTICAST_ALL, which the socket module does not name
HOPS = 2


async def listen(nearby: Nearby, tell: Tell) -> None:
    """Until cancelled. Raises DriverError when none of the ports can be listened on."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        asker, ears = _asking_socket(nearby, stack), _open_ears(nearby, stack)
        for ear in (asker, *ears):
            transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(tell), sock=ear)
            stack.callback(transport.close)
        while True:
            _ask(asker, nearby)
            await asyncio.sleep(ASK_EVERY_S)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = ssdp.read(data, addr[0])
        if found is not None:
            self._tell(found)


def _open_ears(nearby: Nearby, stack: contextlib.ExitStack) -> list[socket.socket]:
    ears, last = [], None
    for port in nearby.ssdp_ports:
        try:
            ears.append(_ear(nearby, port, stack))
        except OSError as err:
            last = err
    if not ears:
        ports = " and ".join(str(port) for port in nearby.ssdp_ports)
        raise DriverError(f"UDP port {ports} cannot be listened on: {last}.") from last
    return ears


def _ear(nearby: Nearby, port: int, stack: contextlib.ExitStack) -> socket.socket:
    """Shared with slicers that listen there too. Of all networks, printers' broadcasts are heard as
    well; of one, only what is sent to the group there."""
    ear = _udp_socket(stack)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.setsockopt(socket.IPPROTO_IP, ONLY_JOINED, 0)
    ear.bind((ssdp.GROUP_ADDRESS if nearby.interface else "", port))
    for way in _ways(nearby):
        with contextlib.suppress(OSError):  # a network that is down, or knows no multicast
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, GROUP + way)
    return ear


def _asking_socket(nearby: Nearby, stack: contextlib.ExitStack) -> socket.socket:
    """Answers come back to it. Raises DriverError for an address that is not this machine's."""
    asker = _udp_socket(stack)
    try:
        asker.bind((nearby.interface, 0))
    except OSError as err:
        raise DriverError(f"{nearby.interface} is no address of this machine: {err}.") from err
    asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
    return asker


def _ask(asker: socket.socket, nearby: Nearby) -> None:
    for way in _ways(nearby):
        with contextlib.suppress(OSError):
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("0") + way)
            for port in nearby.ssdp_ports:
                asker.sendto(ssdp.question(port), (ssdp.GROUP_ADDRESS, port))


def _ways(nearby: Nearby) -> Iterator[bytes]:
    """Each network as the kernel wants it named: an address and an index (``ip_mreqn``)."""
    if nearby.interface:
        yield socket.inet_aton(nearby.interface) + struct.pack("=i", 0)
        return
    for index, _ in socket.if_nameindex():
        yield struct.pack("=4si", b"", index)


def _udp_socket(stack: contextlib.ExitStack) -> socket.socket:
    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sock.setblocking(False)
    return sock
