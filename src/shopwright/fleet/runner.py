"""The one place that holds leases and keeps a link per printer; printers come and go while it
runs."""

import asyncio
from dataclasses import dataclass

import structlog

from shopwright.fleet import device_state, drivers, queries
from shopwright.fleet.cloud import ways as cloud_ways
from shopwright.fleet.link import LinkTools, PrinterLink
from shopwright.fleet.models import Printer
from shopwright.fleet.port import Endpoint, PrinterDriver
from shopwright.fleet.states import ConnectionState
from shopwright.kernel.actor import system_actor
from shopwright.kernel.metrics import PRINTERS
from shopwright.kernel.secrets import KeyUnusable, Vault
from shopwright.kernel.signals import Signal

log = structlog.get_logger()

LEASE_S = 30.0  # a dead owner's printers are taken over within this
RENEW_S = 10.0
UNREADABLE = "Its access code cannot be read: it was stored with another key. Enter it again."
SETTLE_S = 0.05  # several printers set up in one go are one round


@dataclass(frozen=True, slots=True)
class _Way:
    driver: type[PrinterDriver]
    endpoint: Endpoint


@dataclass(slots=True)
class _Driven:
    link: PrinterLink
    task: asyncio.Task[None]
    epoch: int
    way: _Way


class FleetRunner:
    """``owner`` is stable per data folder on SQLite, so that a restart takes its printers over at
    once."""

    def __init__(self, tools: LinkTools, vault: Vault, *, owner: str) -> None:
        self._tools = tools
        self._vault = vault
        self._owner = owner
        self._driven: dict[int, _Driven] = {}
        self._wake = asyncio.Event()
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
        ways = await self._find_ways(printers)
        await self._stop(
            [
                printer_id
                for printer_id, driven in self._driven.items()
                if driven.task.done() or not _same(driven.way, ways.get(printer_id))
            ]
        )
        for printer_id in await self._list_takeable(set(printers) - set(self._driven)):
            way = ways[printer_id]
            if way is not None:
                await self._take(printers[printer_id], way)
        await self._look_after_commands()
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

    async def _list_takeable(self, printer_ids: set[int]) -> list[int]:
        """Those that another process drives are not even asked for, round by round."""
        if not printer_ids:
            return []
        async with self._tools.database.read() as session:
            held = await queries.list_held(
                session, printer_ids, self._owner, self._tools.clock.now()
            )
        return sorted(printer_ids - held)

    async def _take(self, printer: Printer, way: _Way) -> None:
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
            endpoint=way.endpoint,
            driver=way.driver,
        )
        task = asyncio.create_task(link.run(), name=f"printer-{printer.id}")
        task.add_done_callback(self._ended)
        self._driven[printer.id] = _Driven(link, task, epoch, way)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.error("printer link failed", link=task.get_name(), exc_info=task.exception())

    async def _stop(self, printer_ids: list[int]) -> None:
        stopped = [self._driven.pop(printer_id) for printer_id in printer_ids]
        for driven in stopped:
            driven.task.cancel()
        await asyncio.gather(*(driven.task for driven in stopped), return_exceptions=True)

    async def _look_after_commands(self) -> None:
        """A safety net: a new command wakes its link at once, unless the signal was lost."""
        if not self._driven:
            return
        async with self._tools.database.read() as session:
            commands = await queries.list_unsettled(session, list(self._driven))
        for command in commands:
            driven = self._driven.get(command.printer_id)
            if driven is not None:
                await driven.link.look_after(command)

    async def _find_ways(self, printers: dict[int, Printer]) -> dict[int, _Way | None]:
        """How to drive them; None where nobody here can, which must not stop the others."""
        ways: dict[int, _Way | None] = {}
        unreadable = []
        async with self._tools.database.read() as session:
            for printer in printers.values():
                try:
                    ways[printer.id] = await self._find_way(session, printer)
                except KeyUnusable:
                    ways[printer.id] = None
                    unreadable.append(printer)
        for printer in unreadable:
            await self._tell(printer, UNREADABLE)
        return ways

    async def _find_way(self, session: queries.AnySession, printer: Printer) -> _Way | None:
        """None for what is driven from outside; raises KeyUnusable."""
        driver = drivers.load_driver(printer.driver)
        if driver is None:
            return None
        endpoint = await cloud_ways.find_endpoint(session, printer, self._vault, self._tools.clouds)
        return _Way(driver, endpoint)

    async def _tell(self, printer: Printer, sentence: str) -> None:
        async with self._tools.database.write() as session:
            await device_state.record_loss(
                session,
                system_actor(printer.organization_id, "fleet"),
                printer_id=printer.id,
                connection=ConnectionState.AUTH_FAILED,
                sentence=sentence,
                now=self._tools.clock.now(),
            )


def _same(one: _Way, other: _Way | None) -> bool:
    """Whether the link still fits; what was learned from the printer itself does not count."""
    if other is None or one.driver is not other.driver:
        return False
    settings = (
        "host", "access_code", "mqtt_port", "ftps_port", "camera_port", "http_port", "cloud",
    )  # fmt: skip
    old, new = one.endpoint, other.endpoint
    is_same_printer = old.serial in {None, new.serial}
    is_same_scheme = old.options.get("scheme") == new.options.get("scheme")
    return (
        is_same_printer
        and is_same_scheme
        and all(getattr(old, name) == getattr(new, name) for name in settings)
    )
