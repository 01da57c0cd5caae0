"""Claims: one printer, one job, once, whoever asks and however many ask at once."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from shopwright.inventory.models import Reservation, SlotSpool
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.effects import Effect
from shopwright.kernel.errors import Conflict
from shopwright.orders import holds, stop
from shopwright.print_jobs import dispatch, queries
from shopwright.print_jobs.dispatch import AlreadyClaimed, PrinterUnsuitable
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import JobStatus
from tests.clock import START
from tests.factories import make_job_id, make_spool
from tests.workshop import fresh, list_jobs, make_recipe, place, ready_printer


async def count(database: Database, ctx: Actor, model: type[Attempt] | type[Effect]) -> int:
    async with database.read() as session:
        found = await session.scalar(
            select(func.count(model.id)).where(model.organization_id == ctx.organization_id)
        )
    return found or 0


async def test_eight_dispatches_at_once_start_one_print(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printers = [await ready_printer(session, owner) for _ in range(8)]

    async def send(printer_id: int) -> Attempt:
        async with database.write() as session:
            (queued,) = await list_jobs(session, owner)
            return await dispatch.dispatch_job(
                session, owner, job=queued, printer_id=printer_id, now=START
            )

    results = await asyncio.gather(*(send(p.id) for p in printers), return_exceptions=True)
    assert len([r for r in results if isinstance(r, Attempt)]) == 1
    assert len([r for r in results if isinstance(r, AlreadyClaimed)]) == 7
    assert (await count(database, owner, Attempt), await count(database, owner, Effect)) == (1, 1)
    async with database.write() as session:
        assert [j.status for j in await list_jobs(session, owner)] == [JobStatus.CLAIMED]
    assert job.status is JobStatus.QUEUED  # what was read before is not healed


async def test_eight_jobs_sent_to_one_printer_start_one_print(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 8))
        jobs = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)

    async def send(job: PrintJob) -> Attempt:
        async with database.write() as session:
            return await dispatch.dispatch_job(
                session, owner, job=job, printer_id=printer.id, now=START
            )

    results = await asyncio.gather(*(send(job) for job in jobs), return_exceptions=True)
    assert len([r for r in results if isinstance(r, Attempt)]) == 1
    assert len([r for r in results if isinstance(r, Conflict | IntegrityError)]) == 7
    assert await count(database, owner, Attempt) == 1


async def test_index_alone_keeps_a_printer_at_one_job(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        job_ids = [int(await make_job_id(session, owner)) for _ in range(2)]

    async def claim(job_id: int) -> None:
        async with database.write() as session:
            await session.execute(
                update(PrintJob)
                .where(PrintJob.id == job_id, PrintJob.organization_id == owner.organization_id)
                .values(status=JobStatus.CLAIMED, printer_id=printer.id)
            )

    await claim(job_ids[0])
    with pytest.raises(IntegrityError):
        await claim(job_ids[1])


async def test_dispatch_over_http_says_why_not(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 2))
        first, second = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
    body = {"printerId": printer.uuid}
    sent = await client.post(f"/api/print-jobs/{first.id}/dispatch", json=body)
    assert (sent.status_code, sent.json()["status"], sent.json()["printer_name"]) == (
        200, "claimed", printer.name,
    )  # fmt: skip
    busy = await client.post(f"/api/print-jobs/{second.id}/dispatch", json=body)
    assert (busy.status_code, busy.json()["detail"]) == (409, f"{printer.name} is busy.")
    again = await client.post(f"/api/print-jobs/{first.id}/dispatch", json=body)
    assert (again.status_code, again.json()["code"]) == (409, AlreadyClaimed.code)
    attempts = (await client.get(f"/api/print-jobs/{first.id}/attempts")).json()
    assert [(a["number"], a["status"], a["slots"]) for a in attempts] == [(1, "intended", [1])]


async def test_most_urgent_job_goes_first_and_the_others_say_why_they_wait(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1), priority=3)
        urgent = await place(session, owner, ("GEAR", 1), priority=1)
        printer = await ready_printer(session, owner)
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 1
        waiting, claimed = await list_jobs(session, owner)
    assert (claimed.order_id, claimed.status, claimed.priority) == (urgent.id, "claimed", 10)
    assert (waiting.status, waiting.waiting_reason) == ("queued", f"{printer.name} is busy.")


async def test_hold_keeps_an_orders_jobs_from_being_claimed(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        hold = await holds.hold_order(session, owner, order_id=order.id, reason="address?")
        printer = await ready_printer(session, owner)
        (job,) = await list_jobs(session, owner)
        assert await queries.claim_job(session, owner, job.id, printer.id, START) is None
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 0
        (job,) = await list_jobs(session, owner)
        assert job.waiting_reason == "Its order is held or was stopped."
        await holds.release_hold(session, owner, hold_id=hold.id, now=START)
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 1


async def test_stopped_orders_job_cannot_be_claimed(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        found = await fresh(session, owner, order)
        await stop.cancel_order(session, owner, order=found, reason="no", now=START)
        with pytest.raises(AlreadyClaimed):
            await dispatch.dispatch_job(session, owner, job=job, printer_id=printer.id, now=START)


async def test_claim_promises_the_spools_filament(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        printer = await ready_printer(session, owner)
        spool = await make_spool(session, owner, 20_000)
        session.add(
            SlotSpool(
                organization_id=owner.organization_id,
                printer_id=printer.id,
                slot=1,
                spool_id=spool.id,
                loaded_at=START,
            )
        )
        await session.flush()
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 1
        rows = await session.execute(
            select(Reservation.spool_id, Reservation.amount_mg).where(
                Reservation.organization_id == owner.organization_id
            )
        )
        assert rows.all() == [(spool.id, 20_000)]


async def test_unsuitable_printer_takes_nothing(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        printer.nozzle_um = 600
        await session.flush()
        with pytest.raises(PrinterUnsuitable, match=r"0\.6 mm nozzle"):
            await dispatch.dispatch_job(session, owner, job=job, printer_id=printer.id, now=START)
    assert (await count(database, owner, Attempt), await count(database, owner, Effect)) == (0, 0)
