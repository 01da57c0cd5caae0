"""What happened at machines, told to higher slices in the same transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MachineSilent:
    """Nothing was heard of it for a while. Published once, until it is heard again."""

    organization_id: int
    machine_id: int
    name: str
    location: str
    last_heartbeat_at: datetime


@dataclass(frozen=True, slots=True)
class MachineHeard:
    """It is there again."""

    organization_id: int
    machine_id: int
    name: str
    location: str
