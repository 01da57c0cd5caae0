"""How soon a report of a printer is seen in an open page, with 50 printers.

    python benchmarks/bench_live_page.py [--printers 50] [--samples 240]

The program, the virtual printers (MQTT over TLS, one report a second each, every one with a new
layer) and a Chromium with the fleet page are processes of their own. Again and again one printer's
print jumps ahead by ``JUMP_LAYERS``, which makes it report at once. The clock starts before the
printer is told to jump, so that it counts a little too much, and stops at the DOM's change in the
page, or at the event's arrival in a bare HTTP client. Bound: 150 ms (median in the page).
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, async_playwright

from shopwright.accounts import bootstrap
from shopwright.fleet import service as fleet
from shopwright.kernel.actor import system_actor
from shopwright.kernel.settings import Settings
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf
from shopwright.server.process import open_process

MAX_MEDIAN_MS = 150.0
LAYERS = 36_000  # one a second, so that every report changes what the card shows
JUMP_LAYERS = 60
WARM_UP_S = 5.0
REST_S = (0.05, 0.25)  # between two samples, at random against the printers' own rhythm
GIVE_UP_S = 5.0
START_S = 60.0
LOOPBACK = "127.0.0.1"
EMAIL, PASSWORD = "bench@example.com", "a long benchmark password"
TICKS = os.sysconf("SC_CLK_TCK")
LIVE = re.compile(r'data-id="printer-(\d+)-live"(?:(?!data-id).)*?layer (\d+)/', re.DOTALL)

# What the page's own clock says when a card's layer changes, pushed out of the page in batches.
OBSERVER = """
() => {
  const see = (element) => {
    const found = /layer (\\d+)\\//.exec(element.textContent);
    const id = /^printer-(\\d+)-live$/.exec(element.dataset.id || "");
    if (!found || !id) return;
    note(Number(id[1]), Number(found[1]), performance.timeOrigin + performance.now());
  };
  new MutationObserver((changes) => {
    for (const change of changes)
      for (const node of change.addedNodes)
        if (node.nodeType === Node.ELEMENT_NODE)
          for (const one of [node, ...node.querySelectorAll("[data-id]")]) see(one);
  }).observe(document.body, { childList: true, subtree: true });
}
"""


@dataclass(slots=True)
class Eyes:
    """Which layer is shown for each printer, and since when (seconds of the wall clock)."""

    layers: dict[int, int] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    changes: int = 0
    jumps: dict[int, tuple[int, float]] = field(default_factory=dict)

    def see(self, printer_id: int, layer: int, at_s: float) -> None:
        before = self.layers.get(printer_id, layer)
        self.layers[printer_id] = layer
        self.changes += before != layer
        if layer - before >= JUMP_LAYERS // 2:
            self.jumps[printer_id] = (layer, at_s)
            self.changed.set()

    async def jump_of(self, printer_id: int) -> float:
        """When its next jump was seen; raises TimeoutError."""
        async with asyncio.timeout(GIVE_UP_S):
            while printer_id not in self.jumps:
                self.changed.clear()
                await self.changed.wait()
        return self.jumps.pop(printer_id)[1]


@dataclass(frozen=True, slots=True)
class Shop:
    url: str
    pid: int
    farm_pid: int
    control: httpx.AsyncClient
    serials: dict[int, str]  # by printer id


def main() -> int:
    parser = argparse.ArgumentParser(description="From a printer's report to the open page.")
    parser.add_argument("--printers", type=int, default=50)
    parser.add_argument("--samples", type=int, default=240)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-live-") as name:
        return asyncio.run(compare(Path(name), arguments.printers, arguments.samples))


async def compare(folder: Path, printers: int, samples: int) -> int:
    async with open_shop(folder, printers) as shop:
        cookie = await sign_in(shop.url)
        async with stream_eyes(shop.url, cookie) as eyes:
            bare = await measure(shop, eyes, samples, "event stream alone")
        async with page_eyes(shop.url, cookie) as eyes:
            page = await measure(shop, eyes, samples, "page in Chromium")
    added_ms = page - bare
    print(f"the browser adds {added_ms:.0f} ms; it shares {os.cpu_count()} cores with the rest")
    is_good = page < MAX_MEDIAN_MS
    print(
        f"bound: median in the page under {MAX_MEDIAN_MS:.0f} ms: {'met' if is_good else 'MISSED'}"
    )
    return 0 if is_good else 1


async def measure(shop: Shop, eyes: Eyes, samples: int, name: str) -> float:
    """The median in milliseconds; prints it with its company."""
    await asyncio.sleep(WARM_UP_S)
    cpu, farm_cpu = cpu_s(shop.pid), cpu_s(shop.farm_pid)
    begun, before = time.monotonic(), eyes.changes
    delays = [await sample(shop, eyes) * 1000 for _ in range(samples)]
    span_s = time.monotonic() - begun
    median = statistics.median(delays)
    p95 = statistics.quantiles(delays, n=20)[-1]
    print(
        f"{name:<20} median {median:4.0f} ms   p95 {p95:4.0f} ms   max {max(delays):4.0f} ms   "
        f"({len(delays)} samples; {(eyes.changes - before) / span_s:.0f} changes/s; server "
        f"{(cpu_s(shop.pid) - cpu) / span_s:.0%}, printers "
        f"{(cpu_s(shop.farm_pid) - farm_cpu) / span_s:.0%} of a core)"
    )
    return median


async def sample(shop: Shop, eyes: Eyes) -> float:
    """Seconds from a jump of one printer to its being seen."""
    printer_id = random.choice(list(shop.serials))
    await asyncio.sleep(random.uniform(*REST_S))
    eyes.jumps.clear()
    begun = time.time()
    await act(shop.control, shop.serials[printer_id], "skip_ahead", seconds=JUMP_LAYERS)
    return await eyes.jump_of(printer_id) - begun


@asynccontextmanager
async def stream_eyes(url: str, cookie: str) -> AsyncIterator[Eyes]:
    """A client that only reads the events."""
    eyes = Eyes()
    headers = {"cookie": f"shopwright={cookie}"}
    client = httpx.AsyncClient(base_url=url, headers=headers, timeout=30)
    async with client, client.stream("GET", "/live", params={"topics": "nav,printers"}) as answer:
        answer.raise_for_status()
        reading = asyncio.create_task(_read(answer, eyes))
        yield eyes
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(answer: httpx.Response, eyes: Eyes) -> None:
    text = ""
    async for chunk in answer.aiter_text():
        text += chunk
        at_s = time.time()
        *whole, text = text.split("\n\n")
        for event in whole:
            for printer_id, layer in LIVE.findall(event):
                eyes.see(int(printer_id), int(layer), at_s)


@asynccontextmanager
async def page_eyes(url: str, cookie: str) -> AsyncIterator[Eyes]:
    """The fleet page, signed in."""
    eyes = Eyes()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=["--disable-gpu", "--no-first-run"]
        )
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        await context.add_cookies([{"name": "shopwright", "value": cookie, "url": url}])
        page = await context.new_page()
        await watch(page, url, eyes)
        yield eyes
        await browser.close()


async def watch(page: Page, url: str, eyes: Eyes) -> None:
    def note(printer_id: int, layer: int, at_ms: float) -> None:
        eyes.see(printer_id, layer, at_ms / 1000)

    await page.expose_function("note", note)
    await page.goto(f"{url}/printers")
    drift_ms = await page.evaluate("Date.now() - performance.timeOrigin - performance.now()")
    assert abs(drift_ms) < 5, f"the page's clock is off by {drift_ms} ms"
    await page.evaluate(OBSERVER)


def chromium() -> str:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, (shutil.which(name) for name in names if name)), None)
    return found or sys.exit("No Chromium found; name it with CHROMIUM=/path/to/it.")


async def sign_in(url: str) -> str:
    async with httpx.AsyncClient(base_url=url, headers={"origin": url}) as client:
        answer = await client.post("/login", data={"email": EMAIL, "password": PASSWORD})
        return answer.cookies["shopwright"]


@asynccontextmanager
async def open_shop(folder: Path, count: int) -> AsyncIterator[Shop]:
    """Server and printers, all connected and printing."""
    async with AsyncExitStack() as stack:
        facts, farm_pid = await asyncio.to_thread(stack.enter_context, farm(folder, count))
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=facts["control_url"]))
        serials = await register(folder / "data", facts["printers"])
        url, pid = stack.enter_context(server(folder))
        await until(lambda: _is_connected(folder, count), "the printers to connect")
        for serial in serials.values():
            await act(control, serial, "start_at_screen", file="long.gcode.3mf")
            await act(control, serial, "skip_ahead", seconds=600)  # past the preparation
            await asyncio.sleep(1 / count)  # printers do not all report in the same moment
        yield Shop(url, pid, farm_pid, control, serials)


async def register(data: Path, printers: list[dict[str, Any]]) -> dict[int, str]:
    """As the API does, before the server is up; serials by printer id."""
    settings = Settings(data_dir=data)
    async with open_process(settings) as process:
        founded = await bootstrap.found(process, email=EMAIL, password=PASSWORD)
        ctx, now = system_actor(founded.organization.id), datetime.now(UTC)
        async with process.database.write() as session:
            rows = [
                await fleet.register_printer(session, ctx, draft=draft_of(facts), now=now)
                for facts in printers
            ]
            return {row.id: str(row.serial) for row in rows}


def draft_of(facts: dict[str, Any]) -> fleet.PrinterDraft:
    return fleet.PrinterDraft(
        name=facts["name"],
        host=facts["host"],
        access_code=facts["access_code"],
        serial=facts["serial"],
        model="P1S",
        ports={
            kind: facts[f"{kind}_port"]
            for kind in ("mqtt", "ftps", "camera")
            if facts[f"{kind}_port"]
        },
    )


@contextmanager
def farm(folder: Path, count: int) -> Iterator[tuple[dict[str, Any], int]]:
    """The virtual printers, each with the long file on its card."""
    plate = SlicedPlate(name="long", prediction_s=LAYERS, layers=LAYERS)
    make_gcode_3mf(folder / "long.gcode.3mf", plates=[plate])
    printers = []
    for number in range(1, count + 1):
        serial = f"01P00A{number:09d}"
        card = folder / "cards" / serial
        card.mkdir(parents=True)
        shutil.copy(folder / "long.gcode.3mf", card)
        printers.append({"name": f"printer {number}", "serial": serial, "access_code": "12345678"})
    config = folder / "farm.json"
    config.write_text(json.dumps({"folder": str(folder / "cards"), "printers": printers}))
    command = [sys.executable, "-m", "shopwright.sandbox.bambu", "--config", str(config)]
    with child(command, folder, "farm.log", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), process.pid


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, int]]:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
    program = str(Path(sys.executable).with_name("shopwright"))
    command = [program, "serve", "--port", str(port), "--data-dir", str(folder / "data")]
    with child(command, folder, "server.log") as process:
        yield f"http://{LOOPBACK}:{port}", process.pid


@contextmanager
def child(
    command: list[str], folder: Path, log: str, stdout: int | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """With nothing of this shell's settings; ended at the end."""
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with (folder / log).open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=stdout, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _is_connected(folder: Path, count: int) -> bool:
    return (folder / "server.log").read_text().count("printer connected") >= count


async def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_S
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"Waited {START_S:.0f} s in vain for {what}.")
        await asyncio.sleep(0.1)


async def act(control: httpx.AsyncClient, serial: str, name: str, **arguments: object) -> None:
    answer = await control.post(f"/printers/{serial}/actions/{name}", json=arguments)
    answer.raise_for_status()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
