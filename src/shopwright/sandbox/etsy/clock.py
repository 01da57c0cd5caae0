"""A clock that tests can move and stop: tokens expire and limits recover without waiting."""

import time


class SandboxClock:
    """Runs like the real one from ``start_epoch_s`` (default: now), unless it is frozen."""

    def __init__(self, start_epoch_s: float | None = None, *, is_frozen: bool = False) -> None:
        self._start = time.time() if start_epoch_s is None else start_epoch_s
        self._is_frozen = is_frozen
        self._begun = time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        elapsed = 0.0 if self._is_frozen else time.monotonic() - self._begun
        return self._start + elapsed + self._advanced

    def now_s(self) -> int:
        return int(self.now())

    def advance(self, seconds: float) -> None:
        self._advanced += seconds
