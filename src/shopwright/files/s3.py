"""The store in a bucket of S3 or R2: ``prefix/ab/abcdef…``, the same names as in a folder.

An object is there whole or not at all: S3 shows it once its last part is in. What is uploaded is
hashed on the way, and every request is bounded in time and tried again.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from shopwright.files.disk import CHUNK_BYTES, check_size, copy_hashed, incoming_file
from shopwright.files.s3_errors import as_storage_error, code_of, is_absent
from shopwright.files.storage import (
    Source,
    StorageMisconfigured,
    StoredFileDamaged,
    StoredFileMissing,
    StoredObject,
    check_key,
    is_key,
)
from shopwright.kernel.errors import TooLarge
from shopwright.kernel.settings import Settings

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore.store import ClientConfig, RetryConfig

PART_BYTES = 8 * CHUNK_BYTES  # S3 wants 5 MiB at least, and takes 10,000 of them
PARTS_AT_ONCE = 3  # an upload takes this many of them in memory
FETCH_BYTES = 4 * CHUNK_BYTES  # of a download, in memory
REFUSED_BY = (BaseError, FileNotFoundError)  # obstore raises Python's own for what is not there
MARKER = "shopwright.txt"
MARKER_TEXT = b"The files of a Shopwright installation. Each is named by its SHA-256.\n"

CONNECT_S = 5
REQUEST_S = 60  # one part or one fetch; 8 MiB in a minute is a slow line
RETRY: "RetryConfig" = {
    "max_retries": 4,
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=3),
        "base": 2,
    },
    "retry_timeout": timedelta(seconds=20),  # somebody waits for the answer
}


@dataclass(slots=True)
class _Lent:
    """One download for everybody who wants the file at the same time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    path: Path | None = None


class S3FileStore:
    """See FileStore. ``incoming`` is a local folder for what is on its way."""

    def __init__(self, bucket: S3Store, incoming: Path) -> None:
        self._bucket = bucket
        self._incoming = incoming
        self._lent: dict[str, _Lent] = {}

    async def put(self, source: Source, *, max_bytes: int) -> StoredObject:
        if isinstance(source, Path):
            stored = await asyncio.to_thread(_measure, source, max_bytes)
            await self._upload_once(source, stored)
            return stored
        with incoming_file(self._incoming) as (file, path):
            stored = await asyncio.to_thread(copy_hashed, source, file, max_bytes)
            await self._upload_once(path, stored)
        return stored

    async def read(self, sha256: str, *, max_bytes: int) -> bytes:
        try:
            answer = await obstore.get_async(self._bucket, _key(sha256))
            if answer.meta["size"] > max_bytes:
                raise TooLarge(f"The stored file has more than {max_bytes:,} bytes.")
            return bytes(await answer.bytes_async())
        except REFUSED_BY as err:
            raise _error(err, sha256) from err

    async def stream(self, sha256: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """In requests of their own, so that a reader may take its time and none runs long."""
        while True:
            chunk, size = await self._fetch(sha256, start)
            if chunk:
                yield chunk
            start += len(chunk)
            if start >= size:
                return

    @asynccontextmanager
    async def local_copy(self, sha256: str) -> AsyncIterator[Path]:
        """Fetched and checked by its hash; gone when the last who uses it is done."""
        lent = self._lent.setdefault(check_key(sha256), _Lent())
        lent.users += 1
        try:
            async with lent.lock:
                if lent.path is None:
                    lent.path = await self._download(sha256)
            yield lent.path
        finally:
            lent.users -= 1
            if not lent.users:
                self._lent.pop(sha256, None)
                if lent.path is not None:
                    await asyncio.to_thread(lent.path.unlink, missing_ok=True)

    async def size(self, sha256: str) -> int:
        size = await self._find_size(sha256)
        if size is None:
            await self._fetch(sha256, 0)  # says whether the file or the whole bucket is missing
            raise _missing(sha256)
        return size

    async def exists(self, sha256: str) -> bool:
        return await self._find_size(sha256) is not None

    async def delete(self, sha256: str) -> bool:
        was_there = await self.exists(sha256)  # S3 does not say
        try:
            await obstore.delete_async(self._bucket, _key(sha256))
        except REFUSED_BY as err:
            if not is_absent(err):
                raise as_storage_error(err) from err
        return was_there

    async def list_hashes(self) -> AsyncIterator[str]:
        try:
            async for page in obstore.list(self._bucket):
                for found in page:
                    name = found["path"].rpartition("/")[2]
                    if is_key(name):
                        yield name
        except REFUSED_BY as err:
            raise as_storage_error(err) from err

    async def check(self) -> None:
        """Reads the marker, and writes it where there is none yet."""
        try:
            await obstore.get_async(self._bucket, MARKER)
        except REFUSED_BY as err:
            if not is_absent(err):
                raise as_storage_error(err) from err
            await self._mark()

    async def _mark(self) -> None:
        try:
            await obstore.put_async(self._bucket, MARKER, MARKER_TEXT, use_multipart=False)
        except REFUSED_BY as err:
            raise as_storage_error(err) from err

    async def _find_size(self, sha256: str) -> int | None:
        try:
            return int((await obstore.head_async(self._bucket, _key(sha256)))["size"])
        except REFUSED_BY as err:
            if is_absent(err):
                return None
            raise as_storage_error(err) from err

    async def _upload_once(self, path: Path, stored: StoredObject) -> None:
        """What is there whole stays as it is."""
        if await self._find_size(stored.sha256) != stored.size:
            await self._upload(path, stored)

    async def _upload(self, path: Path, stored: StoredObject) -> None:
        try:
            await obstore.put_async(
                self._bucket,
                _key(stored.sha256),
                _checked_parts(path, stored.sha256),
                use_multipart=stored.size > PART_BYTES,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        except REFUSED_BY as err:
            raise as_storage_error(err) from err

    async def _fetch(self, sha256: str, start: int) -> tuple[bytes, int]:
        """What stands from ``start`` on, at most FETCH_BYTES of it, and the size of the whole."""
        try:
            answer = await obstore.get_async(
                self._bucket, _key(sha256), options={"range": (start, start + FETCH_BYTES)}
            )
            return bytes(await answer.bytes_async()), answer.meta["size"]
        except REFUSED_BY as err:
            if code_of(err) == "InvalidRange":  # the empty file has no byte 0
                return b"", 0
            raise _error(err, sha256) from err

    async def _download(self, sha256: str) -> Path:
        digest = hashlib.sha256()
        with incoming_file(self._incoming) as (file, path):
            async for chunk in self.stream(sha256):
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
            file.flush()
            if digest.hexdigest() != sha256:
                raise StoredFileDamaged(
                    f"The stored file {sha256[:12]}… has other content than its name says. "
                    "Upload it again.",
                    sha256=sha256,
                )
            return path.rename(path.with_name(f"{path.name}.copy"))


def open_bucket(settings: Settings) -> S3Store:
    """The bucket that the settings name; asks nobody yet. Raises StorageMisconfigured."""
    secret = settings.s3_secret_access_key
    try:
        return S3Store(
            settings.s3_bucket,
            prefix=settings.s3_prefix.strip("/") or None,
            endpoint=settings.s3_url,
            access_key_id=settings.s3_access_key_id,
            secret_access_key=secret.get_secret_value() if secret else "",
            region=settings.s3_region,
            virtual_hosted_style_request=False,
            client_options=_client_options(settings),
            retry_config=RETRY,
        )
    except (BaseError, OSError, ValueError) as err:
        raise StorageMisconfigured(
            f"The bucket {settings.s3_bucket} cannot be opened: {str(err).splitlines()[0]}"
        ) from err


def _client_options(settings: Settings) -> "ClientConfig":
    options: ClientConfig = {
        "allow_http": settings.s3_url.startswith("http://"),
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "timeout": timedelta(seconds=REQUEST_S),
    }
    if settings.s3_ca_file is not None:
        options["root_certificate"] = settings.s3_ca_file.read_bytes()
    return options


def _key(sha256: str) -> str:
    return f"{check_key(sha256)[:2]}/{sha256}"


def _measure(path: Path, max_bytes: int) -> StoredObject:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(path):
        size += len(chunk)
        check_size(size, max_bytes)
        digest.update(chunk)
    return StoredObject(digest.hexdigest(), size)


def _checked_parts(path: Path, sha256: str) -> Iterator[bytes]:
    """Raising at the end takes the whole upload back: what changed meanwhile is not stored."""
    digest = hashlib.sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != sha256:
        raise StoredFileDamaged("The file changed while it was being stored.", sha256=sha256)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _error(err: Exception, sha256: str) -> Exception:
    return _missing(sha256) if is_absent(err) else as_storage_error(err)


def _missing(sha256: str) -> StoredFileMissing:
    return StoredFileMissing(f"The file {sha256} is not in the storage.", sha256=sha256)
