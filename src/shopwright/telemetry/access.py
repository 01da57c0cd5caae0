"""The telemetry of a process: its storage for whoever reads, its recorder for the runner."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from shopwright.kernel.edge import Process, get_process
from shopwright.kernel.settings import telemetry_database_url
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.telemetry.others import OtherProcesses
from shopwright.telemetry.recorder import Recorder
from shopwright.telemetry.storage import TelemetryStorage


class OpenedTelemetry:
    """Kept in the process context, so that everybody in a process uses the same storage."""

    def __init__(self) -> None:
        self.storage: TelemetryStorage | None = None
        self.recorder: Recorder | None = None


def storage_of(process: Process) -> TelemetryStorage:
    """The process's one storage, made by the first who asks."""
    opened = process.context.keep(OpenedTelemetry)
    if opened.storage is None:
        opened.storage = TelemetryStorage(telemetry_database_url(process.settings))
    return opened.storage


async def close_storage(process: Process) -> None:
    """At the end of the process, whoever wrote."""
    storage = process.context.keep(OpenedTelemetry).storage
    if storage is not None:
        await storage.close()


@asynccontextmanager
async def open_recorder(process: Process) -> AsyncIterator[Recorder]:
    """Migrated tables and the last known snapshots; somebody has to ``run`` the recorder."""
    storage = storage_of(process)
    await storage.prepare()
    recorder = Recorder(storage, process.context.keep(LatestSnapshots))
    await recorder.load()
    process.context.keep(OpenedTelemetry).recorder = recorder
    try:
        yield recorder
    finally:
        process.context.keep(OpenedTelemetry).recorder = None
        await recorder.flush()


def find_recorder(process: Process) -> Recorder | None:
    """None in a process that has none open, as a command's."""
    return process.context.keep(OpenedTelemetry).recorder


def others_of(process: Process) -> OtherProcesses:
    """What other processes of the installation write, for the pages of this one."""
    latest = process.context.keep(LatestSnapshots)
    return OtherProcesses(storage_of(process), latest, process.context.hub)


async def _get_storage(request: Request) -> TelemetryStorage:
    return storage_of(get_process(request))


TelemetryDep = Annotated[TelemetryStorage, Depends(_get_storage)]
