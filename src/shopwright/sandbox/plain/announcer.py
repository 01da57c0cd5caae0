"""A stand-in announces itself by mDNS, on one interface only, until it is closed."""

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf


@dataclass(frozen=True, slots=True)
class Service:
    """``kind`` like ``_octoprint._tcp``; ``name`` is what people are shown."""

    kind: str
    name: str
    texts: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def announced(service: Service, host: str, port: int, interface: str) -> AsyncIterator[None]:
    kind = f"{service.kind}.local."
    info = AsyncServiceInfo(
        kind,
        f"{service.name}.{kind}",
        addresses=[socket.inet_aton(host)],
        port=port,
        properties=dict(service.texts),
        server=f"stand-in-{port}.local.",
    )
    opened = AsyncZeroconf(interfaces=[interface], ip_version=IPVersion.V4Only)
    try:
        await (await opened.async_register_service(info, allow_name_change=True))
        yield
    finally:
        await opened.async_unregister_all_services()
        await opened.async_close()
