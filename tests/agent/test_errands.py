"""An agent looks around on its network when the server asks for it, and tells what it finds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.agent.client import ServerRefused
from shopwright.agent.errands import Errands
from shopwright.agent.worker import Worker
from shopwright.fleet.discovery import service as discovery
from shopwright.fleet.discovery.service import Findings
from shopwright.fleet.setup.models import ConnectionTest
from shopwright.kernel.settings import Network
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.sandbox.bambu import VirtualPrinter
from tests.agent.conftest import World
from tests.fleet.nearby import announcing, stay_here

PATIENCE_S = 30.0
SERIAL = "01P00AERRAND001"


async def start_search(world: World) -> None:
    async with world.server.database.write() as session:
        await discovery.start_search(
            session, world.owner, world.server.settings, seconds=60, now=world.clock.now()
        )


async def findings(world: World) -> Findings:
    async with world.server.database.read() as session:
        return await discovery.read_findings(
            session, world.owner, world.server.settings, world.clock.now()
        )


async def test_a_hosted_server_finds_printers_through_its_agents(world: World) -> None:
    port = stay_here(world.server, network=Network.PUBLIC)
    async with at_work(world), VirtualPrinter(announcing(port, SERIAL, name="attic")):
        await start_search(world)
        async with asyncio.timeout(PATIENCE_S):
            while not (seen := await findings(world)).printers:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    (one,) = seen.printers
    assert seen.searchers == ["the agent Attic"]
    assert (one.found.serial, one.found.agent_id) == (SERIAL, world.agent_id)
    assert one.agent is not None
    assert one.agent.name == "Attic"


async def test_an_agent_that_cannot_listen_says_why(world: World) -> None:
    stay_here(world.server)
    nearby = replace(discovery.nearby_of(world.server.settings), interface="203.0.113.7")
    errands = Errands(world.client, nearby)
    worker = Worker(world.client, world.database, world.journal, world.clock, errands)
    await start_search(world)
    await worker._ask()
    running = asyncio.create_task(errands.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                seen = await findings(world)
                if seen.search and seen.search.troubles:
                    break
                await asyncio.sleep(0.1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "is no address of this machine" in seen.search.troubles["the agent Attic"]


async def test_an_agent_tries_the_way_to_a_printer_before_and_after_it_is_saved(
    world: World, client: AsyncClient, printer: VirtualPrinter
) -> None:
    stay_here(world.server, network=Network.PUBLIC)
    body = {
        "connection_type": "bambu_lan",
        "ip_address": printer.host,
        "access_code": printer.access_code,
        "ports": {"mqtt": printer.mqtt_port, "ftps": printer.ftps_port},
        "agent_id": world.agent_id,
    }
    async with at_work(world):
        told = (await client.post("/api/printers/test-connection", json=body)).json()
        wrong = body | {"access_code": "00000000"}
        refused = (await client.post("/api/printers/test-connection", json=wrong)).json()
        saved = (await client.post(f"/api/printers/{world.printer.id}/diagnose")).json()
    assert told["is_ok"], told
    assert told["steps"][0]["sentence"] == "The agent Attic answers."
    assert (told["serial_number"], told["fingerprint"]) == (printer.serial, printer.fingerprint)
    assert [step["finding"] for step in refused["steps"] if step["status"] == "failed"] == [
        "wrong_code"
    ]
    assert saved["steps"][0]["name"] == "agent"
    assert saved["is_ok"] is False
    async with world.server.database.read() as session:
        left = await session.scalars(select(ConnectionTest).execution_options(**CROSS_TENANT))
        assert list(left) == []


async def test_an_agent_that_is_away_is_the_first_thing_that_is_wrong(
    world: World, client: AsyncClient
) -> None:
    told = (await client.post(f"/api/printers/{world.printer.id}/diagnose")).json()
    (step,) = told["steps"]
    assert (step["name"], step["finding"]) == ("agent", "silent")
    assert "see whether its machine is on and has internet" in told["advice"]


async def test_an_answer_that_nobody_waits_for_is_refused(world: World) -> None:
    step = {"name": "address", "finding": "ok", "sentence": "It is there."}
    with pytest.raises(ServerRefused, match="Nobody waits for this answer"):
        await world.client.tell_tested({"test": 999, "steps": [step]})


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    async with VirtualPrinter() as running:
        yield running


@asynccontextmanager
async def at_work(world: World) -> AsyncIterator[None]:
    """The agent's loops that matter here."""
    errands = Errands(world.client, discovery.nearby_of(world.server.settings))
    worker = Worker(world.client, world.database, world.journal, world.clock, errands)
    await worker._ask()  # the server has heard of it now
    loops = [asyncio.create_task(loop()) for loop in (worker.run, errands.run)]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
