"""Telemetry between processes on one PostgreSQL: whoever wrote says of which printers, once per
batch; whoever shows pages reads what is new of them. On SQLite there is nobody else."""

import asyncio
import json
from collections.abc import Iterable

from shopwright.kernel.live import Hub
from shopwright.kernel.signals import Signal
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.telemetry.storage import TelemetryStorage


class OtherProcesses:
    """``hear`` takes the payloads of CHANNEL; ``run`` reads, so that a burst is one look."""

    def __init__(self, storage: TelemetryStorage, latest: LatestSnapshots, hub: Hub) -> None:
        self._storage = storage
        self._latest = latest
        self._hub = hub
        self._stale: set[int] = set()
        self._wake = asyncio.Event()

    def hear(self, payload: str) -> None:
        origin, printer_ids = json.loads(payload)
        if origin != self._storage.origin:
            self._stale.update(printer_ids)
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            stale, self._stale = self._stale, set()
            await self._take(stale)

    async def _take(self, printer_ids: Iterable[int]) -> None:
        for snapshot in await self._storage.read_latest_of(printer_ids):
            known = self._latest.get(snapshot.printer_id)
            if known is None or known.at < snapshot.at:
                self._latest.put(snapshot)
                signal = Signal(snapshot.organization_id, "telemetry", snapshot.printer_id)
                self._hub.publish(signal)
