"""Five hundred printers report every second to one agent on one core, and a server keeps it all.

    python benchmarks/bench_agent_telemetry.py [--printers 500] [--seconds 60]

The agent has core 0 for itself. On core 1 are the virtual printers (MQTT over TLS, a full report of
3.2 KB a second each, in which at least the layer moved), the server (``serve --no-fleet``, SQLite)
and the eyes. Counted over ``--seconds`` once everything is connected:

* loss: every layer that a printer reported must be in the rings of the server's telemetry;
* delay: from a printer's report until the eyes, which look at every commit, find it stored;
* CPU time of agent and server per report, and the agent's memory, also per printer.

Bounds: nothing lost, 99 % stored within 1 s, the agent under one core and under 400 MB.
"""

import argparse
import asyncio
import bisect
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from shopwright.fleet import service as fleet  # noqa: E402
from tests.system.harness import OWNER_EMAIL, OWNER_PASSWORD, environment, free_port  # noqa: E402
from tests.system.shop import open_shop  # noqa: E402

MAX_P99_S = 1.0
MAX_RSS_MB = 400.0
MAX_CORES = 1.0
MIN_RATE = 0.95  # of one a second; on a busy machine the printers themselves come too late
AGENT_CORE, OTHER_CORE = 0, 1
CONNECT_S = 120.0  # of 500 handshakes on a busy machine
SETTLE_S = 5.0
LAST_S = 60.0  # at most, until the last reports are stored
LOOK_EVERY_S = 0.01
TICKS = os.sysconf("SC_CLK_TCK")
MB = 1_000_000
LAYER = re.compile(r'"layer":(\d+)')
PROGRAM = "from shopwright.cli.main import main; main()"
LATEST = "SELECT printer_id, content FROM telemetry_latest"
WAITING = "SELECT last_sequence - delivered FROM agent_journal"
LATER = "SELECT COUNT(*) FROM telemetry_latest WHERE at > ?"
RINGS = "SELECT printer_id, content FROM telemetry_samples"


@dataclass(slots=True)
class Stored:
    """When the eyes first saw which layer of a printer stored: in both lists at the same place."""

    layers: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def moment_of(self, layer: int) -> float | None:
        at = bisect.bisect_left(self.layers, layer)
        return self.moments[at] if at < len(self.layers) else None


class Eyes(threading.Thread):
    """Looks at the server's telemetry after each of its commits; SQLite tells them apart."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._is_ended = False
        self.stored: dict[int, Stored] = {}
        self.commits = 0

    def run(self) -> None:
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        version = None
        while not self._is_ended:
            (now,) = connection.execute("PRAGMA data_version").fetchone()
            if now != version:
                version = now
                self._look(connection)
            time.sleep(LOOK_EVERY_S)
        connection.close()

    def end(self) -> None:
        self._is_ended = True
        self.join()

    def _look(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(LATEST).fetchall()
        at = time.monotonic()
        self.commits += 1
        for printer_id, content in rows:
            found = LAYER.search(content)
            stored = self.stored.setdefault(printer_id, Stored())
            if found and (not stored.layers or int(found[1]) > stored.layers[-1]):
                stored.layers.append(int(found[1]))
                stored.moments.append(at)


@dataclass(frozen=True, slots=True)
class Use:
    """What a process has used so far."""

    at: float
    cpu_s: float

    @classmethod
    def of(cls, pid: int) -> "Use":
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return cls(time.monotonic(), (int(fields[11]) + int(fields[12])) / TICKS)


@dataclass(frozen=True, slots=True)
class Stage:
    folder: Path
    agent: "subprocess.Popen[bytes]"
    server: "subprocess.Popen[bytes]"
    printers: "subprocess.Popen[bytes]"
    serials: dict[str, int]  # the printers' ids
    assigned_s: float
    connected_s: float


@dataclass(frozen=True, slots=True)
class Result:
    told: int
    lost: int
    delays: list[float]
    unseen: int
    agent_cores: float
    server_cores: float
    printers_cores: float
    rss_mb: float
    commits_per_s: float


def main() -> int:
    parser = argparse.ArgumentParser(description="Many printers, one agent on one core.")
    parser.add_argument("--printers", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--keep", type=Path, help="a folder for the logs and databases")
    arguments = parser.parse_args()
    if (os.cpu_count() or 1) <= OTHER_CORE:
        sys.exit("This needs two cores: one for the agent, one for everything else.")
    os.sched_setaffinity(0, {OTHER_CORE})
    with tempfile.TemporaryDirectory(prefix="bench-agent-") as name:
        folder = arguments.keep or Path(name)
        return asyncio.run(measure(folder, arguments.printers, arguments.seconds))


async def measure(folder: Path, count: int, seconds: float) -> int:
    async with stage(folder, count) as there:
        print(
            f"{count} printers: given to the agent in {there.assigned_s:.1f} s, all connected "
            f"{there.connected_s:.1f} s after it was started"
        )
        eyes = Eyes(folder / "data" / "telemetry.db")
        eyes.start()
        await asyncio.sleep(SETTLE_S)
        result = await watch(there, eyes, seconds)
    return tell(result, count, seconds)


async def watch(there: Stage, eyes: Eyes, seconds: float) -> Result:
    processes = (there.agent, there.server, there.printers)
    before, commits = [Use.of(process.pid) for process in processes], eyes.commits
    begun = time.monotonic()
    await asyncio.sleep(seconds)
    ended, ended_at = time.monotonic(), now()
    after, commits = [Use.of(process.pid) for process in processes], eyes.commits - commits
    rss = rss_mb(there.agent.pid)
    await stored_until(there, ended_at)
    eyes.end()
    there.printers.send_signal(signal.SIGTERM)
    await asyncio.to_thread(there.printers.wait)
    told = told_within(there, begun, ended)
    rings = read_rings(there.folder / "data" / "telemetry.db")
    moments = [
        (at, eyes.stored.get(printer_id, Stored()).moment_of(layer))
        for printer_id, reports in told.items()
        for layer, at in reports
    ]
    cores = [
        (new.cpu_s - old.cpu_s) / (new.at - old.at) for old, new in zip(before, after, strict=True)
    ]
    return Result(
        told=len(moments),
        lost=sum(
            layer not in rings.get(printer_id, set())
            for printer_id, reports in told.items()
            for layer, _ in reports
        ),
        delays=sorted(seen - at for at, seen in moments if seen is not None),
        unseen=sum(seen is None for _, seen in moments),
        agent_cores=cores[0],
        server_cores=cores[1],
        printers_cores=cores[2],
        rss_mb=rss,
        commits_per_s=commits / seconds,
    )


async def stored_until(there: Stage, moment: datetime) -> None:
    """Something later of every printer is stored, so that whatever is missing is lost."""
    deadline = time.monotonic() + LAST_S
    path = there.folder / "data" / "telemetry.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        while time.monotonic() < deadline:
            later = connection.execute(LATER, (f"{moment:%Y-%m-%d %H:%M:%S.%f}",)).fetchone()
            if later[0] == len(there.serials):
                break
            await asyncio.sleep(0.5)
    connection.close()


def told_within(there: Stage, begun: float, ended: float) -> dict[int, list[tuple[int, float]]]:
    told = json.loads((there.folder / "printers" / "told.json").read_text())
    return {
        there.serials[serial]: [(layer, at) for layer, at in reports if begun <= at < ended]
        for serial, reports in told.items()
    }


def read_rings(path: Path) -> dict[int, set[int]]:
    rings: dict[int, set[int]] = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        for printer_id, content in connection.execute(RINGS):
            found = LAYER.search(content)
            if found:
                rings.setdefault(printer_id, set()).add(int(found[1]))
    connection.close()
    return rings


def tell(result: Result, count: int, seconds: float) -> int:
    rate = result.told / seconds
    p99 = quantile(result.delays, 0.99)
    bounds = {
        f"each printer reports every second: {rate / count:.2f} a second": rate > MIN_RATE * count,
        f"nothing lost: {result.lost} of {result.told:,} reports": result.lost + result.unseen == 0,
        f"99 % stored within {MAX_P99_S:.0f} s: {p99:.2f} s": p99 < MAX_P99_S,
        f"agent within one core: {result.agent_cores:.0%}": result.agent_cores < MAX_CORES,
        f"agent under {MAX_RSS_MB:.0f} MB: {result.rss_mb:.0f} MB": result.rss_mb < MAX_RSS_MB,
    }
    print(
        f"{rate:.0f} reports/s over {seconds:.0f} s; stored after p50 "
        f"{quantile(result.delays, 0.5):.2f} s, p99 {p99:.2f} s, max "
        f"{quantile(result.delays, 1):.2f} s, in {result.commits_per_s:.1f} commits/s"
    )
    for name, cores in (
        ("agent", result.agent_cores),
        ("server", result.server_cores),
        ("printers", result.printers_cores),
    ):
        print(
            f"  {name:<9} {cores:6.1%} of a core, {cores / max(rate, 1) * 1e6:5.0f} µs a report "
            f"and {cores / count * 1e3:.2f} ‰ of a core a printer: 1,000 printers "
            f"{cores / count * 1000:.0%}"
        )
    print(
        f"  agent's memory {result.rss_mb:.0f} MB, {result.rss_mb / count * 1000:.0f} KB a "
        f"printer with what it needs for itself; load {os.getloadavg()[0]:.1f}, "
        f"{os.cpu_count()} cores"
    )
    for name, holds in bounds.items():
        print(f"bound: {name}: {'holds' if holds else 'MISSED'}")
    return 0 if all(bounds.values()) else 1


def quantile(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)] if values else float("inf")


@asynccontextmanager
async def stage(folder: Path, count: int) -> AsyncIterator[Stage]:
    """Everything runs, the agent has all printers, and each was heard of by the server."""
    for name in ("printers", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'data' / 'shopwright.db'}"
    with printers_process(folder, count) as (printers, facts):
        serials = await register(folder, url, facts)
        with server_process(folder, url) as (server, address):
            async with httpx.AsyncClient(base_url=address, timeout=60) as client:
                await until(lambda: is_ready(client), "the server to answer")
                await sign_in(client)
                agent_id = await enrol(client, folder, address)
                begun = time.monotonic()
                for printer_id in serials.values():
                    given = {"printer_id": printer_id}
                    answer = await client.post(f"/api/agents/{agent_id}/printers", json=given)
                    answer.raise_for_status()
                assigned_s = time.monotonic() - begun
                with agent_process(folder) as agent:
                    begun = time.monotonic()
                    await until(lambda: are_online(folder, count), "the printers to connect")
                    connected_s = time.monotonic() - begun
                    await until(lambda: has_told_all(folder), "the agent to tell of it all")
                    yield Stage(folder, agent, server, printers, serials, assigned_s, connected_s)


async def register(folder: Path, url: str, facts: list[dict[str, Any]]) -> dict[str, int]:
    async with open_shop(folder, url) as shop, shop.process.database.write() as session:
        rows = [
            await fleet.register_printer(session, shop.ctx, draft=draft_of(one), now=now())
            for one in facts
        ]
        return {str(row.serial): row.id for row in rows}


def draft_of(facts: dict[str, Any]) -> fleet.PrinterDraft:
    return fleet.PrinterDraft(
        name=facts["name"],
        host=facts["host"],
        access_code=facts["access_code"],
        serial=facts["serial"],
        model="X1C",
        ports={"mqtt": facts["mqtt_port"], "ftps": facts["ftps_port"]},
    )


def now() -> datetime:
    return datetime.now(UTC)


async def sign_in(client: httpx.AsyncClient) -> None:
    body = {"email": OWNER_EMAIL, "password": OWNER_PASSWORD}
    token = (await client.post("/api/auth/login", json=body)).raise_for_status().json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"


async def enrol(client: httpx.AsyncClient, folder: Path, address: str) -> int:
    made = await client.post("/api/agents/enrolments", json={"name": "Hall"})
    code = made.raise_for_status().json()["secret"]
    with child(agent_command(folder, "enrol", address, code), folder, "enrol.log") as process:
        if await asyncio.to_thread(process.wait) != 0:
            sys.exit((folder / "enrol.log").read_text())
    (known,) = (await client.get("/api/agents")).raise_for_status().json()
    return int(known["id"])


@contextmanager
def printers_process(
    folder: Path, count: int
) -> "Iterator[tuple[subprocess.Popen[bytes], list[dict[str, Any]]]]":
    script = Path(__file__).with_name("reporting_printers.py")
    command = [sys.executable, str(script), str(count), str(folder / "printers")]
    with child(command, folder, "printers.log", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            sys.exit((folder / "printers.log").read_text())
        yield process, json.loads(line)["printers"]


@contextmanager
def server_process(folder: Path, url: str) -> "Iterator[tuple[subprocess.Popen[bytes], str]]":
    port = free_port()
    command = [sys.executable, "-c", PROGRAM, "serve", "--no-fleet"]
    env = environment(folder, url) | {"PORT": str(port)}
    with child(command, folder, "server.log", env=env) as process:
        yield process, f"http://127.0.0.1:{port}"


@contextmanager
def agent_process(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with child(agent_command(folder, "run"), folder, "agent.log") as process:
        os.sched_setaffinity(process.pid, {AGENT_CORE})
        yield process


def agent_command(folder: Path, *words: str) -> list[str]:
    (folder / "agent").mkdir(exist_ok=True)
    return [sys.executable, "-c", PROGRAM, "agent", *words, "--data-dir", str(folder / "agent")]


@contextmanager
def child(
    command: list[str],
    folder: Path,
    log: str,
    *,
    env: dict[str, str] | None = None,
    stdout: int | None = None,
) -> "Iterator[subprocess.Popen[bytes]]":
    """On this process's core unless it is put elsewhere; ended at the end."""
    env = env or environment(folder, "")
    with (folder / log).open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=stdout or output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


async def is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/ready")).status_code == 200
    except httpx.TransportError:
        return False


async def are_online(folder: Path, count: int) -> bool:
    query = "SELECT COUNT(*) FROM printers WHERE connection = 'online'"
    with sqlite3.connect(f"file:{folder / 'data' / 'shopwright.db'}?mode=ro", uri=True) as shop:
        (found,) = shop.execute(query).fetchone()
    shop.close()
    return bool(found == count)


async def has_told_all(folder: Path) -> bool:
    with sqlite3.connect(f"file:{folder / 'agent' / 'journal.db'}?mode=ro", uri=True) as journal:
        (waiting,) = journal.execute(WAITING).fetchone()
    journal.close()
    return bool(waiting == 0)


async def until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + CONNECT_S
    while not await holds():
        if time.monotonic() > deadline:
            sys.exit(f"Waited {CONNECT_S:.0f} s in vain for {what}.")
        await asyncio.sleep(0.2)


def rss_mb(pid: int) -> float:
    """At its highest so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / MB


if __name__ == "__main__":
    sys.exit(main())
