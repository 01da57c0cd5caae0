"""Whether the printer backend is well, looked at now and then; nobody who asks waits for it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog

from shopwright.kernel.edge import Process
from shopwright.kernel.errors import ShopError
from shopwright.print_jobs.port import PrinterBackend, open_backend

log = structlog.get_logger()

ROUND_S = 15.0  # a shown result is never older than 30 s (reference decision 13)
NOT_LOOKED = "It has not been asked yet."


@dataclass(slots=True)
class BackendHealth:
    """Kept in the process context."""

    is_healthy: bool = False
    sentence: str = NOT_LOOKED
    checked_at: datetime | None = None


def describe(url: str, process: Process | None) -> dict[str, object]:
    """As ``/health`` shows it; from what is known, while the program starts as well."""
    if not url:
        return {"healthy": False, "url": None}
    is_healthy = process is not None and health_of(process).is_healthy
    return {"healthy": is_healthy, "url": url}


def health_of(process: Process) -> BackendHealth:
    return process.context.keep(BackendHealth)


async def keep_looking(process: Process) -> None:
    """Until cancelled; without a backend there is nothing to look at."""
    backend = open_backend(process.settings)
    while True:
        if backend is not None:
            await look(process, backend)
        await asyncio.sleep(ROUND_S)


async def look(process: Process, backend: PrinterBackend) -> None:
    """Once; a change is logged once."""
    health = health_of(process)
    was_healthy = health.is_healthy
    try:
        await backend.check()
    except ShopError as err:
        health.is_healthy, health.sentence = False, err.detail
    else:
        health.is_healthy, health.sentence = True, "It answers."
    if health.is_healthy is not was_healthy or health.checked_at is None:
        log.info("printer backend", healthy=health.is_healthy, why=health.sentence)
    health.checked_at = process.clock.now()
