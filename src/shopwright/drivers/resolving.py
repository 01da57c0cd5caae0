"""The first step on the way to a printer: what address its name stands for."""

import asyncio
import ipaddress
import socket

from shopwright.drivers.errors import LinkFailed
from shopwright.fleet.port import DiagnosisStep, Finding

ADDRESS = "address"
RESOLVE_S = 5.0
NO_ADDRESS = "The printer has no address: enter the one that it shows on its screen."


async def look_up(host: str) -> DiagnosisStep:
    """A fault is a step, not an error."""
    try:
        return DiagnosisStep(ADDRESS, Finding.OK, await _resolve(host))
    except LinkFailed as err:
        return DiagnosisStep(ADDRESS, err.finding, str(err))


async def _resolve(host: str) -> str:
    """A sentence. Raises LinkFailed for a name that nobody knows."""
    if not host:
        raise LinkFailed(NO_ADDRESS, Finding.NAME_UNKNOWN)
    if _is_number(host):
        return f"{host} needs no name server."
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as err:
        raise LinkFailed(
            f"No name server knows {host}: write the printer's address in numbers, like "
            "192.168.1.20.",
            Finding.NAME_UNKNOWN,
        ) from err
    return f"{host} is {found[0][4][0]}."


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
