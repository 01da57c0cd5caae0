"""Cloud printers through the real runner: watched, and printing once their LAN is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from httpx import AsyncClient

from shopwright.files.access import files_of
from shopwright.files.disk import DiskFileStore
from shopwright.fleet.cloud.keeper import CloudKeeper
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.print_jobs.dispatcher import Dispatcher
from shopwright.sandbox.bambu import PrintOutcome, VirtualPrinter
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox, SecondStep
from tests.fleet.cloud.conftest import SERIAL, PrinterUntil, _end, running_fleet
from tests.fleet.cloud.test_log_in import ACCOUNTS, begin
from tests.system.shop import Goods, Shop, place
from tests.workshop import list_jobs

WATCHED = (
    "Attic is only watched through Bambu's cloud, which starts no prints: "
    "enter its address on the LAN, and look whether it answers there."
)


async def add_printer(client: AsyncClient) -> int:
    account = await begin(client, SecondStep.NONE)
    added = await client.post(f"{ACCOUNTS}/{account['id']}/printers", json={"serials": [SERIAL]})
    found: int = added.json()[0]["id"]
    return found


async def test_report_of_a_cloud_printer_reaches_its_row(
    client: AsyncClient, process: Process, printer_until: PrinterUntil
) -> None:
    printer_id = await add_printer(client)
    async with running_fleet(process):
        row = await printer_until(printer_id, lambda row: row.connection == "online")
        slots = await client.get(f"/api/printers/{printer_id}/slots")

    assert (row.activity, row.control, row.host) == ("idle", "watched", "")
    assert (row.firmware, row.fingerprint) == ("01.08.00.00", None)
    assert [slot["slot"] for slot in slots.json() if slot["material"] == "PLA"] == [0, 1, 2, 3, 4]


async def test_documented_printer_is_watched_once_an_account_names_it(
    client: AsyncClient, process: Process, printer_until: PrinterUntil
) -> None:
    body = {
        "name": "Main Printer",
        "connection_type": "bambu_cloud",
        "serial_number": SERIAL,
        "access_code": "access_code_from_bambu",
    }
    created = await client.post("/api/bambu/printers", json=body)
    printer_id = created.json()["id"]
    async with running_fleet(process):
        alone = await printer_until(
            printer_id, lambda row: "no Bambu account" in (row.trouble or "")
        )
        await begin(client, SecondStep.NONE)
        named = await printer_until(printer_id, lambda row: row.connection == "online")

    assert (created.status_code, alone.connection) == (201, "offline")
    assert alone.trouble == (
        "Its address on the LAN is not known, and no Bambu account here names it: enter the "
        "address, or log in under Printers, Bambu cloud."
    )
    assert named.control == "watched"


async def test_printer_that_leaves_the_cloud_is_offline_at_once(
    client: AsyncClient, process: Process, printer: VirtualPrinter, printer_until: PrinterUntil
) -> None:
    printer_id = await add_printer(client)
    async with running_fleet(process):
        await printer_until(printer_id, lambda row: row.connection == "online")
        printer.power_off()
        row = await printer_until(printer_id, lambda row: row.connection == "offline")

    assert row.trouble == (
        "The printer is not connected to Bambu's cloud: is it on and in its network?"
    )


async def test_log_in_taken_back_is_said_by_printer_and_account(
    client: AsyncClient,
    process: Process,
    cloud: BambuCloudSandbox,
    accounts: dict[SecondStep, Account],
    printer_until: PrinterUntil,
) -> None:
    printer_id = await add_printer(client)
    async with running_fleet(process):
        await printer_until(printer_id, lambda row: row.connection == "online")
        cloud.revoke(accounts[SecondStep.NONE])
        row = await printer_until(printer_id, lambda row: row.connection == "auth_failed")
        await CloudKeeper(process).look()
        (account,) = (await client.get(ACCOUNTS)).json()
        await begin(client, SecondStep.NONE)
        await printer_until(printer_id, lambda row: row.connection == "online")

    assert row.trouble == (
        "The log-in at Bambu's cloud ran out: log in again under Printers, Bambu cloud."
    )
    assert (account["state"], account["trouble"]) == (
        "log_in_again",
        "Bambu's cloud takes the log-in no more. Log in again.",
    )


@asynccontextmanager
async def dispatching(process: Process) -> AsyncIterator[None]:
    dispatcher = Dispatcher(process.database, process.context.hub, process.clock)
    running = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        await _end(running)


async def waiting_reason(process: Process, owner: Actor) -> str:
    async with asyncio.timeout(10):
        while True:
            async with process.database.write() as session:
                (job,) = await list_jobs(session, owner)
            if job.waiting_reason:
                return job.waiting_reason
            await asyncio.sleep(0.05)


async def test_job_waits_for_the_address_on_the_lan_and_then_prints(
    client: AsyncClient,
    process: Process,
    owner: Actor,
    tmp_path: Path,
    printer: VirtualPrinter,
    printer_until: PrinterUntil,
) -> None:
    files = files_of(process)
    assert isinstance(files, DiskFileStore)
    await Shop(process, files, owner, tmp_path).add_goods(Goods("GEAR", (20_000,)))
    printer_id = await add_printer(client)
    async with running_fleet(process), dispatching(process):
        await printer_until(printer_id, lambda row: row.connection == "online")
        async with process.database.write() as session:
            await place(session, owner, [("GEAR", 1)])
        reason = await waiting_reason(process, owner)
        before = list(printer.prints)
        ports = {"mqtt": printer.mqtt_port, "ftps": printer.ftps_port}
        changed = await client.put(
            f"/api/printers/{printer_id}", json={"ip_address": "127.0.0.1", "ports": ports}
        )
        await printer.until(lambda p: bool(p.prints) and p.prints[0].outcome is not None, 15)
        row = await printer_until(printer_id, lambda row: row.outcome == "finished")

    assert (reason, before, changed.status_code) == (WATCHED, [], 200)
    assert [one.outcome for one in printer.prints] == [PrintOutcome.FINISHED]
    assert (row.fingerprint, row.control) == (printer.fingerprint, "allowed")
