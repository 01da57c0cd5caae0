"""The camera port of P1 and A1 printers: one JPEG after another (protocol notes 1.11)."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncGenerator

from shopwright.drivers.bambu import tls
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.fleet.port import Endpoint, Finding

PORT = 6000
USER = b"bblp"
LOGIN = struct.Struct("<IIII32s32s")
LOGIN_SIZE, LOGIN_KIND = 0x40, 0x3000
HEADER = struct.Struct("<IIII")
LARGEST_PICTURE = 4_000_000
JPEG_START = b"\xff\xd8"
WATCHED_ELSEWHERE = "is somebody else watching?"  # real printers serve one viewer at a time


class _HungUp(LinkFailed):
    """Closed between two pictures."""


async def take_picture(endpoint: Endpoint, timeout_s: float) -> bytes:
    """The next JPEG. Raises LinkFailed, or CredentialRejected for a wrong code."""
    async with contextlib.aclosing(pictures(endpoint, timeout_s)) as feed:
        return await anext(feed)


async def pictures(endpoint: Endpoint, timeout_s: float) -> AsyncGenerator[bytes, None]:
    """JPEGs as the printer sends them; each may take ``timeout_s``.

    Raises LinkFailed, or CredentialRejected for a wrong code.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with _in_time(timeout_s):
            reader, writer = await _open(endpoint)
            writer.write(login_frame(endpoint.access_code))
            picture = await _read_first(reader)
        while True:
            yield picture
            async with _in_time(timeout_s):
                picture = await _read_picture(reader)
    finally:
        if writer is not None:
            await _hang_up(writer)


def login_frame(code: str) -> bytes:
    return LOGIN.pack(LOGIN_SIZE, LOGIN_KIND, 0, 0, USER, code.encode())


@contextlib.asynccontextmanager
async def _in_time(timeout_s: float) -> AsyncGenerator[None, None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (OSError, TimeoutError) as err:
        raise LinkFailed(f"The printer's camera gave no picture: {WATCHED_ELSEWHERE}") from err


async def _open(endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Sign in only to the printer whose certificate we know."""
    reader, writer = await asyncio.open_connection(
        endpoint.host, endpoint.camera_port or PORT, ssl=tls.client_context()
    )
    try:
        secured = writer.get_extra_info("ssl_object")
        der = secured.getpeercert(True) if isinstance(secured, ssl.SSLObject) else None
        leaf = tls.read_leaf(der)
        tls.check_leaf(leaf, serial=endpoint.serial, fingerprint=endpoint.pinned_fingerprint)
    except BaseException:
        await _hang_up(writer)
        raise
    return reader, writer


async def _read_first(reader: asyncio.StreamReader) -> bytes:
    """A wrong code is answered by closing without a word."""
    try:
        return await _read_picture(reader)
    except _HungUp as err:
        raise CredentialRejected(
            "The printer's camera hung up: check the access code.", Finding.WRONG_CODE
        ) from err


async def _read_picture(reader: asyncio.StreamReader) -> bytes:
    try:
        size = HEADER.unpack(await reader.readexactly(HEADER.size))[0]
        if size > LARGEST_PICTURE:
            raise LinkFailed(
                f"The camera announced a picture of {size} bytes, which is no picture."
            )
        picture = await reader.readexactly(size)
    except asyncio.IncompleteReadError as err:
        if err.partial or err.expected != HEADER.size:
            raise LinkFailed("The camera broke off in the middle of a picture.") from err
        raise _HungUp(f"The printer's camera hung up: {WATCHED_ELSEWHERE}") from err
    if not picture.startswith(JPEG_START):
        raise LinkFailed("The camera sent something that is not a picture.")
    return picture


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
