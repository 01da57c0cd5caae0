"""The maintenance page: what is due when, forms as people fill them in."""

from datetime import date

import pytest
from httpx import AsyncClient

from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.web.reads.maintenance import DueRow, list_stretches
from tests.conftest import ClientAs
from tests.workshop import ready_printer

TODAY = date(2026, 3, 5)  # a Thursday


def due(plan: str, on: date | None) -> DueRow:
    return DueRow(plan, 1, "Left", on, 50, "5 of 10 days", "green")


def test_the_calendar_goes_from_now_to_what_nobody_foresees() -> None:
    rows = [
        due("late", date(2026, 3, 1)),
        due("today", TODAY),
        due("sunday", date(2026, 3, 8)),
        due("monday", date(2026, 3, 9)),
        due("far", date(2026, 3, 16)),
        due("never", None),
    ]
    found = {one.name: [row.plan for row in one.rows] for one in list_stretches(rows, TODAY)}
    assert found == {
        "Now": ["late", "today"],
        "This week": ["sunday"],
        "Next week": ["monday"],
        "March 2026": ["far"],
        "Not foreseen": ["never"],
    }


@pytest.fixture
async def client(client_as: ClientAs, owner: Actor) -> AsyncClient:
    return await client_as(owner)


async def send(client: AsyncClient, path: str, **form: str | list[str]) -> str:
    answer = await client.post(
        f"/maintenance{path}", data=form, headers={"hx-request": "true", "accept": "text/html"}
    )
    return answer.text


async def test_forms_plan_report_and_finish_what_the_page_then_shows(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer: Printer = await ready_printer(session, owner)
    here = str(printer.id)
    assert "“Oil” is planned." in await send(
        client, "/plans", name="Oil", aim="model:P1S", every_days="30", is_blocking="yes"
    )
    assert "&#39;x&#39; is no number of days" in await send(
        client, "/plans", name="Oil", aim=f"printer:{here}", every_days="x"
    )
    assert "gets no work until it is resolved" in await send(
        client, "/reports", printer_id=here, description="It smokes", stops_printer="yes"
    )
    assert "is on the list" in await send(client, "/parts", name="Belt", sku="B-1", on_hand="2")
    await send(client, "/tasks", printer_id=here, title="Level the bed")
    page = (await client.get("/maintenance")).text
    assert "gets no work: Owner reported a problem: It smokes." in page
    for words in ("0 of 30 days", "Level the bed", "It smokes", "every P1S, every 30 days"):
        assert words in page
    assert "There are 2 of Belt; 3 are wanted." in await send(
        client, "/tasks/1/done", part=["1", ""], quantity=["3", "1"]
    )
    assert "is done" in await send(
        client, "/tasks/1/done", part=["1", "1"], quantity=["1", "1"], cost="4,50", minutes="10"
    )
    assert "resolved" in await send(client, "/reports/1/resolve", resolution="New cable")
    page = (await client.get("/maintenance")).text
    assert "1 done · 10 min · 4.50 EUR" in page
    assert "gets no work" not in page
