"""The page of the printer backend: what was sent, what came in, and what a person decides."""

from sqlalchemy import select

from shopwright.fleet import service as fleet
from shopwright.fleet.states import DrivenBy
from shopwright.kernel import effects
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.print_jobs.backend.models import ReceivedJob, SentJob
from shopwright.print_jobs.backend.sending import SEND_EFFECT
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus, ReceivedStatus, SendingStatus
from tests import factories
from tests.clock import START
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of


async def make_sent(database: Database, actor: Actor, status: SendingStatus) -> PrintJob:
    """A job that was offered to the backend, and what came of it."""
    async with database.write() as session:
        printer = await factories.make_printer(session, actor, "Partner X1C")
        printer.driver, printer.driven_by = "printer_backend", DrivenBy.PRINTER_BACKEND
        file = await factories.make_print_file(session, actor)
        job = PrintJob(
            organization_id=actor.organization_id,
            name="Gear for Anna",
            status=JobStatus.PENDING,
            print_file_id=file.id,
            plate_number=1,
            estimated_s=3600,
            estimated_mg=20_000,
            created_by=actor.name,
        )
        session.add(job)
        await session.flush()
        effect = await effects.intend(
            session,
            actor.organization_id,
            kind=SEND_EFFECT,
            key=f"{job.uuid}/1",
            subject_id=job.id,
            request={},
        )
        effect.status = EffectStatus.UNKNOWN
        session.add(
            SentJob(
                organization_id=actor.organization_id,
                print_job_id=job.id,
                printer_id=printer.id,
                effect_id=effect.id,
                status=status,
                detail="Nobody knows.",
                sent_at=START,
            )
        )
    return job


async def sent_status(database: Database, job: PrintJob) -> SendingStatus | None:
    async with database.read() as session:
        found: SendingStatus | None = await session.scalar(
            select(SentJob.status).where(SentJob.print_job_id == job.id),
            execution_options=CROSS_TENANT,
        )
    return found


async def test_page_says_how_to_set_a_backend_up(browser_as: BrowserAs, owner: Actor) -> None:
    browser = await browser_as(owner)
    shown = text_of((await browser.get("/backend")).text)
    assert "PRINTER_BACKEND_URL" in shown
    assert "not set up" in shown
    assert "Nobody has handed over a job yet." in shown


async def test_job_in_doubt_asks_and_the_answer_counts(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    job = await make_sent(database, owner, SendingStatus.UNKNOWN)
    browser = await browser_as(owner)
    assert "Does the backend have it? Gear for Anna" in text_of(
        (await browser.get("/backend")).text
    )

    answered = await browser.post(f"/backend/jobs/{job.id}/answer", data={"has_it": "true"})

    assert answered.status_code in {200, 303}
    assert await sent_status(database, job) is SendingStatus.TAKEN
    page = text_of((await browser.get("/queue")).text)
    assert "The printer backend has it." in page


async def test_viewer_sees_and_decides_nothing(
    browser_as: BrowserAs, viewer: Actor, database: Database
) -> None:
    job = await make_sent(database, viewer, SendingStatus.UNKNOWN)
    browser = await browser_as(viewer)
    page = (await browser.get("/backend")).text
    assert "Gear for Anna" in page
    assert "Yes, it has it" not in page
    refused = await browser.post(f"/backend/jobs/{job.id}/answer", data={"has_it": "true"})
    assert refused.status_code == 403
    assert await sent_status(database, job) is SendingStatus.UNKNOWN


async def test_received_file_is_shown_and_cancelled(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    async with database.write() as session:
        received = await factories.make_received_job(session, owner)
    browser = await browser_as(owner)
    shown = text_of((await browser.get("/backend")).text)
    assert "waits for a device" in shown

    await browser.post(f"/backend/received/{received.id}/cancel")

    async with database.read() as session:
        found = await session.get_one(
            ReceivedJob, received.id, execution_options={"cross_tenant": True}
        )
    assert found.status is ReceivedStatus.CANCELLED


async def test_connections_lead_to_the_printer_backend(browser_as: BrowserAs, owner: Actor) -> None:
    browser = await browser_as(owner)
    assert 'href="/backend"' in (await browser.get("/connections")).text


async def test_printer_of_the_backend_is_added_by_its_name(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    browser = await browser_as(owner)
    added = await browser.post("/backend/printers", data={"name": "Partner X1C", "model": "X1C"})
    assert added.status_code in {200, 303}
    async with database.read() as session:
        (printer,) = await fleet.list_printers(session, owner)
    assert (printer.name, printer.driven_by) == ("Partner X1C", DrivenBy.PRINTER_BACKEND)
    shown = text_of((await browser.get(f"/printers/{printer.id}")).text)
    assert "the printer backend" in shown
