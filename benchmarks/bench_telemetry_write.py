"""Telemetry of 500 printers: rows per second through the recorder, against the bare driver.

    python benchmarks/bench_telemetry_write.py               both databases
    python benchmarks/bench_telemetry_write.py sqlite 20     one of them, 20 flushes per round

One flush is one new sample and one latest row of every printer, in one transaction, into rings that
are full, so that every write overwrites. The bare driver writes the same rows, prepared beforehand,
by the same SQL. Five interleaved rounds.
Bound: 500 printers that change every second make 1,000 rows a second; ten times that must fit.
What bounds the recorder: two fifths are the database, the rest is Python building and binding rows
on one core.
"""

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import psycopg

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from shopwright.kernel.migrations import sync_url  # noqa: E402
from shopwright.telemetry.latest import LatestSnapshots, SlotView, Snapshot  # noqa: E402
from shopwright.telemetry.queries import RING  # noqa: E402
from shopwright.telemetry.recorder import MAX_WAITING, Recorder  # noqa: E402
from shopwright.telemetry.samples import reading_of  # noqa: E402
from shopwright.telemetry.storage import TelemetryStorage  # noqa: E402
from tests.databases import PostgresDatabases  # noqa: E402
from tests.postgres import PostgresServer  # noqa: E402

PRINTERS = 500
FLUSHES = 10
ROUNDS = 5
NEEDED = 2 * PRINTERS * 10  # rows a second
START = datetime(2026, 3, 2, tzinfo=UTC)
SLOTS = tuple(SlotView(number, True, "PLA", "FFFFFF", 80) for number in range(1, 5))

SAMPLE = (
    "INSERT INTO telemetry_samples (printer_id, slot, organization_id, seq, at, content) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (printer_id, slot) DO UPDATE SET "
    "organization_id = excluded.organization_id, seq = excluded.seq, at = excluded.at, "
    "content = excluded.content"
)
LATEST = (
    "INSERT INTO telemetry_latest (printer_id, organization_id, seq, at, content) "
    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (printer_id) DO UPDATE SET "
    "organization_id = excluded.organization_id, seq = excluded.seq, at = excluded.at, "
    "content = excluded.content"
)

Batch = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]
WriteBatch = Callable[[Batch], None]


def snapshot(printer_id: int, second: int) -> Snapshot:
    return Snapshot(
        organization_id=1,
        printer_id=printer_id,
        at=START + timedelta(seconds=second),
        connection="online",
        activity="printing",
        percent=second % 100,
        layer=second // 10,
        layers=164,
        remaining_s=max(0, 5025 - second),
        nozzle=220.0 + second % 7 / 10,
        nozzle_target=220.0,
        bed=60.0,
        bed_target=60.0,
        chamber=31.0,
        slots=SLOTS,
        job_name="bracket.gcode.3mf",
        device_job_id="1234567",
        wifi_dbm=-50,
    )


def prepared(second: int) -> Batch:
    at = str(START + timedelta(seconds=second))
    samples, latest = [], []
    for printer_id in range(1, PRINTERS + 1):
        shot = snapshot(printer_id, second)
        text = msgspec.json.encode(reading_of(shot)).decode()
        samples.append((printer_id, second % RING, 1, second, at, text))
        latest.append((printer_id, 1, second, at, msgspec.json.encode(shot).decode()))
    return samples, latest


@contextmanager
def bare_sqlite(path: Path) -> Iterator[WriteBatch]:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")

    def write(batch: Batch) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(SAMPLE, batch[0])
        connection.executemany(LATEST, batch[1])
        connection.execute("COMMIT")

    yield write
    connection.close()


@contextmanager
def bare_postgres(url: str) -> Iterator[WriteBatch]:
    with psycopg.connect(sync_url(url).replace("+psycopg", "")) as connection:

        def write(batch: Batch) -> None:
            with connection.cursor() as cursor:
                cursor.executemany(SAMPLE.replace("?", "%s"), batch[0])
                cursor.executemany(LATEST.replace("?", "%s"), batch[1])
            connection.commit()

        yield write


async def fill_rings(recorder: Recorder) -> int:
    """Until every slot of every ring is taken; returns the second it reached."""
    second = 0
    while second < RING + MAX_WAITING:
        for _ in range(MAX_WAITING):
            second += 1
            for printer_id in range(1, PRINTERS + 1):
                recorder.record(snapshot(printer_id, second))
        await recorder.flush()
    return second


async def time_recorder(recorder: Recorder, second: int, flushes: int) -> list[float]:
    """Seconds per flush, with the taking in of the snapshots."""
    spans = []
    for step in range(flushes):
        started = time.perf_counter()
        for printer_id in range(1, PRINTERS + 1):
            recorder.record(snapshot(printer_id, second + step))
        assert await recorder.flush()
        spans.append(time.perf_counter() - started)
    return spans


def time_bare(write: WriteBatch, second: int, flushes: int) -> list[float]:
    batches = [prepared(second + step) for step in range(flushes)]
    spans = []
    for batch in batches:
        started = time.perf_counter()
        write(batch)
        spans.append(time.perf_counter() - started)
    return spans


def rate(spans: list[float]) -> float:
    return 2 * PRINTERS * len(spans) / sum(spans)


def tell(name: str, rates: list[float], spans: list[float]) -> None:
    spread = f"{min(rates):,.0f}–{max(rates):,.0f}"
    milliseconds = sorted(span * 1000 for span in spans)
    worst = milliseconds[int(len(milliseconds) * 0.99)]
    print(
        f"  {name:9} {statistics.median(rates):>9,.0f} rows/s ({spread}), "
        f"flush p50 {statistics.median(milliseconds):.1f} ms, p99 {worst:.1f} ms"
    )


async def measure(url: str, bare: Any, flushes: int) -> bool:
    storage = TelemetryStorage(url)
    recorder = Recorder(storage, LatestSnapshots())
    second = await fill_rings(recorder)
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    with bare as write:
        for _ in range(ROUNDS):
            ours.append(await time_recorder(recorder, second + 1, flushes))
            theirs.append(time_bare(write, second + 1, flushes))
            second += flushes
    await storage.close()
    our_rates = [rate(spans) for spans in ours]
    bare_rates = [rate(spans) for spans in theirs]
    tell("recorder", our_rates, list(chain(*ours)))
    tell("driver", bare_rates, list(chain(*theirs)))
    median = statistics.median(our_rates)
    share = median / statistics.median(bare_rates)
    margin = median / NEEDED
    print(
        f"  ratio to the bare driver {share:.2f}; {margin:.1f} × the bound of {NEEDED:,} rows/s: "
        f"{'holds' if margin >= 1 else 'DOES NOT HOLD'}"
    )
    return margin >= 1


async def main(kinds: list[str], flushes: int) -> bool:
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "telemetry.db"
        if "sqlite" in kinds:
            print(f"SQLite, {PRINTERS} printers, {RING} samples each")
            results.append(await measure(f"sqlite:///{path}", bare_sqlite(path), flushes))
    if "postgresql" in kinds:
        print(f"PostgreSQL, {PRINTERS} printers, {RING} samples each")
        with PostgresServer() as server:
            url = PostgresDatabases(server).create()
            results.append(await measure(url, bare_postgres(url), flushes))
    return all(results)


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word in {"sqlite", "postgresql"}]
    counts = [int(word) for word in sys.argv[1:] if word.isdigit()]
    is_good = asyncio.run(main(named or ["sqlite", "postgresql"], counts[0] if counts else FLUSHES))
    sys.exit(0 if is_good else 1)
