"""The one place that holds leases and keeps a link per printer; printers come and go while it
runs."""

import asyncio
from dataclasses import dataclass
from importlib.metadata import entry_points

import structlog

from shopwright.fleet import device_state, queries
from shopwright.fleet.link import LinkTools, PrinterLink
from shopwright.fleet.models import Printer
from shopwright.fleet.port import Endpoint, PrinterDriver
from shopwright.kernel.actor import system_actor
from shopwright.kernel.metrics import PRINTERS
from shopwright.kernel.secrets import Vault
from shopwright.kernel.signals import Signal

log = structlog.get_logger()

LEASE_S = 30.0  # a dead owner's printers are taken over within this
RENEW_S = 10.0
SETTLE_S = 0.05  # several printers set up in one go are one round


@dataclass(slots=True)
class _Driven:
    link: PrinterLink
    task: asyncio.Task[None]
    epoch: int
    endpoint: Endpoint


class FleetRunner:
    """``owner`` is stable per data folder on SQLite, so that a restart takes its printers over at
    once."""

    def __init__(self, tools: LinkTools, vault: Vault, *, owner: str) -> None:
        self._tools = tools
        self._vault = vault
        self._owner = owner
        self._driven: dict[int, _Driven] = {}
        self._wake = asyncio.Event()
        self._drivers: dict[str, type[PrinterDriver]] = {}
        self._leave = tools.hub.listen_to_all(self._hear)

    async def run(self) -> None:
        """Until cancelled; then links close and leases are given back."""
        try:
            while True:
                self._wake.clear()
                await self._try_round()
                try:
                    async with asyncio.timeout(RENEW_S):
                        await self._wake.wait()
                    await asyncio.sleep(SETTLE_S)
                except TimeoutError:
                    continue
        finally:
            self._leave()
            await self._stop(list(self._driven))
            async with self._tools.database.write() as session:
                await queries.release_leases(session, self._owner, self._tools.clock.now())

    def _hear(self, signal: Signal) -> None:
        if signal.topic == "command":
            driven = self._driven.get(signal.key)
            if driven:
                driven.link.wake()
        elif signal.topic == "printer_setup":
            self._wake.set()

    async def _try_round(self) -> None:
        """A database that is away for a while must not end the fleet."""
        try:
            await self._round()
        except Exception:
            log.exception("a round of the fleet failed; it is tried again", again_in_s=RENEW_S)

    async def _round(self) -> None:
        async with self._tools.database.read() as session:
            printers = {p.id: p for p in await queries.list_driven_printers(session)}
        await self._renew()
        endpoints = {printer_id: self._endpoint(p) for printer_id, p in printers.items()}
        await self._stop(
            [
                printer_id
                for printer_id, driven in self._driven.items()
                if driven.task.done() or not _same(driven.endpoint, endpoints.get(printer_id))
            ]
        )
        for printer_id, printer in printers.items():
            if printer_id not in self._driven:
                await self._take(printer, endpoints[printer_id])
        for driven in list(self._driven.values()):
            await driven.link.expire_starts()
        PRINTERS.labels("driven").set(len(self._driven))

    async def _renew(self) -> None:
        epochs = {printer_id: driven.epoch for printer_id, driven in self._driven.items()}
        if not epochs:
            return
        async with self._tools.database.write() as session:
            kept = await queries.renew_leases(
                session, self._owner, epochs, self._tools.clock.now(), LEASE_S
            )
        lost = [printer_id for printer_id in epochs if printer_id not in kept]
        await self._stop(lost)
        for printer_id in lost:
            self._tools.forget(printer_id)

    async def _take(self, printer: Printer, endpoint: Endpoint) -> None:
        async with self._tools.database.write() as session:
            epoch = await queries.take_lease(
                session, printer.id, self._owner, self._tools.clock.now(), LEASE_S
            )
            if epoch is not None:
                ctx = system_actor(printer.organization_id, "fleet")
                await device_state.await_report(session, ctx, printer_id=printer.id)
        if epoch is None:
            return
        link = PrinterLink(
            self._tools,
            organization_id=printer.organization_id,
            printer_id=printer.id,
            epoch=epoch,
            endpoint=endpoint,
            driver=self._driver(printer.driver),
        )
        task = asyncio.create_task(link.run(), name=f"printer-{printer.id}")
        task.add_done_callback(self._ended)
        self._driven[printer.id] = _Driven(link, task, epoch, endpoint)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.error("printer link failed", link=task.get_name(), exc_info=task.exception())

    async def _stop(self, printer_ids: list[int]) -> None:
        stopped = [self._driven.pop(printer_id) for printer_id in printer_ids]
        for driven in stopped:
            driven.task.cancel()
        await asyncio.gather(*(driven.task for driven in stopped), return_exceptions=True)

    def _endpoint(self, printer: Printer) -> Endpoint:
        return Endpoint(
            host=printer.host,
            serial=printer.serial,
            access_code=self._vault.decrypt(printer.access_code),
            mqtt_port=printer.ports.get("mqtt"),
            ftps_port=printer.ports.get("ftps"),
            camera_port=printer.ports.get("camera"),
            pinned_fingerprint=printer.fingerprint,
            options={"model": printer.model or ""},
        )

    def _driver(self, name: str) -> type[PrinterDriver]:
        """Drivers are found by entry point and loaded on first use."""
        if name not in self._drivers:
            (found,) = entry_points(group="shopwright.drivers", name=name)
            self._drivers[name] = found.load()
        return self._drivers[name]


def _same(one: Endpoint, other: Endpoint | None) -> bool:
    """Whether the link still fits; what was learned from the printer itself does not count."""
    if other is None:
        return False
    settings = ("host", "access_code", "mqtt_port", "ftps_port", "camera_port")
    return all(getattr(one, name) == getattr(other, name) for name in settings)
