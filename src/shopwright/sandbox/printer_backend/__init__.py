"""The printer backend of reference (b): takes jobs and commands, fetches each file, and prints in
its own time.

    async with PrinterBackendSandbox(key="secret") as backend:
        backend.url                              # for PRINTER_BACKEND_URL
        backend.knobs.turn({"is_down": True})    # late, down, refusing, silent after taking
        backend.jobs["…"].status                 # by the sender's job id
        backend.advance("…", "printing", 40)     # what its printer does next

Enforced: the key, the documented members of a job, that one ``job_id`` is one job however often it
is sent, that a file is fetched once, and the life of a command from pending over ack to its
result.
"""

from shopwright.sandbox.printer_backend.server import PrinterBackendSandbox
from shopwright.sandbox.printer_backend.world import Knobs, TakenJob

__all__ = ["Knobs", "PrinterBackendSandbox", "TakenJob"]
