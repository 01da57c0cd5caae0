"""A printer of each protocol on the bench: what can be done to it, in the same words for all."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol

from shopwright.drivers.bambu.cloud import BambuCloudDriver
from shopwright.drivers.bambu.driver import BambuDriver
from shopwright.drivers.moonraker.driver import MoonrakerDriver
from shopwright.drivers.octoprint.driver import OctoPrintDriver
from shopwright.drivers.polled.driver import PolledDriver
from shopwright.drivers.prusalink.driver import PrusaLinkDriver
from shopwright.fleet.port import CloudAccess, Endpoint, PrinterDriver, Timeouts
from shopwright.sandbox.bambu import AuthMode, Knobs, PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu.knobs import UploadFate
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.knobs import Knobs as PlainKnobs
from shopwright.sandbox.plain.server import StandIn, StandInConfig, make_gcode
from shopwright.sandbox.prusalink import PrusaLinkSandbox
from shopwright.sandbox.sliced_files import SlicedPlate, make_gcode_3mf

TIMES = Timeouts(connect_s=5, upload_min_s=10, start_s=5, command_s=3, silence_s=30)
SLOW = 30.0  # printer seconds in one: a 10-minute print outlives every test
PADDING = 300_000  # bytes: more than one block
MINUTES, LAYERS = 10, 50
ASKED_EVERY_S = "0.02"


class Rig(Protocol):
    """``endings`` lists how each physical print ended; the words are the port's outcomes."""

    name: ClassVar[str]
    suffix: ClassVar[str]

    def on_bench(self) -> AbstractAsyncContextManager[object]: ...
    def driver(self, times: Timeouts = TIMES, *, code: str | None = None) -> PrinterDriver: ...
    def make_file(self, path: Path) -> None: ...
    def turn(self, **knobs: object) -> None: ...
    def slow_uploads(self) -> None: ...
    def drop(self) -> None: ...
    async def lose_link(self) -> None: ...
    async def restore_link(self) -> None: ...
    async def reboot(self) -> None: ...
    def fill_storage(self, *, is_full: bool) -> None: ...
    def truncate_uploads(self) -> None: ...
    def block_control(self) -> None: ...
    def cancel_at_printer(self) -> None: ...
    def break_down(self) -> None: ...
    def start_at_screen(self) -> None: ...
    def jump_clock(self) -> None: ...
    def stored(self) -> list[str]: ...
    def printed(self) -> list[str]:
        """The files of all physical prints."""
        ...


class BambuRig:
    name: ClassVar[str] = "bambu"
    driver_class: ClassVar[type[PrinterDriver]] = BambuDriver
    suffix: ClassVar[str] = ".gcode.3mf"

    def __init__(self) -> None:
        knobs = Knobs(speed=SLOW, report_interval_s=0.02)
        self.printer = VirtualPrinter(PrinterConfig(knobs=knobs))

    def on_bench(self) -> AbstractAsyncContextManager[object]:
        return self.printer

    def driver(self, times: Timeouts = TIMES, *, code: str | None = None) -> PrinterDriver:
        return BambuDriver(self.place(code), timeouts=times)

    def place(self, code: str | None) -> Endpoint:
        printer = self.printer
        return Endpoint(
            host=printer.host,
            serial=printer.serial,
            access_code=code or printer.access_code,
            mqtt_port=printer.mqtt_port,
            ftps_port=printer.ftps_port,
            camera_port=printer.camera_port,
        )

    def make_file(self, path: Path) -> None:
        plate = SlicedPlate(prediction_s=MINUTES * 60, layers=LAYERS, used_mg={1: 12_340})
        make_gcode_3mf(path, plates=[plate], padding_bytes=PADDING)

    def turn(self, **knobs: object) -> None:
        self.printer.knobs.turn(knobs)

    def slow_uploads(self) -> None:
        self.printer.knobs.upload_bytes_per_s = 20_000

    def drop(self) -> None:
        self.printer.drop()

    async def lose_link(self) -> None:
        self.printer.drop()

    async def restore_link(self) -> None:
        """Nothing to do: clients may come back at once."""

    async def reboot(self) -> None:
        self.printer.reboot()

    def fill_storage(self, *, is_full: bool) -> None:
        self.printer.knobs.is_card_full = is_full

    def truncate_uploads(self) -> None:
        self.printer.knobs.upload_fate = UploadFate.TRUNCATED

    def block_control(self) -> None:
        self.printer.knobs.auth_mode = AuthMode.BLOCKED_VERBOSE

    def cancel_at_printer(self) -> None:
        self.printer.user_cancel()

    def break_down(self) -> None:
        self.printer.fail(0x0300_8009)

    def start_at_screen(self) -> None:
        self.printer.start_at_screen()

    def jump_clock(self) -> None:
        self.printer.knobs.clock_offset_s = -86_400.0
        self.printer.skip_ahead(MINUTES * 60)

    def stored(self) -> list[str]:
        return sorted(path.name for path in self.printer.folder.glob("*.3mf"))

    def printed(self) -> list[str]:
        return [record.file for record in self.printer.prints]


class BambuCloudRig(BambuRig):
    """A printer of an account that is driven over its LAN; the cloud is there as well."""

    name: ClassVar[str] = "bambu_cloud"
    driver_class: ClassVar[type[PrinterDriver]] = BambuCloudDriver

    def __init__(self) -> None:
        super().__init__()
        self._cloud: BambuCloudSandbox | None = None

    @asynccontextmanager
    async def on_bench(self) -> AsyncIterator[object]:
        account = Account("shop@shop.test", "x", (self.printer.serial,))
        async with self.printer, BambuCloudSandbox([account], [self.printer]) as self._cloud:
            yield self.printer

    def driver(self, times: Timeouts = TIMES, *, code: str | None = None) -> PrinterDriver:
        """With a wrong code the account has run out, too: else the printer would be watched."""
        place = self.place(code)
        return BambuCloudDriver(
            place if code else replace(place, cloud=self._access()), timeouts=times
        )

    def _access(self) -> CloudAccess | None:
        if self._cloud is None:
            return None
        (account,) = self._cloud.world.accounts.values()
        host, _, port = self._cloud.mqtt.partition(":")
        token = self._cloud.world.issue(account)
        return CloudAccess(host, int(port), f"u_{account.uid}", token, str(self._cloud.ca_file))


class PlainRig:
    """The three protocols over HTTP; the network and the machine fail apart from each other."""

    suffix: ClassVar[str] = ".gcode"
    name: ClassVar[str]
    stand_in: ClassVar[type[StandIn]]
    driver_class: ClassVar[type[PolledDriver]]

    def __init__(self) -> None:
        self.printer = self.stand_in(StandInConfig(knobs=PlainKnobs(speed=SLOW)))

    def on_bench(self) -> AbstractAsyncContextManager[object]:
        return self.printer

    def driver(self, times: Timeouts = TIMES, *, code: str | None = None) -> PolledDriver:
        place = Endpoint(
            host=self.printer.host,
            serial=None,
            access_code=self.printer.key if code is None else code,
            http_port=self.printer.port,
            options={"poll_s": ASKED_EVERY_S},
        )
        return self.driver_class(place, timeouts=times)

    def make_file(self, path: Path) -> None:
        path.write_bytes(make_gcode(minutes=MINUTES, layers=LAYERS, padding_bytes=PADDING))

    def turn(self, **knobs: object) -> None:
        self.printer.knobs.turn(knobs)

    def slow_uploads(self) -> None:
        self.printer.knobs.upload_bytes_per_s = 400_000

    def drop(self) -> None:
        self.printer.drop()

    async def lose_link(self) -> None:
        await self.printer.power_off()

    async def restore_link(self) -> None:
        await self.printer.power_on()

    async def reboot(self) -> None:
        await self.printer.reboot()

    def fill_storage(self, *, is_full: bool) -> None:
        self.printer.knobs.capacity_bytes = 1000 if is_full else 100_000_000

    def truncate_uploads(self) -> None:
        self.printer.knobs.truncates_uploads = True

    def block_control(self) -> None:
        self.printer.knobs.refuses_control = True

    def cancel_at_printer(self) -> None:
        self.printer.user_cancel()

    def break_down(self) -> None:
        self.printer.fail()

    def start_at_screen(self) -> None:
        self.printer.start_at_screen()

    def jump_clock(self) -> None:
        self.printer.knobs.clock_offset_s = -86_400.0
        self.printer.skip_ahead(MINUTES * 60)

    def stored(self) -> list[str]:
        return sorted(self.printer.machine.files)

    def printed(self) -> list[str]:
        return [record.file for record in self.printer.machine.prints]


class OctoPrintRig(PlainRig):
    name: ClassVar[str] = "octoprint"
    stand_in: ClassVar[type[StandIn]] = OctoPrintSandbox
    driver_class: ClassVar[type[PolledDriver]] = OctoPrintDriver


class MoonrakerRig(PlainRig):
    name: ClassVar[str] = "moonraker"
    stand_in: ClassVar[type[StandIn]] = MoonrakerSandbox
    driver_class: ClassVar[type[PolledDriver]] = MoonrakerDriver


class PrusaLinkRig(PlainRig):
    name: ClassVar[str] = "prusalink"
    stand_in: ClassVar[type[StandIn]] = PrusaLinkSandbox
    driver_class: ClassVar[type[PolledDriver]] = PrusaLinkDriver


RIGS: dict[str, type[BambuRig] | type[PlainRig]] = {
    rig.name: rig for rig in (BambuRig, BambuCloudRig, OctoPrintRig, MoonrakerRig, PrusaLinkRig)
}
