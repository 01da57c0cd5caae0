"""Two processes of one installation on PostgreSQL, as far as that shows without starting any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlalchemy import func, select

from shopwright.accounts import bootstrap
from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Installation
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.kernel.signals import Signal
from shopwright.server.app import create_app
from shopwright.server.process import open_process
from shopwright.server.running import Roles, _hearing
from shopwright.telemetry.access import open_recorder
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from tests.clock import START, FixedClock
from tests.conftest import bearer, unopened
from tests.databases import PostgresDatabases

pytestmark = pytest.mark.parametrize("databases", ["postgresql"], indirect=True, scope="session")

GENEROUS_S = 30.0


@asynccontextmanager
async def second_process(settings: Settings, clock: FixedClock) -> AsyncIterator[Process]:
    """Hears what the others do, as every serving process does."""
    async with open_process(settings, clock) as process:
        tasks = [asyncio.ensure_future(loop()) for _, loop in _hearing(process, Roles())]
        try:
            yield process
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until_heard(heard: asyncio.Queue[Signal], topic: str) -> Signal:
    async with asyncio.timeout(GENEROUS_S):
        while True:
            signal = await heard.get()
            if signal.topic == topic:
                return signal


async def tell_until_heard(process: Process, heard: asyncio.Queue[Signal]) -> None:
    """Listening begins a moment after its process; from then on nothing is missed."""
    async with asyncio.timeout(GENEROUS_S):
        while heard.empty():
            async with process.database.write() as session:
                session.signals.add(Signal(1, "knock"))
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await heard.put(await heard.get())


async def test_pages_of_another_process_show_what_a_printer_says(
    process: Process, settings: Settings, clock: FixedClock
) -> None:
    async with (
        second_process(settings, clock) as other,
        open_recorder(process) as recorder,
    ):
        heard: asyncio.Queue[Signal] = asyncio.Queue()
        other.context.hub.listen_to_all(heard.put_nowait)
        await tell_until_heard(process, heard)
        shown = other.context.keep(LatestSnapshots)

        recorder.record(said(7, percent=12.5))
        recorder.record(said(8, percent=99.0))
        await recorder.flush()
        keys = {(await until_heard(heard, "telemetry")).key for _ in range(2)}

        assert keys == {7, 8}
        seven, eight = shown.get(7), shown.get(8)
        assert (seven and seven.percent, eight and eight.percent) == (12.5, 99.0)


async def test_what_another_process_wrote_earlier_replaces_nothing_newer(
    process: Process, settings: Settings, clock: FixedClock
) -> None:
    async with second_process(settings, clock) as other, open_recorder(process) as recorder:
        heard: asyncio.Queue[Signal] = asyncio.Queue()
        other.context.hub.listen_to_all(heard.put_nowait)
        await tell_until_heard(process, heard)
        other.context.keep(LatestSnapshots).put(said(7, seconds=60, percent=50.0))

        recorder.record(said(7, percent=12.5))
        recorder.record(said(8, percent=99.0))
        await recorder.flush()

        assert (await until_heard(heard, "telemetry")).key == 8
        seven = other.context.keep(LatestSnapshots).get(7)
        assert seven is not None
        assert seven.percent == 50.0


async def test_a_log_out_in_one_process_counts_in_the_other(
    process: Process, settings: Settings, clock: FixedClock, member: Actor
) -> None:
    headers = await bearer(process, member)
    async with second_process(settings, clock) as other:
        heard: asyncio.Queue[Signal] = asyncio.Queue()
        other.context.hub.listen_to_all(heard.put_nowait)
        await tell_until_heard(process, heard)
        async with client_of(process) as here, client_of(other) as there:
            assert (await there.get("/api/auth/user", headers=headers)).status_code == 200
            answer = await here.post("/api/auth/logout", headers=headers)
            assert answer.status_code == 200
            await until_heard(heard, "rights")
            assert (await there.get("/api/auth/user", headers=headers)).status_code == 401


async def test_servers_that_start_together_on_a_new_database_make_one_installation(
    postgres_databases: PostgresDatabases, settings: Settings
) -> None:
    url = postgres_databases.create()
    fresh = settings.model_copy(
        update={
            "database_url": url,
            "owner_email": "owner@shop.test",
            "owner_password": SecretStr("correct horse battery staple"),
        }
    )

    async def start() -> bool:
        async with open_process(fresh) as process:
            return await bootstrap.found_from_settings(process) is not None

    founded = await asyncio.gather(*(start() for _ in range(4)))
    async with open_process(fresh) as process, process.database.read() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Installation, Organization)
        ]
    postgres_databases.drop(url)
    assert sorted(founded) == [False, False, False, True]
    assert counts == [1, 1]


@asynccontextmanager
async def client_of(process: Process) -> AsyncIterator[AsyncClient]:
    app = create_app(process.settings, unopened)
    app.state.process = process
    process.is_ready = True
    async with AsyncClient(transport=ASGITransport(app), base_url="http://shop.test") as client:
        yield client


def said(printer_id: int, *, seconds: float = 0, percent: float) -> Snapshot:
    return Snapshot(
        organization_id=1,
        printer_id=printer_id,
        at=START + timedelta(seconds=seconds),
        connection="online",
        activity="printing",
        percent=percent,
    )
