"""The order list (50 of 10,000, with items) against Flask + SQLAlchemy ORM + gunicorn, and
Express + pg.

    python benchmarks/bench_order_list.py            both databases, five interleaved rounds
    python benchmarks/bench_order_list.py sqlite     one of them

Ours answers with everything on: access token, rate limit, idempotency, request log, metrics,
revision ETag. The others check a signed token and run the same query on the same tables.
Bounds: ≥ 4 × Flask, not slower than Express (PostgreSQL), and a 304 ≥ 5 × our own 200.
"""

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import jwt  # noqa: E402
from order_list.load import run_load  # noqa: E402
from sqlalchemy import create_engine, insert, select  # noqa: E402

from shopwright.accounts.models import Organization  # noqa: E402
from shopwright.kernel.migrations import sync_url, upgrade_now  # noqa: E402
from shopwright.migrations import SCRIPTS  # noqa: E402
from shopwright.orders.models import Order, OrderItem  # noqa: E402
from tests.databases import PostgresDatabases  # noqa: E402
from tests.postgres import PostgresServer  # noqa: E402

ORDERS = 10_000
ROUNDS = 5
SECONDS = 3.0
CONNECTIONS = 32
SECRET = "benchmark-secret-of-32-characters!!"
OWNER = {"email": "bench@example.com", "password": "a long benchmark password"}
HERE = ROOT / "benchmarks" / "order_list"
PEERS = ROOT / ".venv-bench"
PEER_PACKAGES = ("flask", "gunicorn", "sqlalchemy", "psycopg[binary]", "pyjwt")


@dataclass(slots=True)
class Candidate:
    name: str
    port: int
    headers: dict[str, str]
    path: str = "/api/orders?status=paid&limit=50"


def main(kinds: list[str]) -> int:
    prepare_peers()
    good = True
    for kind in kinds:
        with database(kind) as url, tempfile.TemporaryDirectory() as folder:
            good &= asyncio.run(compare(kind, url, Path(folder)))
    return 0 if good else 1


async def compare(kind: str, url: str, folder: Path) -> bool:
    with contextlib.ExitStack() as stack:
        candidates = [start_ours(stack, url, folder)]
        seed(url)
        candidates.append(start_flask(stack, url))
        if kind == "postgresql":
            candidates.append(start_express(stack, url))
        etag = check_same_answer(candidates)
        candidates.append(
            Candidate("304", candidates[0].port, {**candidates[0].headers, "If-None-Match": etag})
        )
        rates: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
        for candidate in candidates:
            await measure(candidate, seconds=1.0)
        for _ in range(ROUNDS):
            for candidate in candidates:
                rates[candidate.name].append(await measure(candidate, seconds=SECONDS))
    return report(kind, rates)


async def measure(candidate: Candidate, *, seconds: float) -> float:
    load = await run_load(
        candidate.port, candidate.path, candidate.headers, seconds=seconds, connections=CONNECTIONS
    )
    wanted = 304 if candidate.name == "304" else 200
    if load.status != wanted:
        raise SystemExit(f"{candidate.name} answered {load.status} instead of {wanted}")
    return load.per_second


def report(kind: str, rates: dict[str, list[float]]) -> bool:
    print(
        f"\n{kind}: requests per second, median (min to max) of {ROUNDS} rounds of {SECONDS:.0f} s"
    )
    for name, values in rates.items():
        print(
            f"  {name:8} {statistics.median(values):8.0f}  ({min(values):.0f} to {max(values):.0f})"
        )
    good = bound("ours / flask", rates["ours"], rates["flask"], 4.0)
    if "express" in rates:
        good &= bound("ours / express", rates["ours"], rates["express"], 1.0)
    return good & bound("304 / our 200", rates["304"], rates["ours"], 5.0)


def bound(what: str, ours: list[float], theirs: list[float], least: float) -> bool:
    """The ratio round by round, so that a drifting machine drifts for both."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    ratio = statistics.median(ratios)
    verdict = "holds" if ratio >= least else "MISSED"
    print(
        f"  {what}: {ratio:.1f} × ({min(ratios):.1f} to {max(ratios):.1f}), "
        f"bound ≥ {least:.0f} ×: {verdict}"
    )
    return ratio >= least


def check_same_answer(candidates: list[Candidate]) -> str:
    """Everybody must list the same 50 orders; returns our ETag."""
    etag, lists = "", []
    for candidate in candidates:
        request = urllib.request.Request(
            f"http://127.0.0.1:{candidate.port}{candidate.path}", headers=candidate.headers
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            body = json.load(answer)
            etag = etag or answer.headers.get("ETag", "")
        lists.append([(o["id"], len(o["items"]), o["total_amount"]) for o in body["orders"]])
        print(f"  {candidate.name}: {body['total']} orders match")
    if any(other != lists[0] for other in lists):
        raise SystemExit("the candidates list different orders")
    return etag


def start_ours(stack: contextlib.ExitStack, url: str, folder: Path) -> Candidate:
    port = free_port()
    start(
        stack,
        [str(ROOT / ".venv/bin/shopwright"), "serve", "--no-worker", "--no-fleet"],
        DATABASE_URL=url,
        SHOPWRIGHT_DATA_DIR=str(folder),
        SHOPWRIGHT_OWNER_EMAIL=OWNER["email"],
        SHOPWRIGHT_OWNER_PASSWORD=OWNER["password"],
        SHOPWRIGHT_RATE_LIMIT_PER_HOUR="1000000000",
        PORT=str(port),
    )
    wait_until_ready(port)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/login",
        data=json.dumps(OWNER).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        token = json.load(answer)["token"]
    return Candidate("ours", port, {"Authorization": f"Bearer {token}"})


def start_flask(stack: contextlib.ExitStack, url: str) -> Candidate:
    port = free_port()
    start(
        stack,
        [str(PEERS / "bin/gunicorn"), "-k", "gthread", "--threads", "8", "-w", "1",
         "-b", f"127.0.0.1:{port}", "flask_app:app"],
        BENCH_DATABASE_URL=sync_url(url),
        BENCH_SECRET=SECRET,
    )  # fmt: skip
    wait_for(port)
    return Candidate("flask", port, peer_headers())


def start_express(stack: contextlib.ExitStack, url: str) -> Candidate:
    port = free_port()
    plain = sync_url(url).replace("postgresql+psycopg://", "postgresql://")
    start(
        stack,
        ["node", "express_app.js"],
        BENCH_DATABASE_URL=plain,
        BENCH_SECRET=SECRET,
        PORT=str(port),
        NODE_ENV="production",
    )
    wait_for(port)
    return Candidate("express", port, peer_headers())


def peer_headers() -> dict[str, str]:
    token = jwt.encode({"organization_id": 1}, SECRET, "HS256")
    return {"Authorization": f"Bearer {token}"}


def start(stack: contextlib.ExitStack, command: list[str], **environment: str) -> None:
    process = subprocess.Popen(
        command,
        cwd=HERE,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def end() -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()

    stack.callback(end)


def wait_until_ready(port: int) -> None:
    """Ours answers /health while it still starts."""
    wait_for(port)
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ready").read()
        except urllib.error.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("ours does not become ready")


def wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite+aiosqlite:///{folder}/bench.db"
        return
    with PostgresServer() as server:
        yield PostgresDatabases(server).create()


def seed(url: str) -> None:
    """10,000 orders with 1 to 4 items, a fifth of them paid and open; the same for every run."""
    upgrade_now(url, SCRIPTS)
    chance = random.Random(7)
    engine = create_engine(sync_url(url))
    now = datetime(2026, 11, 1, tzinfo=UTC)
    with engine.begin() as connection:
        organization_id = connection.scalar(select(Organization.id))
        orders, items = [], []
        for number in range(1, ORDERS + 1):
            orders.append(_order(organization_id, number, now, chance))
            items += [
                _item(organization_id, number, at, chance) for at in range(chance.randint(1, 4))
            ]
        connection.execute(insert(Order), orders)
        connection.execute(insert(OrderItem), items)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What autovacuum does within a minute; a fresh table has no visibility map for counts.
        connection.exec_driver_sql("VACUUM ANALYZE" if "postgresql" in url else "ANALYZE")
    engine.dispose()


def _order(
    organization_id: Any, number: int, now: datetime, chance: random.Random
) -> dict[str, Any]:
    return {
        "id": number,
        "organization_id": organization_id,
        "number": 1000 + number,
        "channel": "etsy",
        "external_id": str(3_000_000 + number),
        "connection_id": 1,
        "status": "paid" if chance.random() < 0.2 else "shipped",
        "production_status": "queued",
        "buyer_name": f"Buyer {number}",
        "buyer_email": f"buyer{number}@example.com",
        "currency": "EUR",
        "total_minor": chance.randint(500, 20_000),
        "placed_at": now - timedelta(minutes=number),
        "created_at": now,
        "updated_at": now,
        "ship_to": {},
    }


def _item(organization_id: Any, order_id: int, at: int, chance: random.Random) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "order_id": order_id,
        "position": at + 1,
        "title": f"Door plate {chance.randint(1, 50)}",
        "sku": f"SKU-{chance.randint(1, 50)}",
        "quantity": chance.randint(1, 3),
        "price_minor": chance.randint(500, 5_000),
        "options": [],
        "personalisation": [],
        "created_at": datetime(2026, 11, 1, tzinfo=UTC),
    }


def prepare_peers() -> None:
    """Their packages live in folders of their own; nothing of them is ours."""
    if not (PEERS / "bin/gunicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(PEERS / "bin/pip"), "install", "-q", *PEER_PACKAGES], check=True)
    if not (HERE / "node_modules").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is needed for the Express comparison")
        subprocess.run([npm, "install", "--silent", "--no-package-lock"], cwd=HERE, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["sqlite", "postgresql"]))
