import errno
import hashlib
import io
import os
import threading
from asyncio import gather
from pathlib import Path

import pytest

from shopwright.files.disk import INCOMING, DiskFileStore
from shopwright.files.storage import (
    FileStore,
    InvalidFileKey,
    StorageFull,
    StoredFileMissing,
    StoredObject,
)
from shopwright.kernel.errors import TooLarge

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


@pytest.fixture
def store(tmp_path: Path) -> DiskFileStore:
    return DiskFileStore(tmp_path / "files")


def stored_files(folder: Path) -> list[str]:
    root = folder / "files"
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


async def test_content_lies_under_its_hash(tmp_path: Path, store: DiskFileStore) -> None:
    stored = await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert stored == StoredObject(SHA256, 3_000_000)
    assert stored_files(tmp_path) == [f"{SHA256[:2]}/{SHA256}"]
    assert await store.read(SHA256, max_bytes=LIMIT) == CONTENT
    assert await store.size(SHA256) == 3_000_000
    assert await store.exists(SHA256)


async def test_a_path_is_stored_like_a_stream_and_stays(
    tmp_path: Path, store: DiskFileStore
) -> None:
    path = tmp_path / "part.gcode"
    path.write_bytes(CONTENT)

    assert (await store.put(path, max_bytes=LIMIT)).sha256 == SHA256
    assert path.read_bytes() == CONTENT


async def test_the_same_content_again_changes_nothing(tmp_path: Path, store: DiskFileStore) -> None:
    puts = [store.put(io.BytesIO(CONTENT), max_bytes=LIMIT) for _ in range(8)]

    assert set(await gather(*puts)) == {StoredObject(SHA256, 3_000_000)}
    assert stored_files(tmp_path) == [f"{SHA256[:2]}/{SHA256}"]


async def test_a_damaged_copy_is_healed_by_the_same_content(
    tmp_path: Path, store: DiskFileStore
) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)
    path = tmp_path / "files" / SHA256[:2] / SHA256
    path.chmod(0o600)
    path.write_bytes(b"damaged")

    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert await store.read(SHA256, max_bytes=LIMIT) == CONTENT


async def test_stored_files_are_not_writable(tmp_path: Path, store: DiskFileStore) -> None:
    await store.put(io.BytesIO(b"x"), max_bytes=1)
    (name,) = stored_files(tmp_path)

    assert (tmp_path / "files" / name).stat().st_mode & 0o777 == 0o440


async def test_the_empty_file_can_be_stored(store: DiskFileStore) -> None:
    stored = await store.put(io.BytesIO(), max_bytes=0)

    assert stored == StoredObject(hashlib.sha256().hexdigest(), 0)
    assert await store.read(stored.sha256, max_bytes=0) == b""


async def test_too_large_content_is_refused_and_nothing_kept(
    tmp_path: Path, store: DiskFileStore
) -> None:
    with pytest.raises(TooLarge, match="more than 2,999,999 bytes"):
        await store.put(io.BytesIO(CONTENT), max_bytes=len(CONTENT) - 1)

    assert stored_files(tmp_path) == []


async def test_an_upload_that_breaks_off_leaves_nothing(
    tmp_path: Path, store: DiskFileStore
) -> None:
    with pytest.raises(ConnectionResetError):
        await store.put(FailingStream(ConnectionResetError()), max_bytes=LIMIT)

    assert stored_files(tmp_path) == []


async def test_a_full_disk_is_said_in_words_and_nothing_kept(
    tmp_path: Path, store: DiskFileStore
) -> None:
    with pytest.raises(StorageFull, match="The disk of the file storage is full"):
        await store.put(FailingStream(OSError(errno.ENOSPC, "full")), max_bytes=LIMIT)

    assert stored_files(tmp_path) == []


async def test_nothing_is_visible_before_the_last_byte(
    tmp_path: Path, store: DiskFileStore
) -> None:
    seen: list[list[str]] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            seen.append([name for name in stored_files(tmp_path) if not name.startswith(INCOMING)])
            assert threading.current_thread() is not threading.main_thread()
            return super().read(size)

    await store.put(Watched(CONTENT), max_bytes=LIMIT)

    assert seen == [[], [], [], []]


async def test_content_is_streamed_in_chunks(store: DiskFileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    chunks = [chunk async for chunk in store.stream(SHA256)]

    assert [len(chunk) for chunk in chunks] == [1_048_576, 1_048_576, 902_848]
    assert b"".join(chunks) == CONTENT


async def test_a_local_copy_is_a_readable_path(store: DiskFileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    async with store.local_copy(SHA256) as path:
        assert path.read_bytes() == CONTENT


async def test_reading_is_bounded(store: DiskFileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    with pytest.raises(TooLarge, match="more than 100 bytes"):
        await store.read(SHA256, max_bytes=100)


async def test_deleting_says_whether_there_was_something(store: DiskFileStore) -> None:
    await store.put(io.BytesIO(CONTENT), max_bytes=LIMIT)

    assert await store.delete(SHA256) is True
    assert await store.delete(SHA256) is False
    assert await store.exists(SHA256) is False


async def test_what_is_not_there_is_missing(store: DiskFileStore) -> None:
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
async def test_what_is_no_hash_is_refused(store: DiskFileStore, key: str) -> None:
    with pytest.raises(InvalidFileKey):
        await store.read(key, max_bytes=LIMIT)
    with pytest.raises(InvalidFileKey):
        await store.exists(key)
    with pytest.raises(InvalidFileKey):
        await store.delete(key)
    with pytest.raises(InvalidFileKey):
        await anext(store.stream(key))


async def test_leftovers_of_a_killed_process_are_removed_when_old(
    tmp_path: Path, store: DiskFileStore
) -> None:
    old, new = (tmp_path / "files" / INCOMING / name for name in ("old", "new"))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))

    assert await store.remove_leftovers() == 1
    assert stored_files(tmp_path) == [f"{INCOMING}/new"]


def test_the_disk_store_fits_the_port(store: DiskFileStore) -> None:
    port: FileStore = store
    assert port is store
