"""What becomes of a print: proven by reports, settled by a person, counted once."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from shopwright.fleet.models import HarvestPolicy, Printer
from shopwright.fleet.states import Activity, Gate, Outcome
from shopwright.inventory.models import FilamentMovement, Reservation, SlotSpool, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.orders.states import OrderStatus, ProductionStatus, StepStatus
from shopwright.print_jobs import attempts, dispatch, harvest
from shopwright.print_jobs.harvest import NothingToHarvest
from shopwright.print_jobs.models import Attempt
from shopwright.print_jobs.states import AttemptStatus
from tests.clock import START
from tests.factories import make_spool
from tests.workshop import (
    fresh,
    in_stock,
    list_jobs,
    list_steps,
    make_recipe,
    place,
    print_one,
    ready_printer,
    report,
    start,
)


async def load(session: WriteSession, ctx: Actor, printer: Printer, remaining_mg: int) -> Spool:
    spool = await make_spool(session, ctx, remaining_mg)
    session.add(
        SlotSpool(
            organization_id=ctx.organization_id,
            printer_id=printer.id,
            slot=1,
            spool_id=spool.id,
            loaded_at=START,
        )
    )
    await session.flush()
    return spool


async def booked_mg(session: WriteSession, ctx: Actor) -> int:
    used = await session.scalar(
        select(func.sum(-FilamentMovement.delta_mg)).where(
            FilamentMovement.organization_id == ctx.organization_id,
            FilamentMovement.reason == "print",
        )
    )
    return int(used or 0)


async def test_failed_plate_is_remade_and_the_other_plate_is_not(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "LAMP", plates=2)
        order = await place(session, owner, ("LAMP", 1))
        first, second = await list_jobs(session, owner)
        printer = await ready_printer(session, owner, HarvestPolicy.AUTOMATIC)
        await print_one(session, owner, first, printer, Outcome.FINISHED)
        attempt = await start(session, owner, second, printer)
        await report(session, owner, attempt, outcome=Outcome.FAILED, percent=40)
        jobs = await list_jobs(session, owner)
        assert [(j.plate_number, j.status) for j in jobs] == [
            (1, "completed"),
            (2, "failed"),
            (2, "queued"),
        ]
        steps = await list_steps(session, owner)
        assert [(s.plate_number, s.status, s.failures) for s in steps] == [
            (1, StepStatus.GOOD, 0),
            (2, StepStatus.SCRAP, 0),
            (2, StepStatus.ALLOCATED, 1),
        ]
        found = await fresh(session, owner, order)
        assert (found.pieces_good, found.production_status) == (0, ProductionStatus.IN_PROGRESS)


async def test_plate_that_fails_three_times_waits_for_a_person(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        for _ in range(3):
            (job,) = await list_jobs(session, owner, "queued")
            printer = await ready_printer(session, owner)
            await print_one(session, owner, job, printer, Outcome.FAILED)
        (job,) = await list_jobs(session, owner, "queued", "pending")
        assert (job.status, job.waiting_reason) == (
            "pending",
            "This plate failed 3 times in a row. Look at it, then release the job.",
        )


async def test_finished_print_waits_for_its_harvest(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
        assert (await fresh(session, owner, order)).pieces_good == 0
    shown = (await client.get(f"/api/printers/{printer.id}")).json()
    assert (shown["gate"], shown["gate_reason"]) == (
        "needs_clearing", "take the finished plate off",
    )  # fmt: skip
    harvested = await client.post(f"/api/print-jobs/{job.id}/harvest", json={"good": 1})
    assert (harvested.status_code, harvested.json()["good"], harvested.json()["scrap"]) == (
        200, 1, 0,
    )  # fmt: skip
    assert (await client.get(f"/api/printers/{printer.id}")).json()["gate"] == "ready"
    done = (await client.get(f"/api/orders/{order.id}")).json()
    assert (done["status"], done["production_status"], done["pieces_good"]) == (
        "completed", "completed", 1,
    )  # fmt: skip


async def test_harvest_twice_counts_once(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", yields=3)
        order = await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
    url = f"/api/print-jobs/{job.id}/harvest"
    assert (await client.post(url, json={"good": 4})).status_code == 400
    assert (await client.post(url, json={"good": 3})).status_code == 200
    again = await client.post(url, json={"good": 3})
    assert (again.status_code, again.json()["code"]) == (409, NothingToHarvest.code)
    async with database.write() as session:
        assert await in_stock(session, owner) == 2
        assert (await fresh(session, owner, order)).pieces_good == 1


async def test_missing_copies_are_made_again(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", yields=4)
        order = await place(session, owner, ("GEAR", 4))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=job.id, good=3, now=START)
        assert (await fresh(session, owner, order)).pieces_good == 3
        assert len(await list_jobs(session, owner, "queued")) == 1


async def test_grams_of_the_plate_are_booked_once(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        spool = await load(session, owner, printer, 50_000)
        attempt = await print_one(session, owner, job, printer, Outcome.FINISHED)
        await report(session, owner, attempt, outcome=Outcome.FINISHED)
        assert await booked_mg(session, owner) == 20_000
        await session.refresh(spool)
        assert spool.remaining_mg == 30_000
        left = await session.scalar(
            select(func.count(Reservation.id)).where(
                Reservation.organization_id == owner.organization_id
            )
        )
        assert left == 0


async def test_failed_print_books_the_share_it_came_to(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await start(session, owner, job, printer)
        await report(session, owner, attempt, Activity.PRINTING, percent=45)
        await report(session, owner, attempt, outcome=Outcome.CANCELLED, percent=0)
        (failed, _) = await list_jobs(session, owner)
        assert await booked_mg(session, owner) == 9_000
        assert failed.failure_reason == "it was cancelled at the printer"


async def test_start_that_never_happened_returns_the_job(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await dispatch.dispatch_job(
            session, owner, job=job, printer_id=printer.id, now=START
        )
        await attempts.give_back(
            session,
            owner,
            device_job_id=attempt.device_job_id,
            reason="the card is full",
            now=START,
        )
        (job,) = await list_jobs(session, owner)
        assert (job.status, job.printer_id, job.waiting_reason) == (
            "queued", None, "Not started: the card is full",
        )  # fmt: skip


async def doubtful(session: WriteSession, owner: Actor) -> tuple[Printer, Attempt]:
    """A start nobody can prove."""
    await make_recipe(session, owner, "GEAR")
    await place(session, owner, ("GEAR", 1))
    (job,) = await list_jobs(session, owner)
    printer = await ready_printer(session, owner)
    attempt = await dispatch.dispatch_job(session, owner, job=job, printer_id=printer.id, now=START)
    for status in (AttemptStatus.UPLOADING, AttemptStatus.STARTING):
        await attempts.move_on(session, owner, device_job_id=attempt.device_job_id, status=status)
    await attempts.doubt(
        session, owner, device_job_id=attempt.device_job_id, reason="no report showed it"
    )
    return printer, attempt


@pytest.mark.parametrize(
    ("body", "statuses", "gate"),
    [
        ({"answer": "printed"}, ["completed"], Gate.NEEDS_CLEARING),
        ({"answer": "failed", "percent": 50}, ["failed", "queued"], Gate.NEEDS_CLEARING),
        ({"answer": "did_not_print"}, ["queued"], Gate.MAINTENANCE),
    ],
)
async def test_person_settles_what_nothing_proves(
    client: AsyncClient,
    database: Database,
    owner: Actor,
    body: dict[str, Any],
    statuses: list[str],
    gate: Gate,
) -> None:
    async with database.write() as session:
        printer, attempt = await doubtful(session, owner)
    url = f"/api/print-jobs/{attempt.print_job_id}"
    tries = (await client.get(f"{url}/attempts")).json()
    assert [(a["status"], a["reason"]) for a in tries] == [("unknown", "no report showed it")]
    assert (await client.post(f"{url}/resolve", json=body)).status_code == 200
    again = await client.post(f"{url}/resolve", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "attempt-not-unknown")
    jobs = (await client.get("/api/print-jobs")).json()
    assert sorted(job["status"] for job in jobs) == sorted(statuses)
    assert (await client.get(f"/api/printers/{printer.id}")).json()["gate"] == gate


async def test_late_report_proves_what_was_in_doubt(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        _, attempt = await doubtful(session, owner)
        await report(session, owner, attempt, Activity.PRINTING, percent=30)
        (job,) = await list_jobs(session, owner)
        assert job.status == "printing"
        await report(session, owner, attempt, outcome=Outcome.FINISHED)
        (job,) = await list_jobs(session, owner)
        assert job.status == "completed"


async def test_automatic_printer_counts_the_full_yield(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR", yields=2)
        order = await place(session, owner, ("GEAR", 2))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner, HarvestPolicy.AUTOMATIC)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
        found = await fresh(session, owner, order)
        assert (found.status, found.pieces_good) == (OrderStatus.COMPLETED, 2)
        assert printer.gate is Gate.READY
