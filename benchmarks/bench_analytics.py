"""The reports on a shop with 1,000,000 orders, 250,000 prints and as many states of printers, over
HTTP, before and after the roll-ups.

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
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from bench_order_list import Candidate, database, start_ours  # noqa: E402
from sqlalchemy import Table, create_engine  # noqa: E402

from shopwright.analytics import tasks  # noqa: E402
from shopwright.fleet.models import Printer  # noqa: E402
from shopwright.inventory.models import FilamentMovement  # noqa: E402
from shopwright.kernel.actor import system_actor  # noqa: E402
from shopwright.kernel.edge import Process  # noqa: E402
from shopwright.kernel.migrations import sync_url  # noqa: E402
from shopwright.kernel.settings import Settings, telemetry_database_url  # noqa: E402
from shopwright.kernel.signals import TransactionEnding  # noqa: E402
from shopwright.orders import intake  # noqa: E402
from shopwright.orders.drafts import ItemDraft, OrderDraft  # noqa: E402
from shopwright.orders.models import Order  # noqa: E402
from shopwright.print_files.models import PrintFile  # noqa: E402
from shopwright.print_jobs.models import PrintJob  # noqa: E402
from shopwright.server.process import open_process  # noqa: E402
from shopwright.telemetry.models import IntervalRow  # noqa: E402

ORDERS = int(os.environ.get("ORDERS", "1000000"))
OTHERS = ORDERS // 4  # print jobs, and as many uses of filament
DAYS = 3 * 365
DAY_S = 86_400
PRINTERS, FILES = 30, 200
ANSWERS, SLOW_ANSWERS, PAGES = 40, 2, 10
BOUND_S = 0.1
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
FIRST = NOW - timedelta(days=DAYS)
QUESTIONS = {
    "dashboard": "/api/analytics/dashboard",
    "revenue by month": "/api/analytics/revenue?period=monthly",
    "revenue by day": "/api/analytics/revenue?period=daily",
    "a month by day": (
        f"/api/analytics/revenue?period=daily&start_date={NOW - timedelta(days=30):%Y-%m-%d}"
    ),
    "summary": "/api/analytics/summary",
    "failures": "/api/analytics/failure-rates",
    "utilisation": f"/api/analytics/utilisation?start_date={FIRST:%Y-%m-%d}",
    "a month of it": "/api/analytics/utilisation",
    "of one model": f"/api/analytics/utilisation?start_date={FIRST:%Y-%m-%d}&model=P1S",
    "production": f"/api/analytics/production?start_date={FIRST:%Y-%m-%d}",
}
STATUSES = ["paid", "shipped", "shipped", "delivered", "delivered", "canceled", "refunded"]

NAMED = frozenset({"id", "uuid", "organization_id", "created_at"})


def main(kinds: list[str]) -> int:
    good = True
    for kind in kinds:
        with database(kind) as url, tempfile.TemporaryDirectory() as folder:
            good &= measure(kind, url, Path(folder))
    return 0 if good else 1


def measure(kind: str, url: str, folder: Path) -> bool:
    with contextlib.ExitStack() as stack:
        ours = start_ours(stack, url, folder)
        took = timed(lambda: seed(url, folder))
        print(f"\n{kind}: {ORDERS:,} orders, {3 * OTHERS:,} prints, uses and states, {took:.0f} s")
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
    print(
        f"  a page of 100 orders: {min(listening) * 1000:.0f} ms, without the roll-ups "
        f"{min(deaf) * 1000:.0f} ms (the quickest of {PAGES} each)"
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


def seed(url: str, folder: Path) -> None:
    """Made by the database itself: a million rows through Python take minutes."""
    maker = Sql(is_sqlite=not url.startswith("postgresql"))
    fill(
        url,
        maker,
        (Order.__table__, ORDERS, orders(maker)),
        (Printer.__table__, PRINTERS, printers(maker)),
        (PrintFile.__table__, FILES, print_files(maker)),
        (PrintJob.__table__, OTHERS, print_jobs(maker)),
        (FilamentMovement.__table__, OTHERS, movements(maker)),
    )
    telemetry = telemetry_database_url(Settings(database_url=url, data_dir=folder))
    fill(telemetry, maker, (IntervalRow.__table__, OTHERS, intervals(maker)))


def fill(url: str, maker: "Sql", *tables: tuple[Any, int, dict[str, str]]) -> None:
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        for table, count, columns in tables:
            connection.exec_driver_sql(maker.fill(table, count, columns))
    engine.dispose()
    vacuum(url)


@dataclass(frozen=True)
class Sql:
    """Expressions that both databases understand, or one for each. ``n`` is the row's number."""

    is_sqlite: bool

    def fill(self, table: Table, count: int, columns: dict[str, str]) -> str:
        created = {"created_at": self.ago(1)} if "created_at" in table.c else {}
        values = {**same(table), **created, **columns}
        names, made = ", ".join(values), ", ".join(values.values())
        if self.is_sqlite:
            until = f"SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}"  # noqa: S608
            series = f"WITH RECURSIVE s(n) AS ({until})"
        else:
            series = f"WITH s(n) AS (SELECT generate_series(1, {count}))"
        return f"INSERT INTO {table.name} ({names}) {series} SELECT {made} FROM s"  # noqa: S608

    def roll(self, sides: int) -> str:
        return f"(abs(random()) % {sides})" if self.is_sqlite else f"floor(random() * {sides})::int"

    def pick(self, words: list[str]) -> str:
        cases = " ".join(f"WHEN {at} THEN '{word}'" for at, word in enumerate(words))
        return f"CASE {self.roll(len(words))} {cases} END"

    def ago(self, days: int) -> str:
        """As our columns hold it."""
        minutes = self.roll(days * 24 * 60)
        if self.is_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || {minutes} || ' minutes')"
        return f"now() - {minutes} * interval '1 minute'"

    def seconds_ago(self, seconds: str) -> str:
        if self.is_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || ({seconds}) || ' seconds')"
        return f"now() - ({seconds}) * interval '1 second'"

    def uuid(self, kind: int) -> str:
        if self.is_sqlite:
            return f"printf('00000000-0000-7000-800{kind}-%012d', n)"
        return f"'00000000-0000-7000-800{kind}-' || lpad(n::text, 12, '0')"


def orders(sql: Sql) -> dict[str, str]:
    """Numbers of new orders begin at 1001, so these are below."""
    return {
        "uuid": sql.uuid(1),
        "number": "-n",
        "channel": "'etsy'",
        "connection_id": "1",
        "external_id": "'old-' || n",
        "status": sql.pick(STATUSES),
        "currency": sql.pick(["EUR"] * 19 + ["USD"]),
        "total_minor": f"500 + {sql.roll(19_500)}",
        "refunded_minor": sql.roll(500),
        "placed_at": sql.ago(DAYS),
        "updated_at": sql.ago(1),
    }


def printers(sql: Sql) -> dict[str, str]:
    """Of three models, since the beginning."""
    return {
        "id": "n",
        "uuid": sql.uuid(4),
        "name": "'Printer ' || n",
        "model": "CASE n % 3 WHEN 0 THEN 'P1S' WHEN 1 THEN 'X1C' ELSE 'A1' END",
        "connection": "'online'",
        "created_at": sql.seconds_ago(str(DAYS * DAY_S)),
        "updated_at": sql.ago(1),
    }


def print_files(sql: Sql) -> dict[str, str]:
    return {"id": "n", "uuid": sql.uuid(5), "name": "'plate-' || n", "version": "1"}


def intervals(sql: Sql) -> dict[str, str]:
    """Each printer prints, idles, prints …, evenly over all days."""
    step = DAYS * DAY_S * PRINTERS // OTHERS
    rest = f"({OTHERS // PRINTERS} - n / {PRINTERS})"
    return {
        "printer_id": f"1 + n % {PRINTERS}",
        "state": f"CASE (n / {PRINTERS}) % 2 WHEN 0 THEN 'printing' ELSE 'idle' END",
        "started_at": sql.seconds_ago(f"{step} * ({rest} + 1)"),
        "ended_at": sql.seconds_ago(f"{step} * {rest}"),
    }


def print_jobs(sql: Sql) -> dict[str, str]:
    """One hour each, evenly over all days."""
    ended = f"n * {DAYS * DAY_S / OTHERS}"
    return {
        "uuid": sql.uuid(2),
        "name": "'Plate ' || n",
        "status": sql.pick(["completed"] * 19 + ["failed"]),
        "failure_reason": sql.pick(["the print failed", "filament ran out", "spaghetti"]),
        "printer_id": f"1 + n % {PRINTERS}",
        "print_file_id": f"1 + {sql.roll(FILES)}",
        "plate_number": "1",
        "material": sql.pick(["PLA", "PETG"]),
        "used_mg": f"1000 + {sql.roll(89_000)}",
        "estimated_s": "3600",
        "estimated_mg": "20000",
        "created_by": "'planning'",
        "started_at": sql.seconds_ago(f"{ended} + 3600"),
        "ended_at": sql.seconds_ago(ended),
    }


def movements(sql: Sql) -> dict[str, str]:
    return {
        "uuid": sql.uuid(3),
        "key": "'attempt:' || n",
        "material": sql.pick(["PLA", "PETG"]),
        "delta_mg": f"-1000 - {sql.roll(89_000)}",
        "reason": "'print'",
        "created_at": sql.ago(DAYS),
    }


def same(table: Table) -> dict[str, str]:
    """What every row has in the columns that must be filled and that nothing else fills."""
    found = {"organization_id": "1"}
    for column in table.columns:
        if column.nullable or column.server_default is not None or column.name in NAMED:
            continue
        default: Any = column.default
        value = default.arg if default is not None and default.is_scalar else {}
        found[column.name] = literal(value)
    return found


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"'{value}'"


def vacuum(url: str) -> None:
    """What autovacuum does within a minute."""
    engine = create_engine(sync_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if "postgresql" in url else "ANALYZE")
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["sqlite", "postgresql"]))
