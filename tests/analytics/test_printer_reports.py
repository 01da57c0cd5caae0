"""The reports on printers over HTTP: as JSON, as CSV that no spreadsheet runs, as PDF."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from shopwright.accounts.models import Organization
from shopwright.analytics.papers import Chart, Paper, Section, Series
from shopwright.analytics.typesetting import Typesetter
from shopwright.fleet.models import HarvestPolicy, Printer
from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.print_jobs.models import PrintJob
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import StateChange
from tests.analytics.pdf_text import read_text
from tests.clock import START
from tests.conftest import ClientAs
from tests.factories import make_printer
from tests.workshop import list_jobs, make_recipe, place, ready_printer, report, start

HERE = "/api/analytics"
HOUR = timedelta(hours=1)
REPORTS = ["utilisation", "production", "failure-rates"]
EVERY_PAPER = [*REPORTS, "dashboard", "revenue", "summary", "product-performance", "materials"]


@pytest.fixture
async def printer(process: Process, database: Database, owner: Actor) -> Printer:
    """A P1S which prints two hours, one plate good and one not, and idles one; and another that
    nobody looked at."""
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 2))
        printer = await ready_printer(session, owner)
        printer.name, printer.created_at = "=cmd()", START - 10 * HOUR
        printer.harvest_policy = HarvestPolicy.AUTOMATIC
        other = await make_printer(session, owner, "Spare")
        other.model, other.created_at = "MK4", START - 2 * HOUR
        jobs = await list_jobs(session, owner)
    for job, outcome in zip(jobs, (Outcome.FINISHED, Outcome.FAILED), strict=True):
        async with database.write() as session:
            attempt = await start(session, owner, job, printer)
            await session.execute(
                update(PrintJob)
                .where(PrintJob.id == job.id, PrintJob.organization_id == owner.organization_id)
                .values(started_at=START - HOUR)
            )
            await report(session, owner, attempt, outcome=outcome, percent=50)
    changes = [
        StateChange("preparing", START - 3 * HOUR, is_first=True),
        StateChange("idle", START - HOUR, is_first=False),
    ]
    latest = Snapshot(owner.organization_id, printer.id, START, "online", "idle")
    await storage_of(process).write({printer.id: PrinterBatch(latest, (), changes)})
    return printer


async def ask(client: AsyncClient, path: str) -> Any:
    answer = await client.get(f"{HERE}/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_utilisation_tells_time_prints_and_failures(
    client: AsyncClient, printer: Printer
) -> None:
    body = await ask(client, "utilisation")
    assert (body["start_date"], body["end_date"]) == ("2026-02-01", "2026-03-02")
    first, spare = body["by_printer"]
    assert first == {
        "printer_id": printer.id,
        "printer_name": "=cmd()",
        "model": "P1S",
        "known_hours": 10.0,
        "unwatched_hours": 7.0,
        "utilisation": 20.0,
        "printing_hours": 2.0,
        "paused_hours": 0.0,
        "idle_hours": 1.0,
        "error_hours": 0.0,
        "offline_hours": 0.0,
        "unknown_hours": 0.0,
        "total_prints": 2,
        "completed_prints": 1,
        "failed_prints": 1,
        "cancelled_prints": 0,
        "success_rate": 50.0,
        "print_hours": 2.0,
        "used_grams": 30,
    }
    assert (spare["model"], spare["known_hours"], spare["success_rate"]) == ("MK4", 2.0, None)
    assert [(one["model"], one["printing_hours"]) for one in body["by_model"]] == [
        ("MK4", 0.0),
        ("P1S", 2.0),
    ]
    assert body["total"]["utilisation"] == 16.7
    assert [one for one in body["by_period"] if one["printing_hours"]] == [
        {"date": "2026-03-02", "printing_hours": 2.0, "paused_hours": 0.0, "idle_hours": 1.0}
        | {"error_hours": 0.0, "offline_hours": 0.0, "unknown_hours": 0.0}
    ]
    assert body["by_reason"] == [{"reason": "the print failed", "count": 1}]


async def test_one_printer_or_one_model_is_asked_for(client: AsyncClient, printer: Printer) -> None:
    for query in (f"printer={printer.id}", f"printer={printer.uuid}", "model=P1S"):
        for name, prints in (("utilisation", "total_prints"), ("production", "total_prints")):
            body = await ask(client, f"{name}?{query}")
            assert body["total"][prints] == 2
        assert (await ask(client, f"failure-rates?{query}"))["failure_rate"] == 50.0
        assert (await ask(client, f"production?{query}"))["by_job"][0]["total_prints"] == 2
    for query in ("model=MK4", "model=X1", f"model=MK4&printer={printer.id}"):
        assert (await ask(client, f"utilisation?{query}"))["total"]["total_prints"] == 0
        assert (await ask(client, f"production?{query}"))["by_material"] == []
        assert (await ask(client, f"failure-rates?{query}"))["by_model"] == []


async def test_production_tells_hours_and_grams_by_material_and_job(
    client: AsyncClient, printer: Printer
) -> None:
    body = await ask(client, "production?start_date=2026-03-02&end_date=2026-03-02")
    assert body["by_material"] == [
        {
            "material": "PLA",
            "total_prints": 2,
            "completed_prints": 1,
            "failed_prints": 1,
            "cancelled_prints": 0,
            "success_rate": 50.0,
            "print_hours": 2.0,
            "used_grams": 30,
        }
    ]
    (job,) = body["by_job"]
    assert job["name"].endswith(", plate 1")
    assert (job["failed_prints"], job["print_hours"], job["used_grams"]) == (1, 2.0, 30)
    assert (await ask(client, "production?end_date=2026-03-01"))["by_job"] == []


async def test_tables_hold_the_same_and_no_formula(client: AsyncClient, printer: Printer) -> None:
    for path in ("utilisation.csv", "utilisation?format=csv"):
        rows = await table(client, path)
        assert [row["printer_name"] for row in rows] == ["'=cmd()", "Spare"]
        assert rows[0]["printing_hours"] == "2.0"
    assert [row["material"] for row in await table(client, "production.csv")] == ["PLA"]
    assert (await table(client, "production.csv?table=jobs"))[0]["total_prints"] == "2"
    (failures,) = await table(client, "failure-rates.csv")
    assert (failures["model"], failures["failure_rate"]) == ("P1S", "50.0")


async def test_every_print_is_a_line_of_a_table_that_is_sent_page_by_page(
    client: AsyncClient, printer: Printer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopwright.analytics.job_lines.AT_ONCE", 1)
    rows = await table(client, "print-jobs.csv")
    assert [(row["outcome"], row["reason"], row["print_hours"]) for row in rows] == [
        ("completed", "", "1.0"),
        ("failed", "the print failed", "1.0"),
    ]
    assert {(row["printer"], row["model"], row["material"]) for row in rows} == {
        ("'=cmd()", "P1S", "PLA")
    }
    assert [row["ended_at"] for row in rows] == ["2026-03-02 09:00:00"] * 2
    assert await table(client, "print-jobs.csv?model=MK4") == []
    assert await table(client, "print-jobs.csv?end_date=2026-03-01") == []


async def table(client: AsyncClient, path: str) -> list[dict[str, str]]:
    answer = await client.get(f"{HERE}/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("start_date=2026-03-02&end_date=2026-03-01", "is before start_date"),
        ("start_date=2000-01-01&end_date=2026-03-01", "more than ten years"),
        ("end_date=soon", "is no date like"),
        ("format=xls", "format"),
        (f"model={'x' * 61}", "model"),
    ],
)
async def test_impossible_question_is_refused_in_a_sentence(
    client: AsyncClient, query: str, words: str
) -> None:
    answer = await client.get(f"{HERE}/utilisation?{query}")
    assert answer.status_code == 400
    assert words in str(answer.json())


@pytest.mark.parametrize("path", [*REPORTS, "print-jobs.csv"])
async def test_printer_of_another_shop_is_not_there(
    client_as: ClientAs, stranger: Actor, printer: Printer, path: str
) -> None:
    client = await client_as(stranger)
    assert (await client.get(f"{HERE}/{path}?printer={printer.id}")).status_code == 404


async def test_every_report_is_printed_with_the_shop_and_the_days(
    client: AsyncClient, printer: Printer, organization: Organization
) -> None:
    for name in EVERY_PAPER:
        answer = await client.get(f"{HERE}/{name}.pdf?start_date=2026-02-01&end_date=2026-03-02")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/pdf"
        words = read_text(answer.content).splitlines()
        assert words.count(organization.name) >= 2  # at the top and on every page
        assert "Made on 2 March 2026" in words
        if name != "dashboard":  # which is about today
            assert "1 February 2026 to 2 March 2026" in words
        if name == "utilisation":
            assert {"=cmd()", "Spare", "P1S", "16.7 %", "the print failed"} <= set(words)


async def test_words_of_people_are_words_on_paper_and_long_tables_are_cut() -> None:
    """Nothing typed by a person is markup, and nobody waits for a thousand pages."""
    odd = '#panic("x") $ * _ [ ] \\ <a> @b // ü 漢'
    rows = [(f"{odd} {at}", str(at)) for at in range(600)]
    chart = Chart(["a", "b"], "h", [Series(odd, "blue", [1.5, 0])])
    head = {"shop": odd, "span": "All days", "made": "today"}
    paper = Paper(odd, [("1", odd)], [Section(odd, ("A", "B"), rows, chart=chart)], head=head)
    text = read_text(await Typesetter().make(paper))
    assert '#panic("x") $ * _ [ ]' in text
    assert "100 more rows are in the CSV." in text
