"""An agent looks around on its network when the server asks for it, and tells what it finds."""

import asyncio
from dataclasses import replace

from shopwright.agent.errands import Errands
from shopwright.agent.worker import Worker
from shopwright.fleet import discovery
from shopwright.fleet.discovery import Findings
from shopwright.kernel.settings import Network
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
    errands = Errands(world.client, discovery.nearby_of(world.server.settings))
    worker = Worker(world.client, world.database, world.journal, world.clock, errands)
    await worker._ask()  # the server has heard of it now
    loops = [asyncio.create_task(loop()) for loop in (worker.run, errands.run)]
    try:
        async with VirtualPrinter(announcing(port, SERIAL, name="attic")):
            await start_search(world)
            async with asyncio.timeout(PATIENCE_S):
                while not (seen := await findings(world)).printers:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
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
