"""Dashboard and revenue of a shop with 1,000,000 orders, over HTTP, before and after the roll-ups.

    python benchmarks/bench_analytics.py             both databases
    python benchmarks/bench_analytics.py sqlite      one of them
    ORDERS=200000 python benchmarks/bench_analytics.py

Without roll-ups the same routes count the rows: that is the slow query, as after an upgrade until
the roll-ups are built. Bound: the median of 40 answers ≤ 100 ms. What keeping them costs a page of
100 imported orders is told too.
"""

import asyncio
import contextlib
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import psycopg  # noqa: E402
from bench_order_list import Candidate, database, start_ours  # noqa: E402
from sqlalchemy import Table, make_url  # noqa: E402

from shopwright.analytics import tasks  # noqa: E402
from shopwright.inventory.models import FilamentMovement  # noqa: E402
from shopwright.kernel import ids  # noqa: E402
from shopwright.kernel.actor import system_actor  # noqa: E402
from shopwright.kernel.edge import Process  # noqa: E402
from shopwright.kernel.settings import Settings  # noqa: E402
from shopwright.kernel.signals import TransactionEnding  # noqa: E402
from shopwright.orders import intake  # noqa: E402
from shopwright.orders.drafts import ItemDraft, OrderDraft  # noqa: E402
from shopwright.orders.models import Order  # noqa: E402
from shopwright.print_jobs.models import PrintJob  # noqa: E402
from shopwright.server.process import open_process  # noqa: E402

ORDERS = int(os.environ.get("ORDERS", "1000000"))
OTHERS = ORDERS // 4  # print jobs, and as many uses of filament
DAYS = 3 * 365
ANSWERS, SLOW_ANSWERS, PAGES = 40, 3, 10
BOUND_S = 0.1
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
QUESTIONS = {
    "dashboard": "/api/analytics/dashboard",
    "revenue by month": "/api/analytics/revenue?period=monthly",
    "revenue by day": "/api/analytics/revenue?period=daily",
    "a month by day": (
        f"/api/analytics/revenue?period=daily&start_date={NOW - timedelta(days=30):%Y-%m-%d}"
    ),
    "summary": "/api/analytics/summary",
}
STATUSES = ["paid", "shipped", "shipped", "delivered", "delivered", "canceled", "refunded"]

Row = dict[str, Any]


def main(kinds: list[str]) -> int:
    good = True
    for kind in kinds:
        with database(kind) as url, tempfile.TemporaryDirectory() as folder:
            good &= measure(kind, url, Path(folder))
    return 0 if good else 1


def measure(kind: str, url: str, folder: Path) -> bool:
    with contextlib.ExitStack() as stack:
        ours = start_ours(stack, url, folder)
        took = timed(lambda: seed(url))
        print(f"\n{kind}: {ORDERS:,} orders, {2 * OTHERS:,} prints and uses in {took:.0f} s")
        slow = {name: [ask(ours, path) for _ in range(SLOW_ANSWERS)] for name, path in asked()}
        print(f"  roll-ups built in {timed(lambda: rebuild(url, folder)):.1f} s")
        fast = {name: [ask(ours, path) for _ in range(ANSWERS)] for name, path in asked()}
        good = not sum(not report(name, slow[name], fast[name]) for name in QUESTIONS)
    asyncio.run(tell_cost_of_writes(url, folder))
    return good


def asked() -> Iterable[tuple[str, str]]:
    return QUESTIONS.items()


def report(name: str, slow: list[float], fast: list[float]) -> bool:
    verdict = "holds" if statistics.median(fast) <= BOUND_S else "MISSED"
    ratio = statistics.median(slow) / statistics.median(fast)
    print(
        f"  {name:16} {statistics.median(fast) * 1000:6.1f} ms ({min(fast) * 1000:.1f} to "
        f"{max(fast) * 1000:.1f}), counting rows {statistics.median(slow) * 1000:7.0f} ms, "
        f"{ratio:5.0f} ×, bound ≤ {BOUND_S * 1000:.0f} ms: {verdict}"
    )
    return statistics.median(fast) <= BOUND_S


def ask(ours: Candidate, path: str) -> float:
    request = urllib.request.Request(f"http://127.0.0.1:{ours.port}{path}", headers=ours.headers)
    started = time.perf_counter()
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        answer.read()
    return time.perf_counter() - started


def rebuild(url: str, folder: Path) -> None:
    subprocess.run(
        [str(ROOT / ".venv/bin/shopwright"), "analytics", "rebuild"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "DATABASE_URL": url, "SHOPWRIGHT_DATA_DIR": str(folder)},
    )


def timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


async def tell_cost_of_writes(url: str, folder: Path) -> None:
    """Pages of 100 orders, with the roll-ups listening and without, in turn."""
    settings = Settings(database_url=url, data_dir=folder)
    async with open_process(settings) as process:
        listening, deaf = [], []
        for page in range(PAGES):
            listening.append(await import_page(process, 2 * page))
            subscribers = process.context.subscriptions._subscribers[TransactionEnding]  # noqa: SLF001
            subscribers.remove(tasks.on_transaction_ending)
            deaf.append(await import_page(process, 2 * page + 1))
            subscribers.append(tasks.on_transaction_ending)
    extra = statistics.median(listening) - statistics.median(deaf)
    print(
        f"  a page of 100 orders: {statistics.median(listening) * 1000:.0f} ms, "
        f"of which the roll-ups {extra * 1000:.1f} ms"
    )


async def import_page(process: Process, number: int) -> float:
    drafts = [
        OrderDraft(
            status="paid",  # type: ignore[arg-type]
            currency="EUR",
            placed_at=NOW - timedelta(minutes=at),
            items=(ItemDraft(title="Plate", quantity=1, external_id="1"),),
            channel="etsy",
            connection_id=1,
            external_id=f"new-{number}-{at}",
            total_minor=1000,
            updated_at=NOW,
        )
        for at in range(100)
    ]
    started = time.perf_counter()
    async with process.database.write() as session:
        await intake.import_orders(
            session, system_actor(1, "bench"), connection_id=1, drafts=drafts, now=NOW
        )
    return time.perf_counter() - started


def seed(url: str) -> None:
    chance = random.Random(7)
    for table, rows in (
        (Order.__table__, orders(chance)),
        (PrintJob.__table__, print_jobs(chance)),
        (FilamentMovement.__table__, movements(chance)),
    ):
        fill(url, table, rows)  # type: ignore[arg-type]
    vacuum(url)


def orders(chance: random.Random) -> Iterator[Row]:
    for number in range(ORDERS):
        total = chance.randint(500, 20_000)
        status = chance.choice(STATUSES)
        yield {
            "number": -number,  # those of new orders begin at 1001
            "channel": "etsy",
            "connection_id": 1,
            "external_id": str(number),
            "status": status,
            "currency": "EUR" if chance.random() < 0.95 else "USD",
            "total_minor": total,
            "refunded_minor": total if status == "refunded" else 0,
            "placed_at": moment(chance),
            "updated_at": NOW,
        }


def print_jobs(chance: random.Random) -> Iterator[Row]:
    for number in range(OTHERS):
        yield {
            "name": f"Plate {number}",
            "status": "failed" if chance.random() < 0.05 else "completed",
            "failure_reason": "the print failed",
            "estimated_s": 3600,
            "estimated_mg": 20_000,
            "created_by": "planning",
            "ended_at": moment(chance),
        }


def movements(chance: random.Random) -> Iterator[Row]:
    for number in range(OTHERS):
        yield {
            "key": f"attempt:{number}:1",
            "material": chance.choice(["PLA", "PETG"]),
            "delta_mg": -chance.randint(1_000, 90_000),
            "reason": "print",
            "created_at": moment(chance),
        }


def moment(chance: random.Random) -> datetime:
    return NOW - timedelta(minutes=chance.randrange(DAYS * 24 * 60))


def fill(url: str, table: Table, rows: Iterator[Row]) -> None:
    first = next(rows)
    same = defaults(table, set(first))
    names = ["uuid", *first, *same]
    values = ([ids.new_uuid(), *row.values(), *same.values()] for row in chain(first, rows))
    columns = ", ".join(names)
    if url.startswith("postgresql"):
        plain = make_url(url).set(drivername="postgresql")
        with psycopg.connect(plain.render_as_string(hide_password=False)) as connection:
            copy = f"COPY {table.name} ({columns}) FROM STDIN"
            with connection.cursor().copy(copy) as stream:  # type: ignore[arg-type]
                for row in values:
                    stream.write_row(row)
        return
    with contextlib.closing(sqlite3.connect(make_url(url).database or "")) as connection:
        marks = ", ".join("?" * len(names))
        connection.executemany(
            f"INSERT INTO {table.name} ({columns}) VALUES ({marks})",  # noqa: S608
            ([stored(value) for value in row] for row in values),
        )
        connection.commit()


def chain(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def defaults(table: Table, known: set[str]) -> Row:
    """What every row has in the columns that must be filled and that nothing else fills."""
    found: Row = {"organization_id": 1}
    if "created_at" not in known:
        found["created_at"] = NOW
    for column in table.columns:
        is_filled = column.name in known | {"id", "uuid", *found}
        if is_filled or column.nullable or column.server_default is not None:
            continue
        default = column.default
        is_scalar = default is not None and default.is_scalar
        found[column.name] = default.arg if is_scalar else "{}"
    return found


def stored(value: Any) -> Any:
    """As our columns on SQLite hold it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def vacuum(url: str) -> None:
    """What autovacuum does within a minute."""
    if url.startswith("postgresql"):
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["sqlite", "postgresql"]))
