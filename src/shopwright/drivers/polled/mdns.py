"""Listens for programs that announce themselves by mDNS (DNS-SD)."""

import asyncio
import ipaddress
import re
import socket
from contextlib import AsyncExitStack
from typing import Any

from zeroconf import InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from shopwright.fleet.discovery.port import Announced, Nearby, Tell
from shopwright.fleet.port import DriverError

RESOLVE_MS = 3000
SPOKEN = re.compile(r'^(?:OctoPrint instance (?:on )?|Moonraker(?:-[0-9a-f]+)? @ )"?(.*?)"?$')


async def listen_for(service: str, driver: str, nearby: Nearby, tell: Tell) -> None:
    """Until cancelled. ``service`` like ``_octoprint._tcp.local.``; raises DriverError when there
    is no network to listen on."""
    resolving: set[asyncio.Task[None]] = set()

    def hear(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is not ServiceStateChange.Removed:
            task = asyncio.create_task(_resolve(zeroconf, service_type, name, driver, tell))
            resolving.add(task)
            task.add_done_callback(resolving.discard)

    try:
        _check_own(nearby.interface)
        opened = AsyncZeroconf(
            interfaces=[nearby.interface] if nearby.interface else InterfaceChoice.All,
            ip_version=IPVersion.V4Only,  # what is announced over it may have either address
        )
    except OSError as err:
        raise DriverError(f"mDNS (UDP port 5353) cannot be listened on: {err}.") from err
    async with AsyncExitStack() as stack:
        stack.push_async_callback(opened.async_close)
        browser = AsyncServiceBrowser(opened.zeroconf, service, handlers=[hear])
        stack.push_async_callback(browser.async_cancel)
        stack.push_async_callback(_drop, resolving)
        await asyncio.Event().wait()


def _check_own(interface: str) -> None:
    """Raises OSError for an address of another machine, over which zeroconf loses a socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((interface, 0))


async def _resolve(zeroconf: Zeroconf, service: str, name: str, driver: str, tell: Tell) -> None:
    info = AsyncServiceInfo(service, name)
    if not await info.async_request(zeroconf, RESOLVE_MS):
        return
    found = _read(info, driver)
    if found is not None:
        tell(found)


async def _drop(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _read(info: AsyncServiceInfo, driver: str) -> Announced | None:
    """None without an address: a name of the local network may mean nothing to whoever drives."""
    host = _choose(info.parsed_addresses(IPVersion.All))
    if host is None or not info.port:
        return None
    texts = _texts(info.properties)
    return Announced(
        driver=driver,
        host=host,
        name=_short(info.name.removesuffix(f".{info.type}")),
        ports={"http": info.port},
        model=texts.get("model"),
        firmware=texts.get("version"),
    )


def _choose(addresses: list[str]) -> str | None:
    """An IPv4 address if there is one; one that counts on this link only needs a zone."""
    usable = [ip for ip in map(ipaddress.ip_address, addresses) if not ip.is_link_local]
    usable.sort(key=lambda ip: ip.version)
    return str(usable[0]) if usable else None


def _texts(properties: dict[bytes, Any]) -> dict[str, str]:
    pairs = ((key, value) for key, value in properties.items() if isinstance(value, bytes))
    return {
        key.decode("utf-8", "replace"): value.decode("utf-8", "replace") for key, value in pairs
    }


def _short(name: str) -> str:
    """``OctoPrint instance "Workhorse"`` is Workhorse."""
    found = SPOKEN.match(name)
    return (found.group(1) if found else name).strip() or name
