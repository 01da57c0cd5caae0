"""Printers, as the shop manager's document prints them."""

from datetime import timedelta
from typing import Any

import pytest

from shopwright.fleet.models import Printer
from shopwright.fleet.states import Activity, ConnectionState
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import StateChange
from tests.clock import START
from tests.contracts.shop_manager.documented import (
    assert_documented,
    covers,
    number,
    plain_time,
)
from tests.contracts.shop_manager.shop import Shop
from tests.workshop import ready_printer

CLOUD = {
    "name": "Main Printer",
    "connection_type": "bambu_cloud",
    "serial_number": "00M09A000000042",
    "access_code": "access_code_from_bambu",
}
LAN = {
    "name": "Main Printer",
    "connection_type": "bambu_lan",
    "api_url": "http://192.168.1.100",
    "access_code": "access_code",
}
PRINTER = {
    "id": int,
    "name": "Main Printer",
    "type": "bambu",
    "connection_type": str,
    "serial_number": str | None,
    "status": str,
    "current_job": str | None,
    "utilization_pct": number,
    "created_at": plain_time,
}


async def printing(shop: Shop) -> Printer:
    """Online, six of the last 24 hours printing, at a job started on its screen."""
    async with shop.process.database.write() as session:
        printer = await ready_printer(session, shop.owner)
        printer.activity, printer.device_job_name = Activity.PRINTING, "Custom Bracket"
    snapshot = Snapshot(
        organization_id=shop.owner.organization_id,
        printer_id=printer.id,
        at=START,
        connection=ConnectionState.ONLINE,
        activity=Activity.PRINTING,
        percent=45,
        nozzle=220,
        bed=60,
        chamber=45,
        remaining_s=1200,
    )
    shop.process.context.keep(LatestSnapshots).put(snapshot)
    began = START - timedelta(hours=6)
    changes = [StateChange("idle", began - timedelta(hours=30), True)]
    changes += [StateChange("preparing", began, False)]
    changes += [StateChange("printing", began + timedelta(hours=1), False)]
    await storage_of(shop.process).write({printer.id: PrinterBatch(snapshot, (), changes)})
    return printer


@covers("GET /api/bambu/printers")
async def test_printers_are_listed(shop: Shop) -> None:
    answer = await shop.client.get("/api/bambu/printers")

    (printer,) = assert_documented(answer, [PRINTER])
    assert printer["status"] == "offline"
    assert answer.headers["cache-control"] == "no-store"


@covers("POST /api/bambu/printers")
@pytest.mark.parametrize("body", [CLOUD, LAN], ids=["cloud", "lan"])
async def test_printer_is_added_as_printed(empty_shop: Shop, body: dict[str, Any]) -> None:
    answer = await empty_shop.client.post("/api/bambu/printers", json=body)

    shape = PRINTER | {"connection_type": body["connection_type"]}
    created = assert_documented(answer, shape, 201)
    assert "access_code" not in created
    assert body["access_code"] not in answer.text
    (listed,) = (await empty_shop.client.get("/api/bambu/printers")).json()
    assert listed["id"] == created["id"]


@covers("GET /api/bambu/printers/{id}/status")
async def test_status_of_a_printing_printer(empty_shop: Shop) -> None:
    printer = await printing(empty_shop)

    answer = await empty_shop.client.get(f"/api/bambu/printers/{printer.id}/status")

    assert_documented(
        answer,
        {
            "id": printer.id,
            "status": "printing",
            "current_job": "Custom Bracket",
            "progress": int,
            "nozzle_temp": 220,
            "bed_temp": 60,
            "chamber_temp": 45,
            "utilization": 25,
            "estimated_time_remaining": 1200,
            "last_updated": plain_time,
        },
    )


async def test_idle_printer_is_online_and_in_maintenance_says_so(empty_shop: Shop) -> None:
    async with empty_shop.process.database.write() as session:
        printer = await ready_printer(session, empty_shop.owner)
    url = f"/api/bambu/printers/{printer.id}/status"
    assert (await empty_shop.client.get(url)).json()["status"] == "online"
    await empty_shop.client.put(f"/api/printers/{printer.id}", json={"status": "MAINTENANCE"})
    assert (await empty_shop.client.get(url)).json()["status"] == "maintenance"
    read = (await empty_shop.client.get(f"/api/printers/{printer.id}")).json()
    await empty_shop.client.put(f"/api/printers/{printer.id}", json=read | {"name": "Renamed"})
    assert (await empty_shop.client.get(url)).json()["status"] == "maintenance"
    await empty_shop.client.put(f"/api/printers/{printer.id}", json={"status": "IDLE"})
    assert (await empty_shop.client.get(url)).json()["status"] == "online"


@covers("DELETE /api/bambu/printers/{id}")
async def test_printer_is_removed(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/bambu/printers")).json()

    answer = await shop.client.delete(f"/api/bambu/printers/{printer['id']}")

    assert_documented(answer, {"message": "Printer deleted"})
    assert (await shop.client.get("/api/bambu/printers")).json() == []


@covers(
    "GET /api/printers",
    "POST /api/printers",
    "GET /api/printers/{id}",
    "PUT /api/printers/{id}",
    "DELETE /api/printers/{id}",
)
async def test_printer_of_any_kind_needs_a_name_only(empty_shop: Shop) -> None:
    client = empty_shop.client
    created = assert_documented(
        await client.post("/api/printers", json={"name": "Prusa"}),
        {"id": int, "name": "Prusa", "type": "network", "status": "offline"},
        201,
    )
    url = f"/api/printers/{created['id']}"
    changed = await client.put(
        url,
        json=created | {"location": "Cellar", "last_maintenance_at": "2026-02-01"},
    )
    assert_documented(changed, {"location": "Cellar", "is_maintenance_due": False})
    assert_documented(await client.get(url), {"last_maintenance_at": "2026-02-01T00:00:00.000Z"})
    assert [p["id"] for p in (await client.get("/api/printers")).json()] == [created["id"]]
    assert (await client.get("/api/bambu/printers")).json() == []
    assert_documented(await client.delete(url), {"message": str})


@covers("GET /api/printers/utilization")
async def test_utilization_is_the_share_of_the_last_day(empty_shop: Shop) -> None:
    printer = await printing(empty_shop)
    await empty_shop.add_printer("Quiet")

    answer = await empty_shop.client.get("/api/printers/utilization")

    used = assert_documented(
        answer, {"printers": [{"printer_id": int, "utilization_pct": number}], "total": 2}
    )
    assert {p["printer_id"]: p["utilization_pct"] for p in used["printers"]}[printer.id] == 25
    assert used["average_utilization_pct"] == 12.5


@covers("GET /api/printers/maintenance")
async def test_maintenance_is_due_after_its_interval(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/printers")).json()
    url = f"/api/printers/{printer['id']}"
    await shop.client.put(url, json={"last_maintenance_at": "2026-01-31T09:00:00"})

    answer = await shop.client.get("/api/printers/maintenance")

    due = assert_documented(
        answer,
        {
            "printers": [{"last_maintenance_at": plain_time, "maintenance_interval_days": 30}],
            "due_count": 1,
        },
    )
    assert due["printers"][0]["next_maintenance_at"] == "2026-03-02T09:00:00"
    await shop.client.put(url, json={"maintenance_interval_days": 31})
    assert (await shop.client.get("/api/printers/maintenance")).json()["due_count"] == 0


@covers(
    "GET /api/printer-connections",
    "POST /api/printer-connections",
    "GET /api/printer-connections/{id}/status",
)
async def test_connection_is_set_and_keeps_its_secrets(shop: Shop) -> None:
    (printer,) = (await shop.client.get("/api/printers")).json()
    body = {
        "printer_id": printer["id"],
        "connection_type": "octoprint",
        "api_url": "http://192.168.1.30:5000",
        "api_key": "0123456789abcdef",
        "webhook_enabled": True,
    }

    answer = await shop.client.post("/api/printer-connections", json=body)

    shape = {
        "id": int,
        "printer_id": printer["id"],
        "connection_type": "octoprint",
        "api_url": "http://192.168.1.30:5000",
        "webhook_enabled": True,
        "status": "disconnected",
    }
    created = assert_documented(answer, shape, 201)
    assert_documented(await shop.client.get("/api/printer-connections"), [shape])
    status = await shop.client.get(f"/api/printer-connections/{created['id']}/status")
    assert_documented(status, shape | {"printer_status": "offline"})
    for told in (answer, status, await shop.client.get("/api/printer-connections")):
        assert "0123456789abcdef" not in told.text
        assert "api_key" not in told.text


@pytest.mark.parametrize(
    "url",
    [
        "ftp://192.168.1.30",
        "http://169.254.169.254/latest",
        "http://2852039166",
        "http://[::ffff:169.254.169.254]",
        "http://metadata.google.internal",
        "http://0.0.0.0",
        "http://me:secret@192.168.1.30",
        "http://192.168.1.30:99999",
        "http://",
    ],
)
async def test_addresses_that_no_printer_has_are_refused(shop: Shop, url: str) -> None:
    (printer,) = (await shop.client.get("/api/printers")).json()
    body = {"printer_id": printer["id"], "connection_type": "octoprint", "api_url": url}

    refused = await shop.client.post("/api/printer-connections", json=body)

    assert (refused.status_code, (await shop.client.get("/api/printers")).json()) == (
        400,
        [printer],
    )
