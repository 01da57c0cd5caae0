"""What channels tell to higher slices, in the same transaction."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.channels.port import ChannelOrder


@dataclass(frozen=True, slots=True)
class ReconnectAsked:
    """Only the shop's owner can give consent again; nothing is synced or told until then."""

    organization_id: int
    connection_id: int
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ChannelPageArrived:
    """New versions of orders, stored as inbound events. Who takes them over answers with
    ``service.record_outcome``; one event per page of a sync."""

    organization_id: int
    connection_id: int
    channel: str
    sync_id: int
    orders: tuple[ChannelOrder, ...]
    arrived_at: datetime
