"""A file on its way to a printer: read in blocks, hashed, its progress told."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Mapping
from pathlib import Path
from typing import TypeVar

from shopwright.drivers.errors import LinkFailed
from shopwright.drivers.polled.jobs import SUFFIX
from shopwright.drivers.polled.link import Answer
from shopwright.fleet.port import Finding, ProgressSink, Timeouts

BLOCK_BYTES = 128 * 1024
NOT_THE_FILE = "What was read from the disk is not the file it should be; upload it again."
PLAIN_ONLY = "This printer prints plain G-code only: slice it for the printer and export .gcode."

T = TypeVar("T")


class FileBody:
    """The content of a request. Iterating anew begins anew, as a digest log-in needs it.

    Raises LinkFailed before the last block when the content has not the hash it should have, so
    that no printer stores it.
    """

    def __init__(
        self,
        file: Path,
        progress: ProgressSink,
        *,
        sha256: str,
        head: bytes = b"",
        tail: bytes = b"",
    ) -> None:
        self.size = file.stat().st_size
        self._file, self._progress, self._sha256 = file, progress, sha256
        self._head, self._tail = head, tail

    @property
    def length(self) -> str:
        return str(len(self._head) + self.size + len(self._tail))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._head:
            yield self._head
        digest, sent = hashlib.sha256(), 0
        stream = await asyncio.to_thread(self._file.open, "rb")
        with stream:
            while block := await asyncio.to_thread(stream.read, BLOCK_BYTES):
                digest.update(block)
                sent += len(block)
                if sent >= self.size and digest.hexdigest() != self._sha256:
                    raise LinkFailed(NOT_THE_FILE)
                yield block
                self._progress(sent, self.size)
        if self._tail:
            yield self._tail


def form_body(
    file: Path,
    progress: ProgressSink,
    *,
    name: str,
    sha256: str,
    fields: Mapping[str, str],
) -> tuple[FileBody, dict[str, str]]:
    """A multipart form that ends with the file, and its headers."""
    boundary = f"shopwright{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = FileBody(
        file,
        progress,
        sha256=sha256,
        head="".join(parts).encode(),
        tail=f"\r\n--{boundary}--\r\n".encode(),
    )
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": body.length,
    }
    return body, headers


async def in_time(upload: Awaitable[T], size: int, timeouts: Timeouts) -> T:
    """Raises LinkFailed when it takes longer than the slowest bearable line."""
    limit_s = max(timeouts.upload_min_s, size / timeouts.upload_bytes_per_s)
    try:
        async with asyncio.timeout(limit_s):
            return await upload
    except TimeoutError as err:
        raise LinkFailed(f"The upload was too slow: not done after {limit_s:.0f} s.") from err


def check_kind(name: str) -> None:
    if not SUFFIX.search(name):
        raise LinkFailed(PLAIN_ONLY, Finding.STORAGE_REFUSED)


def check_stored(answer: Answer) -> Answer:
    """Raises LinkFailed with the device's reason when it did not take the file."""
    if not answer.is_good:
        raise LinkFailed(f"The printer did not take the file: {answer.reason}.", STORAGE)
    return answer


def check_space(free: int | None, size: int) -> None:
    """``free`` None: it does not say."""
    if free is not None and free < size:
        raise LinkFailed(
            f"The printer's storage is full: {free / 1e6:.1f} MB are free, the file has "
            f"{size / 1e6:.1f} MB. Delete files there.",
            STORAGE,
        )


STORAGE = Finding.STORAGE_REFUSED
