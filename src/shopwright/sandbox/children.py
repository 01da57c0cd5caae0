"""Stand-ins as child processes, for the demo and the command line.

A child lives on a pipe from its parent (see ``sandbox.__main__``), so none is left over, whatever
way the parent ends.
"""

import json
import selectors
import subprocess
import sys
from types import TracebackType
from typing import IO, Any, Self

START_S = 20.0
END_S = 6.0  # a little more than the child's own grace


class StandInFailed(Exception):
    """The child ended, or said nothing, before it was ready."""


class Child:
    """Started when made; ``announcement`` waits for it. Ends by ``end`` or with this process."""

    def __init__(self, name: str, *arguments: str, errors: IO[bytes] | None = None) -> None:
        self.name = name
        self._said: dict[str, Any] | None = None
        self._process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "shopwright.sandbox", name, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is the parent's, which then ends its children
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def announcement(self) -> dict[str, Any]:
        """What the stand-in says once it listens: its addresses. Raises StandInFailed."""
        if self._said is None:
            self._said = json.loads(self._first_line())
        return self._said

    def end(self) -> None:
        """Ask it to stop, wait, and insist."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is not None:
            stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if stdout is not None:
            stdout.close()

    def _first_line(self) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101  asked for above
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            is_heard = bool(selector.select(START_S))
        line = stdout.readline() if is_heard else b""
        if not line.endswith(b"\n"):
            self.end()
            why = f"ended with code {self._process.returncode}" if is_heard else "said nothing"
            raise StandInFailed(f"The stand-in {self.name!r} {why}; its messages say why.")
        return line
