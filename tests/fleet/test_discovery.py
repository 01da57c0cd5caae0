"""Printers that announce themselves are found by the server, each told apart from the known."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from httpx import AsyncClient

from shopwright.fleet.discovery import service as discovery
from shopwright.fleet.discovery.keeper import SearchKeeper
from shopwright.fleet.discovery.port import Announced
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Network
from shopwright.sandbox.bambu import VirtualPrinter
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.server import StandInConfig
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.factories import make_printer
from tests.fleet.nearby import LOOPBACK, announcing, stay_here

PATH = "/api/printers/discover"
PATIENCE_S = 30.0
SERIAL = "01P00ADISCO0001"


@asynccontextmanager
async def keeper(process: Process) -> AsyncIterator[None]:
    running = asyncio.create_task(SearchKeeper(process).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def found(client: AsyncClient, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first printer in the answer that is wanted; waits for it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            told = (await client.get(PATH)).json()
            for printer in told["printers"]:
                if wanted(printer):
                    return dict(printer)
            await asyncio.sleep(0.1)


async def keep(database: Database, ctx: Actor, clock: FixedClock, *heard: Announced) -> None:
    async with database.write() as session:
        await discovery.record_found(session, ctx.organization_id, heard, None, clock.now())


async def test_a_search_finds_what_announces_itself_and_what_is_known_is_marked(
    client: AsyncClient, process: Process, database: Database, owner: Actor
) -> None:
    port, name = stay_here(process), f"workhorse-{uuid4().hex[:8]}"
    async with database.write() as session:
        known = await make_printer(session, owner, "Left")
        known.serial = "01P00ADISCO0002"
    octoprint = OctoPrintSandbox(StandInConfig(name=name, announces_on=LOOPBACK))
    async with (
        keeper(process),
        VirtualPrinter(announcing(port, SERIAL, name="shelf")) as new,
        VirtualPrinter(announcing(port, "01P00ADISCO0002")),
        octoprint,
    ):
        begun = (await client.post(PATH, json={"seconds": 60})).json()
        assert (begun["is_running"], begun["seconds_left"]) == (True, 60)
        assert (begun["searchers"], begun["printers"]) == (["this server"], [])
        first = await found(client, lambda one: one["serial_number"] == SERIAL)
        second = await found(client, lambda one: one["serial_number"] == known.serial)
        third = await found(client, lambda one: one["name"] == name)
    del first["id"], first["seen_at"]
    assert first == {
        "connection_type": "bambu_lan",
        "name": "shelf",
        "model": "P1S",
        "serial_number": SERIAL,
        "ip_address": LOOPBACK,
        "api_url": f"http://{LOOPBACK}",
        "ports": {"mqtt": new.mqtt_port, "ftps": new.ftps_port, "camera": new.camera_port},
        "firmware_version": "01.08.00.00",
        "is_in_cloud": False,
        "found_by": "this server",
        "agent_id": None,
        "printer_id": None,
        "printer_name": None,
    }
    assert (second["printer_id"], second["printer_name"]) == (known.id, "Left")
    assert (third["connection_type"], third["model"]) == ("octoprint", "MK4")
    assert third["api_url"] == f"http://{LOOPBACK}:{octoprint.port}"


async def test_whoever_cannot_listen_says_why(client: AsyncClient, process: Process) -> None:
    stay_here(process, discovery_interface="203.0.113.7")
    async with keeper(process):
        await client.post(PATH)
        async with asyncio.timeout(PATIENCE_S):
            while not (told := (await client.get(PATH)).json())["troubles"]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert "203.0.113.7 is no address of this machine" in told["troubles"]["this server"]


async def test_a_search_ends_and_its_printers_are_forgotten_after_an_hour(
    client: AsyncClient, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await client.post(PATH, json={"seconds": 20})
    await keep(database, owner, clock, Announced("bambu_lan", "10.0.0.5", serial=SERIAL))
    clock.advance(seconds=21)
    told = (await client.get(PATH)).json()
    assert (told["is_running"], len(told["printers"])) == (False, 1)
    clock.advance(hours=1)
    assert (await client.get(PATH)).json()["printers"] == []


async def test_what_strangers_announce_is_tidied_and_nonsense_is_dropped(
    client: AsyncClient, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await keep(
        database,
        owner,
        clock,
        Announced("bambu_lan", "10.0.0.5", name="a\u202eb\n\x00 c" + "x" * 300, serial=SERIAL),
        Announced("bambu_lan", "169.254.169.254", serial="01P00AMETADATA1"),
        Announced("octoprint", "not an address", name="nowhere"),
    )
    (only,) = (await client.get(PATH)).json()["printers"]
    assert only["name"] == ("ab c" + "x" * 300)[:100]


async def test_printers_without_a_serial_are_known_by_their_address(
    client: AsyncClient, database: Database, owner: Actor, clock: FixedClock
) -> None:
    body = {"name": "Ender", "connection_type": "octoprint", "api_key": "k"}
    await client.post("/api/printers", json=body | {"api_url": "http://10.0.0.5"})
    await keep(
        database,
        owner,
        clock,
        Announced("octoprint", "10.0.0.5", name="a", ports={"http": 80}),
        Announced("octoprint", "10.0.0.5", name="b", ports={"http": 5000}),
        Announced("moonraker", "10.0.0.5", name="c", ports={"http": 80}),
    )
    told = (await client.get(PATH)).json()["printers"]
    assert [one["printer_name"] for one in told] == ["Ender", None, None]


async def test_a_search_is_the_members_and_its_finds_are_the_shops_own(
    client: AsyncClient,
    client_as: ClientAs,
    viewer: Actor,
    stranger: Actor,
    database: Database,
    owner: Actor,
    clock: FixedClock,
) -> None:
    await keep(database, owner, clock, Announced("bambu_lan", "10.0.0.5", serial=SERIAL))
    assert (await (await client_as(viewer)).post(PATH)).status_code == 403
    assert len((await (await client_as(viewer)).get(PATH)).json()["printers"]) == 1
    assert (await (await client_as(stranger)).get(PATH)).json()["printers"] == []


async def test_searches_are_rare_and_short(client: AsyncClient) -> None:
    long = await client.post(PATH, json={"seconds": 3600})
    assert (long.status_code, long.json()["code"]) == (400, "invalid")
    answers = [(await client.post(PATH)).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]


async def test_a_hosted_server_without_agents_says_that_nobody_can_look(
    client: AsyncClient, process: Process
) -> None:
    stay_here(process, network=Network.PUBLIC)
    refused = await client.post(PATH)
    assert (refused.status_code, refused.json()["code"]) == (409, "nobody-searches")
    assert "no agent is connected" in refused.json()["detail"]
    assert (await client.get(PATH)).json()["searchers"] == []
