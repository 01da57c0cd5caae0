"""What comes late or unasked: nothing is printed twice, and nothing onto a full bed."""

from datetime import timedelta

import pytest
from httpx import AsyncClient

from shopwright.fleet import device_state
from shopwright.fleet import service as fleet
from shopwright.fleet.device_state import Reached
from shopwright.fleet.models import HarvestPolicy, Printer
from shopwright.fleet.port import DeviceReport, Progress
from shopwright.fleet.states import Activity, ConnectionState, Gate, Outcome
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.effects import EffectStatus
from shopwright.print_jobs import attempts, dispatch, harvest, late, queries
from shopwright.print_jobs.attempts import Answer
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus
from tests.clock import START
from tests.workshop import list_jobs, make_recipe, place, print_one, ready_printer, start

LATER = START + timedelta(minutes=5)


async def one_job(session: WriteSession, owner: Actor, quantity: int = 1) -> PrintJob:
    await make_recipe(session, owner, "GEAR")
    await place(session, owner, ("GEAR", quantity))
    return (await list_jobs(session, owner))[0]


async def claim(session: WriteSession, owner: Actor, job: PrintJob, printer: Printer) -> Attempt:
    return await dispatch.dispatch_job(session, owner, job=job, printer_id=printer.id, now=START)


async def send(session: WriteSession, owner: Actor, attempt: Attempt) -> None:
    """Its link owner has begun to send the start."""
    for status in (AttemptStatus.UPLOADING, AttemptStatus.STARTING):
        await attempts.move_on(session, owner, device_job_id=attempt.device_job_id, status=status)
    effect = await effects.find_effect(
        session, owner.organization_id, fleet.START_EFFECT, attempt.device_job_id
    )
    assert effect is not None
    await effects.begin_sending(session, owner.organization_id, effect.id, START)


async def seems_lost(session: WriteSession, owner: Actor, job: PrintJob) -> tuple[Printer, Attempt]:
    """Sent, not shown, and a person saw that it did not print."""
    printer = await ready_printer(session, owner)
    attempt = await claim(session, owner, job, printer)
    await send(session, owner, attempt)
    await attempts.doubt(session, owner, device_job_id=attempt.device_job_id, reason="silence")
    await attempts.resolve_attempt(
        session, owner, job_id=job.id, answer=Answer.DID_NOT_PRINT, now=START
    )
    return printer, attempt


async def shows(
    session: WriteSession,
    owner: Actor,
    printer: Printer,
    device_job_id: str | None,
    activity: Activity,
    outcome: Outcome = Outcome.NONE,
    job_name: str | None = None,
) -> None:
    """A full report as its link stores it."""
    report = DeviceReport(
        observed_at=LATER,
        connection=ConnectionState.ONLINE,
        activity=activity,
        outcome=outcome,
        device_job_id=device_job_id,
        is_full=True,
        progress=Progress(percent=30),
        job_name=job_name,
    )
    await device_state.record_report(
        session,
        owner,
        printer_id=printer.id,
        report=report,
        reached=Reached(device_job_id, 30),
        fingerprint=None,
    )


async def gate_of(session: WriteSession, owner: Actor, printer: Printer) -> Gate:
    return (await fleet.get_printer(session, owner, printer.id)).gate


async def test_job_that_prints_after_all_is_not_printed_twice(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        job = await one_job(session, owner)
        printer, attempt = await seems_lost(session, owner, job)
        await ready_printer(session, owner)
        await shows(session, owner, printer, attempt.device_job_id, Activity.PRINTING)
        (found,) = await list_jobs(session, owner)
        assert (found.status, found.printer_id) == ("printing", printer.id)
        assert await dispatch.dispatch_waiting(session, owner, now=LATER) == 0
        await shows(session, owner, printer, attempt.device_job_id, Activity.IDLE, Outcome.FINISHED)
        (found,) = await list_jobs(session, owner)
        assert found.status == "completed"


async def test_unsent_second_start_is_withdrawn_when_the_first_prints_after_all(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        job = await one_job(session, owner)
        printer, attempt = await seems_lost(session, owner, job)
        second = await claim(session, owner, job, await ready_printer(session, owner))
        await shows(session, owner, printer, attempt.device_job_id, Activity.PRINTING)
        (found,) = await list_jobs(session, owner)
        assert (found.status, found.printer_id) == ("printing", printer.id)
        effect = await effects.find_effect(
            session, owner.organization_id, fleet.START_EFFECT, second.device_job_id
        )
        assert effect is not None
        assert effect.status is EffectStatus.FAILED
        tries = await queries.list_attempts(session, owner, job.id)
        assert [t.status for t in tries] == [AttemptStatus.PRINTING, AttemptStatus.CANCELLED]


async def test_second_print_under_way_goes_on_and_the_first_blocks_its_bed(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        job = await one_job(session, owner)
        printer, attempt = await seems_lost(session, owner, job)
        await fleet.put_back_to_work(session, owner, printer_id=printer.id)
        other = await ready_printer(session, owner)
        await start(session, owner, job, other)
        await shows(session, owner, printer, attempt.device_job_id, Activity.PRINTING)
        (found,) = await list_jobs(session, owner)
        assert (found.status, found.printer_id) == ("printing", other.id)
        assert await gate_of(session, owner, printer) is Gate.NEEDS_CLEARING


async def test_what_was_started_at_the_screen_is_taken_off_before_the_next_job(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await one_job(session, owner)
        printer = await ready_printer(session, owner)
        await shows(session, owner, printer, None, Activity.PRINTING)
        await shows(session, owner, printer, None, Activity.IDLE, Outcome.FINISHED)
        assert await dispatch.dispatch_waiting(session, owner, now=LATER) == 0
        assert await gate_of(session, owner, printer) is Gate.NEEDS_CLEARING
        await fleet.clear_plate(session, owner, printer_id=printer.id)
        await shows(session, owner, printer, None, Activity.IDLE, Outcome.FINISHED)
        assert await gate_of(session, owner, printer) is Gate.READY


@pytest.mark.parametrize("job_id", [None, "4711"])
async def test_print_that_began_and_ended_unseen_lies_on_the_bed(
    database: Database, owner: Actor, job_id: str | None
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        await shows(session, owner, printer, None, Activity.IDLE)
        await device_state.record_loss(
            session, owner, printer_id=printer.id, connection=ConnectionState.OFFLINE,
            sentence="no answer", now=LATER,
        )  # fmt: skip
        ended = (Activity.IDLE, Outcome.FINISHED)
        await shows(session, owner, printer, job_id, *ended, job_name="vase")
        found = await fleet.get_printer(session, owner, printer.id)
        assert (found.gate, found.gate_reason) == (Gate.NEEDS_CLEARING, late.PRINTED_UNSEEN)
        await fleet.clear_plate(session, owner, printer_id=printer.id)
        await shows(session, owner, printer, job_id, *ended, job_name="vase")
        assert await gate_of(session, owner, printer) is Gate.READY


async def test_new_printer_may_show_any_old_job(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        await shows(session, owner, printer, "4711", Activity.IDLE, Outcome.FINISHED, "vase")
        assert await gate_of(session, owner, printer) is Gate.READY


async def test_our_own_print_that_ended_unseen_needs_only_its_harvest(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        job = await one_job(session, owner)
        printer = await ready_printer(session, owner, HarvestPolicy.AUTOMATIC)
        attempt = await claim(session, owner, job, printer)
        await send(session, owner, attempt)
        await shows(session, owner, printer, None, Activity.IDLE)
        await shows(session, owner, printer, attempt.device_job_id, Activity.IDLE, Outcome.FINISHED)
        (found,) = await list_jobs(session, owner)
        assert (found.status, found.good) == ("completed", 1)
        assert await gate_of(session, owner, printer) is Gate.READY


async def test_harvest_of_an_earlier_plate_does_not_clear_the_later_one(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await one_job(session, owner, quantity=2)
        first, second = await list_jobs(session, owner)
        printer = await ready_printer(session, owner)
        await print_one(session, owner, first, printer, Outcome.FINISHED)
        await fleet.clear_plate(session, owner, printer_id=printer.id)
        await print_one(session, owner, second, printer, Outcome.FINISHED)
        await harvest.harvest_job(session, owner, job_id=first.id, good=1, now=LATER)
        assert await gate_of(session, owner, printer) is Gate.NEEDS_CLEARING
        await harvest.harvest_job(session, owner, job_id=second.id, good=1, now=LATER)
        assert await gate_of(session, owner, printer) is Gate.READY


async def test_maintenance_does_not_hide_a_finished_plate(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        job = await one_job(session, owner)
        printer = await ready_printer(session, owner)
        attempt = await start(session, owner, job, printer)
        await fleet.take_out_of_work(session, owner, printer_id=printer.id, reason="noise")
        await shows(session, owner, printer, attempt.device_job_id, Activity.IDLE, Outcome.FINISHED)
        await fleet.put_back_to_work(session, owner, printer_id=printer.id)
        assert await gate_of(session, owner, printer) is Gate.NEEDS_CLEARING
        await fleet.put_back_to_work(session, owner, printer_id=printer.id)
        assert await gate_of(session, owner, printer) is Gate.NEEDS_CLEARING


async def test_person_answers_for_a_printer_that_stays_away(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        job = await one_job(session, owner)
        printer = await ready_printer(session, owner, HarvestPolicy.ASK)
        await start(session, owner, job, printer)
    url = f"/api/print-jobs/{job.id}/resolve"
    too_early = await client.post(url, json={"answer": "printed"})
    assert (too_early.status_code, too_early.json()["code"]) == (409, "attempt-not-unknown")
    async with database.write() as session:
        await device_state.record_loss(
            session,
            owner,
            printer_id=printer.id,
            connection=ConnectionState.OFFLINE,
            sentence="no answer",
            now=LATER,
        )
    answer = await client.post(url, json={"answer": "printed"})
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")


async def test_removed_printer_leaves_no_job_behind(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await one_job(session, owner, quantity=2)
        first, second = await list_jobs(session, owner)
        printing, claimed = [await ready_printer(session, owner) for _ in range(2)]
        await start(session, owner, first, printing)
        await claim(session, owner, second, claimed)
    for printer in (printing, claimed):
        assert (await client.delete(f"/api/printers/{printer.id}")).status_code == 200
    async with database.write() as session:
        jobs = await list_jobs(session, owner)
        assert [(job.status, job.waiting_reason) for job in jobs] == [
            ("printing", None),
            ("queued", "Not started: its printer was removed"),
        ]
        (attempt,) = await queries.list_attempts(session, owner, first.id)
        assert attempt.status is AttemptStatus.UNKNOWN
