"""The shop's one address in front of several servers, as a proxy gives it: in turn, and past those
that do not answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.system.harness import LOOPBACK, free_port

CHUNK = 65_536


class Door:
    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.ports: list[int] = []  # of the servers behind it

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ports.append(self.ports.pop(0))
        for port in list(self.ports):
            with suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection(LOOPBACK, port)
                await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
                return
        writer.transport.abort()


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    opened = Door()
    server = await asyncio.start_server(opened.carry, LOOPBACK, opened.port)
    try:
        yield opened
    finally:
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()
