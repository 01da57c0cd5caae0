"""Environments for independent programs that tests run as processes and never import."""

import fcntl
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".venv-peers"
INSTALL_TIMEOUT_S = 300


def python_with(name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of an environment that holds exactly these; made on first use.

    Raises CalledProcessError when the installation fails: a missing peer is a failed test.
    """
    home = FOLDER / name
    FOLDER.mkdir(exist_ok=True)
    wanted = "\n".join(requirements)
    note = home / "installed.txt"
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test workers share the folder
        if not note.exists() or note.read_text() != wanted:
            venv.create(home, with_pip=True, clear=True)
            _run(home, ["-m", "pip", "install", "--quiet", *requirements])
            note.write_text(wanted)
    return home / "bin" / "python"


def _run(home: Path, arguments: Sequence[str]) -> None:
    done = subprocess.run(
        [home / "bin" / "python", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
