"""What a process shares with every session it opens: who listens to events, the live hub, the vault."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shopwright.kernel.durable import DurableWork
    from shopwright.kernel.events import Subscriptions
    from shopwright.kernel.live import Hub
    from shopwright.kernel.secrets import Vault


@dataclass(slots=True)
class ProcessContext:
    """Made once by ``server`` and handed to the database; services reach it by ``session.context``."""

    subscriptions: "Subscriptions"
    hub: "Hub"
    vault: "Vault"
    durable: "DurableWork | None" = None
