"""Looks through the cameras of this network when somebody at the server looks: several who look
cost one connection to a camera, here too."""

import asyncio
from base64 import b64encode
from typing import Any

import structlog

from shopwright.agent.client import Client
from shopwright.fleet import drivers, queries
from shopwright.fleet.cameras.service import Camera, Cameras, CameraUnavailable, NoCamera
from shopwright.fleet.cameras.ways import TIMES, UNREADABLE
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import ShopError
from shopwright.kernel.secrets import KeyUnusable

log = structlog.get_logger()

RETRY_S = 5.0
LARGEST = 1_400_000  # what one message to the server may carry
TOO_LARGE = "The camera's picture ({size} bytes) is too large to be sent by an agent."
NOBODY = "The agent knows no such printer yet."


class Pictures:
    def __init__(self, client: Client, process: Process) -> None:
        self._client = client
        self._process = process
        self._known: dict[int, int] = {}  # the last number that was taken on, by printer
        self._taking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled. Cut off from the server there is nobody to look."""
        try:
            while True:
                await self._client.contact.wait()
                await self._look_around()
        finally:
            Cameras.of(self._process).end_all()
            for task in self._taking:
                task.cancel()
            await asyncio.gather(*self._taking, return_exceptions=True)

    async def _look_around(self) -> None:
        known = ",".join(f"{printer_id}:{number}" for printer_id, number in self._known.items())
        try:
            answer = await self._client.fetch_wanted(known)
        except ShopError:
            await asyncio.sleep(RETRY_S)
            return
        for wanted in answer["wanted"]:
            self._known[wanted["printer_id"]] = wanted["number"]
            task = asyncio.create_task(self._take(wanted["printer_id"], wanted["number"]))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def _take(self, printer_id: int, number: int) -> None:
        try:
            body = {"number": number, **await self._see(printer_id)}
            await self._client.send_picture(printer_id, body)
        except ShopError as err:
            log.info("a picture was not told", printer_id=printer_id, reason=err.detail)

    async def _see(self, printer_id: int) -> dict[str, Any]:
        try:
            camera = await self._find(printer_id)
            jpeg = (await Cameras.of(self._process).take_picture(camera)).jpeg
        except NoCamera as err:
            return {"trouble": err.detail[:500], "is_missing": True}
        except ShopError as err:
            return {"trouble": err.detail[:500]}
        if len(jpeg) > LARGEST:
            return {"trouble": TOO_LARGE.format(size=len(jpeg)), "is_missing": True}
        return {"picture": b64encode(jpeg).decode()}

    async def _find(self, printer_id: int) -> Camera:
        """Raises NoCamera or CameraUnavailable."""
        async with self._process.database.read() as session:
            driven = await queries.list_driven_printers(session)
        printer = next((one for one in driven if one.id == printer_id), None)
        driver = drivers.load_driver(printer.driver) if printer else None
        if printer is None or driver is None:
            raise CameraUnavailable(NOBODY)
        try:
            endpoint = drivers.endpoint_of(printer, self._process.context.vault)
        except KeyUnusable as err:
            raise CameraUnavailable(UNREADABLE) from err
        return Camera(
            printer.organization_id, printer_id, driver(endpoint, timeouts=TIMES).pictures
        )
