"""Takes snapshots as they come and writes them in batches: no report ever waits for a disk."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import NewSample, Reading, StateChange, reading_of, state_of
from shopwright.telemetry.storage import TelemetryStorage

FLUSH_S = 1.0
QUIET = timedelta(seconds=10)  # a sample at least this often while nothing changes
MAX_WAITING = 64  # samples of one printer not written yet; beyond, every second one goes
MAX_CHANGES = 256  # state changes of one printer not written yet; beyond, the oldest merge

log = structlog.get_logger()


@dataclass(slots=True)
class _Track:
    """One printer: what was sampled last, and what waits to be written."""

    reading: Reading | None = None
    sampled_at: datetime | None = None
    state: str | None = None
    latest: Snapshot | None = None
    samples: list[NewSample] = field(default_factory=list)
    changes: list[StateChange] = field(default_factory=list)


class Recorder:
    """``record`` is cheap and never waits; ``run`` writes once a second until it is cancelled."""

    def __init__(
        self, storage: TelemetryStorage, latest: LatestSnapshots, *, flush_s: float = FLUSH_S
    ) -> None:
        self._storage = storage
        self._latest = latest
        self._flush_s = flush_s
        self._tracks: dict[int, _Track] = {}
        self._is_failing = False

    async def load(self) -> None:
        """Fill in what was known before this process began; their ``at`` says how old it is."""
        for snapshot in await self._storage.read_latest():
            if self._latest.get(snapshot.printer_id) is None:
                self._latest.put(snapshot)

    def record(self, snapshot: Snapshot) -> None:
        """Show it at once; keep a sample when something changed, else every ten seconds."""
        self._latest.put(snapshot)
        track = self._tracks.setdefault(snapshot.printer_id, _Track())
        track.latest = snapshot
        _note_state(track, snapshot)
        _note_sample(track, snapshot)

    def forget(self, printer_id: int) -> None:
        """Its link is another process's now; what still waits is written, then a new start."""
        track = self._tracks.get(printer_id)
        if track is not None:
            track.reading = track.sampled_at = track.state = None

    async def run(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._flush_s)
                await self.flush()
        finally:
            await self.flush()

    async def flush(self) -> bool:
        """Write what waits; False when the database refused, then it waits on."""
        batch = self._take()
        if not batch:
            return True
        try:
            await self._storage.write(batch)
        except SQLAlchemyError as err:
            self._put_back(batch)
            self._tell(is_failing=True, error=str(err).partition("\n")[0])
            return False
        self._tell(is_failing=False)
        return True

    def _take(self) -> dict[int, PrinterBatch]:
        batch = {}
        for printer_id, track in self._tracks.items():
            if track.latest is not None:
                batch[printer_id] = PrinterBatch(track.latest, track.samples, track.changes)
                track.latest, track.samples, track.changes = None, [], []
        return batch

    def _put_back(self, batch: Mapping[int, PrinterBatch]) -> None:
        for printer_id, unwritten in batch.items():
            track = self._tracks[printer_id]
            track.latest = track.latest or unwritten.latest
            track.samples = _thinned([*unwritten.samples, *track.samples])
            track.changes = _merged([*unwritten.changes, *track.changes])

    def _tell(self, *, is_failing: bool, error: str | None = None) -> None:
        if is_failing and not self._is_failing:
            log.error("telemetry cannot be written; samples thin out until it can", error=error)
        elif self._is_failing and not is_failing:
            log.info("telemetry is written again")
        self._is_failing = is_failing


def _note_state(track: _Track, snapshot: Snapshot) -> None:
    state = state_of(snapshot)
    if state != track.state:
        change = StateChange(state, snapshot.at, is_first=track.state is None)
        track.changes = _merged([*track.changes, change])
        track.state = state


def _note_sample(track: _Track, snapshot: Snapshot) -> None:
    reading = reading_of(snapshot)
    is_quiet = track.sampled_at is not None and abs(snapshot.at - track.sampled_at) < QUIET
    if reading == track.reading and is_quiet:
        return
    track.reading, track.sampled_at = reading, snapshot.at
    track.samples.append(NewSample(snapshot.at, reading))
    if len(track.samples) > MAX_WAITING:
        track.samples = _thinned(track.samples)


def _thinned(samples: list[NewSample]) -> list[NewSample]:
    """Every second one, the newest always, until few enough are left."""
    while len(samples) > MAX_WAITING:
        samples = samples[::-2][::-1]
    return samples


def _merged(changes: list[StateChange]) -> list[StateChange]:
    """The oldest stands for those that have no room, so that the time stays accounted for."""
    spare = len(changes) - MAX_CHANGES
    return changes if spare <= 0 else [changes[0], *changes[spare + 1 :]]
