"""Fifty jobs for fifty idle printers: how soon the last start is proven.

    python benchmarks/bench_fan_out.py                        both databases
    python benchmarks/bench_fan_out.py sqlite --printers 20   one of them, fewer printers

The program and the virtual printers (MQTT and FTPS over TLS) are processes of their own. Every card
takes ``UPLOAD_S`` to store a file. One order over fifty pieces is placed; the clock starts before
the request and stops when the last attempt is proven by its printer's own report. One by one the
uploads alone would take fifty times ``UPLOAD_S``. Bound: 20 s for the last one.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tests.databases import Databases, PostgresDatabases, SqliteDatabases  # noqa: E402
from tests.postgres import PostgresServer  # noqa: E402
from tests.system import harness  # noqa: E402
from tests.system.eyes import Eyes  # noqa: E402
from tests.system.harness import Farm, Server, running, until  # noqa: E402
from tests.system.shop import Goods, open_shop  # noqa: E402

MAX_LAST_S = 20.0
UPLOAD_S = 10.0
FILE_BYTES = 1_000_000
THROTTLE = 0.82  # the stand-in lets a fifth more pass than it says
SKU = "PLATE"
PHASES = ("uploading", "starting", "printing")
PROVEN = PHASES[-1]
LOOK_EVERY_S = 0.05
CONNECT_S = 90.0
GIVE_UP_S = 90.0
SETTINGS = {"SHOPWRIGHT_PRINTER_START_TIMEOUT_S": "120"}
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Phases:
    """When each attempt was first seen in a phase, in seconds since the order; a phase that passed
    between two looks counts from the later one."""

    seen: dict[str, dict[int, float]] = field(default_factory=lambda: {name: {} for name in PHASES})
    others: set[str] = field(default_factory=set)

    def note(self, rows: list[dict[str, Any]], at_s: float) -> None:
        for row in rows:
            if row["status"] in PHASES:
                for name in PHASES[: PHASES.index(row["status"]) + 1]:
                    self.seen[name].setdefault(row["id"], at_s)
            elif row["status"] != "intended":
                self.others.add(row["status"])

    def uploads_s(self) -> list[float]:
        begun, ended = self.seen["uploading"], self.seen["starting"]
        return [ended[attempt] - begun[attempt] for attempt in ended]


def main() -> int:
    parser = argparse.ArgumentParser(description="Fifty starts at once.")
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--printers", type=int, default=50)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-fan-out-") as name,
        open_databases(arguments.databases, Path(name)) as databases,
    ):
        results = [
            asyncio.run(measure(kind, databases[kind], Path(name) / kind, arguments.printers))
            for kind in arguments.databases
        ]
    return 0 if all(results) else 1


@contextlib.contextmanager
def open_databases(kinds: list[str], folder: Path) -> Any:
    with contextlib.ExitStack() as stack:
        found: dict[str, Databases] = {"sqlite": SqliteDatabases(folder)}
        if "postgresql" in kinds:
            found["postgresql"] = PostgresDatabases(stack.enter_context(PostgresServer()))
        yield found


async def measure(kind: str, databases: Databases, folder: Path, count: int) -> bool:
    async with stage(folder, databases.create(), count) as (server, farm, eyes):
        cpu, farm_cpu = cpu_s(server.child.pid), cpu_s(farm.child.pid)
        phases = await fan_out(server, eyes, count)
        cpu, farm_cpu = cpu_s(server.child.pid) - cpu, cpu_s(farm.child.pid) - farm_cpu
        prints = [len(look["prints"]) for look in (await farm.look_at_all()).values()]
    return tell(kind, phases, prints, cpu, farm_cpu)


@asynccontextmanager
async def stage(folder: Path, url: str, count: int) -> AsyncIterator[tuple[Server, Farm, Eyes]]:
    """All printers are known, connected and idle, their uploads slow, and nothing to print yet."""
    async with harness.farm(folder / "farm", [printer(n) for n in range(1, count + 1)]) as farm:
        async with open_shop(folder, url) as shop:
            await shop.add_goods(Goods(SKU, plates_mg=(5_000,), padding_bytes=FILE_BYTES))
            await shop.add_printers(dict(facts) for facts in farm.printers.values())
        eyes = Eyes(url)
        try:
            async with running(Server(folder, url, **SETTINGS)) as server:
                await until("the printers are idle", lambda: are_idle(eyes, count), CONNECT_S, 0.2)
                yield server, farm, eyes
        finally:
            eyes.close()


def printer(number: int) -> dict[str, object]:
    return {
        "name": f"Printer {number}",
        "serial": f"01P00A{number:09}",
        "access_code": "12345678",
        "model": "P1S",
        "knobs": {"upload_bytes_per_s": FILE_BYTES / UPLOAD_S * THROTTLE},
    }


async def are_idle(eyes: Eyes, count: int) -> bool:
    idle = "SELECT COUNT(*) FROM printers WHERE connection = 'online' AND activity = 'idle'"
    return bool(await eyes.value(idle) == count)


async def fan_out(server: Server, eyes: Eyes, count: int) -> Phases:
    phases = Phases()
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        credentials = {"email": harness.OWNER_EMAIL, "password": harness.OWNER_PASSWORD}
        answer = await client.post("/api/auth/login", json=credentials)
        token = answer.raise_for_status().json()["token"]
        item = {"title": SKU, "sku": SKU, "quantity": count}
        order = {"buyer_name": "Ann", "status": "paid", "items": [item]}
        begun = time.monotonic()
        placed = await client.post(
            "/api/orders", json=order, headers={"Authorization": f"Bearer {token}"}
        )
        if placed.is_error:
            sys.exit(f"The order was refused: {placed.text}")

    async def are_proven() -> bool:
        rows = await eyes.rows("SELECT id, status FROM attempts")
        phases.note(rows, time.monotonic() - begun)
        return len(phases.seen[PROVEN]) >= count or bool(phases.others)

    with contextlib.suppress(harness.NotInTime):
        await until("every start is proven", are_proven, GIVE_UP_S, LOOK_EVERY_S)
    return phases


def tell(kind: str, phases: Phases, prints: list[int], cpu: float, farm_cpu: float) -> bool:
    proven, uploads = sorted(phases.seen[PROVEN].values()), phases.uploads_s()
    count = len(prints)
    is_whole = len(proven) == count and prints == [1] * count and not phases.others
    if not is_whole:
        print(f"{kind:<11} {len(proven)} of {count} proven, others {sorted(phases.others)}: FAILED")
        return False
    if statistics.median(uploads) < UPLOAD_S:
        print(f"{kind:<11} the uploads took {min(uploads):.1f} s only: this proves nothing")
        return False
    is_good = proven[-1] <= MAX_LAST_S
    print(
        f"{kind:<11} {count} jobs: first proven {proven[0]:.1f} s, median "
        f"{statistics.median(proven):.1f} s, last {proven[-1]:.1f} s; last upload begun at "
        f"{max(phases.seen['uploading'].values()):.1f} s\n"
        f"{'':<11} uploads {min(uploads):.1f} to {max(uploads):.1f} s each; CPU: server "
        f"{cpu:.1f} s, printers {farm_cpu:.1f} s; load {os.getloadavg()[0]:.1f}, "
        f"{os.cpu_count()} cores\n"
        f"{'':<11} bound: the last start proven within {MAX_LAST_S:.0f} s: "
        f"{'holds' if is_good else 'MISSED'}"
    )
    return is_good


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    sys.exit(main())
