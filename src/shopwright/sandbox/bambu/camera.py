"""The JPEG camera of P1 and A1 on its TLS port (protocol notes 1.11)."""

import asyncio
import contextlib
import io
import ssl
import struct
from collections.abc import Callable
from typing import cast

from PIL import Image, ImageDraw

USER = "bblp"
LOGIN_BYTES = 80
LOGIN_TIMEOUT_S = 10.0
HEADER = struct.Struct("<IIII")
LOGIN_HEADER = HEADER.pack(0x40, 0x3000, 0, 0)
FRAME_SIZE = (640, 360)


class Camera:
    """Sends a frame per interval to its one viewer; a new viewer takes the place of the old one."""

    def __init__(
        self,
        get_access_code: Callable[[], str],
        draw: Callable[[], bytes],
        get_interval_s: Callable[[], float],
    ) -> None:
        self.is_powered = True
        self.admitted = 0  # viewers so far; a program that shares has one at a time
        self._get_access_code = get_access_code
        self._draw = draw
        self._get_interval_s = get_interval_s
        self._server: asyncio.Server | None = None
        self._viewers: set[asyncio.Task[None]] = set()

    async def open(self, host: str, port: int, context: ssl.SSLContext) -> int:
        self._server = await asyncio.start_server(self._serve, host, port, ssl=context)
        return cast("int", self._server.sockets[0].getsockname()[1])  # sockaddr is untyped

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            viewers = list(self._viewers)
            self.drop()
            await asyncio.gather(*viewers, return_exceptions=True)
            await self._server.wait_closed()

    @property
    def is_watched(self) -> bool:
        return bool(self._viewers)

    def drop(self) -> None:
        for viewer in self._viewers:
            viewer.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())  # start_server made one
        try:
            if self.is_powered and await self._is_welcome(reader):
                self.admitted += 1
                self.drop()
                self._viewers.add(task)
                await self._stream(writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            pass  # the viewer left, or was cut off; both are ordinary
        finally:
            self._viewers.discard(task)
            writer.transport.abort()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _is_welcome(self, reader: asyncio.StreamReader) -> bool:
        async with asyncio.timeout(LOGIN_TIMEOUT_S):
            login = await reader.readexactly(LOGIN_BYTES)
        user, code = login[16:48].rstrip(b"\0"), login[48:].rstrip(b"\0")
        is_right = user == USER.encode() and code == self._get_access_code().encode()
        return is_right and login[:16] == LOGIN_HEADER

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        while True:
            frame = self._draw()
            writer.write(HEADER.pack(len(frame), 0, 1, 0))
            await writer.drain()  # clients want the header as a TLS record of its own
            writer.write(frame)
            await writer.drain()
            await asyncio.sleep(self._get_interval_s())


def draw_frame(name: str, line: str, percent: float) -> bytes:
    """A JPEG (JFIF) that shows which printer it is and how far it is."""
    picture = Image.new("RGB", FRAME_SIZE, "#20262B")
    draw = ImageDraw.Draw(picture)
    width, height = FRAME_SIZE
    top = int(height * 0.85 - height * 0.5 * percent / 100)
    draw.rectangle((width * 0.4, top, width * 0.6, height * 0.85), fill="#F0A020")
    draw.line((width * 0.2, height * 0.85, width * 0.8, height * 0.85), fill="#8090A0", width=6)
    draw.text((20, 16), name, fill="white", font_size=28)
    draw.text((20, 52), f"{line}  {percent:.0f} %", fill="#C0D0E0", font_size=20)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=70)
    return buffer.getvalue()
