"""The program and its stand-ins as real processes, which a test may kill and start again.

Ports come from the operating system. Whatever happens, ``async with`` ends every process by its own
pid, and a failure carries the end of the log.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from shopwright.sandbox.etsy.world import SandboxConfig

ROOT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
MASTER_KEY = "a master key for tests of 40 characters"
OWNER_EMAIL = "owner@shop.test"
OWNER_PASSWORD = "correct horse battery staple"
PROGRAM = "from shopwright.cli.main import main; main()"  # what the console script does
START_S = 30.0  # the first start on a busy machine migrates and compiles
LOG_TAIL = 6000
LOOK_EVERY_S = 0.01

T = TypeVar("T")


class NotInTime(AssertionError):
    """Something that had to happen did not; the message says what was seen last."""


class Child:
    """One process with its output in a file."""

    def __init__(self, command: list[str], log: Path, env: dict[str, str]) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                env=env,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL: it writes and says nothing more."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    async def stop(self, timeout_s: float = 15.0) -> int:
        """SIGTERM, and the exit code; killed when it does not end in time."""
        self._signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NotInTime(
                f"It did not end within {timeout_s} s.\n{self.log[-LOG_TAIL:]}"
            ) from None

    async def wait(self, timeout_s: float) -> int:
        return await asyncio.to_thread(self._process.wait, timeout_s)

    def _signal(self, number: int) -> None:
        if self._process.poll() is None:
            os.kill(self._process.pid, number)


async def until(
    what: str,
    look: Callable[[], Awaitable[T | None]],
    timeout_s: float = 30.0,
    every_s: float = LOOK_EVERY_S,
) -> T:
    """Ask until the answer is true; raises NotInTime. Other processes cannot be awaited."""
    deadline = time.monotonic() + timeout_s
    while True:
        seen = await look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise NotInTime(f"{what}: not within {timeout_s:.0f} s")
        await asyncio.sleep(every_s)


class Server:
    """``shopwright serve`` on one data folder; may be killed and started any number of times."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.database_url = database_url
        self._env = environment(folder, database_url) | settings | {"PORT": str(self.port)}
        self._child: Child | None = None
        self.starts = 0

    @property
    def child(self) -> Child:
        assert self._child is not None, "the server was not started"
        return self._child

    @property
    def log(self) -> str:
        return self._child.log if self._child else ""

    def launch(self) -> Child:
        """Start it without waiting until it answers."""
        self.starts += 1
        command = [sys.executable, "-c", PROGRAM, "serve"]
        self._child = Child(command, self.folder / f"server-{self.port}.log", self._env)
        return self._child

    async def start(self) -> None:
        self.launch()
        await self.answers()

    async def answers(self, timeout_s: float = START_S) -> None:
        """Until ``/ready`` says so; fails at once when the process has ended."""
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def is_ready() -> bool:
                if self.child.exit_code is not None:
                    raise NotInTime(
                        f"The server ended with {self.child.exit_code}.\n{self.log[-LOG_TAIL:]}"
                    )
                try:
                    return (await client.get("/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await until("the server answers", is_ready, timeout_s, 0.02)

    def kill(self) -> None:
        self.child.kill()

    async def restart(self) -> None:
        self.kill()
        await self.start()

    async def stop(self) -> None:
        if self._child and self._child.exit_code is None:
            await self._child.stop()


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    """Started on entering; its log is part of the failure."""
    try:
        await server.start()
        yield server
    except BaseException as err:
        err.add_note(f"--- the server's log ---\n{server.log[-LOG_TAIL:]}")
        raise
    finally:
        if server.starts and server.child.exit_code is None:
            server.kill()


class Farm:
    """The virtual printers' process, by its control API."""

    def __init__(self, child: Child, facts: dict[str, Any], client: httpx.AsyncClient) -> None:
        self.child = child
        self.printers: dict[str, dict[str, Any]] = {p["serial"]: p for p in facts["printers"]}
        self._client = client

    async def look(self, serial: str) -> dict[str, Any]:
        return dict((await self._client.get(f"/printers/{serial}")).raise_for_status().json())

    async def look_at_all(self) -> dict[str, dict[str, Any]]:
        rows = (await self._client.get("/printers")).raise_for_status().json()
        return {row["serial"]: row for row in rows}

    async def turn(self, serial: str, **knobs: object) -> None:
        (await self._client.post(f"/printers/{serial}/knobs", json=knobs)).raise_for_status()

    async def act(self, serial: str, action: str, **arguments: object) -> None:
        path = f"/printers/{serial}/actions/{action}"
        (await self._client.post(path, json=arguments)).raise_for_status()


@asynccontextmanager
async def farm(folder: Path, printers: list[dict[str, Any]]) -> AsyncIterator[Farm]:
    config = _farm_file(folder, printers)
    command = [sys.executable, "-m", "shopwright.sandbox.bambu", "--config", str(config)]
    async with (
        _announced(command, folder / "farm.log") as (child, facts),
        httpx.AsyncClient(base_url=facts["control_url"], timeout=20) as client,
    ):
        yield Farm(child, facts, client)


class Etsy:
    """The Etsy sandbox's process, by its admin API."""

    def __init__(self, child: Child, facts: dict[str, str], client: httpx.AsyncClient) -> None:
        self.child = child
        self.api_url = facts["api_url"]
        self.authorize_url = facts["authorize_url"]
        self.token_url = facts["token_url"]
        self._client = client

    async def post(self, path: str, /, **body: object) -> dict[str, Any]:
        answer = await self._client.post(f"/sandbox/{path}", json=body)
        return dict(answer.raise_for_status().json())

    async def forgive(self) -> None:
        """No more faults."""
        (await self._client.delete("/sandbox/faults")).raise_for_status()

    async def allow(self, redirect_uri: str) -> None:
        """Register the shop's callback, and lift the limits: the test has no minutes to spare."""
        answer = await self._client.patch("/sandbox/app", json={"redirect_uris": [redirect_uri]})
        answer.raise_for_status()
        off = {"per_second": None, "per_minute": None, "per_day": None}
        (await self._client.put("/sandbox/limits", json=off)).raise_for_status()

    async def mails(self) -> list[dict[str, Any]]:
        """What buyers were told; Etsy sends one for each tracking it is given."""
        outbox = (await self._client.get("/sandbox/outbox")).raise_for_status().json()
        return list(outbox["mails"])

    def settings(self) -> dict[str, str]:
        """How a server finds this Etsy."""
        return {
            "ETSY_CLIENT_ID": SandboxConfig.keystring,
            "ETSY_SHARED_SECRET": SandboxConfig.shared_secret,
            "ETSY_API_URL": self.api_url,
            "ETSY_AUTH_URL": self.authorize_url,
            "ETSY_TOKEN_URL": self.token_url,
            "ETSY_CALLS_PER_MINUTE": "60000",
            "ETSY_SYNC_MINUTES": "0.02",
        }


@asynccontextmanager
async def etsy(folder: Path, *options: str) -> AsyncIterator[Etsy]:
    command = [sys.executable, "-m", "shopwright.sandbox.etsy", *options]
    async with (
        _announced(command, folder / "etsy.log") as (child, facts),
        httpx.AsyncClient(base_url=facts["url"], timeout=20) as client,
    ):
        yield Etsy(child, facts, client)


@asynccontextmanager
async def _announced(command: list[str], log: Path) -> AsyncIterator[tuple[Child, dict[str, Any]]]:
    """A stand-in, once it has printed its one line of JSON."""
    log.parent.mkdir(parents=True, exist_ok=True)
    child = Child(command, log, clean_environment())

    async def first_line() -> dict[str, Any] | None:
        if child.exit_code is not None:
            raise NotInTime(f"{command} ended with {child.exit_code}.\n{child.log[-LOG_TAIL:]}")
        lines = [line for line in child.log.splitlines(keepends=True) if line.startswith("{")]
        return dict(json.loads(lines[0])) if lines and lines[0].endswith("\n") else None

    try:
        yield child, await until("it says where it listens", first_line, START_S)
    finally:
        if child.exit_code is None:
            await child.stop()


def _farm_file(folder: Path, printers: list[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "farm.json"
    config.write_text(json.dumps({"folder": str(folder / "cards"), "printers": printers}))
    return config


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """Nothing of this machine's settings; the source tree, should the package not be installed."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    return kept | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PYTHONUNBUFFERED": "1"}


def environment(folder: Path, database_url: str) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    return clean_environment() | {
        "FLASK_ENV": "testing",
        "DATABASE_URL": database_url,
        "SHOPWRIGHT_DATA_DIR": str(folder / "data"),
        "SHOPWRIGHT_MASTER_KEY": MASTER_KEY,
        "SHOPWRIGHT_OWNER_EMAIL": OWNER_EMAIL,
        "SHOPWRIGHT_OWNER_PASSWORD": OWNER_PASSWORD,
        "SHOPWRIGHT_PRINTER_START_TIMEOUT_S": "4",
        "SHOPWRIGHT_RATE_LIMIT_PER_HOUR": "0",
        "SHOPWRIGHT_RATE_LIMIT_PRINT_PER_MINUTE": "0",
    }
