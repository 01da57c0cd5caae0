"""Snapshots become a latest row, a ring of samples and intervals of states, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from shopwright.kernel import migrations
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import Base
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings, async_database_url, telemetry_database_url
from shopwright.telemetry.access import open_recorder, storage_of
from shopwright.telemetry.latest import LatestSnapshots, SlotView, Snapshot
from shopwright.telemetry.migrations import VERSION_TABLE
from shopwright.telemetry.models import TelemetryBase
from shopwright.telemetry.queries import RING, PrinterBatch
from shopwright.telemetry.recorder import MAX_CHANGES, MAX_WAITING, Recorder
from shopwright.telemetry.samples import Interval
from shopwright.telemetry.storage import TelemetryStorage
from tests.clock import START

SHOP, OTHER_SHOP, PRINTER = 7, 8, 3
CTX = system_actor(SHOP)
DAY = timedelta(days=1)


@pytest.fixture
def url(settings: Settings) -> str:
    return telemetry_database_url(settings)


@pytest.fixture
async def storage(url: str) -> AsyncIterator[TelemetryStorage]:
    storage = TelemetryStorage(url)
    yield storage
    await storage.close()


@pytest.fixture
def latest() -> LatestSnapshots:
    return LatestSnapshots()


@pytest.fixture
def recorder(storage: TelemetryStorage, latest: LatestSnapshots) -> Recorder:
    return Recorder(storage, latest)


def snapshot(second: float = 0, **changes: Any) -> Snapshot:
    facts: dict[str, Any] = {
        "organization_id": SHOP,
        "printer_id": PRINTER,
        "at": at(second),
        "connection": "online",
        "activity": "printing",
        "percent": 12.5,
        **changes,
    }
    return Snapshot(**facts)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def seconds(moment: datetime) -> float:
    return (moment - START).total_seconds()


def rows(url: str, statement: str) -> list[Any]:
    engine = create_engine(migrations.sync_url(url))
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return list(result) if result.returns_rows else []
    finally:
        engine.dispose()


def count(url: str, table: str) -> int:
    return int(rows(url, f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608


async def intervals(
    storage: TelemetryStorage, ctx: Actor = CTX
) -> list[tuple[str, float, float | None]]:
    """State, start and end in seconds after START."""
    found = await storage.list_intervals(ctx, PRINTER, since=START - DAY, until=START + DAY)
    return [
        (i.state, seconds(i.started_at), seconds(i.ended_at) if i.ended_at else None) for i in found
    ]


async def test_snapshot_is_shown_at_once_and_written_by_the_flush(
    recorder: Recorder, storage: TelemetryStorage, latest: LatestSnapshots, url: str
) -> None:
    await storage.prepare()
    recorder.record(snapshot(nozzle=210.5))
    assert latest.get(PRINTER) == snapshot(nozzle=210.5)
    assert count(url, "telemetry_latest") == 0
    assert await recorder.flush()
    assert await storage.read_latest() == [snapshot(nozzle=210.5)]
    (sample,) = await storage.list_samples(CTX, PRINTER)
    assert (sample.seq, sample.at, sample.reading.nozzle) == (1, START, 210.5)


async def test_latest_keeps_everything_the_device_said(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    full = snapshot(
        layer=4, layers=90, remaining_s=600, stage="heating", nozzle=220.0, nozzle_target=220.0,
        bed=60.0, bed_target=65.0, chamber=31.0, faults=("Filament ran out.",), job_name="bracket",
        slots=(SlotView(1, True, "PLA", "FFFFFF", 80),), device_job_id="123", wifi_dbm=-50,
        is_light_on=True, native='{"print": {}}',
    )  # fmt: skip
    recorder.record(full)
    await recorder.flush()
    assert await storage.read_latest() == [full]


async def test_nothing_new_is_sampled_every_ten_seconds(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    for second in range(25):
        recorder.record(snapshot(second, wifi_dbm=-second))
    await recorder.flush()
    samples = await storage.list_samples(CTX, PRINTER)
    assert [(s.seq, (s.at - START).seconds) for s in samples] == [(3, 20), (2, 10), (1, 0)]


async def test_every_change_is_sampled(recorder: Recorder, storage: TelemetryStorage) -> None:
    for second in range(5):
        recorder.record(snapshot(second, nozzle=200.0 + second))
    await recorder.flush()
    samples = await storage.list_samples(CTX, PRINTER, limit=3)
    assert [sample.reading.nozzle for sample in samples] == [204.0, 203.0, 202.0]


async def test_ring_holds_exactly_a_thousand_samples_per_printer(
    recorder: Recorder, storage: TelemetryStorage, url: str
) -> None:
    for second in range(RING + 101):
        recorder.record(snapshot(second, bed=float(second)))
        recorder.record(snapshot(second, printer_id=4, bed=float(second)))
        if second % 50 == 0:
            await recorder.flush()
    await recorder.flush()
    assert count(url, "telemetry_samples") == 2 * RING
    assert count(url, "telemetry_latest") == 2
    samples = await storage.list_samples(CTX, PRINTER, limit=5000)
    assert [s.seq for s in samples] == list(range(RING + 101, 101, -1))
    assert [s.reading.bed for s in samples] == [float(n) for n in range(RING + 100, 100, -1)]


async def test_ring_goes_on_after_a_restart(recorder: Recorder, storage: TelemetryStorage) -> None:
    recorder.record(snapshot(0))
    await recorder.flush()
    restarted = Recorder(storage, LatestSnapshots())
    restarted.record(snapshot(60))
    await restarted.flush()
    samples = await storage.list_samples(CTX, PRINTER)
    assert [(s.seq, (s.at - START).seconds) for s in samples] == [(2, 60), (1, 0)]


async def test_two_owners_in_turn_share_one_ring(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    other = Recorder(storage, LatestSnapshots())
    for second, owner in ((0, recorder), (20, other), (40, recorder), (60, other)):
        owner.record(snapshot(second))
        await owner.flush()
    assert [s.seq for s in await storage.list_samples(CTX, PRINTER)] == [4, 3, 2, 1]


async def test_start_shows_what_was_known_with_its_age(
    recorder: Recorder, storage: TelemetryStorage, url: str
) -> None:
    recorder.record(snapshot(0))
    recorder.record(snapshot(5, printer_id=4))
    recorder.record(snapshot(5, printer_id=5))
    await recorder.flush()
    rows(url, "UPDATE telemetry_latest SET content = '[1]' WHERE printer_id = 5")
    known = LatestSnapshots()
    newer = snapshot(90, printer_id=4, percent=50.0)
    known.put(newer)
    await Recorder(storage, known).load()
    assert known.get(PRINTER) == snapshot(0)
    assert known.get(4) == newer
    assert known.get(5) is None


async def test_states_become_intervals(recorder: Recorder, storage: TelemetryStorage) -> None:
    recorder.record(snapshot(0, activity="idle"))
    recorder.record(snapshot(5, activity="idle", nozzle=30.0))
    await recorder.flush()
    recorder.record(snapshot(10))
    recorder.record(snapshot(20, connection="offline"))
    recorder.record(snapshot(25))
    await recorder.flush()
    expected = [("idle", 0, 10), ("printing", 10, 20), ("offline", 20, 25), ("printing", 25, None)]
    assert await intervals(storage) == expected
    found = await storage.list_intervals(CTX, PRINTER, since=at(10), until=at(20))
    assert found == [Interval("printing", at(10), at(20))]


async def test_time_nobody_watched_belongs_to_no_state(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    recorder.record(snapshot(0))
    recorder.record(snapshot(30, percent=13.0))
    await recorder.flush()
    restarted = Recorder(storage, LatestSnapshots())
    restarted.record(snapshot(600))
    await restarted.flush()
    assert await intervals(storage) == [("printing", 0, 30), ("printing", 600, None)]
    restarted.forget(PRINTER)
    restarted.forget(99)
    restarted.record(snapshot(700))
    await restarted.flush()
    assert (await intervals(storage))[1:] == [("printing", 600, 600), ("printing", 700, None)]


async def test_another_shop_sees_no_samples_and_no_intervals(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    recorder.record(snapshot())
    await recorder.flush()
    stranger = system_actor(OTHER_SHOP)
    assert await storage.list_samples(stranger, PRINTER) == []
    assert await intervals(storage, stranger) == []


async def test_samples_thin_out_evenly_while_they_wait(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    for second in range(1000):
        recorder.record(snapshot(second, bed=float(second)))
    await recorder.flush()
    seconds = [(s.at - START).seconds for s in await storage.list_samples(CTX, PRINTER)][::-1]
    assert len(seconds) <= MAX_WAITING
    assert seconds[-1] == 999
    assert seconds[0] < 40
    assert sorted(seconds) == seconds


async def test_flapping_printer_keeps_its_time_accounted_for(
    recorder: Recorder, storage: TelemetryStorage
) -> None:
    for second in range(MAX_CHANGES + 100):
        recorder.record(snapshot(second, activity=("idle", "printing")[second % 2]))
    await recorder.flush()
    found = await intervals(storage)
    assert len(found) == MAX_CHANGES
    assert found[0][1] == 0
    assert [end for _, _, end in found[:-1]] == [start for _, start, _ in found[1:]]
    assert found[-1][1:] == (MAX_CHANGES + 99, None)


async def test_refused_flush_is_written_by_the_next_one(
    recorder: Recorder, storage: TelemetryStorage, url: str
) -> None:
    await storage.prepare()
    rows(url, "ALTER TABLE telemetry_samples RENAME TO telemetry_gone")
    recorder.record(snapshot(0))
    recorder.record(snapshot(0, printer_id=4))
    assert not await recorder.flush()
    recorder.record(snapshot(1, activity="idle"))
    assert not await recorder.flush()
    assert await storage.read_latest() == []
    rows(url, "ALTER TABLE telemetry_gone RENAME TO telemetry_samples")
    assert await recorder.flush()
    assert sorted(await storage.read_latest(), key=lambda s: s.printer_id) == [
        snapshot(1, activity="idle"),
        snapshot(0, printer_id=4),
    ]
    assert [s.seq for s in await storage.list_samples(CTX, PRINTER)] == [2, 1]
    assert await intervals(storage) == [("printing", 0, 1), ("idle", 1, None)]


async def test_waiting_stays_bounded_while_the_database_refuses(
    recorder: Recorder, storage: TelemetryStorage, url: str
) -> None:
    await storage.prepare()
    rows(url, "ALTER TABLE telemetry_samples RENAME TO telemetry_gone")
    for second in range(600):
        recorder.record(snapshot(second, bed=float(second)))
        if second % 100 == 0:
            assert not await recorder.flush()
    rows(url, "ALTER TABLE telemetry_gone RENAME TO telemetry_samples")
    assert await recorder.flush()
    samples = await storage.list_samples(CTX, PRINTER)
    assert 1 < len(samples) <= MAX_WAITING
    assert (samples[0].at - START).seconds == 599


class NoticedStorage(TelemetryStorage):
    """Says when something was written."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written = asyncio.Event()

    async def write(self, batch: Mapping[int, PrinterBatch]) -> None:
        await super().write(batch)
        self.written.set()


async def test_running_recorder_writes_by_itself(url: str, latest: LatestSnapshots) -> None:
    storage = NoticedStorage(url)
    recorder = Recorder(storage, latest, flush_s=0.01)
    recorder.record(snapshot(0))
    running = asyncio.create_task(recorder.run())
    await storage.written.wait()
    assert await storage.read_latest() == [snapshot(0)]
    await stop(running)
    await storage.close()


async def test_recorder_that_is_stopped_writes_once_more(
    storage: TelemetryStorage, latest: LatestSnapshots
) -> None:
    recorder = Recorder(storage, latest, flush_s=3600)
    running = asyncio.create_task(recorder.run())
    await asyncio.sleep(0)
    recorder.record(snapshot(0))
    await stop(running)
    assert await storage.read_latest() == [snapshot(0)]


async def test_process_opens_one_recorder_and_shows_what_was_known(process: Process) -> None:
    async with open_recorder(process) as recorder:
        recorder.record(snapshot(0))
    process.context.keep(LatestSnapshots).forget(PRINTER)
    async with open_recorder(process):
        assert process.context.keep(LatestSnapshots).get(PRINTER) == snapshot(0)
    assert storage_of(process) is storage_of(process)


async def stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_tables_agree_with_the_models(storage: TelemetryStorage, url: str) -> None:
    await storage.prepare()
    assert migrations.current_revision(url, VERSION_TABLE) == "20261121_1700t"
    ours = TelemetryBase.metadata
    options = {"include_object": lambda _o, name, kind, *_: kind != "table" or name in ours.tables}
    engine = create_engine(migrations.sync_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, ours) == []
    engine.dispose()


async def test_business_tables_and_telemetry_do_not_mind_each_other(
    storage: TelemetryStorage, settings: Settings
) -> None:
    await storage.prepare()
    business = async_database_url(settings)
    assert migrations.current_revision(business) != "20261121_1700t"
    found = migrations.differences(business, Base.metadata)
    assert [change for change in found if "telemetry" in str(change)] == []


async def test_sqlite_keeps_telemetry_in_its_own_file(
    storage: TelemetryStorage, url: str, settings: Settings, tmp_path: Path
) -> None:
    await storage.prepare()
    assert (tmp_path / "telemetry.db").exists() == settings.is_sqlite


def test_snapshot_survives_its_way_through_json() -> None:
    text_of = msgspec.json.encode(snapshot(0, slots=(SlotView(1, False),)))
    assert msgspec.json.decode(text_of, type=Snapshot) == snapshot(0, slots=(SlotView(1, False),))
