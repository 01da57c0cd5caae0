"""Every kind of printer that announces itself is heard on this machine, and nothing else is."""

import asyncio
import socket
from collections.abc import Callable
from uuid import uuid4

import pytest

from shopwright.drivers.bambu import nearby as bambu
from shopwright.drivers.moonraker import nearby as moonraker
from shopwright.drivers.octoprint import nearby as octoprint
from shopwright.fleet.discovery.port import Announced, Listener, Nearby
from shopwright.fleet.port import DriverError
from shopwright.sandbox.bambu import Announcing, PrinterConfig, VirtualPrinter
from shopwright.sandbox.moonraker import MoonrakerSandbox
from shopwright.sandbox.octoprint import OctoPrintSandbox
from shopwright.sandbox.plain.server import StandIn, StandInConfig

LOOPBACK = "127.0.0.1"
PATIENCE_S = 30.0


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, 0))
        port: int = sock.getsockname()[1]
    return port


async def hear(
    listen: Listener, nearby: Nearby, wanted: Callable[[Announced], bool], count: int = 1
) -> list[Announced]:
    """The first of those wanted, in the order they were heard."""
    heard: list[Announced] = []
    enough = asyncio.Event()

    def tell(found: Announced) -> None:
        if wanted(found):
            heard.append(found)
            if len(heard) >= count:
                enough.set()

    listening = asyncio.create_task(listen(nearby, tell))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await enough.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    return heard


async def test_a_bambu_printer_answers_whoever_asks_and_says_its_ports() -> None:
    port = free_port()
    quiet = Announcing(ports=(port,), interval_s=3600)
    config = PrinterConfig(serial="01P00ANEARBY001", name="left", announces=quiet)
    async with VirtualPrinter(config) as printer:
        assert printer.camera_port is not None
        (found,) = await hear(bambu.listen, Nearby(LOOPBACK, (port,)), lambda _: True)
        assert found == Announced(
            driver="bambu_lan",
            host=LOOPBACK,
            name="left",
            ports={
                "mqtt": printer.mqtt_port,
                "ftps": printer.ftps_port,
                "camera": printer.camera_port,
            },
            serial="01P00ANEARBY001",
            model="C12",
            firmware="01.08.00.00",
        )


async def test_a_bambu_printer_is_heard_again_and_again_without_being_asked() -> None:
    port, other = free_port(), free_port()
    chatty = Announcing(ports=(port,), interval_s=0.05)
    async with VirtualPrinter(PrinterConfig(announces=chatty)):
        heard = await hear(bambu.listen, Nearby(LOOPBACK, (other, port)), lambda _: True, count=3)
    assert {found.serial for found in heard} == {"01P00A000000001"}


async def test_a_printer_that_is_switched_off_keeps_quiet() -> None:
    port = free_port()
    how = Announcing(ports=(port,), interval_s=0.02)
    off = PrinterConfig(serial="01P00AOFF000001", announces=how)
    on = PrinterConfig(serial="01P00AON0000001", announces=how)
    async with VirtualPrinter(off) as silent, VirtualPrinter(on):
        silent.power_off()
        heard = await hear(bambu.listen, Nearby(LOOPBACK, (port,)), lambda _: True, count=5)
    assert {found.serial for found in heard} == {"01P00AON0000001"}


async def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(DriverError, match="is no address of this machine"):
        await bambu.listen(Nearby("203.0.113.7", (free_port(),)), lambda _: None)
    with pytest.raises(DriverError, match="mDNS"):
        await octoprint.listen(Nearby("203.0.113.7"), lambda _: None)


@pytest.mark.parametrize(
    ("listen", "kind", "model", "version"),
    [
        (octoprint.listen, OctoPrintSandbox, "MK4", "1.11.8"),
        (moonraker.listen, MoonrakerSandbox, None, "v0.9.3-1"),
    ],
)
async def test_programs_behind_other_printers_are_heard_by_mdns(
    listen: Listener, kind: type[StandIn], model: str | None, version: str
) -> None:
    name = f"workhorse-{uuid4().hex[:8]}"  # other tests announce on this machine as well
    async with kind(StandInConfig(name=name, announces_on=LOOPBACK)) as machine:
        (found,) = await hear(listen, Nearby(LOOPBACK), lambda one: one.name == name)
    assert found == Announced(
        driver=kind.kind,
        host=LOOPBACK,
        name=name,
        ports={"http": machine.port},
        model=model,
        firmware=version,
    )
