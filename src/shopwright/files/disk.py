"""The store in a folder: ``ab/abcdef…``, written beside and renamed into place."""

import asyncio
import errno
import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from shopwright.files.storage import (
    Source,
    StorageFull,
    StorageMisconfigured,
    StoredFileMissing,
    StoredObject,
    check_key,
    is_key,
)
from shopwright.kernel.errors import TooLarge

CHUNK_BYTES = 1_048_576
INCOMING = "incoming"  # under the root, so that renaming stays within one file system
LEFTOVER_AFTER_S = 86_400  # no upload takes a day
FULL = {errno.ENOSPC, errno.EDQUOT}
READ_ONLY = 0o440  # nobody edits what is addressed by its content


class DiskFileStore:
    """See FileStore. Disk work runs on threads; a put survives a power cut once it has returned."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)

    async def put(self, source: Source, *, max_bytes: int) -> StoredObject:
        return await asyncio.to_thread(self._put, source, max_bytes)

    async def read(self, sha256: str, *, max_bytes: int) -> bytes:
        return await asyncio.to_thread(_read, self._path(sha256), max_bytes)

    async def stream(self, sha256: str, *, start: int = 0) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(_open, self._path(sha256))
        try:
            file.seek(start)
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk
        finally:
            file.close()

    @asynccontextmanager
    async def local_copy(self, sha256: str) -> AsyncIterator[Path]:
        await self.size(sha256)
        yield self._path(sha256)

    async def size(self, sha256: str) -> int:
        return await asyncio.to_thread(_size, self._path(sha256))

    async def exists(self, sha256: str) -> bool:
        return await asyncio.to_thread(self._path(sha256).is_file)

    async def delete(self, sha256: str) -> bool:
        return await asyncio.to_thread(_unlink, self._path(sha256))

    async def list_hashes(self) -> AsyncIterator[str]:
        for name in await asyncio.to_thread(_list_names, self._root):
            yield name

    async def check(self) -> None:
        await asyncio.to_thread(_check_writable, self._incoming)

    def _path(self, sha256: str) -> Path:
        return self._root / check_key(sha256)[:2] / sha256

    def _put(self, source: Source, max_bytes: int) -> StoredObject:
        with _opened(source) as content, incoming_file(self._incoming) as (file, temporary):
            stored = copy_hashed(content, file, max_bytes)
            self._place(temporary, self._path(stored.sha256))
        return stored

    def _place(self, temporary: Path, target: Path) -> None:
        """Rename over what may be there: it has the same content, and a damaged copy is healed."""
        target.parent.mkdir(exist_ok=True)
        temporary.chmod(READ_ONLY)
        temporary.replace(target)
        _sync_folder(target.parent)
        _sync_folder(self._root)


@contextmanager
def incoming_file(folder: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file to write to, gone afterwards unless it was moved away; raises StorageFull."""
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        path = Path(file.name)
        try:
            yield file, path
        except OSError as err:
            if err.errno not in FULL:
                raise
            raise StorageFull(
                "The disk of the file storage is full. Free some space and upload again."
            ) from err
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    else:
        yield source


def copy_hashed(source: BinaryIO, target: IO[bytes], max_bytes: int) -> StoredObject:
    """What was copied, flushed to the disk; raises TooLarge."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK_BYTES):
        size += len(chunk)
        check_size(size, max_bytes)
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return StoredObject(digest.hexdigest(), size)


def check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"The file has more than {max_bytes:,} bytes, which is the limit here.")


def _sync_folder(folder: Path) -> None:
    """Without it a power cut may undo the rename."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as err:
        raise _missing(path) from err


def _read(path: Path, max_bytes: int) -> bytes:
    with _open(path) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise TooLarge(f"The stored file has more than {max_bytes:,} bytes.")
    return content


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError as err:
        raise _missing(path) from err


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _list_names(root: Path) -> list[str]:
    return [path.name for path in root.glob("??/*") if is_key(path.name)]


def _check_writable(folder: Path) -> None:
    try:
        with incoming_file(folder):
            return
    except OSError as err:
        raise StorageMisconfigured(
            f"The folder of the file storage cannot be written to: {err.strerror}."
        ) from err


def sweep(folder: Path, older_than_s: float = LEFTOVER_AFTER_S) -> int:
    """How many half-written uploads of a process that died were removed."""
    limit = time.time() - older_than_s
    return sum(_unlink(path) for path in list(folder.iterdir()) if path.stat().st_mtime < limit)


def _missing(path: Path) -> StoredFileMissing:
    return StoredFileMissing(f"The file {path.name} is not in the storage.", sha256=path.name)
