"""What the integration with an outside printer backend provides."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Protocol

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import BrokenUpstream, Conflict, Unavailable
from shopwright.kernel.settings import Settings

GROUP, HTTP = "shopwright.printer_backends", "http"

# Hands a job to the backend for a printer; raises what a PrinterBackend raises.
SendToBackend = Callable[[Process, Actor, int, int], Awaitable[None]]


class BackendNotSetUp(Conflict):
    code = "printer-backend-not-set-up"
    title = "No printer backend is set up"


class BackendUnreachable(Unavailable):
    """Nothing was sent."""

    code = "printer-backend-unreachable"
    title = "The printer backend cannot be reached"


class BackendRefused(BrokenUpstream):
    """It answered, and did nothing."""

    code = "printer-backend-refused"
    title = "The printer backend refuses this"


class BackendInDoubt(Unavailable):
    """It was sent, and nothing says what became of it."""

    code = "printer-backend-in-doubt"
    title = "The printer backend did not say whether it took this"


@dataclass(frozen=True, slots=True)
class RemoteJob:
    """A job as the backend shows it: ``id`` is its own name for it, ``status`` its own word."""

    id: str | None
    status: str
    percent: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteCommand:
    id: str | None
    status: str
    message: str | None = None


class CannotTell:
    """The backend answers, but knows no such question."""


class PrinterBackend(Protocol):
    def __init__(self, *, url: str, api_key: str, timeout_s: float) -> None: ...

    async def check(self) -> None:
        """Nothing when it is well. Raises BackendUnreachable or BackendRefused."""
        ...

    async def send_job(self, payload: Mapping[str, Any]) -> RemoteJob:
        """Raises BackendUnreachable, BackendRefused or BackendInDoubt. ``job_id`` tells the same
        job sent twice."""
        ...

    async def find_job(self, job_id: str) -> RemoteJob | CannotTell | None:
        """None: it certainly has no such job. Raises BackendUnreachable."""
        ...

    async def send_command(self, command: Mapping[str, Any]) -> RemoteCommand:
        """Raises like ``send_job``."""
        ...

    async def find_command(self, command_id: str) -> RemoteCommand | CannotTell | None:
        """Like ``find_job``."""
        ...


class BackendSending:
    """Kept in the process context; filled in at the start where a backend is set up."""

    def __init__(self) -> None:
        self.send: SendToBackend | None = None


def open_backend(settings: Settings) -> PrinterBackend | None:
    """None without ``PRINTER_BACKEND_URL``."""
    if not settings.printer_backend_url:
        return None
    key = settings.printer_backend_api_key
    (found,) = entry_points(group=GROUP, name=HTTP)
    backend: PrinterBackend = found.load()(
        url=settings.printer_backend_url,
        api_key=key.get_secret_value() if key else "",
        timeout_s=settings.printer_backend_timeout_s,
    )
    return backend


async def send_to_backend(process: Process, ctx: Actor, job_id: int, printer_id: int) -> None:
    """Outside of any transaction. Raises BackendNotSetUp, or what a PrinterBackend raises."""
    send = process.context.keep(BackendSending).send
    if send is None:
        raise BackendNotSetUp("PRINTER_BACKEND_URL is not set, so nothing can be sent there.")
    await send(process, ctx, job_id, printer_id)
