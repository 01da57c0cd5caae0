"""A cloud printer's two ways: its LAN where that answers, else watched through the cloud."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from shopwright.drivers.bambu.cloud import WATCHED, BambuCloudDriver
from shopwright.drivers.bambu.cloud_client import LOG_IN_AGAIN, NO_ACCOUNT
from shopwright.drivers.bambu.codec import Ack, Request
from shopwright.drivers.bambu.errors import CredentialRejected, LinkFailed
from shopwright.fleet.port import (
    CloudAccess,
    DeviceCommand,
    DeviceReport,
    Endpoint,
    Finding,
    Refused,
    RemoteFile,
    SlotMap,
    Timeouts,
)
from shopwright.sandbox.bambu import GcodeState, Knobs, PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox

SERIAL = "01P00A000000042"
TIMES = Timeouts(connect_s=2, command_s=3, silence_s=5)


@pytest.fixture
async def printer() -> AsyncIterator[VirtualPrinter]:
    knobs = Knobs(report_interval_s=0.05)
    async with VirtualPrinter(PrinterConfig(SERIAL, knobs=knobs)) as virtual:
        yield virtual


@pytest.fixture
async def cloud(printer: VirtualPrinter) -> AsyncIterator[BambuCloudSandbox]:
    mine = Account("mine@shop.test", "x", (SERIAL,))
    other = Account("other@shop.test", "x", ())
    async with BambuCloudSandbox([mine, other], [printer]) as sandbox:
        yield sandbox


def access(cloud: BambuCloudSandbox, email: str = "mine@shop.test") -> CloudAccess:
    account = cloud.world.accounts[email]
    host, _, port = cloud.mqtt.partition(":")
    token = cloud.world.issue(account)
    return CloudAccess(host, int(port), f"u_{account.uid}", token, str(cloud.ca_file))


def on_lan(printer: VirtualPrinter, cloud: CloudAccess | None, port: int | None = None) -> Endpoint:
    return Endpoint(
        "127.0.0.1", SERIAL, printer.access_code, port or printer.mqtt_port, printer.ftps_port,
        cloud=cloud,
    )  # fmt: skip


async def seen(driver: BambuCloudDriver, holds: Callable[[DeviceReport], bool]) -> DeviceReport:
    async with asyncio.timeout(8), contextlib.aclosing(driver.reports()) as reports:
        async for report in reports:
            if holds(report):
                return report
    raise AssertionError


async def refusal(endpoint: Endpoint) -> Exception:
    with pytest.raises((LinkFailed, CredentialRejected)) as caught:
        await BambuCloudDriver(endpoint, timeouts=TIMES).__aenter__()
    return caught.value


async def test_without_an_address_it_is_watched_and_commanded_by_nobody(
    printer: VirtualPrinter, cloud: BambuCloudSandbox
) -> None:
    endpoint = Endpoint("", SERIAL, printer.access_code, cloud=access(cloud))
    async with BambuCloudDriver(endpoint, timeouts=TIMES) as driver:
        report = await seen(driver, lambda report: report.is_full)
        answer = await driver.run(DeviceCommand("pause_print"))
        with pytest.raises(LinkFailed, match="only watched"):
            await driver.start(
                RemoteFile("/x", 1), plate=1, slots=SlotMap((1,)), device_job_id="1", job_name="x"
            )
        diagnosis = await driver.diagnose()

    assert (report.control, report.native, driver.fingerprint) == ("watched", "IDLE", None)
    assert answer == Refused(WATCHED)
    assert [(step.name, step.finding) for step in diagnosis.steps] == [("Bambu cloud", Finding.OK)]


async def test_address_that_answers_is_preferred(
    printer: VirtualPrinter, cloud: BambuCloudSandbox
) -> None:
    async with BambuCloudDriver(on_lan(printer, access(cloud)), timeouts=TIMES) as driver:
        report = await seen(driver, lambda report: report.is_full)

    assert (report.control, cloud.broker.sessions) == ("unknown", set())


async def test_it_goes_over_to_the_lan_when_that_answers_again(
    printer: VirtualPrinter, cloud: BambuCloudSandbox
) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    endpoint = on_lan(printer, access(cloud), port)
    async with BambuCloudDriver(endpoint, timeouts=TIMES, lan_again_s=0.2) as driver:
        watched = await seen(driver, lambda report: report.is_full)
        async with relay(port, printer.mqtt_port):
            driven = await seen(driver, lambda r: r.is_full and r.control != "watched")

    assert (watched.control, driven.control, driven.is_full) == ("watched", "unknown", True)


@contextlib.asynccontextmanager
async def relay(port: int, to: int) -> AsyncIterator[None]:
    """What comes to one port goes to another."""
    pumps: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(65_536):
                sink.write(chunk)
        except OSError:
            pass
        finally:
            sink.close()
            with contextlib.suppress(OSError):
                await sink.wait_closed()

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        far_source, far_sink = await asyncio.open_connection("127.0.0.1", to)
        pumps.update(
            (
                asyncio.create_task(pump(source, far_sink)),
                asyncio.create_task(pump(far_source, sink)),
            )
        )

    server = await asyncio.start_server(pass_on, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in pumps:
            task.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def test_what_is_wrong_is_said_in_words(
    printer: VirtualPrinter, cloud: BambuCloudSandbox
) -> None:
    good = access(cloud)
    revoked = access(cloud)
    alone = Endpoint("", SERIAL, "", cloud=None)
    cloud.world.revoke(cloud.world.accounts["mine@shop.test"])
    other = access(cloud, "other@shop.test")

    assert str(await refusal(alone)) == NO_ACCOUNT
    assert str(await refusal(Endpoint("", SERIAL, "", cloud=revoked))) == LOG_IN_AGAIN
    assert str(await refusal(Endpoint("", SERIAL, "", cloud=other))) == (
        f"Bambu's cloud shows no reports for serial {SERIAL}: is it bound to this account?"
    )
    untrusted = CloudAccess(good.host, good.port, good.user, good.token, None)
    assert "certificate verify failed" in str(
        await refusal(Endpoint("", SERIAL, "", cloud=untrusted))
    ).lower().replace("_", " ")


async def test_cloud_moves_no_printer_whatever_is_sent_there(
    printer: VirtualPrinter, cloud: BambuCloudSandbox
) -> None:
    printer.knobs.speed = 30  # 20 s of printing
    printer.start_at_screen()
    await printer.until(lambda p: p.machine.state is GcodeState.RUNNING)
    endpoint = Endpoint("", SERIAL, "", cloud=access(cloud))
    async with BambuCloudDriver(endpoint, timeouts=TIMES) as driver:
        await seen(driver, lambda report: report.is_full)
        session = driver._cloud
        assert session is not None
        with session.listen() as feed:
            session.send(Request("print", "stop"))
            async with asyncio.timeout(5):
                while not isinstance(event := await feed.next(), Ack):
                    continue

    assert (event.verdict, printer.machine.state) == ("blocked", GcodeState.RUNNING)
