"""What a process shares with every session it opens: who listens to events, the live hub, the
vault."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from shopwright.kernel.clock import Clock, SystemClock

if TYPE_CHECKING:
    from shopwright.kernel.durable import DurableWork
    from shopwright.kernel.events import Subscriptions
    from shopwright.kernel.live import Hub
    from shopwright.kernel.secrets import Vault

T = TypeVar("T")


@dataclass(slots=True)
class ProcessContext:
    """Made once by ``server`` and handed to the database; services reach it by
    ``session.context``."""

    subscriptions: "Subscriptions"
    hub: "Hub"
    vault: "Vault"
    durable: "DurableWork | None" = None
    clock: Clock = field(default_factory=SystemClock)  # for subscribers, whom nobody hands a time
    _kept: dict[type[Any], Any] = field(default_factory=dict)

    def keep(self, kind: type[T]) -> T:
        """This process's one instance of ``kind``, made on first use: a cache, a limiter."""
        found: T | None = self._kept.get(kind)
        if found is None:
            found = self._kept[kind] = kind()
        return found
