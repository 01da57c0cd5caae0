"""How fast a shop's history arrives from Etsy: receipts a second, with everything they set off.

    python benchmarks/bench_etsy_import.py [--orders N] [--database sqlite|postgresql] [--profile]

A sandbox Etsy as a process of its own, its rate limits off; the sync of the program with all its
slices wired: raw receipts stored, orders, items and customers made, pieces owed, print jobs queued,
the revisions moved, one transaction per page of 100. Half of the SKUs are known. A first sync of
200 orders is not counted, and PostgreSQL's statistics are taken after it, as it does by itself
within a minute. Then the same history is read once more, which changes nothing.

Bounds: 300 receipts a second, the second reading 5 times as fast, 300 MB; by the clock on the wall,
so on an idle machine. The CPU time of this process is told beside it.
"""

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

import httpx  # noqa: E402
from pydantic import SecretStr  # noqa: E402
from sqlalchemy import text  # noqa: E402

from shopwright.channels import queries, runs  # noqa: E402
from shopwright.channels.models import ChannelSync  # noqa: E402
from shopwright.channels.sync import SyncTools  # noqa: E402
from shopwright.channels.syncer import ChannelSyncer  # noqa: E402
from shopwright.kernel.actor import Actor, Role  # noqa: E402
from shopwright.kernel.edge import Process  # noqa: E402
from shopwright.kernel.settings import Settings  # noqa: E402
from shopwright.sandbox.etsy.seeding import GOODS  # noqa: E402
from shopwright.sandbox.etsy.world import SandboxConfig  # noqa: E402
from shopwright.server.process import open_process  # noqa: E402
from tests import factories  # noqa: E402
from tests.channels.conftest import REDIRECT, connect_shop  # noqa: E402
from tests.conftest import make_settings  # noqa: E402
from tests.postgres import PostgresServer  # noqa: E402

BOUND_PER_S = 300
BOUND_RATIO = 5
BOUND_MB = 300
WARM_UP = 200
LOOK_EVERY_S = 0.05


@dataclass
class Memory:
    """The highest resident size of this process while the block runs, in MB."""

    highest_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        page_mb = os.sysconf("SC_PAGE_SIZE") / 2**20
        while not self._over.wait(LOOK_EVERY_S):
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * page_mb
            self.highest_mb = max(self.highest_mb, resident)


@dataclass(frozen=True)
class Reading:
    """One sync over the whole history."""

    seconds: float
    cpu_s: float
    new: int
    updated: int


@dataclass
class Bench:
    process: Process
    ctx: Actor
    etsy: httpx.AsyncClient
    profile: cProfile.Profile | None
    connection_id: int = 0

    def __post_init__(self) -> None:
        tools = SyncTools(self.process.database, self.process.clock, self.process.settings, "bench")
        self.syncer = ChannelSyncer(tools, self.process.context.hub)

    async def seed(self, count: int, seed: int, **plan: int) -> None:
        answer = await self.etsy.post("/sandbox/seed", json={"count": count, "seed": seed, **plan})
        answer.raise_for_status()

    async def read_history(self) -> Reading:
        """From the first call to the last commit; the watermark is put back before."""
        process = self.process
        async with process.database.write() as session:
            await queries.change_connected(session, self.ctx, self.connection_id, watermark_s=0)
        began, cpu = time.perf_counter(), time.process_time()
        sync = await self.sync()
        reading = Reading(
            time.perf_counter() - began,
            time.process_time() - cpu,
            sync.orders_new,
            sync.orders_updated,
        )
        assert sync.error is None, sync.error
        return reading

    async def sync(self) -> ChannelSync:
        async with self.process.database.write() as session:
            sync = await runs.request_sync(
                session, self.ctx, connection_id=self.connection_id, now=self.process.clock.now()
            )
        await self.syncer.round()
        await self.syncer.finish()
        (done,) = (await runs.read_progress(self.process, self.ctx, [sync.id])).syncs
        return done


async def measure(
    settings: Settings, url: str, orders: int, profile: cProfile.Profile | None
) -> tuple[Reading, Reading]:
    """The history read for the first and for the second time."""
    async with (
        open_process(settings) as process,
        httpx.AsyncClient(base_url=url, timeout=60) as etsy,
    ):
        bench = Bench(process, await _open_shop(process), etsy, profile)
        bench.connection_id = (await connect_shop(process, bench.ctx)).id
        off = {"per_second": None, "per_minute": None, "per_day": None}
        (await etsy.put("/sandbox/limits", json=off)).raise_for_status()
        await bench.seed(WARM_UP, 1, spread_s=9_000_000)
        await bench.sync()
        await _take_statistics(process)
        await bench.seed(orders, 2)
        if profile:
            profile.enable()
        first = await bench.read_history()
        if profile:
            profile.disable()
        second = await bench.read_history()
        assert (first.new, second.new, second.updated) == (orders, 0, 0), (first, second)
        return first, second


async def _take_statistics(process: Process) -> None:
    async with process.database.write_engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _open_shop(process: Process) -> Actor:
    async with process.database.write() as session:
        organization = await factories.make_organization(session)
        owner = await factories.make_member(session, organization, Role.OWNER)
        for goods in GOODS[::2]:
            variant = await factories.make_variant(session, owner, goods.sku)
            await factories.make_step(session, owner, variant)
        return owner


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """Etsy's stand-in as a process; what it announced of itself."""
    command = [sys.executable, "-m", "shopwright.sandbox.etsy", "--redirect-uri", REDIRECT]
    with subprocess.Popen(
        [*command, "--per-minute", "0"], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())
        finally:
            child.terminate()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    with PostgresServer() as server:
        yield server.create_database()


def with_sandbox(settings: Settings, urls: dict[str, str]) -> Settings:
    return settings.model_copy(
        update={
            "etsy_client_id": SandboxConfig.keystring,
            "etsy_shared_secret": SecretStr(SandboxConfig.shared_secret),
            "etsy_api_url": urls["api_url"],
            "etsy_auth_url": urls["authorize_url"],
            "etsy_token_url": urls["token_url"],
            "etsy_redirect_uri": REDIRECT,
            "etsy_calls_per_minute": 1_000_000,
        }
    )


def report(kind: str, orders: int, first: Reading, second: Reading, highest_mb: float) -> bool:
    """Print the figures; True when the bounds hold."""
    rate, of_cpu = orders / first.seconds, orders / first.cpu_s
    ratio, ratio_of_cpu = first.seconds / second.seconds, first.cpu_s / second.cpu_s
    print(
        f"{kind}: {rate:.0f} receipts/s, {rate / BOUND_PER_S:.2f} of {BOUND_PER_S}; "
        f"{first.cpu_s / orders * 1e3:.2f} ms of CPU per receipt ({of_cpu:.0f}/s)"
    )
    print(
        f"{kind}: again {orders / second.seconds:.0f} receipts/s, {ratio:.1f} times as fast, "
        f"bound {BOUND_RATIO}; by CPU {ratio_of_cpu:.1f} times"
    )
    print(f"{kind}: {highest_mb:.0f} MB at most, bound {BOUND_MB}")
    is_fast = rate >= BOUND_PER_S and ratio >= BOUND_RATIO
    return is_fast and highest_mb <= BOUND_MB


def run(kind: str, orders: int, *, is_profiled: bool) -> bool:
    profile = cProfile.Profile() if is_profiled else None
    with (
        tempfile.TemporaryDirectory() as folder,
        database(kind, Path(folder)) as url,
        sandbox() as urls,
        Memory() as memory,
    ):
        settings = with_sandbox(make_settings(url, Path(folder)), urls)
        first, second = asyncio.run(measure(settings, urls["url"], orders, profile))
    if profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
        pstats.Stats(profile).sort_stats("cumtime").print_stats("shopwright", 60)
    return report(kind, orders, first, second, memory.highest_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    kinds = [arguments.database] if arguments.database else ["sqlite", "postgresql"]
    held = [run(kind, arguments.orders, is_profiled=arguments.profile) for kind in kinds]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
