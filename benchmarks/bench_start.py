"""How soon ``shopwright serve`` answers, and what it weighs at rest, everything in one process.

    python benchmarks/bench_start.py

The first start of a new data folder (which makes the tables) and four later ones, each timed from
the launch of the program until ``/health`` answers 200; memory is the resident set after ten idle
seconds, with a page and a log-in answered. CPU time is printed too: on a machine that does nothing
else it is what bounds the start. Bounds: 2 s (median of the later starts), 200 MB.
"""

import os
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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LATER_STARTS = 4
MAX_START_S = 2.0
MAX_RSS_MB = 200.0
IDLE_S = 10.0
GIVE_UP_S = 30.0
LOOK_EVERY_S = 0.005
OWNER = {
    "SHOPWRIGHT_OWNER_EMAIL": "bench@example.com",
    "SHOPWRIGHT_OWNER_PASSWORD": "a long benchmark password",
}
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Start:
    wall_s: float
    cpu_s: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        first = measure_start(Path(folder))
        later = [measure_start(Path(folder)) for _ in range(LATER_STARTS)]
        rss_mb, cpu_percent = measure_rest(Path(folder))
    times = [start.wall_s for start in later]
    start_s, later_cpu_s = statistics.median(times), statistics.median(s.cpu_s for s in later)
    print(f"first start, tables made  {first.wall_s:5.2f} s  ({first.cpu_s:.2f} s of CPU)")
    print(
        f"later starts, median      {start_s:5.2f} s  ({later_cpu_s:.2f} s of CPU; "
        f"{min(times):.2f} to {max(times):.2f} s)  bound {MAX_START_S:.0f} s"
    )
    print(f"resident at rest          {rss_mb:5.0f} MB  bound {MAX_RSS_MB:.0f} MB")
    print(f"CPU at rest               {cpu_percent:5.1f} % of one core")
    print(f"load of this machine      {os.getloadavg()[0]:5.1f}, {os.cpu_count()} cores")
    sys.exit(start_s > MAX_START_S or rss_mb > MAX_RSS_MB)


def measure_start(folder: Path) -> Start:
    with served(folder) as (_, start, _url):
        return start


def measure_rest(folder: Path) -> tuple[float, float]:
    """Megabytes resident and percent of a core after some use and ``IDLE_S`` of none."""
    with served(folder) as (pid, _, url):
        for path in ("/login", "/docs", "/api/openapi.json", "/health"):
            urllib.request.urlopen(url + path).read()  # noqa: S310  our own server
        time.sleep(1)
        before = cpu_s(pid)
        time.sleep(IDLE_S)
        return rss_mb(pid), (cpu_s(pid) - before) / IDLE_S * 100


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, Start, str]]:
    """The program as a process: its id, how its start went, and its URL."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("shopwright")), "serve"]
    begun = time.perf_counter()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--data-dir", str(folder / "data")],
            cwd=folder,
            env=environment(),
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        await_answer(process, f"{url}/health", begun + GIVE_UP_S)
        start = Start(time.perf_counter() - begun, cpu_s(process.pid))
        await_answer(process, f"{url}/ready", begun + GIVE_UP_S)
        yield process.pid, start, url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def await_answer(process: "subprocess.Popen[bytes]", url: str, deadline: float) -> None:
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url).read()  # noqa: S310  our own server
        except urllib.error.URLError:
            time.sleep(LOOK_EVERY_S)
        else:
            return
    sys.exit("The server did not start; run `shopwright serve` to see why.")


def environment() -> dict[str, str]:
    """Nothing of this shell's settings."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | OWNER


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / 1e6


if __name__ == "__main__":
    main()
