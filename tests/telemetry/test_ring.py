"""The ring: exactly the newest thousand samples of each printer at all times, by writing alone."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from shopwright.kernel import migrations
from shopwright.kernel.actor import system_actor
from shopwright.kernel.settings import Settings, telemetry_database_url
from shopwright.telemetry import queries
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.queries import RING, PrinterBatch
from shopwright.telemetry.samples import NewSample, Reading, StateChange
from shopwright.telemetry.storage import TelemetryStorage
from tests.clock import START

CTX = system_actor(7)
BATCHES = (1, 63, RING - 65, 1, 1, 64, 7, RING, 3, RING + 9, 1)  # samples at a time


@pytest.fixture
def url(settings: Settings) -> str:
    return telemetry_database_url(settings)


@pytest.fixture
async def storage(url: str) -> AsyncIterator[TelemetryStorage]:
    made = TelemetryStorage(url)
    await made.prepare()
    yield made
    await made.close()


def batch(printer_id: int, first: int, count: int) -> PrinterBatch:
    """Samples number ``first`` and on, each with its number as the bed's temperature."""
    samples = [
        NewSample(START + timedelta(seconds=number), Reading("online", "printing", bed=number))
        for number in range(first, first + count)
    ]
    at = samples[-1].at
    latest = Snapshot(7, printer_id, at, "online", "printing")
    changes = [StateChange("printing", at, is_first=True)] if first == 1 else []
    return PrinterBatch(latest, samples, changes)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(migrations.sync_url(url))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def kept(url: str, printer_id: int) -> list[int]:
    with connected(url) as connection:
        rows = connection.execute(
            text("SELECT seq FROM telemetry_samples WHERE printer_id = :id ORDER BY seq"),
            {"id": printer_id},
        )
        return [int(seq) for (seq,) in rows]


async def test_after_each_write_the_newest_thousand_are_there_and_no_other(
    storage: TelemetryStorage, url: str
) -> None:
    written = 0
    for size in BATCHES:
        await storage.write({3: batch(3, written + 1, size), 4: batch(4, written + 1, size)})
        written += size
        expected = list(range(max(written - RING, 0) + 1, written + 1))
        assert kept(url, 3) == expected
        assert kept(url, 4) == expected
    samples = await storage.list_samples(CTX, 3)
    assert [one.reading.bed for one in samples] == list(range(written, written - RING, -1))


async def test_a_printer_that_says_much_takes_nothing_from_one_that_says_little(
    storage: TelemetryStorage, url: str
) -> None:
    await storage.write({4: batch(4, 1, 2)})
    await storage.write({3: batch(3, 1, 2 * RING + 5)})
    assert kept(url, 4) == [1, 2]
    assert len(kept(url, 3)) == RING


async def test_no_statement_of_the_ring_deletes_or_reads_a_whole_table(
    storage: TelemetryStorage, url: str
) -> None:
    """What is written and read every second is found by its key, however many printers there
    are."""
    for printer_id in range(1, 40):
        await storage.write({printer_id: batch(printer_id, 1, 5)})
    with connected(url) as connection:
        told = _statements(connection, printer_id=3)
        assert not [statement for statement, _ in told if statement.startswith("DELETE")]
        for statement, values in told:
            plan = _plan(connection, statement, values)
            assert "SCAN telemetry" not in plan, f"{statement}\n{plan}"
            assert "Seq Scan" not in plan, f"{statement}\n{plan}"


def _statements(connection: Connection, printer_id: int) -> list[tuple[str, Any]]:
    """Those of a write and of a look at the curve."""
    told: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _x: Any, many: bool) -> None:
        told.append((statement, values[0] if many else values))

    event.listen(connection, "before_cursor_execute", note)
    change = StateChange("idle", START + timedelta(days=1), is_first=False)
    new = batch(printer_id, 6, 2)
    queries.write(connection, {printer_id: PrinterBatch(new.latest, new.samples, [change])})
    queries.list_samples(connection, 7, printer_id, RING)
    event.remove(connection, "before_cursor_execute", note)
    assert len(told) == 6
    return told


def _plan(connection: Connection, statement: str, values: Any) -> str:
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:  # tables this small are read whole unless that is forbidden
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    rows = connection.exec_driver_sql(explain + statement, values)
    return "\n".join(str(row[-1]) for row in rows)
