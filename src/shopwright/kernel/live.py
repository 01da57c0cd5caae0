"""The live hub: what changed, told to whoever shows it, in this process and in the others.

Writers call ``touch`` inside their transaction; the signal leaves only after the commit.
"""

from collections.abc import Callable

from shopwright.kernel.db import WriteSession
from shopwright.kernel.signals import Signal

Listener = Callable[[Signal], None]


class Hub:
    """Hands signals to listeners at once; a listener must not block, it marks something as
    stale."""

    def __init__(self) -> None:
        self._listeners: dict[int, set[Listener]] = {}
        self._everything: set[Listener] = set()

    def listen(self, organization_id: int, listener: Listener) -> Callable[[], None]:
        """Register a listener for one organization; call the result to leave."""
        group = self._listeners.setdefault(organization_id, set())
        group.add(listener)

        def leave() -> None:
            group.discard(listener)
            if not group and self._listeners.get(organization_id) is group:
                del self._listeners[organization_id]

        return leave

    def listen_to_all(self, listener: Listener) -> Callable[[], None]:
        """For the program's own loops (dispatcher, runner), which serve every organization."""
        self._everything.add(listener)
        return lambda: self._everything.discard(listener)

    def publish(self, signal: Signal) -> None:
        for listener in [*self._everything, *self._listeners.get(signal.organization_id, ())]:
            listener(signal)


def touch(session: WriteSession, organization_id: int, topic: str, key: int = 0) -> None:
    """Tell, after the commit, that this changed; the topic's revision moves with the commit."""
    session.signals.add(Signal(organization_id, topic, key))
