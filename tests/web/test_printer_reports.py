"""The page on what printers do all day: figures, tables and links to files, without script."""

from html import unescape

import pytest
from httpx import AsyncClient

from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.web.report_files import REPORTS
from tests.web.conftest import BrowserAs
from tests.web.test_reports import charts_of
from tests.workshop import list_jobs, make_recipe, place, print_one, ready_printer

HERE = "/reports/printers"


@pytest.fixture
async def browser(browser_as: BrowserAs, member: Actor) -> AsyncClient:
    return await browser_as(member)


@pytest.fixture
async def two_prints(database: Database, owner: Actor) -> int:
    """One good, one not, on two printers; the id of the second."""
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 2))
        for job, outcome, name in zip(
            await list_jobs(session, owner),
            (Outcome.FINISHED, Outcome.FAILED),
            ("Left", "Right <b>"),
            strict=True,
        ):
            printer = await ready_printer(session, owner)
            printer.name = name
            await print_one(session, owner, job, printer, outcome)
    return printer.id


async def test_page_tells_what_printers_made(browser: AsyncClient, two_prints: int) -> None:
    html = (await browser.get(HERE)).text
    assert "Right &lt;b&gt;" in html
    assert ">50.0 %<" in html
    charts = charts_of(html)
    assert charts["reasons"]["labels"] == ["the print failed"]
    assert charts["printers"]["labels"] == ["Left", "Right <b>"]
    assert (await browser.get("/reports")).text.count(HERE) == 1


async def test_files_of_a_choice_hold_the_choice(browser: AsyncClient, two_prints: int) -> None:
    query = f"of=printer:{two_prints}&start=2026-03-01&end=2026-03-31"
    html = unescape((await browser.get(f"{HERE}?{query}")).text)
    assert ">0.0 %<" in html
    asked = f"start=2026-03-01&end=2026-03-31&of=printer%3A{two_prints}"
    for name in ("utilisation.csv", "utilisation.pdf", "production.csv", "print-jobs.csv"):
        assert f"/reports/files/{name}?{asked}" in html
    for path in ("utilisation.csv", "production.csv", "print-jobs.csv"):
        rows = (await browser.get(f"/reports/files/{path}?{asked}")).text
        assert len(rows.splitlines()) == 2
    html = unescape((await browser.get(f"{HERE}?of=model:P1S%26x=1")).text)
    assert "&of=model%3AP1S%26x%3D1" in html
    assert "No printer to tell of" in html


@pytest.mark.parametrize(
    ("query", "status"),
    [("of=printer:999999", 404), ("of=printer:x", 404), ("start=1000-01-01", 400)],
)
async def test_what_is_not_there_is_refused(browser: AsyncClient, query: str, status: int) -> None:
    assert (await browser.get(f"{HERE}?{query}")).status_code == status


async def test_every_report_of_the_pages_is_a_file(browser: AsyncClient, two_prints: int) -> None:
    """Through the pages' own session, which the interface does not take from a link."""
    for name in REPORTS:
        answer = await browser.get(f"/reports/files/{name}.csv?start=2026-03-01&period=weekly")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    pdf = await browser.get("/reports/files/revenue.pdf")
    assert pdf.content.startswith(b"%PDF-1.7")
    for name in ("rent.csv", "revenue.xls", "print-jobs.pdf"):
        assert (await browser.get(f"/reports/files/{name}")).status_code == 404
