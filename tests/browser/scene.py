"""A running shop with a browser's visitor in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page

from shopwright.accounts.models import User
from shopwright.accounts.passwords import Passwords
from shopwright.files.access import files_of
from shopwright.fleet.cameras.service import Cameras
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.clock import SystemClock
from shopwright.kernel.edge import Process
from shopwright.kernel.signals import Signal
from shopwright.server.process import open_process
from shopwright.telemetry.latest import LatestSnapshots
from shopwright.web.rooms import LiveRooms
from tests import factories
from tests.conftest import make_settings
from tests.web import rows
from tests.web.rows import Shop

PASSWORD = "correct horse battery"
PHONE = {"width": 390, "height": 844}


@dataclass(slots=True)
class Scene:
    """A running shop and who works in it."""

    address: str
    process: Process
    actor: Actor
    email: str
    shop: Shop

    def report(self, printer_id: int, **facts: object) -> None:
        """What the runner does with a device's report."""
        snapshot = rows.snapshot_of(self.actor, printer_id, **facts)
        self.process.context.keep(LatestSnapshots).put(snapshot)
        self.process.context.hub.publish(
            Signal(self.actor.organization_id, "telemetry", printer_id)
        )


@asynccontextmanager
async def open_scene(url: str, application: FastAPI, folder: Path) -> AsyncIterator[Scene]:
    async with open_process(make_settings(url, folder), SystemClock()) as process:
        process.is_ready = True
        application.state.process = process
        server = uvicorn.Server(
            uvicorn.Config(
                application, host="127.0.0.1", port=0, lifespan="off", log_config=None,
                timeout_graceful_shutdown=1,
            )
        )  # fmt: skip
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn tells nobody
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield await fill(process, f"http://127.0.0.1:{port}")
        LiveRooms.of(process).end_all()
        Cameras.of(process).end_all()
        server.should_exit = True
        await serving
        del application.state.process


async def fill(process: Process, address: str) -> Scene:
    password_hash = await process.context.keep(Passwords).hash(PASSWORD)
    async with process.database.write() as session:
        organization = await factories.make_organization(session, "Nordlicht Prints")
        actor = await factories.make_member(session, organization, Role.OWNER, "sam")
        user = await session.get_one(User, actor.user_id)
        user.password_hash = password_hash
        shop = await rows.fill_shop(session, actor, files_of(process))
        email = user.email
    rows.report_fleet(process.context.keep(LatestSnapshots), actor, shop)
    return Scene(address, process, actor, email, shop)


async def sign_in(page: Page, scene: Scene, path: str) -> None:
    """Asks for ``path``, is sent to the log-in page, and comes back."""
    await page.goto(scene.address + path)
    await page.get_by_label("E-mail address").fill(scene.email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(scene.address + path)


async def stream_open(scene: Scene) -> None:
    """The page's event stream has joined its room."""
    listeners = scene.process.context.hub._listeners
    while not listeners.get(scene.actor.organization_id):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
