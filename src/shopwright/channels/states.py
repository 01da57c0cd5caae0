"""States of connections and of single syncs."""

from collections.abc import Mapping
from enum import StrEnum


class ConnectionStatus(StrEnum):
    CONNECTED = "connected"
    RECONNECT_NEEDED = "reconnect_needed"  # only the shop's owner can give consent again
    DISABLED = "disabled"  # by a person; its tokens are gone


CONNECTION_TRANSITIONS: Mapping[ConnectionStatus, frozenset[ConnectionStatus]] = {
    ConnectionStatus.CONNECTED: frozenset(
        {ConnectionStatus.RECONNECT_NEEDED, ConnectionStatus.DISABLED}
    ),
    ConnectionStatus.RECONNECT_NEEDED: frozenset(
        {ConnectionStatus.CONNECTED, ConnectionStatus.DISABLED}
    ),
    ConnectionStatus.DISABLED: frozenset({ConnectionStatus.CONNECTED}),
}


class SyncStatus(StrEnum):
    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"  # what was stored stays; the next sync goes on from there


OPEN_SYNCS = frozenset({SyncStatus.REQUESTED, SyncStatus.RUNNING})

SYNC_TRANSITIONS: Mapping[SyncStatus, frozenset[SyncStatus]] = {
    SyncStatus.REQUESTED: frozenset({SyncStatus.RUNNING, SyncStatus.FAILED}),
    # running → running: another worker takes over what a dead one had begun
    SyncStatus.RUNNING: frozenset({SyncStatus.RUNNING, SyncStatus.COMPLETED, SyncStatus.FAILED}),
    SyncStatus.COMPLETED: frozenset(),
    SyncStatus.FAILED: frozenset(),
}
