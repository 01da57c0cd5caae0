"""What every store does, in a folder and in a bucket of a real S3 server."""

import errno
import hashlib
import io
import os
import threading
from asyncio import gather
from pathlib import Path

import pytest

from shopwright.files.s3 import FETCH_BYTES
from shopwright.files.storage import (
    FileStore,
    InvalidFileKey,
    StorageFull,
    StoredFileMissing,
    StoredObject,
)
from shopwright.kernel.errors import TooLarge
from tests.files.conftest import Place

CONTENT = b"G28\nG1 X1\n" * 300_000  # three chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()
LIMIT = 10_000_000
BAD_KEYS = ["", "ab", "../" + "a" * 61, SHA256.upper(), SHA256 + "a", "g" * 64, SHA256[:-1] + "\n"]


class FailingStream(io.BytesIO):
    """Gives one chunk, then fails as a disk or a broken upload does."""

    def __init__(self, failure: OSError) -> None:
        super().__init__(CONTENT)
        self._failure = failure

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self._failure
        return super().read(size)


async def test_content_lies_under_its_hash(place: Place, store: FileStore) -> None:
    stored = await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert stored == StoredObject(SHA256, 3_000_000)
    assert place.names() == [f"{SHA256[:2]}/{SHA256}"]
    assert await store.read(SHA256, max_bytes=LIMIT) == CONTENT
    assert await store.size(SHA256) == 3_000_000
    assert await store.exists(SHA256)


async def test_a_path_is_stored_like_a_stream_and_stays(tmp_path: Path, store: FileStore) -> None:
    path = tmp_path / "part.gcode"
    path.write_bytes(CONTENT)

    assert (await store.put(path, max_bytes=LIMIT)).sha256 == SHA256
    assert path.read_bytes() == CONTENT


async def test_the_same_content_again_changes_nothing(place: Place, store: FileStore) -> None:
    puts = [store.put(io.BytesIO(CONTENT), max_bytes=LIMIT) for _ in range(8)]

    assert set(await gather(*puts)) == {StoredObject(SHA256, 3_000_000)}
    assert place.names() == [f"{SHA256[:2]}/{SHA256}"]


async def test_a_damaged_copy_is_healed_by_the_same_content(place: Place, store: FileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)
    place.write(f"{SHA256[:2]}/{SHA256}", b"damaged")

    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert await store.read(SHA256, max_bytes=LIMIT) == CONTENT


async def test_the_empty_file_can_be_stored(store: FileStore) -> None:
    stored = await store.put(io.BytesIO(), max_bytes=0)

    assert stored == StoredObject(hashlib.sha256().hexdigest(), 0)
    assert await store.read(stored.sha256, max_bytes=0) == b""


async def test_too_large_content_is_refused_and_nothing_kept(
    place: Place, store: FileStore
) -> None:
    with pytest.raises(TooLarge, match="more than 2,999,999 bytes"):
        await store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT) - 1)

    assert place.names() == []


async def test_an_upload_that_breaks_off_leaves_nothing(place: Place, store: FileStore) -> None:
    with pytest.raises(ConnectionResetError):
        await store.put(FailingStream(ConnectionResetError()), max_bytes=LIMIT)

    assert place.names() == []


async def test_a_full_disk_is_said_in_words_and_nothing_kept(
    place: Place, store: FileStore
) -> None:
    with pytest.raises(StorageFull, match="The disk of the file storage is full"):
        await store.put(FailingStream(OSError(errno.ENOSPC, "full")), max_bytes=LIMIT)

    assert place.names() == []


async def test_nothing_is_visible_before_the_last_byte(place: Place, store: FileStore) -> None:
    seen: list[list[str]] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            seen.append(sorted(set(place.names()) - set(place.unfinished())))
            assert threading.current_thread() is not threading.main_thread()
            return super().read(size)

    await store.put(Watched(CONTENT), max_bytes=LIMIT)

    assert seen == [[], [], [], []]


async def test_large_content_is_streamed_in_chunks(store: FileStore) -> None:
    large = os.urandom(20_000_000)  # three parts of an upload, five fetches
    stored = await store.put(io.BytesIO(large), max_bytes=len(large))

    chunks = [chunk async for chunk in store.stream(stored.sha256)]

    assert max(len(chunk) for chunk in chunks) <= FETCH_BYTES
    assert b"".join(chunks) == large


@pytest.mark.parametrize("start", [0, 1, 1_048_576, 2_999_999, 3_000_000])
async def test_a_stream_begins_where_a_download_broke_off(store: FileStore, start: int) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert b"".join([c async for c in store.stream(SHA256, start=start)]) == CONTENT[start:]


async def test_the_empty_file_is_an_empty_stream(store: FileStore) -> None:
    stored = await store.put(io.BytesIO(), max_bytes=0)

    assert b"".join([c async for c in store.stream(stored.sha256)]) == b""
    assert await store.size(stored.sha256) == 0
    async with store.local_copy(stored.sha256) as path:
        assert path.read_bytes() == b""


async def test_every_key_is_listed_and_nothing_else(place: Place, store: FileStore) -> None:
    await store.check()
    place.write("not-a-file-of-ours", b"x")
    stored = [await store.put(io.BytesIO(str(n).encode()), max_bytes=10) for n in range(20)]

    assert sorted([key async for key in store.list_hashes()]) == sorted(s.sha256 for s in stored)


async def test_a_local_copy_is_a_readable_path(store: FileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    async with store.local_copy(SHA256) as path:
        assert path.read_bytes() == CONTENT


async def test_reading_is_bounded(store: FileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    with pytest.raises(TooLarge, match="more than 100 bytes"):
        await store.read(SHA256, max_bytes=100)


async def test_deleting_says_whether_there_was_something(store: FileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert await store.delete(SHA256) is True
    assert await store.delete(SHA256) is False
    assert await store.exists(SHA256) is False


async def test_what_is_not_there_is_missing(store: FileStore) -> None:
    with pytest.raises(StoredFileMissing):
        await store.read(SHA256, max_bytes=LIMIT)
    with pytest.raises(StoredFileMissing):
        await store.size(SHA256)
    with pytest.raises(StoredFileMissing):
        await anext(store.stream(SHA256))
    with pytest.raises(StoredFileMissing):
        async with store.local_copy(SHA256):
            pytest.fail("there is nothing to lend")


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_what_is_no_hash_is_refused(store: FileStore, key: str) -> None:
    with pytest.raises(InvalidFileKey):
        await store.read(key, max_bytes=LIMIT)
    with pytest.raises(InvalidFileKey):
        await store.exists(key)
    with pytest.raises(InvalidFileKey):
        await store.delete(key)
    with pytest.raises(InvalidFileKey):
        await anext(store.stream(key))
