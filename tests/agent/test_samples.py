"""Curves: what is new goes at once, what gathered while nobody answered goes thinned."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from shopwright.agent.samples import Samples, thinned
from shopwright.agent.sender import Sender
from shopwright.agent.worker import Worker
from shopwright.telemetry.access import OpenedTelemetry
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from shopwright.telemetry.recorder import Recorder
from shopwright.telemetry.samples import Reading, Sample
from shopwright.telemetry.storage import TelemetryStorage
from tests.agent.conftest import World
from tests.clock import START

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


@dataclass(slots=True)
class Curves:
    world: World
    samples: Samples
    served: TelemetryStorage
    server_recorder: Recorder

    def report(self, nozzle: float) -> None:
        at = self.world.clock.advance(seconds=1)
        self.samples.record(
            Snapshot(
                self.world.owner.organization_id,
                self.world.printer.id,
                at,
                "online",
                "printing",
                nozzle=nozzle,
            )
        )

    async def on_server(self) -> list[float | None]:
        """Oldest first."""
        await self.server_recorder.flush()
        rows = await self.served.list_samples(self.world.owner, self.world.printer.id)
        return [row.reading.nozzle for row in reversed(rows)]


@pytest.fixture
async def curves(world: World, tmp_path: Path) -> AsyncIterator[Curves]:
    own = TelemetryStorage(f"sqlite:///{tmp_path / 'agent-telemetry.db'}")
    served = TelemetryStorage(f"sqlite:///{tmp_path / 'server-telemetry.db'}")
    server_recorder = Recorder(served, world.server.context.keep(LatestSnapshots))
    world.server.context.keep(OpenedTelemetry).recorder = server_recorder
    await Worker(world.client, world.database, world.journal, world.clock)._ask()
    sender = Sender(world.client, world.journal, world.database)
    recorder = Recorder(own, LatestSnapshots())
    samples = Samples(world.client, sender, recorder, own, world.database, world.clock)
    yield Curves(world, samples, served, server_recorder)
    await own.close()
    await served.close()


@on_sqlite
async def test_a_time_without_the_server_is_told_thinned_and_in_order(curves: Curves) -> None:
    await curves.samples._flush()
    for nozzle in (200.0, 201.0):
        curves.report(nozzle)
    await curves.samples._flush()
    assert await curves.on_server() == [200.0, 201.0]
    contact = curves.world.client.contact
    contact.is_up = False
    for number in range(60):
        curves.report(300.0 + number)
    contact.found()
    curves.report(400.0)
    await curves.samples._flush()
    curves.report(401.0)
    await curves.samples._flush()
    assert await curves.on_server() == [
        200.0, 201.0, 300.0, 310.0, 320.0, 330.0, 340.0, 350.0, 400.0, 401.0,
    ]  # fmt: skip
    shown = curves.world.server.context.keep(LatestSnapshots).get(curves.world.printer.id)
    assert shown is not None
    assert shown.nozzle == 401.0


@on_sqlite
async def test_a_clock_that_is_put_back_stops_no_curve(curves: Curves) -> None:
    curves.report(200.0)
    await curves.samples._flush()
    curves.world.clock.advance(hours=-1)
    curves.report(201.0)
    await curves.samples._flush()
    assert await curves.on_server() == [200.0, 201.0]


@on_sqlite
async def test_what_does_not_change_is_sent_every_ten_seconds(curves: Curves) -> None:
    await asyncio.sleep(0)
    for _ in range(21):
        curves.report(25.0)
    assert len(curves.samples._fresh) == 3


def test_a_change_of_what_it_does_is_never_thinned_away() -> None:
    words = ["printing"] * 4 + ["paused"] * 2 + ["printing"] * 12
    rows = [
        Sample(n, START + timedelta(seconds=n), Reading("online", word))
        for n, word in enumerate(words)
    ]
    assert [row.seq for row in thinned(rows)] == [0, 4, 6, 16]
