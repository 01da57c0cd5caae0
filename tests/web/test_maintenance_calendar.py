"""The maintenance calendar: what is expected, due and done on which day, and what months cost."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from httpx import AsyncClient

from shopwright.fleet.maintenance.models import MaintenanceTask
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.web.reads.maintenance_calendar import read_month
from tests.clock import START
from tests.web.conftest import BrowserAs
from tests.web.test_reports import charts_of
from tests.workshop import ready_printer

HERE = "/maintenance/calendar"


@pytest.fixture
async def browser(browser_as: BrowserAs, owner: Actor) -> AsyncClient:
    return await browser_as(owner)


@pytest.fixture
async def tasks(browser: AsyncClient, database: Database, owner: Actor) -> None:
    """A plan, something late, something done at 23:30 UTC on the last of January, something paid in
    dollars, something skipped."""
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        printer.name = "P1S"
    shown = {"hx-request": "true"}
    form = {"name": "Oil <rods>", "aim": f"printer:{printer.id}", "every_days": "10"}
    made = await browser.post("/maintenance/plans", data=form, headers=shown)
    assert "is planned" in made.text
    ended = TaskStatus.DONE, datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    rows = [
        ("Clean", TaskStatus.OPEN, None, START - timedelta(days=3), 0, "EUR"),
        ("Nozzle", *ended, START, 1250, "EUR"),
        ("Belt", TaskStatus.DONE, START - timedelta(hours=1), START, 900, "USD"),
        ("Fan", TaskStatus.SKIPPED, START, START, 0, "EUR"),
    ]
    async with database.write() as session:
        for title, status, ended_at, due_at, cost, currency in rows:
            task = MaintenanceTask(
                organization_id=owner.organization_id,
                printer_id=printer.id,
                title=title,
                status=status,
                due_at=due_at,
                created_by="owner",
                minutes=20 if cost else None,
                cost_minor=cost,
                currency=currency,
                ended_by="owner" if ended_at else None,
                ended_at=ended_at,
            )
            session.add(task)


def days_of(html: str) -> dict[str, list[str]]:
    """What stands on each day that has something on it."""
    found = {}
    for day in re.split(r'<div class="month-day', html)[1:]:
        on = re.sub(
            r"<[^>]*>", "", day.partition('<span class="month-date">')[2].partition("\n")[0]
        )
        entries = re.findall(r'title="([^"]*)"', day.partition('class="box-body')[0])
        if entries:
            found[" ".join(on.split())] = entries
    return found


async def test_month_shows_what_is_expected_due_and_done(browser: AsyncClient, tasks: None) -> None:
    assert days_of((await browser.get(HERE)).text) == {
        "Mon 2": [
            "done: Belt, P1S, 9.00 USD",
            "skipped: Fan, P1S",
            "due: Clean, P1S, since 27 Feb",
        ],
        "Thu 12": ["expected: Oil &lt;rods&gt;, P1S"],
    }
    before = days_of((await browser.get(f"{HERE}?month=2026-01")).text)
    assert before == {"Sat 31": ["done: Nozzle, P1S, 12.50 EUR"]}
    assert "Nothing in this month" in (await browser.get(f"{HERE}?month=2024-02")).text


async def test_months_tell_what_maintenance_cost(browser: AsyncClient, tasks: None) -> None:
    html = (await browser.get(HERE)).text
    costs = charts_of(html)["costs"]
    assert costs["labels"][::11] == ["Apr", "Mar"]
    assert costs["series"] == [
        {"label": "", "tone": "amber", "values": [0.0] * 9 + [12.5, 0.0, 0.0]}
    ]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    assert cells == ["Mar 2026", "1", "20", "9.00 USD", "Jan 2026", "1", "20", "12.50 EUR"]


async def test_history_is_a_file_of_the_page(browser: AsyncClient, tasks: None) -> None:
    table = await browser.get("/maintenance/history.csv")
    assert len(table.text.splitlines()) == 4
    assert "/maintenance/history.csv" in (await browser.get("/maintenance")).text
    assert HERE in (await browser.get("/maintenance")).text


@pytest.mark.parametrize("month", ["soon", "2026-13", "0001-01", "9999-12"])
async def test_month_that_is_none_is_refused(browser: AsyncClient, month: str) -> None:
    assert (await browser.get(f"{HERE}?month={month}")).status_code == 400


def test_without_a_month_it_is_this_one() -> None:
    assert read_month("", date(2026, 3, 2)) == date(2026, 3, 1)
    assert read_month("2025-12", date(2026, 3, 2)) == date(2025, 12, 1)
