"""One Shopwright hands its jobs to another one, over real HTTP."""

from collections.abc import AsyncIterator

import pytest

from shopwright.fleet import service as fleet
from shopwright.fleet.models import Printer
from shopwright.fleet.states import Activity, Outcome
from shopwright.kernel.actor import system_actor
from shopwright.print_jobs import dispatch
from shopwright.print_jobs.backend.files import BackendFetcher
from shopwright.print_jobs.backend.keeper import BackendKeeper
from shopwright.print_jobs.states import JobStatus, SendingStatus
from tests.clock import FixedClock
from tests.print_jobs.backend.shop import Server, Shop, backend_settings
from tests.workshop import report


@pytest.fixture
async def near(servers: dict[str, Server], far: Shop, clock: FixedClock) -> AsyncIterator[Shop]:
    key = await far.key("printer_backend")
    settings = backend_settings(f"{far.url}/printer-backend", key)
    async with servers["near"].open_shop(settings) as opened:
        yield opened


@pytest.fixture
def asker(near: Shop) -> BackendKeeper:
    return BackendKeeper(near.process)


async def print_there(far: Shop, printer: Printer, outcome: Outcome | None) -> None:
    """Our dispatcher and printer at the other side; None is half way."""
    ctx = system_actor(far.owner.organization_id)
    async with far.process.database.write() as session:
        (job,) = [one for one in await far.jobs_in(session) if one.status is JobStatus.QUEUED]
        now = far.process.clock.now()
        attempt = await dispatch.dispatch_job(session, ctx, job=job, printer_id=printer.id, now=now)
        await report(session, ctx, attempt, Activity.PRINTING, percent=30)
        if outcome is not None:
            await report(session, ctx, attempt, outcome=outcome)


async def test_job_is_printed_at_the_other_shop_and_its_end_comes_back(
    near: Shop, far: Shop, asker: BackendKeeper, fetcher: BackendFetcher, clock: FixedClock
) -> None:
    machine, printer, job = (
        await far.printer(name="Far"),
        await near.far_printer(),
        await near.job(),
    )
    async with near.process.database.write() as session:
        (await fleet.get_printer(session, near.owner, printer.id)).serial = machine.serial

    sent = await near.send(job, printer)

    assert (sent.status_code, sent.json()["status"]) == (200, "queued"), sent.text
    await fetcher.look()
    (there,) = await far.jobs()
    assert (there.name, there.pinned_printer_id) == (job["product_name"], machine.id)

    await print_there(far, machine, None)
    await asker.look()
    shown = await near.shown(job)
    assert (shown["status"], shown["progress_percentage"]) == ("printing", 30)

    async with far.process.database.write() as session:
        (attempt,) = await far.attempts_in(session)
        await report(session, far.owner, attempt, outcome=Outcome.FINISHED)
    clock.advance(seconds=10)
    await asker.look()
    await asker.look()
    assert (await near.shown(job))["status"] == "completed"
    assert [one.status for one in await near.sent()] == [SendingStatus.ENDED]
    assert len(await far.jobs()) == 1


async def test_sent_twice_after_a_lost_answer_it_is_printed_once(
    near: Shop, far: Shop, fetcher: BackendFetcher
) -> None:
    await far.printer(name="Far")
    printer, job = await near.far_printer(), await near.job()
    async with near.process.database.write() as session:
        (await fleet.get_printer(session, near.owner, printer.id)).serial = None
    first = await near.send(job, printer)
    assert first.status_code == 200, first.text
    (received,) = await far.received()
    async with await far.as_backend() as other:
        again = await other.post(
            "/sendPrintJob",
            json={
                "job_id": job["uuid"],
                "product_id": received.product_id,
                "recipient_id": received.recipient,
                "printer_target": {"printer_name": "Far"},
                "gcode_file": {"url": "http://127.0.0.1:1/x", "file_name": "GEAR.gcode.3mf"},
            },
        )
    assert again.status_code == 200, again.text
    await fetcher.look()
    assert len(await far.jobs()) == 1


async def test_cancelled_at_one_shop_it_is_cancelled_at_the_other(
    near: Shop, far: Shop, asker: BackendKeeper, fetcher: BackendFetcher
) -> None:
    machine, printer, job = (
        await far.printer(name="Far"),
        await near.far_printer(),
        await near.job(),
    )
    async with near.process.database.write() as session:
        (await fleet.get_printer(session, near.owner, printer.id)).serial = machine.serial
    await near.send(job, printer)
    await fetcher.look()
    await near.post(f"/api/print-jobs/{job['uuid']}/cancel")
    await asker.look()
    (there,) = await far.jobs()
    assert there.status is JobStatus.CANCELLED
    assert [one.status for one in await near.sent()] == [SendingStatus.ENDED]


async def test_printer_that_the_other_shop_does_not_have_is_said(near: Shop, far: Shop) -> None:
    printer, job = await near.far_printer("Nowhere"), await near.job()
    refused = await near.send(job, printer)
    assert (refused.status_code, refused.json()["code"]) == (502, "printer-backend-refused")
    assert "None of our printers has the" in refused.json()["detail"]
    assert (await near.row(job)).status is JobStatus.PENDING
    assert await far.received() == []
