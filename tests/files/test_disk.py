"""What only a folder has; the rest of its contract is in test_store."""

import io
import os
from pathlib import Path

import pytest

from shopwright.files.disk import INCOMING, DiskFileStore, sweep
from shopwright.files.storage import FileStore, StorageMisconfigured


@pytest.fixture
def store(tmp_path: Path) -> DiskFileStore:
    return DiskFileStore(tmp_path / "files")


async def test_stored_files_are_not_writable(tmp_path: Path, store: DiskFileStore) -> None:
    stored = await store.put(io.BytesIO(b"x"), max_bytes=1)
    path = tmp_path / "files" / stored.sha256[:2] / stored.sha256

    assert path.stat().st_mode & 0o777 == 0o440


def test_leftovers_of_a_killed_process_are_removed_when_old(
    tmp_path: Path, store: DiskFileStore
) -> None:
    incoming = tmp_path / "files" / INCOMING
    old, new = (incoming / name for name in ("old", "new"))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))

    assert sweep(incoming) == 1
    assert [path.name for path in incoming.iterdir()] == ["new"]


async def test_a_folder_that_is_gone_is_said_in_words(tmp_path: Path, store: DiskFileStore) -> None:
    await store.check()
    (tmp_path / "files" / INCOMING).rmdir()

    with pytest.raises(StorageMisconfigured, match="cannot be written to: No such file"):
        await store.check()


def test_the_disk_store_fits_the_port(store: DiskFileStore) -> None:
    port: FileStore = store
    assert port is store
