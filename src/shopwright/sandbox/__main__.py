"""``python -m shopwright.sandbox NAME [arguments]``: a stand-in that never outlives its parent.

The parent holds the other end of standard input. However the parent ends, the kernel closes that
end; the stand-in then stops, and is gone after ``GRACE_S`` at the latest.
"""

import importlib
import os
import signal
import sys
import threading
import time

STAND_INS = {
    "bambu-cloud": "shopwright.sandbox.bambu_cloud.__main__",
    "etsy": "shopwright.sandbox.etsy.__main__",
    "gemini": "shopwright.sandbox.gemini.__main__",
    "manufacturer": "shopwright.sandbox.manufacturer.__main__",
    "moonraker": "shopwright.sandbox.moonraker.__main__",
    "octoprint": "shopwright.sandbox.octoprint.__main__",
    "onshape": "shopwright.sandbox.onshape.__main__",
    "printer-backend": "shopwright.sandbox.printer_backend.__main__",
    "printers": "shopwright.sandbox.bambu.__main__",
    "prusalink": "shopwright.sandbox.prusalink.__main__",
    "smtp": "shopwright.sandbox.smtp.__main__",
    "stripe": "shopwright.sandbox.stripe.__main__",
}
GRACE_S = 5.0
STDIN = 0


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in STAND_INS:  # noqa: PLR2004  program and name
        sys.exit(f"Name a stand-in: {', '.join(STAND_INS)}.")
    threading.Thread(target=_end_with_parent, name="lifeline", daemon=True).start()
    name = sys.argv.pop(1)
    importlib.import_module(STAND_INS[name]).main()


def _end_with_parent() -> None:
    """A thread, so that a stand-in whose event loop hangs ends as well."""
    while os.read(STDIN, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
