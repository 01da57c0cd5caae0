"""Prints that a client asked for: files that come later, times, printers nobody here drives."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import event

from shopwright.fleet.models import Printer
from shopwright.fleet.states import Activity
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.orders.states import StepStatus
from shopwright.planning import service as planning
from shopwright.print_jobs import asked_files, dispatch, order_prints
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.scheduled import service as scheduled
from shopwright.print_jobs.scheduled.rules import PrintWord, Waiting, plan_starts
from shopwright.print_jobs.scheduled.service import PrintRequest
from tests.clock import START
from tests.factories import make_print_file, make_printer
from tests.workshop import (
    fresh,
    list_items,
    list_jobs,
    list_steps,
    make_recipe,
    place,
    ready_printer,
    start,
)

HOUR = timedelta(hours=1)


async def ask(session: WriteSession, ctx: Actor, printer: Printer, **facts: Any) -> PrintJob:
    wanted = PrintRequest(printer.id, "Bracket", "bracket.3mf", **facts)
    return await scheduled.schedule_print(session, ctx, wanted=wanted, now=START)


async def external_printer(session: WriteSession, ctx: Actor) -> Printer:
    printer = await make_printer(session, ctx)
    printer.driver = "network"
    await session.flush()
    return printer


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("bracket.3mf", ["bracket.3mf", "bracket.gcode.3mf"]),
        ("Bracket.gcode.3mf", ["bracket.gcode.3mf", "bracket.3mf"]),
        ("bracket.gcode", ["bracket.gcode", "bracket"]),
        ("bracket", ["bracket", "bracket.gcode.3mf", "bracket.3mf", "bracket.gcode"]),
        ("a_b.stl", ["a_b.stl", "a_b.gcode.3mf", "a_b.3mf", "a_b.gcode"]),
    ],
)
def test_a_name_means_the_file_with_or_without_gcode(name: str, meant: list[str]) -> None:
    assert asked_files.names_of(name) == meant


def test_planned_starts_follow_one_another_on_each_printer() -> None:
    waiting = [
        Waiting(1, 7, None, 3600),
        Waiting(2, 7, START + 5 * HOUR, 3600),
        Waiting(3, 7, None, 3600),
        Waiting(4, 8, START - HOUR, 3600),
    ]
    starts = plan_starts(waiting, {7: START + HOUR}, START)
    assert {job: start - START for job, start in starts.items()} == {
        1: HOUR,
        3: 2 * HOUR + timedelta(minutes=15),
        2: 5 * HOUR,
        4: timedelta(),
    }


async def test_print_waits_for_its_file_and_starts_when_it_is_there(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        job = await ask(session, owner, printer)
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 0
        assert job.waiting_reason == (
            "There is no print file bracket.3mf yet. Upload it sliced, under this name."
        )
        file = await make_print_file(session, owner, "Bracket.gcode.3mf", plates=2)
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 1
        (found,) = await list_jobs(session, owner)
        assert (found.status, found.print_file_id, found.plate_number, found.estimated_s) == (
            "claimed",
            file.id,
            1,
            3600,
        )


async def test_print_asked_for_a_time_waits_for_it(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        await make_print_file(session, owner, "bracket.gcode.3mf", plates=1)
        job = await ask(session, owner, printer, not_before=START + HOUR)
        assert job.waiting_reason == "It waits for its time: 2 March 2026, 10:00."
        just_before = START + HOUR - timedelta(seconds=1)
        assert await dispatch.dispatch_waiting(session, owner, now=just_before) == 0
        assert await dispatch.dispatch_waiting(session, owner, now=START + HOUR) == 1


async def test_print_takes_the_slot_it_was_asked_for(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        await make_print_file(session, owner, "bracket.gcode.3mf", plates=1)
        job = await ask(session, owner, printer, slot=2)
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 0
        (job,) = await list_jobs(session, owner)
        assert job.waiting_reason == f"{printer.name} has no PLA in slot 2."


async def test_client_moves_a_waiting_print_and_what_it_read_changes_nothing(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer, other = await make_printer(session, owner), await make_printer(session, owner)
        job = await ask(session, owner, printer)
    url = f"/api/bambu/scheduled-prints/{job.id}"
    read = (await client.get("/api/bambu/scheduled-prints")).json()[0]
    assert (await client.put(url, json=read)).json() == read
    later = {"status": "scheduled", "scheduled_start": "2026-03-03", "printer_id": other.id}
    moved = (await client.put(url, json=later)).json()
    assert (moved["status"], moved["scheduled_start"], moved["printer_id"]) == (
        "scheduled",
        "2026-03-03T00:00:00",
        other.id,
    )
    assert moved["waiting_reason"] == "It waits for its time: 3 March 2026, 00:00."
    assert (await client.put(url, json=moved)).json() == moved
    wrong = await client.put(url, json={"scheduled_start": "tomorrow"})
    assert (wrong.status_code, (await client.put(url, json={})).json()) == (400, moved)
    at_once = (await client.put(url, json={"status": "queued"})).json()
    assert (at_once["status"], at_once["priority"]) == ("queued", 0)


async def test_word_of_the_client_is_the_report_of_a_printer_nobody_drives(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await external_printer(session, owner)
        await make_print_file(session, owner, "bracket.gcode.3mf", plates=1)
        first, second = await ask(session, owner, printer), await ask(session, owner, printer)
    url = "/api/bambu/scheduled-prints"
    started = await client.put(f"{url}/{first.id}", json={"status": "started"})
    assert started.json()["job_status"] == "printing"
    assert started.json()["started_at"] == "2026-03-02T09:00:00"
    busy = await client.put(f"{url}/{second.id}", json={"status": "started"})
    assert (busy.status_code, busy.json()["code"]) == (409, "print-job-already-claimed")
    done = await client.put(f"{url}/{first.id}", json={"status": "completed"})
    assert done.json()["status"] == "completed"
    back = await client.put(f"{url}/{first.id}", json={"status": "started"})
    assert (back.status_code, back.json()["detail"]) == (
        409,
        "The print is completed; it cannot become started.",
    )
    failed = await client.put(
        f"{url}/{second.id}", json={"status": "failed", "failed_reason": "it came off the bed"}
    )
    assert (failed.json()["status"], failed.json()["failed_reason"]) == (
        "failed",
        "it came off the bed",
    )
    async with database.write() as session:
        third = await ask(session, owner, printer)
    await client.put(f"{url}/{third.id}", json={"status": "started"})
    assert (await client.delete(f"{url}/{third.id}")).status_code == 200
    shown = (await client.get(f"{url}/{printer.id}")).json()
    assert [p["status"] for p in shown] == ["completed", "failed", "cancelled"]
    assert shown[2]["failed_reason"].startswith("cancelled by")


async def test_printing_one_is_stopped_on_its_machine_first(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await ready_printer(session, owner)
        await make_print_file(session, owner, "bracket.gcode.3mf", plates=1)
        job = await ask(session, owner, printer)
        await start(session, owner, job, printer)
        printer.activity = Activity.PRINTING
    assert (await client.delete(f"/api/bambu/scheduled-prints/{job.id}")).status_code == 200
    told = (await client.get(f"/api/printers/{printer.id}/commands")).json()
    assert [c["command_type"] for c in told] == ["stop_print", "start_print"]
    (shown,) = (await client.get("/api/bambu/scheduled-prints")).json()
    assert shown["status"] == "started"


async def test_scheduled_order_is_pinned_and_not_made_twice(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 2), (None, 3))
        printer = await make_printer(session, owner)
    answer = await client.post(
        f"/api/orders/{order.id}/schedule-prints", json={"printer_id": printer.uuid}
    )
    assert answer.status_code == 201, answer.text
    async with database.write() as session:
        jobs = await list_jobs(session, owner)
        assert [(j.pinned_printer_id, j.priority, j.recipe_step_id is None) for j in jobs] == [
            (printer.id, 10, False),
            (printer.id, 9, False),
            (printer.id, 8, True),
        ]
        assert jobs[2].notes == "Quantity: 3"
        assert [s.status for s in await list_steps(session, owner)] == [StepStatus.ALLOCATED] * 2


async def test_many_prints_of_an_order_cost_as_many_statements_as_few(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    """On SQLite and PostgreSQL rows of one kind are written in one go."""
    asked: list[str] = []

    def note(*said: Any) -> None:
        asked.append(said[2])

    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        printer = await make_printer(session, owner)
        orders = [
            await place(session, owner, ("GEAR", count), *[(None, 1)] * count) for count in (2, 9)
        ]
    counts = []
    for order in orders:
        engine = database.write_engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        answer = await client.post(
            f"/api/orders/{order.id}/schedule-prints",
            json={"printer_id": printer.id, "start_time_offset": 60},
        )
        event.remove(engine, "before_cursor_execute", note)
        assert answer.status_code == 201, answer.text
        counts.append(len(asked))
        asked.clear()
    assert counts[1] - counts[0] <= 2
    ids = [order.id for order in orders]
    told = await client.post(f"/api/printers/{printer.id}/assign-orders", json={"order_ids": ids})
    assert [len(one["print_job_ids"]) for one in told.json()["assigned_orders"]] == [4, 18]


async def test_order_sliced_for_another_kind_of_printer_is_refused_and_stays(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 1), (None, 1))
        printer = await make_printer(session, owner)
        printer.model = "A1 mini"
    url = f"/api/orders/{order.id}/schedule-prints"
    refused = await client.post(url, json={"printer_id": printer.id})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "Left is a A1 mini; the plate is sliced for P1S.",
    )
    async with database.write() as session:
        (job,) = await list_jobs(session, owner)
        assert job.pinned_printer_id is None
    await client.post(f"/api/orders/{order.id}/hold", json={"reason": "wait"})
    held = await client.post(url, json={"printer_id": printer.id})
    assert held.status_code == 409


async def test_print_of_an_item_gives_way_to_its_recipe(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        order = await place(session, owner, ("NEW", 1))
        printer = await make_printer(session, owner)
        await order_prints.schedule_order(
            session, owner, order=Ref(order.id, None), printer=Ref(printer.id, None),
            material="PLA", offset=timedelta(), now=START,
        )  # fmt: skip
        await make_recipe(session, owner, "NEW")
        items = [item.id for item in await list_items(session, owner)]
        await planning.plan_items(session, owner, item_ids=items, now=START)
        jobs = await list_jobs(session, owner)
        assert [(j.status, j.failure_reason) for j in jobs] == [
            ("cancelled", "its item has a recipe now"),
            ("queued", None),
        ]


async def test_order_whose_item_was_printed_before_its_recipe_asks_a_person(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, ("NEW", 1))
        printer = await external_printer(session, owner)
        (job,) = await order_prints.schedule_order(
            session, owner, order=Ref(order.id, None), printer=Ref(printer.id, None),
            material="PLA", offset=timedelta(), now=START,
        )  # fmt: skip
        change = scheduled.PrintChange(word=PrintWord.STARTED)
        ref = Ref(job.id, None)
        await scheduled.change_print(session, owner, ref=ref, change=change, now=START)
        await make_recipe(session, owner, "NEW")
        items = [item.id for item in await list_items(session, owner)]
        await planning.plan_items(session, owner, item_ids=items, now=START)
        assert (await fresh(session, owner, order)).is_held
        assert len(await list_jobs(session, owner)) == 1


async def test_prints_asked_for_a_cancelled_order_are_dropped(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
        printer = await ready_printer(session, owner)
        await make_print_file(session, owner, "item_None.gcode.3mf", plates=1)
    await client.post(f"/api/orders/{order.id}/schedule-prints", json={"printer_id": printer.id})
    await client.post(f"/api/orders/{order.id}/cancel")
    (shown,) = (await client.get("/api/bambu/scheduled-prints")).json()
    assert (shown["status"], shown["failed_reason"]) == ("cancelled", "the order was stopped")
    async with database.write() as session:
        assert await dispatch.dispatch_waiting(session, owner, now=START) == 0
