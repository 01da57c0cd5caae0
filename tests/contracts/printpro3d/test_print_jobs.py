"""Print jobs, as the printer backend's document prints them."""

from datetime import timedelta
from typing import Any

import pytest

from shopwright.print_jobs import dispatch
from tests.clock import START, FixedClock
from tests.contracts.printpro3d.backend import Backend
from tests.contracts.printpro3d.documented import assert_documented, covers, millis_time
from tests.workshop import list_jobs, start

ROW = {
    "id": int,
    "uuid": str,
    "product_id": int,
    "product_name": "Gear",
    "printer_id": int | None,
    "status": str,
    "priority": str,
    "plates_requested": int,
    "ams_configuration": dict | None,
    "progress_percentage": float | int,
    "current_layer": int | None,
    "total_layers": int | None,
    "failure_reason": str | None,
    "actual_print_time_minutes": float | None,
    "actual_filament_used_grams": float | None,
    "notes": str,
    "created_at": millis_time,
}
AMS = {
    "enabled": True,
    "slots": [{"slot_number": 1, "filament_type": "PLA", "filament_color": "Red"}],
}


@covers("POST /api/print-jobs", "POST /api/print-jobs/{job}/send")
async def test_job_is_made_and_sent_as_printed(backend: Backend) -> None:
    printer, product = await backend.own_printer(), await backend.product()

    made = assert_documented(
        await backend.post(
            "/api/print-jobs",
            product_id=product.uuid,
            printer_id=printer.uuid,
            plates_requested=1,
            priority="normal",
            ams_configuration=AMS,
        ),
        ROW
        | {
            "product_id": product.id,
            "printer_id": printer.id,
            "status": "pending",
            "priority": "normal",
            "plates_requested": 1,
            "ams_configuration": AMS,
            "total_layers": None,
            "waiting_reason": "It waits until it is sent to a printer.",
        },
        201,
    )
    sent = await backend.post(f"/api/print-jobs/{made['uuid']}/send", printerId=printer.uuid)

    assert_documented(sent, ROW | {"status": "queued", "queued_at": "2026-03-02T09:00:00.000Z"})
    again = await backend.post(f"/api/print-jobs/{made['uuid']}/send", printerId=printer.uuid)
    assert (again.status_code, again.json()["error"]) == (
        409, "The job is queued; only a pending one can be sent.",
    )  # fmt: skip


async def test_sent_job_is_started_by_the_dispatcher_on_that_printer(backend: Backend) -> None:
    printer = await backend.own_printer()
    await backend.own_printer()
    job = await backend.sent_job(printer, ams_configuration=AMS)

    async with backend.shop.process.database.write() as session:
        assert await dispatch.dispatch_waiting(session, backend.shop.owner, now=START) == 1

    read = (await backend.get(f"/api/print-jobs/{job['id']}")).json()
    assert (read["status"], read["printer_id"]) == ("claimed", printer.id)


@pytest.mark.parametrize(
    ("told", "word", "level"),
    [("low", "low", -10), ("Normal", "normal", 0), ("high", "high", 10), ("URGENT", "urgent", 20)],
)
async def test_priority_words_stand_for_one_number(
    backend: Backend, told: str, word: str, level: int
) -> None:
    job = await backend.job(await backend.external_printer(), priority=told)
    assert (job["priority"], job["priority_level"]) == (word, level)


async def test_plates_requested_are_one_job_each_and_are_sent_and_cancelled_together(
    backend: Backend,
) -> None:
    printer = await backend.own_printer()
    job = await backend.sent_job(printer, plates_requested=3, notes="gift")

    jobs = (await backend.get("/api/print-jobs")).json()
    assert [(one["status"], one["plates_requested"], one["notes"]) for one in jobs] == [
        ("queued", 3, "gift")
    ] * 3
    await backend.post(f"/api/print-jobs/{job['id']}/cancel")
    assert {one["status"] for one in (await backend.get("/api/print-jobs")).json()} == {"cancelled"}


async def test_product_without_a_plate_is_kept_and_cannot_be_sent(backend: Backend) -> None:
    printer = await backend.own_printer()
    product = await backend.product("EMPTY", plates=0)
    job = (await backend.post("/api/print-jobs", product_id=product.id)).json()

    refused = await backend.post(f"/api/print-jobs/{job['id']}/send", printerId=printer.id)

    assert (refused.status_code, refused.json()["error"]) == (
        409,
        "Nothing says how Gear is printed. Give its recipe a print step with a file.",
    )
    assert (await backend.get(f"/api/print-jobs/{job['id']}")).json()["status"] == "pending"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"product_id": "nothing"}, 400),
        ({"product_id": 999_999}, 404),
        ({"product_id": "own", "printer_id": 999_999}, 404),
        ({"product_id": "own", "priority": "soon"}, 400),
        ({"product_id": "own", "plates_requested": 0}, 400),
        ({"product_id": "own", "ams_configuration": {"slots": [{"slot_number": 25}]}}, 400),
    ],
)
async def test_impossible_jobs_are_refused_and_not_stored(
    backend: Backend, body: dict[str, Any], status: int
) -> None:
    if body.get("product_id") == "own":
        body = body | {"product_id": (await backend.product()).id}
    assert (await backend.post("/api/print-jobs", **body)).status_code == status
    assert (await backend.get("/api/print-jobs")).json() == []


@covers("GET /api/print-jobs", "GET /api/print-jobs/{job}")
async def test_jobs_are_listed_with_their_printers(backend: Backend) -> None:
    outside, own = await backend.external_printer(), await backend.own_printer()
    first = await backend.job(outside)
    second = await backend.sent_job(own, sku="BOLT")

    rows = assert_documented(
        await backend.get("/api/print-jobs"),
        [ROW | {"product_name": str, "printer_name": str, "printer_model": "P1S"}],
    )
    assert [row["id"] for row in rows] == [second["id"], first["id"]]
    queued = (await backend.get("/api/print-jobs", status="queued")).json()
    assert [row["id"] for row in queued] == [second["id"]]
    of_printer = (await backend.get("/api/print-jobs", printerId=outside.uuid)).json()
    assert [row["id"] for row in of_printer] == [first["id"]]
    page = (await backend.get("/api/print-jobs", limit=1, offset=1)).json()
    assert [row["id"] for row in page] == [first["id"]]
    assert_documented(
        await backend.get(f"/api/print-jobs/{first['uuid']}"), ROW | {"printer_ip": "127.0.0.1"}
    )


@covers("PUT /api/print-jobs/{job}/status")
async def test_word_of_the_program_outside_is_the_report(
    backend: Backend, clock: FixedClock
) -> None:
    printer = await backend.external_printer()
    job = await backend.sent_job(printer)
    url = f"/api/print-jobs/{job['uuid']}/status"

    printing = await backend.put(
        url, status="printing", progress_percentage=45.5, current_layer=120
    )
    assert_documented(
        printing,
        ROW | {"status": "printing", "progress_percentage": 45, "current_layer": 120,
               "started_at": "2026-03-02T09:00:00.000Z", "completed_at": None,
               "claimed_by": "Owner"},
    )  # fmt: skip
    assert (await backend.put(url, status="paused")).json()["status"] == "paused"
    clock.moment = START + timedelta(minutes=90)
    done = await backend.put(url, status="completed", progress_percentage=100)
    assert_documented(
        done,
        ROW | {"status": "completed", "progress_percentage": 100,
               "actual_print_time_minutes": 90.0, "actual_filament_used_grams": 20.0,
               "completed_at": "2026-03-02T10:30:00.000Z"},
    )  # fmt: skip
    back = await backend.put(url, status="printing")
    assert (back.status_code, back.json()["error"]) == (
        409, "The job is completed; it cannot become printing.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["claimed", "preparing", "printing", "failed"], "failed"),
        (["printing", "cancelled"], "cancelled"),
        (["completed"], "completed"),
        (["CLAIMED"], "claimed"),
    ],
)
async def test_programs_outside_may_leave_words_out(
    backend: Backend, words: list[str], status: str
) -> None:
    job = await backend.sent_job(await backend.external_printer())
    for word in words:
        said = await backend.put(
            f"/api/print-jobs/{job['id']}/status", status=word, failure_reason="it came off"
        )
        assert (said.status_code, said.json()["status"]) == (200, word.lower())
    read = (await backend.get(f"/api/print-jobs/{job['id']}")).json()
    assert read["status"] == status
    assert read["failure_reason"] == ("it came off" if status in {"failed", "cancelled"} else None)


async def test_word_on_a_printer_we_drive_moves_nothing(backend: Backend) -> None:
    printer = await backend.own_printer()
    job = await backend.sent_job(printer)
    async with backend.shop.process.database.write() as session:
        (row,) = await list_jobs(session, backend.shop.owner)
        await start(session, backend.shop.owner, row, printer)

    said = await backend.put(f"/api/print-jobs/{job['id']}/status", status="completed")

    assert (said.status_code, said.json()["status"]) == (200, "printing")
    wrong = await backend.put(f"/api/print-jobs/{job['id']}/status", status="burnt")
    assert wrong.status_code == 400


async def test_job_without_a_printer_has_no_status_to_report(backend: Backend) -> None:
    product = await backend.product()
    job = (await backend.post("/api/print-jobs", product_id=product.id)).json()
    said = await backend.put(f"/api/print-jobs/{job['id']}/status", status="printing")
    assert (said.status_code, said.json()["code"]) == (409, "print-job-without-printer")


@covers("POST /api/print-jobs/{job}/cancel")
async def test_job_is_cancelled_once(backend: Backend) -> None:
    job = await backend.job(await backend.external_printer())
    url = f"/api/print-jobs/{job['uuid']}/cancel"

    assert_documented(await backend.post(url), ROW | {"status": "cancelled"})

    again = await backend.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "print-job-not-waiting")


@covers("DELETE /api/print-jobs/{job}")
async def test_deleted_job_is_hidden_but_a_printing_one_stays(backend: Backend) -> None:
    printer = await backend.external_printer()
    printing, waiting = await backend.sent_job(printer), await backend.job(printer, sku="BOLT")
    await backend.put(f"/api/print-jobs/{printing['id']}/status", status="printing")

    refused = await backend.delete(f"/api/print-jobs/{printing['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "print-job-printing")
    assert_documented(await backend.delete(f"/api/print-jobs/{waiting['id']}"), {"message": str})

    shown = (await backend.get("/api/print-jobs")).json()
    assert [row["id"] for row in shown] == [printing["id"]]
    assert (await backend.get(f"/api/print-jobs/{waiting['id']}")).status_code == 404
    assert (await backend.delete(f"/api/print-jobs/{waiting['id']}")).status_code == 404


async def test_job_for_the_printer_backend_stays_pending_while_none_is_set_up(
    backend: Backend,
) -> None:
    made = await backend.post("/api/printers", name="Far", connection_type="printer_backend")
    printer = made.json()
    product = await backend.product()
    job = (await backend.post("/api/print-jobs", product_id=product.id)).json()

    sent = await backend.post(f"/api/print-jobs/{job['id']}/send", printerId=printer["id"])

    assert (sent.status_code, sent.json()["code"]) == (409, "printer-backend-not-set-up")
    assert (await backend.get(f"/api/print-jobs/{job['id']}")).json()["status"] == "pending"
