"""The queue over HTTP, in the reference's words and ours."""

import pytest
from httpx import AsyncClient

from shopwright.fleet import queries as fleet_queries
from shopwright.fleet.states import Outcome
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.print_jobs import dispatch
from tests.clock import START
from tests.workshop import list_jobs, make_recipe, place, ready_printer, report, start


async def test_list_is_a_bare_array_latest_first_filtered_by_status_and_printer(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 2))
        first, _ = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        await start(session, owner, first, printer)
    jobs = (await client.get("/api/print-jobs")).json()
    assert [job["status"] for job in jobs] == ["queued", "printing"]
    printing = jobs[1]
    expected = {
        "id": first.id,
        "product_name": f"#{order.number} item GEAR",
        "printer_id": printer.id,
        "printer_name": printer.name,
        "printer_model": "P1S",
        "printer_ip": "127.0.0.1",
        "priority": "normal",
        "progress_percentage": 10,
        "plates_requested": 1,
        "started_at": "2026-03-02T09:00:00.000Z",
        "completed_at": None,
        "file_name": "GEAR.gcode.3mf",
        "estimated_g": 20,
    }
    assert {key: printing[key] for key in expected} == expected
    queued = (await client.get("/api/print-jobs?status=QUEUED")).json()
    assert [job["id"] for job in queued] == [jobs[0]["id"]]
    of_printer = (await client.get(f"/api/print-jobs?printerId={printer.uuid}")).json()
    assert [job["id"] for job in of_printer] == [first.id]
    page = (await client.get("/api/print-jobs?envelope=data&limit=1&offset=1")).json()
    assert ([job["id"] for job in page["data"]], page["total"]) == ([first.id], 2)
    assert (await client.get("/api/print-jobs?status=lost")).status_code == 400


async def test_waiting_job_is_held_moved_released_and_cancelled(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
    url = f"/api/print-jobs/{job.uuid}"
    held = (await client.post(f"{url}/hold", json={"reason": "wait for silver"})).json()
    assert (held["status"], held["waiting_reason"]) == ("pending", "wait for silver")
    moved = (await client.post(f"{url}/priority", json={"priority": "urgent"})).json()
    assert (moved["priority"], moved["priority_level"]) == ("urgent", 20)
    lower = (await client.post(f"{url}/priority", json={"priority": -3})).json()
    assert (lower["priority"], lower["priority_level"]) == ("low", -3)
    assert (await client.post(f"{url}/release")).json()["status"] == "queued"
    cancelled = (await client.post(f"{url}/cancel", json={"reason": "bent plate"})).json()
    assert (cancelled["status"], cancelled["failure_reason"]) == ("cancelled", "bent plate")
    again = await client.post(f"{url}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "print-job-not-waiting")
    jobs = (await client.get("/api/print-jobs")).json()
    assert [job["status"] for job in jobs] == ["cancelled"]
    order_url = f"/api/orders/{order.id}"
    (hold,) = (await client.get(f"{order_url}/holds")).json()
    assert hold["reason"] == (
        f"The print '#{order.number} item GEAR' was cancelled (bent plate). "
        "Release this hold to have it made anew, or cancel the order."
    )
    assert (await client.delete(f"{order_url}/holds/{hold['id']}")).status_code == 200
    jobs = (await client.get("/api/print-jobs")).json()
    assert [job["status"] for job in jobs] == ["queued", "cancelled"]


async def test_job_is_cancelled_until_its_start_is_sent(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 2))
        first, second = await list_jobs(session, owner)
        unsent = await dispatch.dispatch_job(
            session,
            owner,
            job=first,
            printer_id=(await ready_printer(session, owner)).id,
            now=START,
        )
        sent = await dispatch.dispatch_job(
            session,
            owner,
            job=second,
            printer_id=(await ready_printer(session, owner)).id,
            now=START,
        )
        effect = await effects.find_effect(
            session, owner.organization_id, "start_print", sent.device_job_id
        )
        assert effect is not None
        await effects.begin_sending(session, owner.organization_id, effect.id, START)
    dropped = await client.post(f"/api/print-jobs/{unsent.print_job_id}/cancel")
    assert (dropped.status_code, dropped.json()["status"]) == (200, "cancelled")
    late = await client.post(f"/api/print-jobs/{sent.print_job_id}/cancel")
    assert (late.status_code, late.json()["detail"]) == (
        409,
        "Its start is being sent to the printer. Wait until the printer shows it, then stop it.",
    )


async def test_printing_job_is_stopped_at_the_printer(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await start(session, owner, job, printer)
    stopping = await client.post(f"/api/print-jobs/{job.id}/cancel")
    assert (stopping.status_code, stopping.json()["status"]) == (200, "printing")
    async with database.read() as session:
        commands = await fleet_queries.list_commands(session, owner, printer.id)
    assert [command.kind for command in commands] == ["stop_print", "start_print"]
    async with database.write() as session:  # it ends as cancelled, and does not come back
        await report(session, owner, attempt, outcome=Outcome.CANCELLED)
        assert [job.status for job in await list_jobs(session, owner)] == ["failed"]


@pytest.mark.parametrize("action", ["hold", "release", "priority", "harvest", "resolve"])
async def test_job_at_work_takes_no_other_orders(
    client: AsyncClient, database: Database, owner: Actor, action: str
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        await start(session, owner, job, await ready_printer(session, owner))
    body = {"priority": 1, "good": 1, "answer": "printed"}
    answer = await client.post(f"/api/print-jobs/{job.id}/{action}", json=body)
    assert answer.status_code == 409
    assert (await client.get(f"/api/print-jobs/{job.id}")).json()["status"] == "printing"
