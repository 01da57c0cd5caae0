"""Print files of an agent: fetched from the server when a start needs them, checked by their hash,
and kept for the next print of the same file."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from shopwright.agent.client import Client, CutOff, KeyRevoked, ServerRefused
from shopwright.files.disk import INCOMING, DiskFileStore, sweep
from shopwright.files.storage import (
    Source,
    StoredFileDamaged,
    StoredFileMissing,
    StoredObject,
    check_key,
)

log = structlog.get_logger()

TRIES = 5  # of a download that breaks off; each goes on where the last one ended
RETRY_S = 1.0
KEPT_BYTES = 5_000_000_000
NOT_FOUND = 404


class AgentFiles:
    """A FileStore whose ``local_copy`` fetches what is not here yet."""

    def __init__(self, folder: Path, client: Client, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._folder = folder
        self._disk = DiskFileStore(folder)
        self._client = client
        self._kept_bytes = kept_bytes
        self._fetching: dict[str, asyncio.Lock] = {}
        self._in_use: dict[str, int] = {}

    @asynccontextmanager
    async def local_copy(self, sha256: str) -> AsyncIterator[Path]:
        """Raises CutOff when the server is away, StoredFileDamaged for other content than named."""
        self._in_use[sha256] = self._in_use.get(sha256, 0) + 1
        try:
            async with self._fetching.setdefault(sha256, asyncio.Lock()):
                if not await self._disk.exists(sha256):
                    await self._fetch(sha256)
            async with self._disk.local_copy(sha256) as path:
                path.touch()
                yield path
        finally:
            self._in_use[sha256] -= 1
            if not self._in_use[sha256]:
                del self._in_use[sha256], self._fetching[sha256]

    async def put(self, source: Source, *, max_bytes: int) -> StoredObject:
        return await self._disk.put(source, max_bytes=max_bytes)

    async def read(self, sha256: str, *, max_bytes: int) -> bytes:
        return await self._disk.read(sha256, max_bytes=max_bytes)

    def stream(self, sha256: str, *, start: int = 0) -> AsyncIterator[bytes]:
        return self._disk.stream(sha256, start=start)

    async def size(self, sha256: str) -> int:
        return await self._disk.size(sha256)

    async def exists(self, sha256: str) -> bool:
        return await self._disk.exists(sha256)

    async def delete(self, sha256: str) -> bool:
        return await self._disk.delete(sha256)

    def list_hashes(self) -> AsyncIterator[str]:
        return self._disk.list_hashes()

    async def check(self) -> None:
        await self._disk.check()

    async def remove_leftovers(self) -> None:
        """Of downloads that broke off and were not taken up again within a day."""
        await asyncio.to_thread(sweep, self._folder / INCOMING)

    async def _fetch(self, sha256: str) -> None:
        part = self._folder / INCOMING / f"{check_key(sha256)}.part"
        try:
            size = await self._download(sha256, part)
        except KeyRevoked as err:
            raise CutOff(err.detail) from err
        except ServerRefused as err:
            raise StoredFileMissing(err.detail, sha256=sha256) from err
        found = await asyncio.to_thread(_hash, part)
        if found != sha256:
            await asyncio.to_thread(part.unlink)
            log.error("a file arrived damaged and was refused", wanted=sha256, got=found)
            raise StoredFileDamaged(
                f"The file arrived with other content than its hash {sha256[:12]}… says; it was "
                "not printed. Upload it again.",
                sha256=sha256,
            )
        await self._disk.put(part, max_bytes=size)
        await asyncio.to_thread(part.unlink)
        await asyncio.to_thread(self._sweep)

    async def _download(self, sha256: str, part: Path) -> int:
        """The size; raises CutOff once the way to the server broke too often."""
        for attempt in range(1, TRIES + 1):
            try:
                link = await self._client.find_file(sha256)
                await self._go_on(link["url"], part, link["size"])
            except CutOff:
                if attempt == TRIES:
                    raise
                await asyncio.sleep(RETRY_S)
            else:
                return int(link["size"])
        raise AssertionError("unreachable")

    async def _go_on(self, url: str, part: Path, size: int) -> None:
        start = await asyncio.to_thread(_size, part)
        if start >= size:
            return
        async with self._client.download(url, start) as answer:
            is_rest = answer.status_code == 206  # noqa: PLR2004  partial content
            with part.open("ab" if is_rest else "wb") as file:
                async for chunk in answer.aiter_bytes():
                    await asyncio.to_thread(file.write, chunk)

    def _sweep(self) -> None:
        """The files not printed for longest go when there are too many bytes."""
        stored = [path for path in self._folder.glob("??/*") if path.is_file()]
        stored.sort(key=lambda path: path.stat().st_mtime)
        total = sum(path.stat().st_size for path in stored)
        for path in stored:
            if total <= self._kept_bytes:
                return
            if not self._in_use.get(path.name):
                total -= path.stat().st_size
                path.unlink()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
