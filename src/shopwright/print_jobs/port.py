"""What the integration with an outside printer backend provides."""

from collections.abc import Awaitable, Callable

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict

# Hands a job to the backend for a printer; raises Unavailable or BrokenUpstream with the reason.
SendToBackend = Callable[[Process, Actor, int, int], Awaitable[None]]


class BackendNotSetUp(Conflict):
    code = "printer-backend-not-set-up"
    title = "No printer backend is set up"


class BackendSending:
    """Kept in the process context; the integration fills it in at the start."""

    def __init__(self) -> None:
        self.send: SendToBackend | None = None


async def send_to_backend(process: Process, ctx: Actor, job_id: int, printer_id: int) -> None:
    """Outside of any transaction. Raises BackendNotSetUp, or what the integration raises."""
    send = process.context.keep(BackendSending).send
    if send is None:
        raise BackendNotSetUp("PRINTER_BACKEND_URL is not set, so nothing can be sent there.")
    await send(process, ctx, job_id, printer_id)
