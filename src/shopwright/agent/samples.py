"""Sends the curves: what is new at once, and what gathered while nobody answered, thinned.

What is sent is stored by the server before it answers. Kept here is only what would be sent after
a time without it: so much lasts for hours in the ring, and costs little while all is well.
"""

import asyncio
from datetime import datetime, timedelta

import msgspec

from shopwright.agent import journal
from shopwright.agent.client import Client, CutOff, KeyRevoked, ServerRefused
from shopwright.agent.sender import Sender
from shopwright.kernel.actor import system_actor
from shopwright.kernel.clock import Clock
from shopwright.kernel.db import Database
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.recorder import QUIET, Recorder
from shopwright.telemetry.samples import Reading, Sample
from shopwright.telemetry.storage import TelemetryStorage

FLUSH_S = 0.3  # with the way and the server's own time, a report is stored within a second
THINNED = timedelta(seconds=10)  # between two samples of one printer from a time without server
CHUNK = 500  # samples per request, which has 2 MB at most
RETRY_S = 2.0
SHARED = frozenset(Reading.__struct_fields__) & frozenset(Snapshot.__struct_fields__)
MAX_FRESH = 50_000  # while the journal is being told; the curves then have a gap
NOTE_EVERY = timedelta(seconds=5)  # how exactly a killed agent knows what was delivered


class Samples:
    """``record`` is what the runner calls for every report; it never waits."""

    def __init__(
        self,
        client: Client,
        sender: Sender,
        recorder: Recorder,
        storage: TelemetryStorage,
        database: Database,
        clock: Clock,
    ) -> None:
        self._client = client
        self._sender = sender
        self._recorder = recorder
        self._storage = storage
        self._database = database
        self._clock = clock
        self._fresh: list[Snapshot] = []
        self._latest: dict[int, Snapshot] = {}
        self._kept: dict[int, Snapshot] = {}  # the last one of each printer that was worth sending
        self._noted_here: dict[int, tuple[bool, str, datetime]] = {}
        self._organizations: dict[int, int] = {}  # by printer
        self._until: datetime | None = None
        self._noted: datetime | None = None
        self._returns = 0

    def record(self, snapshot: Snapshot) -> None:
        self._record_here(snapshot)
        before = self._kept.get(snapshot.printer_id)
        self._latest[snapshot.printer_id] = snapshot
        if before is not None and _says_nothing_new(before, snapshot):
            return  # a shop's line out is often thin
        self._kept[snapshot.printer_id] = snapshot
        if self._client.contact.is_up and len(self._fresh) < MAX_FRESH:
            self._fresh.append(snapshot)

    def forget(self, printer_id: int) -> None:
        self._recorder.forget(printer_id)
        for known in (self._latest, self._kept, self._noted_here):
            known.pop(printer_id, None)

    async def run(self) -> None:
        """Until cancelled."""
        self._until = await journal.read_until(self._database)
        while True:
            await asyncio.sleep(FLUSH_S)
            await self._client.contact.wait()
            if self._returns != self._client.contact.returns:
                await self._sender.wait_idle()  # what happened comes before how it looked
            try:
                await self._flush()
            except (CutOff, KeyRevoked, ServerRefused):
                self._returns = -1  # what was not taken comes from the storage again
                self._fresh.clear()
                await asyncio.sleep(RETRY_S)

    def _record_here(self, snapshot: Snapshot) -> None:
        """The first of a time with or without the server, one per ten seconds, and each change."""
        printer_id, is_up = snapshot.printer_id, self._client.contact.is_up
        self._organizations[printer_id] = snapshot.organization_id
        was_up, activity, at = self._noted_here.get(printer_id, (None, "", snapshot.at))
        if (was_up, activity) != (is_up, snapshot.activity) or abs(snapshot.at - at) >= THINNED:
            self._noted_here[printer_id] = (is_up, snapshot.activity, snapshot.at)
            self._recorder.record(snapshot)

    async def _flush(self) -> None:
        now = self._clock.now()
        if self._returns != self._client.contact.returns:
            returns = self._client.contact.returns
            await self._catch_up(now)
            self._returns = returns
        if self._until is not None and self._until > now:
            self._until = self._noted = None  # our clock was put back: what is new does not wait
        fresh, self._fresh = self._fresh, []
        fresh = [one for one in fresh if self._until is None or one.at > self._until]
        for start in range(0, len(fresh), CHUNK):
            await self._send(fresh[start : start + CHUNK], [])
        if fresh:
            await self._note(max(one.at for one in fresh))

    async def _catch_up(self, now: datetime) -> None:
        """How the printers are now, then how they were; the ring keeps hours of it."""
        await self._recorder.flush()
        await self._send([], list(self._latest.values()))
        missed = await self._read_missed(now)
        for start in range(0, len(missed), CHUNK):
            await self._send(missed[start : start + CHUNK], list(self._latest.values()))
        await self._note(now)

    async def _read_missed(self, now: datetime) -> list[Snapshot]:
        found = []
        for printer_id, organization_id in self._organizations.items():
            ctx = system_actor(organization_id, "agent")
            samples = await self._storage.list_samples(ctx, printer_id)
            since = self._until
            mine = [s for s in reversed(samples) if (since is None or s.at > since) and s.at <= now]
            found += [_snapshot(one, organization_id, printer_id) for one in thinned(mine)]
        return sorted(found, key=lambda one: one.at)

    async def _send(self, samples: list[Snapshot], latest: list[Snapshot]) -> None:
        body = {"sent_at": self._clock.now(), "samples": samples, "latest": latest}
        await self._client.send_samples(msgspec.json.encode(body))

    async def _note(self, until: datetime) -> None:
        self._until = until
        if self._noted is None or until - self._noted >= NOTE_EVERY:
            self._noted = until
            await journal.note_until(self._database, until)


def thinned(samples: list[Sample]) -> list[Sample]:
    """Oldest first; the first, then one per ten seconds, and every change of what it does."""
    kept: list[Sample] = []
    for one in samples:
        is_change = bool(kept) and one.reading.activity != kept[-1].reading.activity
        if not kept or is_change or one.at - kept[-1].at >= THINNED:
            kept.append(one)
    return kept


def _says_nothing_new(before: Snapshot, after: Snapshot) -> bool:
    is_same = msgspec.structs.replace(after, at=before.at) == before
    return is_same and abs(after.at - before.at) < QUIET


def _snapshot(sample: Sample, organization_id: int, printer_id: int) -> Snapshot:
    return Snapshot(
        organization_id=organization_id,
        printer_id=printer_id,
        at=sample.at,
        **{name: getattr(sample.reading, name) for name in SHARED},
    )
