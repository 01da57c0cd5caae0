"""The store port: bytes under the SHA-256 of their content, never changed, never half there."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from shopwright.kernel.errors import Invalid, NotFound, Unavailable

Source = Path | BinaryIO
_SHA256 = re.compile(r"[0-9a-f]{64}")


class InvalidFileKey(Invalid):
    code = "file-key-invalid"
    title = "This is no file key"


class StoredFileMissing(NotFound):
    code = "stored-file-missing"
    title = "The stored file is not there"


class StoredFileDamaged(StoredFileMissing):
    code = "stored-file-damaged"
    title = "The stored file is not what it should be"


class StorageFull(Unavailable):
    code = "storage-full"
    title = "The file storage is full"


class StorageAway(Unavailable):
    """Nobody answers where the bucket should be; worth trying again."""

    code = "storage-away"
    title = "The file storage does not answer"


class StorageMisconfigured(Unavailable):
    """It answers and refuses: a person has to correct the settings, or the bucket."""

    code = "storage-misconfigured"
    title = "The file storage refuses its settings"


@dataclass(frozen=True, slots=True)
class StoredObject:
    sha256: str
    size: int


class FileStore(Protocol):
    """Where stored objects lie: a folder, or a bucket of S3 or R2.

    A key that is no lower-case SHA-256 raises InvalidFileKey; an absent one StoredFileMissing.
    Any call raises StorageAway or StorageMisconfigured when a bucket cannot be reached.
    """

    async def put(self, source: Source, *, max_bytes: int) -> StoredObject:
        """Store the content; the same content again changes nothing.

        Reads a stream from where it stands. Raises TooLarge or StorageFull and keeps nothing then.
        """

    async def read(self, sha256: str, *, max_bytes: int) -> bytes:
        """The whole content; TooLarge when it has more."""

    def stream(self, sha256: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """The content from byte ``start`` on in chunks, for an answer of any size."""

    def local_copy(self, sha256: str) -> AbstractAsyncContextManager[Path]:
        """A path that holds the content while the context is open; only for reading."""

    async def size(self, sha256: str) -> int: ...
    async def exists(self, sha256: str) -> bool: ...
    async def delete(self, sha256: str) -> bool:
        """False when there was nothing to delete."""

    def list_hashes(self) -> AsyncIterator[str]:
        """Every hash that is stored, in no order."""

    async def check(self) -> None:
        """Nothing, when files can be stored and read; else the error that says why not."""


def is_key(name: str) -> bool:
    return _SHA256.fullmatch(name) is not None


def check_key(sha256: str) -> str:
    if not is_key(sha256):
        raise InvalidFileKey("A stored file is named by 64 lower-case hexadecimal digits.")
    return sha256
