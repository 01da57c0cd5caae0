"""One virtual printer: the machine, its clock, and its three ports."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pyftpdlib.servers import FTPServer

from shopwright.sandbox.bambu import camera as camera_port
from shopwright.sandbox.bambu.announcer import Announcer, Announcing, Identity
from shopwright.sandbox.bambu.broker import Broker, Uplink
from shopwright.sandbox.bambu.certificates import Authority
from shopwright.sandbox.bambu.commands import NotARequest, answer, parse
from shopwright.sandbox.bambu.ftps import Card, FtpsThread
from shopwright.sandbox.bambu.job import JobRequest, PrintRecord
from shopwright.sandbox.bambu.knobs import Knobs
from shopwright.sandbox.bambu.machine import PAUSED_BY_USER, Machine
from shopwright.sandbox.bambu.models import MODELS
from shopwright.sandbox.bambu.reports import changed_fields, encode, full_report
from shopwright.sandbox.bambu.spools import Ams, Spool
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf

CARD_FOLDERS = ("cache", "timelapse", "image", "ipcam", "logger", "model")
SHORTEST_TICK_S = 0.005


def four_spools() -> list[Spool | None]:
    """What a new printer's AMS holds."""
    colors = ("0A2CA5FF", "161616FF", "F2F2F2FF", "C12E1FFF")
    return [Spool(color=color) for color in colors]


@dataclass(slots=True)
class PrinterConfig:
    """A port of 0 lets the system choose; a ``folder`` of None is a temporary one."""

    serial: str = "01P00A000000001"
    access_code: str = "12345678"
    name: str = "virtual"
    model: str = "P1S"
    host: str = "127.0.0.1"
    mqtt_port: int = 0
    ftps_port: int = 0
    camera_port: int = 0
    folder: Path | None = None
    knobs: Knobs = field(default_factory=Knobs)
    trays: list[Spool | None] = field(default_factory=four_spools)  # [] is a printer without AMS
    external: Spool | None = field(default_factory=Spool)
    announces: Announcing | None = None  # None: it keeps quiet


class VirtualPrinter:
    """Entering opens the ports; leaving closes everything, its threads and sockets included."""

    def __init__(
        self, config: PrinterConfig | None = None, authority: Authority | None = None
    ) -> None:
        self.config = config or PrinterConfig()
        self.host = self.config.host
        self.serial = self.config.serial
        self.name = self.config.name
        self.knobs = self.config.knobs
        self.mqtt_port = self.config.mqtt_port
        self.ftps_port = self.config.ftps_port
        self.camera_port: int | None = None  # models with RTSP have none
        self.authority = authority or Authority()
        self._leaf = self.authority.issue(self.serial)
        self._is_temporary = self.config.folder is None
        self.folder = self.config.folder or Path(tempfile.mkdtemp(prefix="bambu-card-"))
        ams = Ams.of(self.config.trays, self.config.external)
        self.machine = Machine(MODELS[self.config.model], ams, self.folder, self.knobs)
        self._card = Card(self.folder, self._leaf, self.knobs, self.config.access_code)
        self._broker = Broker(self.serial, lambda: self.access_code, self._receive)
        self._camera = camera_port.Camera(
            lambda: self.access_code, self._draw, lambda: self.knobs.camera_interval_s
        )
        self._ftps: tuple[FtpsThread, FTPServer] | None = None
        self._announcer: Announcer | None = None
        self._sequence = 0
        self._last_report: dict[str, Any] = {}
        self._held_back: bytes | None = None
        self._wake = asyncio.Event()
        self._changed = asyncio.Condition()
        self._clock: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def access_code(self) -> str:
        return self._card.access_code

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf certificate, lower-case hex."""
        return self._leaf.fingerprint

    @property
    def prints(self) -> list[PrintRecord]:
        """Every physical print since power on, the running one included."""
        return self.machine.prints

    @property
    def camera_viewers(self) -> tuple[int, bool]:
        """How many were let in so far, and whether one looks now."""
        return self._camera.admitted, self._camera.is_watched

    @property
    def consumed_mg(self) -> int:
        return self.machine.consumed_mg

    async def __aenter__(self) -> Self:
        for name in CARD_FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        context = self._leaf.server_context(has_tls13=self.machine.model.has_device_block)
        try:
            await self._open_ports(context)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self._clock = asyncio.create_task(self._run(), name=f"bambu-{self.serial}")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._clock is not None:
            self._clock.cancel()
            await asyncio.gather(self._clock, return_exceptions=True)
        for timer in self._timers:
            timer.cancel()
        if self._announcer is not None:
            await self._announcer.close()
        await self._broker.close()
        await self._camera.close()
        if self._ftps is not None:
            thread, server = self._ftps
            await asyncio.wrap_future(thread.close(server))
            await asyncio.to_thread(thread.release)
        if self._is_temporary:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def until(
        self, holds: Callable[["VirtualPrinter"], bool], timeout_s: float = 10.0
    ) -> None:
        """Wait for a state; raises TimeoutError. Checked after every change and at every report."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: holds(self))

    def drop(self) -> None:
        """Cut all connections; clients may come back at once."""
        self._broker.drop()
        self._camera.drop()
        if self._ftps is not None:
            thread, server = self._ftps
            thread.drop(server)

    def power_off(self) -> None:
        """The machine stops dead; connections are cut and refused until ``power_on``."""
        self._set_power(is_on=False)
        self.machine.reboot()
        self.drop()
        self.poke()

    def power_on(self) -> None:
        self._set_power(is_on=True)
        self._last_report = {}
        self.poke()

    def reboot(self, seconds: float = 0.0) -> None:
        """Off, and on again after ``seconds`` real seconds; a running print is lost."""
        self.power_off()
        if seconds > 0:
            self._later(seconds, self.power_on)
        else:
            self.power_on()

    def change_access_code(self, access_code: str) -> None:
        """As toggling LAN mode does: a new code, and everybody is thrown out."""
        self._card.access_code = access_code
        self.drop()

    def user_cancel(self) -> bool:
        """A person presses stop; False when nothing was running."""
        return self._act(self.machine.stop)

    def user_pause(self) -> bool:
        return self._act(lambda: self.machine.pause(error=PAUSED_BY_USER))

    def user_resume(self) -> bool:
        return self._act(self.machine.resume)

    def fail(self, error: int) -> bool:
        return self._act(lambda: self.machine.fail(error))

    def clear_plate(self) -> None:
        """A person takes the pieces off; no protocol reports that."""
        self.machine.is_plate_clear = True

    def put_spool(self, tray: int, spool: Spool | None) -> None:
        """A person changes what is in a tray (254: the external spool); KeyError if not there."""
        self.machine.ams.put(tray, spool)
        self.poke()

    def start_at_screen(self, file: str = "", plate: int = 1, tray: int | None = None) -> None:
        """A person clears the plate and starts a file from the card; "" makes a small one first."""
        if not file:
            file = "screen.gcode.3mf"
            plates = [SlicedPlate(index=plate, name="screen", prediction_s=600, layers=50)]
            make_gcode_3mf(self.folder / file, plates=plates)
        self.clear_plate()
        trays = None if tray is None else dict.fromkeys(range(1, 17), tray)
        name = file.removesuffix(".gcode.3mf")
        request = JobRequest(file, plate, "0", name, trays, source="screen")
        self.machine.request_start(request, lambda _: True)
        self.poke()

    def skip_ahead(self, printer_seconds: float) -> None:
        """Let printer time jump."""
        self.machine.advance(printer_seconds / max(self.knobs.speed, 1e-6))
        self.poke()

    def poke(self) -> None:
        """Say that something changed; a report goes out without waiting for the next interval."""
        self.machine.is_changed = True
        self._wake.set()

    @property
    def is_powered(self) -> bool:
        return self._broker.is_powered

    def join_cloud(self, uplink: Uplink) -> None:
        """Report there as well."""
        self._broker.uplink = uplink

    def ask(self, payload: bytes) -> None:
        """A request that came over the cloud."""
        self._broker.on_request(payload)

    async def _open_ports(self, context: Any) -> None:
        config = self.config
        self.mqtt_port = await self._broker.open(config.host, config.mqtt_port, context)
        if self.machine.model.has_jpeg_camera:
            self.camera_port = await self._camera.open(config.host, config.camera_port, context)
        thread = FtpsThread.acquire()
        try:
            opening = thread.open(self._card, config.host, config.ftps_port)
            self._ftps = thread, await asyncio.wrap_future(opening)
        except OSError:
            await asyncio.to_thread(thread.release)
            raise
        self.ftps_port = self._ftps[1].address[1]
        if config.announces is not None:
            self._announcer = Announcer(config.announces, self._identity(), lambda: self.is_powered)
            await self._announcer.open()

    def _identity(self) -> Identity:
        ports = {"mqtt": self.mqtt_port, "ftps": self.ftps_port, "camera": self.camera_port}
        model = self.machine.model
        known = {name: port for name, port in ports.items() if port}
        return Identity(self.serial, self.name, model.code, model.firmware, self.host, known)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        report_at = before
        while True:
            wait_s = min(report_at - before, self.machine.seconds_to_next_event())
            await self._sleep(max(wait_s, SHORTEST_TICK_S))
            now = loop.time()
            has_told = await self._live(now - before)
            before = now
            if not has_told and now >= report_at:
                await self._tell()
                has_told = True
            if has_told:
                report_at = now + self.knobs.report_interval_s
                self._broker.drop_idle(now)

    async def _live(self, seconds: float) -> bool:
        """Pass time and report every change on the way; whether there was one."""
        has_told = False
        while True:
            if self.machine.is_changed:
                await self._tell()
                has_told = True
            if seconds <= 0 or not self._broker.is_powered:
                return has_told
            seconds = self.machine.advance_to_change(seconds)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _tell(self) -> None:
        self.machine.is_changed = False
        self._report()
        if self.machine.wants_drop:
            self.machine.wants_drop = False
            self.drop()
        async with self._changed:
            self._changed.notify_all()

    def _report(self, *, is_full: bool = False) -> None:
        if not self._broker.has_audience or self.knobs.is_silent:
            return
        report = full_report(self.machine)
        is_full = is_full or self.machine.model.sends_full_reports
        is_delta = bool(self._last_report) and not is_full
        body = changed_fields(self._last_report, report) if is_delta else report
        self._last_report = report
        self._sequence += 1
        status = {**body, "msg": int(is_delta), "sequence_id": str(self._sequence)}
        self._publish_report(encode({"print": status}))

    def _publish_report(self, payload: bytes) -> None:
        if self.knobs.has_unordered_reports and self._held_back is None:
            self._held_back = payload
            return
        self._broker.publish(payload)
        if self.knobs.has_duplicate_reports:
            self._broker.publish(payload)
        if self._held_back is not None:
            self._broker.publish(self._held_back)
            self._held_back = None

    def _receive(self, payload: bytes) -> None:
        with contextlib.suppress(NotARequest):
            for kind, body in parse(payload):
                self._answer(kind, body)

    def _answer(self, kind: str, body: dict[str, Any]) -> None:
        replies = answer(self.machine, self.serial, kind, body)
        if not self.knobs.is_silent:
            for reply in replies:
                self._later(self.knobs.ack_delay_s, partial(self._broker.publish, encode(reply)))
        if kind == "pushing":
            self._report(is_full=True)
        if self.machine.is_changed:
            self._wake.set()

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        if seconds <= 0:
            act()
            return
        loop = asyncio.get_running_loop()

        def run() -> None:
            self._timers.discard(timer)
            act()

        timer = loop.call_later(seconds, run)
        self._timers.add(timer)

    def _set_power(self, *, is_on: bool) -> None:
        self._card.is_powered = self._broker.is_powered = self._camera.is_powered = is_on
        if self._broker.uplink is not None:
            self._broker.uplink.tell_presence(self.serial, is_connected=is_on)

    def _act(self, act: Callable[[], bool]) -> bool:
        is_done = act()
        self.poke()
        return is_done

    def _draw(self) -> bytes:
        job = self.machine.job
        percent = job.percent if job else 0.0
        return camera_port.draw_frame(self.name, self.machine.state.value, percent)
