"""How fast a shop's history arrives from Etsy: receipts a second, with everything they set off.

    python benchmarks/bench_etsy_import.py [--orders N] [--database sqlite|postgresql] [--profile]

A sandbox Etsy on a real socket, its rate limits off; the sync of the program with all its slices
wired: raw receipts stored, orders, items and customers made, pieces owed, print jobs queued, the
revisions moved, one transaction per page of 100. Half of the SKUs are known. A first sync of 200
orders is not counted, and PostgreSQL's statistics are taken after it, as it does by itself within a
minute. Bound: 300 a second; the CPU time of this process (sandbox included) is told as well, for
machines that are not idle.
"""

import argparse
import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

import httpx  # noqa: E402
from sqlalchemy import text  # noqa: E402

from shopwright.channels import queries  # noqa: E402
from shopwright.kernel.actor import Actor, Role  # noqa: E402
from shopwright.kernel.edge import Process  # noqa: E402
from shopwright.sandbox.etsy.seeding import GOODS  # noqa: E402
from shopwright.sandbox.etsy.server import EtsySandbox  # noqa: E402
from shopwright.sandbox.etsy.world import SandboxConfig  # noqa: E402
from shopwright.server.process import open_process  # noqa: E402
from tests import factories  # noqa: E402
from tests.channels.conftest import REDIRECT, Shop, with_etsy  # noqa: E402
from tests.conftest import make_settings  # noqa: E402
from tests.postgres import PostgresServer  # noqa: E402

BOUND_PER_S = 300
WARM_UP = 200


async def measure(url: str, folder: Path, orders: int) -> tuple[float, float]:
    """Seconds of one sync, from the first call to the last commit, and of CPU."""
    config = SandboxConfig(
        redirect_uris=(REDIRECT,), per_second=None, per_minute=None, per_day=None
    )
    async with EtsySandbox(config) as etsy:
        settings = with_etsy(make_settings(url, folder), etsy, etsy_calls_per_minute=1_000_000)
        async with open_process(settings) as process:
            shop = Shop(process, await _open_shop(process), etsy)
            await shop.connect()
            async with httpx.AsyncClient(base_url=etsy.url, timeout=60) as http:
                await http.post("/sandbox/seed", json={"count": WARM_UP, "spread_s": 9_000_000})
                await shop.sync()
                await _take_statistics(process)
                await http.post("/sandbox/seed", json={"count": orders, "seed": 2})
            # Older than the watermark by now; a shop's history is read from its beginning.
            await _rewind(process, shop)
            began, cpu = time.perf_counter(), time.process_time()
            sync = await shop.sync()
            seconds = time.perf_counter() - began, time.process_time() - cpu
            assert sync.orders_new == orders, sync.error
            return seconds


async def _take_statistics(process: Process) -> None:
    async with process.database.write_engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _rewind(process: Process, shop: Shop) -> None:
    async with process.database.write() as session:
        await queries.change_connected(session, shop.ctx, shop.connection_id, watermark_s=0)


async def _open_shop(process: Process) -> Actor:
    async with process.database.write() as session:
        organization = await factories.make_organization(session)
        owner = await factories.make_member(session, organization, Role.OWNER)
        for goods in GOODS[::2]:
            variant = await factories.make_variant(session, owner, goods.sku)
            await factories.make_step(session, owner, variant)
        return owner


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    with PostgresServer() as server:
        yield server.create_database()


@contextmanager
def profiled(*, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
    profile = cProfile.Profile()
    with profile:
        yield
    pstats.Stats(profile).sort_stats("tottime").print_stats(40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    for kind in [arguments.database] if arguments.database else ["sqlite", "postgresql"]:
        with (
            tempfile.TemporaryDirectory() as folder,
            database(kind, Path(folder)) as url,
            profiled(wanted=arguments.profile),
        ):
            seconds, cpu = asyncio.run(measure(url, Path(folder), arguments.orders))
        rate, of_cpu = arguments.orders / seconds, arguments.orders / cpu
        print(
            f"{kind}: {rate:.0f} receipts/s, {rate / BOUND_PER_S:.2f} of {BOUND_PER_S}; "
            f"{of_cpu:.0f} per second of CPU"
        )


if __name__ == "__main__":
    main()
