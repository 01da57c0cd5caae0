"""What a runner does with a driver, in few words."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from shopwright.fleet.port import (
    Confirmed,
    DeviceReport,
    PrinterDriver,
    ProgressSink,
    Refused,
    RemoteFile,
    SlotMap,
    Unconfirmed,
)

JOB = "731200456"
PATIENCE_S = 8.0


def name_of(suffix: str, job: str = JOB) -> str:
    """As ``fleet.starting.remote_name`` writes it."""
    return f"order-1042-{job}{suffix}"


async def seen(
    driver: PrinterDriver, holds: Callable[[DeviceReport], bool], patience_s: float = PATIENCE_S
) -> DeviceReport:
    """The first report for which ``holds`` is true."""
    reports = driver.reports()
    async with asyncio.timeout(patience_s), contextlib.aclosing(reports):  # type: ignore[type-var]
        async for report in reports:
            if holds(report):
                return report
    raise AssertionError


async def send(
    driver: PrinterDriver, file: Path, *, progress: ProgressSink = lambda *_: None
) -> RemoteFile:
    content = await asyncio.to_thread(file.read_bytes)
    digest = hashlib.sha256(content).hexdigest()
    return await driver.upload(file, name=file.name, sha256=digest, progress=progress)


async def begin(
    driver: PrinterDriver, file: RemoteFile, job: str = JOB
) -> Confirmed | Refused | Unconfirmed:
    return await driver.start(
        file, plate=1, slots=SlotMap((1,)), device_job_id=job, job_name=f"order-1042-{job}"
    )
