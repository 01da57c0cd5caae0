"""Looks at the file storage now and then, so that ``/health`` can say how it is without asking."""

import asyncio

import structlog

from shopwright.files.access import files_of
from shopwright.files.storage import StorageMisconfigured
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Unavailable

log = structlog.get_logger()

LOOK_EVERY_S = 25.0  # results of the health page are at most 30 s old


class StorageHealth:
    """Kept in the process context: what the last look said."""

    def __init__(self) -> None:
        self.trouble: Unavailable | None = None

    def note(self, trouble: Unavailable | None) -> None:
        """Loss and recovery are logged once each."""
        if trouble is not None and self.trouble is None:
            log.error("the file storage is in trouble", error=trouble.detail)
        elif trouble is None and self.trouble is not None:
            log.info("the file storage works again")
        self.trouble = trouble


async def check_at_start(process: Process) -> None:
    """Raises StorageMisconfigured; who is merely away may come back, and the shop starts."""
    trouble = await _look(process)
    if isinstance(trouble, StorageMisconfigured):
        raise trouble
    process.context.keep(StorageHealth).note(trouble)


async def keep_looking(process: Process) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        process.context.keep(StorageHealth).note(await _look(process))


def describe(process: Process) -> dict[str, object]:
    """For ``/health``, which everybody may read: no host, no bucket."""
    trouble = process.context.keep(StorageHealth).trouble
    kind = "s3" if process.settings.s3_bucket else "disk"
    return {"kind": kind, "healthy": trouble is None, "error": trouble and trouble.code}


async def _look(process: Process) -> Unavailable | None:
    try:
        await files_of(process).check()
    except Unavailable as err:
        return err
    return None
