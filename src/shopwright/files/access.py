"""The file store of a process, for whoever has the process or answers a request of it."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from shopwright.files import service
from shopwright.files.disk import INCOMING, DiskFileStore, sweep
from shopwright.files.s3 import S3FileStore, open_bucket
from shopwright.files.storage import FileStore
from shopwright.kernel.edge import Process, get_process
from shopwright.kernel.settings import Settings


class OpenedFiles:
    """Kept in the process context, so that everybody in a process uses the same store."""

    def __init__(self) -> None:
        self.store: FileStore | None = None


def open_files(settings: Settings) -> FileStore:
    """The store the settings name: a bucket, else a folder, which is made."""
    if settings.s3_bucket:
        return S3FileStore(open_bucket(settings), incoming_folder(settings))
    return DiskFileStore(_root(settings))


def files_of(process: Process) -> FileStore:
    """The process's one store, opened by the first who asks."""
    opened = process.context.keep(OpenedFiles)
    if opened.store is None:
        opened.store = open_files(process.settings)
    return opened.store


async def remove_leftovers(process: Process) -> None:
    """Sweep what uploads of a dead process left behind; once at start."""
    await asyncio.to_thread(sweep, incoming_folder(process.settings))


async def drop_bytes(process: Process, hashes: Iterable[str]) -> None:
    """Delete what was forgotten, after the commit; a crash before it leaves bytes without a row.
    Those that somebody has stored again meanwhile stay."""
    for sha256 in hashes:
        async with process.database.read() as session:
            is_used = await service.is_used(session, sha256)
        if not is_used:
            await files_of(process).delete(sha256)


def incoming_folder(settings: Settings) -> Path:
    """Where uploads wait until they are checked; what a dead process left here is swept."""
    folder = _root(settings) / INCOMING
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _root(settings: Settings) -> Path:
    return settings.data_dir / "files"


async def _get_files(request: Request) -> FileStore:
    return files_of(get_process(request))


Files = Annotated[FileStore, Depends(_get_files)]
