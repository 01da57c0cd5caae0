"""Files of a bucket into a folder and back, for backups: laid out as the disk store has them."""

import asyncio
import hashlib
from pathlib import Path

from shopwright.files.access import open_files
from shopwright.files.storage import FileStore, StoredFileDamaged, StoredFileMissing, is_key
from shopwright.kernel.settings import Settings

AT_ONCE = 4  # of a bucket, where every file is a request or more


def copy_out(settings: Settings, folder: Path) -> int:
    """How many files are in ``folder`` now, each checked by its hash."""
    folder.mkdir()
    return asyncio.run(_copy_out(open_files(settings), folder))


def copy_in(settings: Settings, folder: Path) -> int:
    """How many files of ``folder`` were stored; those that are there already stay."""
    paths = [path for path in folder.glob("??/*") if is_key(path.name)]
    return asyncio.run(_copy_in(open_files(settings), paths))


async def _copy_out(store: FileStore, folder: Path) -> int:
    waiting = [sha256 async for sha256 in store.list_hashes()]
    saved: list[bool] = []

    async def work() -> None:
        while waiting:
            saved.append(await _save(store, waiting.pop(), folder))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return sum(saved)


async def _save(store: FileStore, sha256: str, folder: Path) -> bool:
    """False when it was removed since it was listed: the shop works on."""
    path, digest = folder / sha256[:2] / sha256, hashlib.sha256()
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            async for chunk in store.stream(sha256):
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
    except StoredFileMissing:
        path.unlink()
        return False
    _check(digest.hexdigest(), path)
    return True


async def _copy_in(store: FileStore, paths: list[Path]) -> int:
    there = {sha256 async for sha256 in store.list_hashes()}
    waiting = [path for path in paths if path.name not in there]

    async def work() -> None:
        while waiting:
            path = waiting.pop()
            stored = await store.put(path, max_bytes=path.stat().st_size)
            _check(stored.sha256, path)

    count = len(waiting)
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return count


def _check(found: str, path: Path) -> None:
    if found != path.name:
        raise StoredFileDamaged(
            f"The file {path.name} has other content than its name says; the copy is not whole.",
            sha256=path.name,
        )
