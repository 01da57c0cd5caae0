"""A real agent drives virtual printers for a real server, through a cable that is cut, and dies."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import build_migrated
from tests.databases import SqliteDatabases
from tests.system.cable import Cable, cable
from tests.system.eyes import Eyes
from tests.system.harness import (
    LOG_TAIL,
    OWNER_EMAIL,
    OWNER_PASSWORD,
    PROGRAM,
    Child,
    Farm,
    Server,
    clean_environment,
    running,
    until,
)
from tests.system.shop import Goods, open_shop

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

USAGE, CONFLICT = 2, 4


class HostedServer(Server):
    """Reaches no printer itself."""

    def launch(self) -> Child:
        self.starts += 1
        command = [sys.executable, "-c", PROGRAM, "serve", "--no-fleet"]
        self._child = Child(command, self.folder / f"server-{self.port}.log", self._env)
        return self._child


class AgentProcess:
    """``shopwright agent`` on one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Eyes(f"sqlite:///{folder / 'journal.db'}")
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        assert self._child is not None, "the agent was not started"
        return self._child

    def command(self, *words: str) -> Child:
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "-c", PROGRAM, "agent", *words, "--data-dir", str(self.folder)]
        env = clean_environment() | {"SHOPWRIGHT_PRINTER_START_TIMEOUT_S": "4"}
        return Child(command, self.folder / "agent.log", env)

    def start(self) -> None:
        self._child = self.command("run")

    @property
    def log(self) -> str:
        path = self.folder / "agent.log"
        return path.read_text() if path.exists() else ""

    async def has_told_everything(self) -> bool:
        (row,) = await self.journal.rows("SELECT last_sequence, delivered FROM agent_journal")
        return 0 < int(row["last_sequence"]) == int(row["delivered"])


@dataclass(slots=True)
class Scene:
    server: Server
    farm: Farm
    eyes: Eyes
    agent: AgentProcess
    cable: Cable
    client: httpx.AsyncClient
    serial: str
    printed_before: int

    async def order(self, sku: str) -> None:
        body = {
            "customer_name": "Ann",
            "status": "paid",
            "items": [{"title": sku, "sku": sku, "quantity": 1}],
        }
        (await self.client.post("/api/orders", json=body)).raise_for_status()

    async def statuses(self) -> list[str]:
        return [attempt["status"] for attempt in await self.eyes.attempts()]

    async def applied_when_settled(self) -> str:
        """The last event the server has applied, once it is done with what had arrived."""
        seen: list[Any] = [None]

        async def stands_still() -> bool:
            seen.append(await self.eyes.value("SELECT applied FROM agents"))
            await asyncio.sleep(0.5)
            return bool(seen[-1] == seen[-2])

        await until("the server has applied what had arrived", stands_still, 30)
        return str(seen[-1])

    async def prints(self) -> list[dict[str, Any]]:
        return list((await self.farm.look(self.serial))["prints"][self.printed_before :])


@asynccontextmanager
async def scene(
    folder: Path, url: str, farm: Farm, serial: str, *, speed: float
) -> AsyncIterator[Scene]:
    """An agent that drives one printer; two plates of an order wait for it."""
    await farm.turn(serial, speed=speed)
    before = len((await farm.look(serial))["prints"])
    async with open_shop(folder, url) as shop:
        await shop.add_printers([farm.printers[serial]])
        await shop.add_goods(Goods("BOX", padding_bytes=300_000))
        await shop.place_order(("BOX", 1))
    server, agent = HostedServer(folder, url), AgentProcess(folder / "agent")
    eyes = Eyes(url)
    async with (
        running(server),
        cable(server.port) as way,
        httpx.AsyncClient(base_url=server.url, timeout=20) as client,
    ):
        try:
            await _sign_in(client)
            await _enrol(client, agent, way)
            yield Scene(server, farm, eyes, agent, way, client, serial, before)
        except BaseException as err:
            err.add_note(f"--- the agent's log ---\n{agent.log[-LOG_TAIL:]}")
            raise
        finally:
            if agent._child is not None and agent.child.exit_code is None:
                agent.child.kill()
            agent.journal.close()
            eyes.close()


async def _sign_in(client: httpx.AsyncClient) -> None:
    body = {"email": OWNER_EMAIL, "password": OWNER_PASSWORD}
    token = (await client.post("/api/auth/login", json=body)).raise_for_status().json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"


async def _enrol(client: httpx.AsyncClient, agent: AgentProcess, way: Cable) -> None:
    made = await client.post("/api/agents/enrolments", json={"name": "Attic"})
    code = made.raise_for_status().json()["secret"]
    enrolling = agent.command("enrol", way.url, code)
    assert await enrolling.wait(40) == 0, enrolling.log
    (known,) = (await client.get("/api/agents")).raise_for_status().json()
    (printer,) = (await client.get("/api/printers")).raise_for_status().json()
    given = await client.post(
        f"/api/agents/{known['id']}/printers", json={"printer_id": printer["id"]}
    )
    given.raise_for_status()
    agent.start()


async def test_an_agent_cut_off_mid_print_loses_nothing_and_repeats_nothing(
    tmp_path: Path, sqlite_databases: SqliteDatabases, kill_farm: Farm
) -> None:
    url = sqlite_databases.create_from("migrated", build_migrated)
    serial = list(kill_farm.printers)[10]
    async with scene(tmp_path, url, kill_farm, serial, speed=100.0) as here:

        async def is_printing() -> bool:
            return "printing" in await here.statuses()

        await until("the first plate prints", is_printing, 60)
        await here.cable.cut()
        cut_off = await here.applied_when_settled()
        await here.farm.turn(here.serial, speed=1000.0)

        async def has_ended() -> bool:
            prints = await here.prints()
            return bool(prints) and prints[0]["outcome"] == "finished"

        await until("the print goes on and ends", has_ended, 60)

        async def has_noted() -> bool:
            row = "SELECT COUNT(*) FROM agent_events WHERE content LIKE '%\"finished\"%'"
            return bool(await here.agent.journal.value(row))

        await until("the agent has written it down", has_noted, 30)
        assert await here.statuses() == ["printing"]
        assert str(await here.eyes.value("SELECT applied FROM agents")) == cut_off
        await here.cable.mend()

        async def is_made() -> bool:
            return await here.eyes.are_all({"completed"})

        await until("the order is made", is_made, 60)
        await until("everything is told", here.agent.has_told_everything, 30)
        assert sorted(p["plate"] for p in await here.prints()) == [1, 2]
        assert await here.statuses() == ["finished", "finished"]
        commands = await here.eyes.rows("SELECT status FROM printer_commands")
        assert [c["status"] for c in commands] == ["completed", "completed"]
        sequences = await here.agent.journal.rows("SELECT sequence FROM agent_events")
        assert [r["sequence"] for r in sequences] == list(range(1, len(sequences) + 1))
        assert await here.agent.child.stop() == 0


async def test_an_agent_killed_mid_print_goes_on_with_it(
    tmp_path: Path, sqlite_databases: SqliteDatabases, kill_farm: Farm
) -> None:
    url = sqlite_databases.create_from("migrated", build_migrated)
    serial = list(kill_farm.printers)[11]
    async with scene(tmp_path, url, kill_farm, serial, speed=400.0) as here:

        async def is_printing() -> bool:
            return "printing" in await here.statuses()

        await until("the first plate prints", is_printing, 60)
        second = here.agent.command("run")
        assert await second.wait(40) == CONFLICT
        here.agent.child.kill()
        await asyncio.sleep(0.3)
        here.agent.start()

        async def is_made() -> bool:
            return await here.eyes.are_all({"completed"})

        await until("the order is made", is_made, 60)
        assert sorted(p["plate"] for p in await here.prints()) == [1, 2]
        assert await here.statuses() == ["finished", "finished"]
        (agent,) = (await here.client.get("/api/agents")).json()
        assert agent["is_connected"] is True
        assert agent["machine"] != ""
