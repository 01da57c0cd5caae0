"""Where tests put their files: into memory where there is enough of it.

Most tests make a database of their own. On a disk that is a thousand small files each time, and a
commit waits for the platter; what a power cut would do is not what they ask.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  the system's own folder in memory; names in it are random
ENOUGH = 4_000_000_000


def use_memory() -> None:
    """For this process and those it starts; a TMPDIR that somebody chose stays."""
    if "TMPDIR" in os.environ or not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free < ENOUGH:
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # looked up anew
