"""Pages about prints that were asked for, plates judged anew, and printers to be maintained."""

from datetime import timedelta

from httpx import AsyncClient

from shopwright.fleet.models import HarvestPolicy
from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.print_jobs.scheduled import service as scheduled
from shopwright.print_jobs.scheduled.service import PrintRequest
from tests.clock import START, FixedClock
from tests.factories import make_printer
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of
from tests.workshop import (
    fresh,
    list_jobs,
    make_recipe,
    place,
    print_one,
    ready_printer,
)


async def test_queue_shows_the_time_and_the_printer_somebody_asked_for(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner, "Right")
        wanted = PrintRequest(
            printer.id, "Bracket", "bracket.3mf", not_before=START + timedelta(hours=5)
        )
        await scheduled.schedule_print(session, owner, wanted=wanted, now=START)
    browser = await browser_as(owner)
    text = text_of((await browser.get("/queue")).text)
    assert "14:00 for Right" in text
    assert "It waits for its time: 2 March 2026, 14:00." in text


async def test_harvested_plate_is_counted_anew_from_the_history(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1))
        (job,) = await list_jobs(session, owner)
        printer = await ready_printer(session, owner, HarvestPolicy.AUTOMATIC)
        await print_one(session, owner, job, printer, Outcome.FINISHED)
    browser: AsyncClient = await browser_as(owner)
    path = f"/queue/{job.id}/revise"
    assert path in (await browser.get("/queue/history")).text
    answer = await browser.post(path, data={"good": "0"}, headers={"HX-Request": "true"})
    assert "Counted anew: 0 good, 1 scrap: owed again." in answer.text
    async with database.write() as session:
        assert (await fresh(session, owner, order)).pieces_good == 0


async def test_printer_page_says_how_much_it_printed_and_when_it_is_due(
    browser_as: BrowserAs, owner: Actor, database: Database, clock: FixedClock
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        printer.last_maintenance_at = START - timedelta(days=31)
    browser = await browser_as(owner)
    path = f"/printers/{printer.id}"
    text = text_of((await browser.get(path)).text)
    assert "Last 24 hours 0 % printing" in text
    assert "Next due since 1 Mar" in text
    await browser.post(f"{path}/maintained")
    assert "Next due 1 Apr" in text_of((await browser.get(path)).text)
