"""The demo's data folder: always a fresh one, and never anybody's real shop."""

import shutil
from pathlib import Path

from shopwright.kernel.errors import Conflict
from shopwright.server.process import lock_data_folder

MARK = "this-is-a-demo.txt"
MARK_TEXT = "`shopwright serve --demo` deletes this folder each time it starts.\n"


class NotADemo(Conflict):
    code = "not-a-demo"
    title = "This folder is not a demo's"


def make_fresh(folder: Path) -> Path:
    """An empty folder in place of the last demo's.

    Raises NotADemo for a folder that no demo made, DataFolderInUse while another demo runs in it.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise NotADemo(f"{folder} holds something else than a demo. Choose another --data-dir.")
        lock_data_folder(folder).close()
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(MARK_TEXT)
    return folder.resolve()
