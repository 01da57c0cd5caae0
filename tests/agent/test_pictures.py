"""A camera on the agent's network, looked through from the server."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, update

from shopwright.agent.pictures import Pictures
from shopwright.agent.worker import Worker
from shopwright.fleet.cameras import agents as camera_agents
from shopwright.fleet.cameras import service as cameras
from shopwright.fleet.cameras.models import CameraShot
from shopwright.fleet.cameras.service import Cameras, CameraUnavailable, NoCamera
from shopwright.fleet.cameras.ways import find_camera
from shopwright.fleet.models import Printer
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.sandbox.bambu import Knobs, PrinterConfig, VirtualPrinter
from tests.agent.conftest import World
from tests.conftest import ClientAs

on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")
PATIENCE_S = 30.0


@asynccontextmanager
async def agent_looking(world: World, machine: VirtualPrinter | None) -> AsyncIterator[None]:
    """The agent runs and knows its printer, which is this machine."""
    if machine is not None:
        async with world.server.database.write() as session:
            ports = {"camera": machine.camera_port or 1}
            code = session.context.vault.encrypt(machine.access_code)
            way = {"host": machine.host, "serial": machine.serial, "access_code": code}
            mine = Printer.id == world.printer.id
            await session.execute(
                update(Printer).where(mine).values(**way, ports=ports, model=None)
                .execution_options(**CROSS_TENANT)
            )  # fmt: skip
    await Worker(world.client, world.database, world.journal, world.clock)._ask()
    own = Process(
        settings=world.server.settings,
        clock=world.clock,
        context=world.database.context,
        database=world.database,
    )
    running = asyncio.create_task(Pictures(world.client, own).run())
    try:
        yield
    finally:
        Cameras.of(world.server).end_all()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def find_shots(world: World) -> list[CameraShot]:
    async with world.server.database.read() as session:
        rows = await session.scalars(select(CameraShot).execution_options(**CROSS_TENANT))
        return list(rows)


async def test_viewers_at_the_server_cost_one_connection_at_the_agent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_agents, "EVERY_S", 0.05)
    knobs = Knobs(camera_interval_s=0.02)
    async with (
        VirtualPrinter(PrinterConfig(knobs=knobs)) as machine,
        agent_looking(world, machine),
    ):
        camera = await find_camera(world.server, world.owner, Ref(world.printer.id, None))
        served = Cameras.of(world.server)
        async with asyncio.timeout(PATIENCE_S):
            with served.watch(camera) as one, served.watch(camera) as other:
                first = await one.after(0)
                assert (await other.after(first.number)).number > first.number
        assert (first.jpeg[:2], first.jpeg[-2:]) == (b"\xff\xd8", b"\xff\xd9")
        assert machine.camera_viewers == (1, True)


async def test_nothing_that_was_seen_stays_in_the_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "LINGER_S", 0.0)
    async with VirtualPrinter() as machine, agent_looking(world, machine):
        camera = await find_camera(world.server, world.owner, Ref(world.printer.id, None))
        await Cameras.of(world.server).take_picture(camera)
        async with asyncio.timeout(PATIENCE_S):
            while [shot.content for shot in await find_shots(world)] != [None]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_what_the_agent_finds_is_told_in_its_words(world: World) -> None:
    async with (
        VirtualPrinter(PrinterConfig(model="X1C", serial="00M00A7")) as machine,
        agent_looking(world, machine),
    ):
        camera = await find_camera(world.server, world.owner, Ref(world.printer.id, None))
        with pytest.raises(NoCamera, match="The camera of the X1C speaks RTSP"):
            await Cameras.of(world.server).take_picture(camera)


@on_sqlite
async def test_an_agent_that_does_not_answer_is_not_waited_for_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_agents, "ANSWER_S", 0.05)
    camera = await find_camera(world.server, world.owner, Ref(world.printer.id, None))
    with pytest.raises(CameraUnavailable, match="sent no picture in time"):
        await Cameras.of(world.server).take_picture(camera)
    Cameras.of(world.server).end_all()


@on_sqlite
async def test_only_the_printers_agent_hands_pictures_over_and_only_pictures(
    world: World, client_as: ClientAs
) -> None:
    jpeg = b64encode(b"\xff\xd8\xff\xd9").decode()
    path = f"/api/agents/me/pictures/{world.printer.id}"
    person = await client_as(world.owner)
    refused = await person.put(path, json={"number": 1, "picture": jpeg})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-an-agent")
    own = world.client._http
    late = await own.put(path, json={"number": 1, "picture": jpeg})
    assert (late.status_code, late.json()) == (200, {"is_wanted": False})
    html = await own.put(path, json={"number": 1, "picture": b64encode(b"<html>").decode()})
    assert (html.status_code, html.json()["detail"]) == (400, "picture must be a JPEG in base64.")
    async with world.server.database.write() as session:
        await session.execute(
            update(Printer).values(agent_id=None).execution_options(**CROSS_TENANT)
        )
    foreign = await own.put(path, json={"number": 1, "picture": jpeg})
    assert foreign.status_code == 404
    assert await find_shots(world) == []
