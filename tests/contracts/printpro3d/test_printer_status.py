"""Printer status, as the printer backend's document prints it."""

from datetime import timedelta
from typing import Any

import pytest

from shopwright.accounts.models import Organization
from shopwright.fleet.overdue import OverdueWatch
from shopwright.kernel.actor import Actor
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import NewSample, reading_of
from tests.clock import START, FixedClock
from tests.contracts.printpro3d.backend import Backend
from tests.contracts.printpro3d.documented import assert_documented, covers, like, millis_time
from tests.factories import make_printer
from tests.workshop import list_jobs, start

PRINTED = {
    "status": "printing",
    "progress_percentage": 45.5,
    "current_layer": 120,
    "total_layers": 250,
    "nozzle_temp_current": 218.5,
    "bed_temp_current": 59.8,
    "time_remaining_seconds": 4200,
}
EVERYTHING = PRINTED | {
    "time_elapsed_seconds": 3600,
    "nozzle_temp_target": 220,
    "bed_temp_target": 60,
    "chamber_temp_current": 31.5,
    "print_speed_percentage": 100,
    "flow_rate_percentage": 95,
    "part_cooling_fan_speed": 100,
    "aux_fan_speed": 30,
    "chamber_fan_speed": 0,
    "error_code": "0300-400C",
    "error_message": "the task was cancelled",
    "raw_status_data": {"gcode_state": "RUNNING", "list": [1, 2]},
}
ROW = {
    "id": int,
    "printer_id": int,
    "status": str,
    "current_job_id": int | None,
    "product_id": int | None,
    "progress_percentage": float | None,
    "reported": bool,
    "created_at": millis_time,
}


@covers("POST /api/printer-status")
async def test_status_is_told_as_printed(backend: Backend) -> None:
    printer = await backend.external_printer()
    job = await backend.sent_job(printer)
    await backend.put(f"/api/print-jobs/{job['id']}/status", status="claimed")

    told = await backend.post(
        "/api/printer-status", printer_id=printer.uuid, current_job_id=job["uuid"], **PRINTED
    )

    assert_documented(
        told,
        ROW | like(PRINTED) | {"current_job_id": job["id"], "product_id": job["product_id"],
                               "reported": False},
        201,
    )  # fmt: skip
    shown = (await backend.get(f"/api/printers/{printer.id}")).json()
    assert {name: shown[name] for name in PRINTED} == PRINTED
    assert (shown["current_job"], shown["last_seen_at"]) == ("Gear", "2026-03-02T09:00:00.000Z")
    moved = (await backend.get(f"/api/print-jobs/{job['id']}")).json()
    assert (moved["status"], moved["progress_percentage"], moved["current_layer"]) == (
        "printing", 45, 120,
    )  # fmt: skip
    assert moved["total_layers"] == 250


async def test_status_keeps_everything_that_the_document_lets_it_tell(backend: Backend) -> None:
    printer = await backend.external_printer()
    told = await backend.post("/api/printer-status", printer_id=printer.id, **EVERYTHING)
    assert_documented(told, like(EVERYTHING), 201)
    latest = await backend.get(f"/api/printer-status/latest/{printer.id}")
    assert_documented(latest, like(EVERYTHING))


async def test_a_job_does_not_end_by_the_status_of_its_printer(backend: Backend) -> None:
    printer = await backend.external_printer()
    job = await backend.sent_job(printer)
    await backend.put(f"/api/print-jobs/{job['id']}/status", status="printing")

    for word in ("idle", "error", "offline"):
        told = await backend.post("/api/printer-status", printer_id=printer.id, status=word)
        assert told.status_code == 201
        assert (await backend.get(f"/api/printers/{printer.id}")).json()["status"] == word

    assert (await backend.get(f"/api/print-jobs/{job['id']}")).json()["status"] == "printing"


async def test_word_on_a_printer_we_drive_is_kept_and_moves_nothing(backend: Backend) -> None:
    printer = await backend.own_printer()
    before = (await backend.get(f"/api/printers/{printer.id}")).json()

    told = await backend.post("/api/printer-status", printer_id=printer.id, **PRINTED)

    assert_documented(told, ROW | {"reported": True, "status": "printing"}, 201)
    assert (await backend.get(f"/api/printers/{printer.id}")).json() == before
    history = (await backend.get(f"/api/printer-status/history/{printer.id}")).json()
    assert [(row["status"], row["reported"]) for row in history] == [("printing", True)]
    at = START - timedelta(hours=1)
    intervals = await storage_of(backend.shop.process).list_intervals(
        backend.shop.owner, printer.id, since=at, until=START + timedelta(hours=1)
    )
    assert intervals == []


@covers("GET /api/printer-status/latest/{printer}")
async def test_latest_is_the_newest_with_its_product(backend: Backend) -> None:
    printer = await backend.external_printer()
    url = f"/api/printer-status/latest/{printer.uuid}"
    nothing = await backend.get(url)
    assert (nothing.status_code, nothing.json()["error"]) == (
        404, "Outside has not reported yet.",
    )  # fmt: skip
    job = await backend.sent_job(printer)
    for percent in (10, 20):
        await backend.post(
            "/api/printer-status",
            printer_id=printer.id,
            status="printing",
            current_job_id=job["id"],
            progress_percentage=percent,
        )

    assert_documented(
        await backend.get(url),
        ROW | {"progress_percentage": 20, "current_job_id": job["id"],
               "product_id": job["product_id"]},
    )  # fmt: skip


@covers("GET /api/printer-status/history/{printer}")
async def test_history_is_newest_first_a_hundred_at_a_time(backend: Backend) -> None:
    printer = await backend.own_printer()
    job = await backend.sent_job(printer)
    async with backend.shop.process.database.write() as session:
        (row,) = await list_jobs(session, backend.shop.owner)
        attempt = await start(session, backend.shop.owner, row, printer)
    reports = [
        Snapshot(
            organization_id=printer.organization_id,
            printer_id=printer.id,
            at=START + timedelta(seconds=second),
            connection="online",
            activity="printing",
            percent=float(second % 100),
            device_job_id=attempt.device_job_id,
        )
        for second in range(1005)
    ]
    samples = [NewSample(one.at, reading_of(one)) for one in reports]
    batch = {printer.id: PrinterBatch(reports[-1], samples)}
    await storage_of(backend.shop.process).write(batch)

    url = f"/api/printer-status/history/{printer.uuid}"
    rows = assert_documented(await backend.get(url), [ROW | {"current_job_id": job["id"]}])
    assert [row["id"] for row in rows] == list(range(1005, 905, -1))
    five = (await backend.get(url, limit=5)).json()
    assert [row["id"] for row in five] == [1005, 1004, 1003, 1002, 1001]
    every = (await backend.get(url, limit=1000)).json()
    assert (len(every), every[-1]["id"]) == (1000, 6)
    assert (await backend.get(url, limit=1001)).status_code == 400


async def test_history_holds_exactly_the_newest_thousand_of_what_is_told(backend: Backend) -> None:
    printer = await backend.own_printer()
    storage = storage_of(backend.shop.process)
    known = Snapshot(
        organization_id=printer.organization_id,
        printer_id=printer.id,
        at=START,
        connection="online",
        activity="idle",
    )
    await storage.write(
        {printer.id: PrinterBatch(known, [NewSample(START, reading_of(known))] * 1000)}
    )
    for _ in range(2):
        await backend.post("/api/printer-status", printer_id=printer.id, **PRINTED)
    samples = await storage.list_samples(backend.shop.owner, printer.id)
    assert (len(samples), samples[0].seq, samples[-1].seq) == (1000, 1002, 3)
    assert [sample.reading.is_hearsay for sample in samples[:3]] == [True, True, False]


async def test_printer_of_another_organization_is_not_there(
    backend: Backend, stranger: Actor, other_organization: Organization
) -> None:
    async with backend.shop.process.database.write() as session:
        foreign = await make_printer(session, stranger)
    told = await backend.post("/api/printer-status", printer_id=foreign.uuid, **PRINTED)
    assert told.status_code == 404
    for kind in ("latest", "history"):
        url = f"/api/printer-status/{kind}/{foreign.uuid}"
        assert (await backend.get(url)).status_code == 404
        theirs = await backend.get(url, organizationId=other_organization.uuid)
        assert theirs.status_code == 403
    storage = storage_of(backend.shop.process)
    assert await storage.list_samples(stranger, foreign.id) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "burning"},
        {"status": ""},
        {"progress_percentage": 101},
        {"nozzle_temp_current": 10_000},
        {"current_layer": -1},
        {"error_message": "x" * 501},
        {"raw_status_data": "x" * 20_000},
    ],
)
async def test_impossible_figures_are_refused_and_not_kept(
    backend: Backend, wrong: dict[str, Any]
) -> None:
    printer = await backend.external_printer()
    told = await backend.post("/api/printer-status", **PRINTED | {"printer_id": printer.id} | wrong)
    assert told.status_code == 400
    storage = storage_of(backend.shop.process)
    assert await storage.list_samples(backend.shop.owner, printer.id) == []


async def test_job_that_is_not_there_is_not_reported_on(backend: Backend) -> None:
    printer = await backend.external_printer()
    told = await backend.post(
        "/api/printer-status", printer_id=printer.id, current_job_id=999_999, **PRINTED
    )
    assert told.status_code == 404
    assert (await backend.get(f"/api/printers/{printer.id}")).json()["status"] == "offline"


async def test_printer_nobody_reports_on_is_offline_after_five_minutes(
    backend: Backend, clock: FixedClock
) -> None:
    printer = await backend.external_printer()
    await backend.post("/api/printer-status", printer_id=printer.id, status="idle")
    watch = OverdueWatch(backend.shop.process.database, clock)
    for seconds, word in ((299, "idle"), (1, "offline")):
        clock.advance(seconds=seconds)
        await watch.look()
        assert (await backend.get(f"/api/printers/{printer.id}")).json()["status"] == word
