"""Curves: what is new goes at once, what gathered while nobody answered goes thinned."""

import asyncio
from datetime import timedelta

import pytest

from shopwright.agent.samples import thinned
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.telemetry.samples import Reading, Sample
from tests.agent.conftest import Curves
from tests.clock import START

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")


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
