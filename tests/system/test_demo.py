"""The demo shop as a person meets it: one command, one line, orders that become prints."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from shopwright.kernel.settings import Settings
from shopwright.server.demo.folder import NotADemo, make_fresh
from shopwright.server.demo.run import NotLoopback, run_demo
from shopwright.server.process import DataFolderInUse, lock_data_folder
from shopwright.server.running import Roles
from tests.system.harness import free_port, until

pytestmark = pytest.mark.system

PROGRAM = Path(sys.executable).with_name("shopwright")
LINE = re.compile(
    r"Shopwright demo: (http://\S+)/  log in as (\S+) with password (\S+)"
    r"  \(what it mails: http://\S+/\)\n"
)
LINE_WITHIN_S = 60.0  # alone on two cores it takes four seconds
FINISHED_WITHIN_S = 180.0  # what the demo promises, from its start
STAND_INS = 5  # Etsy, Stripe, manufacturer, printers, mails


@dataclass(frozen=True, slots=True)
class Demo:
    program: asyncio.subprocess.Process
    stand_ins: list[int]  # process ids
    url: str
    email: str
    password: str

    async def end_by(self, number: signal.Signals) -> int:
        self.program.send_signal(number)
        return await asyncio.wait_for(self.program.wait(), 20)


@asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[Demo]:
    """``shopwright serve --demo`` from its line on; nothing of it is left afterwards."""
    port = str(free_port())
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with (folder / "errors.log").open("wb") as errors:
        program = await asyncio.create_subprocess_exec(
            *(PROGRAM, "serve", "--demo", "--port", port, "--data-dir", folder / "data"),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=environment,
        )
    try:
        line = await asyncio.wait_for(_first_line(program), LINE_WITHIN_S)
        found = LINE.fullmatch(line)
        assert found, f"{line!r}\n{(folder / 'errors.log').read_text()}"
        yield Demo(program, children_of(program.pid), *found.groups())
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


async def _first_line(program: asyncio.subprocess.Process) -> str:
    assert program.stdout is not None
    return (await program.stdout.readline()).decode()


def children_of(pid: int) -> list[int]:
    """The stand-ins; a child that converts a model comes and goes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(text) for text in children if b"shopwright.parts." not in _command(text)]


def _command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b"shopwright.parts."  # it went while we looked, as no stand-in does


async def all_end(pids: list[int], timeout_s: float) -> None:
    """A zombie waits for whoever inherited it; it does nothing any more."""

    async def have_ended() -> bool:
        return not any(is_at_work(pid) for pid in pids)

    await until("the stand-ins end", have_ended, timeout_s)


def is_at_work(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.timeout(300)
async def test_demo_shop_takes_orders_prints_them_and_ends_with_all_it_started(
    tmp_path: Path,
) -> None:
    started = asyncio.get_running_loop().time()
    async with demo(tmp_path) as shop:
        async with signed_in(shop) as client:
            before = len(await list_orders(client))

            async def has_new_orders() -> bool:
                return len(await list_orders(client)) >= before + 2

            async def is_finished() -> list[str]:
                orders = await list_orders(client)
                return [o["uuid"] for o in orders if is_made(o)]

            await until("an order is made", is_finished, FINISHED_WITHIN_S, 0.25)
            assert asyncio.get_running_loop().time() - started < FINISHED_WITHIN_S
            await until("customers buy", has_new_orders, 60, 0.25)
        assert len(shop.stand_ins) == STAND_INS
        assert await shop.end_by(signal.SIGTERM) == 0
        await all_end(shop.stand_ins, 1)
        assert shop.program.stdout is not None
        assert await shop.program.stdout.read() == b""
    assert (tmp_path / "errors.log").read_text() == ""


@pytest.mark.timeout(150)
async def test_stand_ins_end_when_the_demo_is_killed(tmp_path: Path) -> None:
    async with demo(tmp_path) as shop:
        assert len(shop.stand_ins) == STAND_INS
        assert await shop.end_by(signal.SIGKILL) == -signal.SIGKILL
        await all_end(shop.stand_ins, 8)


def test_demo_refuses_to_listen_beyond_this_machine(tmp_path: Path) -> None:
    settings = Settings(host="0.0.0.0", data_dir=tmp_path / "data")
    with pytest.raises(NotLoopback, match=r"on 127\.0\.0\.1 only, not 0\.0\.0\.0"):
        run_demo(settings, Roles())
    assert list(tmp_path.iterdir()) == []


def test_demo_never_deletes_a_folder_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "shopwright.db").write_text("a real shop")
    with pytest.raises(NotADemo, match="holds something else than a demo"):
        make_fresh(tmp_path)
    assert (tmp_path / "shopwright.db").read_text() == "a real shop"


def test_demo_begins_afresh_each_time(tmp_path: Path) -> None:
    folder = make_fresh(tmp_path / "demo")
    (folder / "shopwright.db").write_text("the last demo")
    assert [path.name for path in make_fresh(folder).iterdir()] == ["this-is-a-demo.txt"]


def test_demo_leaves_a_running_demo_alone(tmp_path: Path) -> None:
    folder = make_fresh(tmp_path / "demo")
    with lock_data_folder(folder), pytest.raises(DataFolderInUse, match="already works on"):
        make_fresh(folder)
    assert (folder / "server.lock").exists()


@asynccontextmanager
async def signed_in(shop: Demo) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shop.url) as client:
        who = {"email": shop.email, "password": shop.password}
        answer = (await client.post("/api/auth/login", json=who)).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {answer['token']}"
        yield client


def is_made(order: dict[str, Any]) -> bool:
    """All its pieces are off the printers; orders of the history have none."""
    owed = sum(item["pieces_total"] for item in order["items"])
    good = sum(item["pieces_good"] for item in order["items"])
    is_completed: bool = order["production_status"] == "completed"
    return is_completed and good == owed > 0


async def list_orders(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get("/api/orders")
    orders: list[dict[str, Any]] = answer.raise_for_status().json()["orders"]
    return orders
