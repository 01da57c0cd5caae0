"""Maintenance: what is due by hours, prints and days; printers held back and let go; parts."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from shopwright.fleet.events import MaintenanceDue
from shopwright.fleet.maintenance import plans as maintenance_plans
from shopwright.fleet.maintenance import queries as maintenance_queries
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.keeper import MaintenanceKeeper
from shopwright.fleet.maintenance.plans import PlanSpec
from shopwright.fleet.models import Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process
from shopwright.print_jobs import dispatch
from shopwright.print_jobs.dispatch import PrinterUnsuitable
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.latest import Snapshot
from shopwright.telemetry.samples import NewSample, Reading
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.workshop import list_jobs, make_recipe, place, ready_printer

API = "/api/maintenance"


@pytest.fixture
async def client(client_as: ClientAs, owner: Actor) -> AsyncClient:
    return await client_as(owner)


@pytest.fixture
async def printer(database: Database, owner: Actor) -> Printer:
    async with database.write() as session:
        return await ready_printer(session, owner)


async def post(client: AsyncClient, path: str, expected: int = 201, **body: Any) -> Any:
    answer = await client.post(API + path, json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


async def list_open(client: AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get(f"{API}/tasks?status=open")).json()["tasks"]
    return rows


async def held(client: AsyncClient) -> list[str]:
    return [one["reason"] for one in (await client.get(API)).json()["held"]]


async def list_due_dates(process: Process, ctx: Actor, printer: Printer) -> list[datetime]:
    """Of open tasks; after more time than a sign-in lasts."""
    async with process.database.read() as session:
        tasks = await maintenance_queries.list_open_tasks(session, ctx, [printer.id])
    return [task.due_at for task in tasks]


async def end_prints(process: Process, ctx: Actor, printer: Printer, count: int) -> None:
    async with process.database.write() as session:
        for _ in range(count):
            await maintenance.count_print(
                session, ctx, printer_id=printer.id, now=process.clock.now()
            )


async def report_state(process: Process, printer: Printer, activity: str, at: datetime) -> None:
    reading = Reading(connection="online", activity=activity)
    await storage_of(process).add_report(
        Snapshot(
            organization_id=printer.organization_id,
            printer_id=printer.id,
            at=at,
            connection="online",
            activity=activity,
        ),
        NewSample(at, reading),
    )


async def why_waiting(database: Database, ctx: Actor, now: datetime) -> list[str | None]:
    async with database.write() as session:
        await dispatch.dispatch_waiting(session, ctx, now=now)
        return [job.waiting_reason for job in await list_jobs(session, ctx, "queued")]


async def test_the_interval_that_is_reached_first_opens_one_task(
    client: AsyncClient, process: Process, owner: Actor, printer: Printer, clock: FixedClock
) -> None:
    await post(
        client,
        "/plans",
        name="Clean rods",
        printer_id=printer.id,
        every_prints=3,
        every_days=30,
    )
    await end_prints(process, owner, printer, 2)
    assert await list_open(client) == []
    (due,) = (await client.get(API)).json()["due"]
    assert (due["prints"], due["used_percent"], due["is_due"]) == (2, 66, False)
    await end_prints(process, owner, printer, 2)
    (task,) = await list_open(client)
    assert (task["title"], task["due_at"]) == ("Clean rods", "2026-03-02T09:00:00")
    await post(client, f"/tasks/{task['id']}/done", 200)
    clock.advance(days=29, hours=23, minutes=59)
    await MaintenanceKeeper(process).look()
    assert await list_due_dates(process, owner, printer) == []
    due_at = clock.advance(minutes=1)
    await MaintenanceKeeper(process).look()
    assert await list_due_dates(process, owner, printer) == [due_at]
    async with process.database.read() as session:
        assert await maintenance_queries.list_holds(session, owner) == {}  # it does not block


async def test_printing_hours_come_from_the_states_that_printers_were_in(
    client: AsyncClient, process: Process, printer: Printer, clock: FixedClock
) -> None:
    """Also of what an agent tells late, and nothing is counted twice."""
    await post(
        client, "/plans", name="Grease", model="p1s", every_printing_hours=2, is_blocking=True,
        grace_percent=50,
    )  # fmt: skip
    start = clock.now()
    hour = timedelta(hours=1)
    await report_state(process, printer, "idle", start)
    await report_state(process, printer, "printing", start + hour)
    await report_state(process, printer, "printing", start + 2 * hour)
    clock.advance(hours=4)
    for _ in range(2):
        await MaintenanceKeeper(process).look()
    (due,) = (await client.get(API)).json()["due"]
    assert (due["printing_hours"], due["is_due"], due["used_percent"]) == (1.0, False, 50)
    # 1 h in a day's worth of counting: the second hour is a day away
    assert due["expected_at"] == "2026-03-03T13:00:00"
    await report_state(process, printer, "printing", start + 3 * hour)
    await report_state(process, printer, "idle", start + 3.75 * hour)
    await MaintenanceKeeper(process).look()
    (due,) = (await client.get(API)).json()["due"]
    assert (due["printing_hours"], due["is_due"], due["is_holding"]) == (2.75, True, False)
    await report_state(process, printer, "printing", start + 4 * hour)
    await report_state(process, printer, "idle", start + 4.25 * hour)
    clock.advance(hours=1)
    await MaintenanceKeeper(process).look()
    assert await held(client) == ["“Grease” is due: 3 of 2 printing hours"]


async def test_one_shop_that_cannot_be_judged_does_not_keep_the_others(
    client: AsyncClient, process: Process, owner: Actor, stranger: Actor, clock: FixedClock
) -> None:
    """The shop that fails has the lower number, so that it is judged first."""
    first, second = sorted((owner, stranger), key=lambda actor: actor.organization_id)

    async def fail(_: WriteSession, event: MaintenanceDue) -> None:
        if event.organization_id == first.organization_id:
            raise RuntimeError("a bug of whoever hears of it")

    process.context.subscriptions.subscribe(MaintenanceDue, fail)
    printers = {}
    for actor in (first, second):
        async with process.database.write() as session:
            printers[actor.organization_id] = await ready_printer(session, actor)
            spec = PlanSpec("Clean rods", model="P1S", every_days=1)
            await maintenance_plans.create_plan(session, actor, spec=spec, now=clock.now())
    clock.advance(days=2)
    await MaintenanceKeeper(process).look()
    due = [
        await list_due_dates(process, actor, printers[actor.organization_id])
        for actor in (first, second)
    ]
    assert due == [[], [clock.now()]]


async def test_a_removed_printer_is_held_no_more(client: AsyncClient, printer: Printer) -> None:
    told = "It smokes."
    await post(client, "/reports", printer_id=printer.id, severity="critical", description=told)
    (reason,) = await held(client)
    assert reason.endswith("reported a problem: It smokes.")
    assert (await client.delete(f"/api/printers/{printer.id}")).status_code == 200
    assert await held(client) == []


async def test_a_due_printer_gets_no_work_says_so_and_is_let_go(
    client: AsyncClient, process: Process, owner: Actor, printer: Printer, clock: FixedClock
) -> None:
    database = process.database
    await post(
        client, "/plans", name="New nozzle", printer_id=printer.id, every_prints=1,
        is_blocking=True,
    )  # fmt: skip
    await end_prints(process, owner, printer, 1)
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
    sentence = f"{printer.name} is held back: “New nozzle” is due: 1 of 1 prints."
    assert await why_waiting(database, owner, clock.now()) == [sentence]
    async with database.write() as session:
        (job,) = await list_jobs(session, owner)
        with pytest.raises(PrinterUnsuitable) as refused:
            await dispatch.dispatch_job(
                session, owner, job=job, printer_id=printer.id, now=clock.now()
            )
    assert refused.value.detail == sentence
    (task,) = await list_open(client)
    await post(client, f"/tasks/{task['id']}/skip", 200, note="It is new.")
    assert await why_waiting(database, owner, clock.now()) == []
    async with database.write() as session:
        assert [job.status.value for job in await list_jobs(session, owner)] == ["claimed"]


async def test_a_reported_printer_is_held_until_the_problem_is_resolved(
    client: AsyncClient, process: Process, owner: Actor, printer: Printer, clock: FixedClock
) -> None:
    minor = await post(client, "/reports", printer_id=printer.id, description="It squeaks.")
    assert (minor["stops_printer"], await held(client)) == (False, [])
    report = await post(
        client, "/reports", printer_id=printer.id, severity="critical", description="It\n smokes"
    )
    async with process.database.write() as session:
        await make_recipe(session, owner, "GEAR")
        await place(session, owner, ("GEAR", 1))
    assert await why_waiting(process.database, owner, clock.now()) == [
        f"{printer.name} is held back: Owner reported a problem: It smokes."
    ]
    done = await post(client, f"/reports/{report['id']}/resolve", 200, resolution="New cable")
    assert (done["status"], done["resolved_by"]) == ("resolved", "Owner")
    assert await held(client) == []
    await post(client, f"/reports/{report['id']}/resolve", 409)
    assert await why_waiting(process.database, owner, clock.now()) == []


async def test_a_task_by_hand_holds_from_when_it_is_due(
    client: AsyncClient, process: Process, owner: Actor, printer: Printer, clock: FixedClock
) -> None:
    task = await post(
        client, "/tasks", printer_id=printer.id, title="Level the bed", is_blocking=True,
        due_at="2026-03-02T10:00:00Z", assigned_user_id=owner.user_id,
    )  # fmt: skip
    assert (task["assigned_user_id"], await held(client)) == (owner.user_id, [])
    clock.advance(hours=1)
    await MaintenanceKeeper(process).look()
    assert await held(client) == ["“Level the bed” is to be done first"]
    answer = await client.put(f"{API}/tasks/{task['id']}", json={"assigned_user_id": 999_999})
    assert answer.json()["detail"] == "There is no member with the user id 999999 here."
    later = {"due_at": "2026-03-03T10:00:00Z", "assigned_user_id": None}
    await client.put(
        f"{API}/tasks/{task['id']}",
        json=later,
    )
    assert (await list_open(client))[0]["assigned_user_id"] is None
    assert await held(client) == []


async def test_parts_that_a_task_used_leave_the_stock_and_count_as_cost(
    client: AsyncClient, printer: Printer
) -> None:
    part = await post(
        client, "/parts", sku="NZ-04", name="Nozzle 0.4", on_hand=3, threshold=1, cost="12.50"
    )
    assert (part["on_hand"], part["is_low"], part["cost"]) == (3, False, 12.5)
    await post(client, "/parts", 409, sku="NZ-04", name="Another")
    task = await post(client, "/tasks", printer_id=printer.id, title="=New nozzle")
    uses = [{"part_id": part["id"], "quantity": 3}, {"part_id": part["uuid"], "quantity": 1}]
    refused = await post(client, f"/tasks/{task['id']}/done", 409, parts=uses)
    assert refused["detail"] == "There are 3 of Nozzle 0.4; 4 are wanted."
    assert [one["id"] for one in await list_open(client)] == [task["id"]]
    uses[0]["quantity"] = 1
    done = await post(
        client, f"/tasks/{task['id']}/done", 200, parts=uses, minutes=20, cost="4.5", note="Hot"
    )
    assert (done["status"], done["parts_cost"], done["total_cost"]) == ("done", 25.0, 29.5)
    (low,) = (await client.get(f"{API}/parts?low=true")).json()
    assert (low["on_hand"], low["is_low"]) == (1, True)
    moves = (await client.get(f"{API}/parts/{part['id']}/movements")).json()["movements"]
    assert [(m["quantity"], m["reason"], m["task_id"]) for m in moves] == [
        (-2, "used", task["id"]),
        (3, "counted", None),
    ]
    await post(client, f"/tasks/{task['id']}/done", 409)
    await post(client, f"/parts/{part['id']}/receive", 200, quantity=5)
    counted = await post(client, f"/parts/{part['id']}/count", 200, on_hand=4)
    assert counted["on_hand"] == 4
    history = (await client.get(f"{API}/history?printer_id={printer.id}")).json()
    assert history["printers"] == [
        {
            "printer_id": printer.id, "printer": printer.name, "currency": "EUR", "tasks": 1,
            "minutes": 20, "cost": 4.5, "parts_cost": 25.0, "total_cost": 29.5,
        }
    ]  # fmt: skip
    lines = (await client.get(f"{API}/history?format=csv")).text.splitlines()
    assert lines[1] == (
        f"2026-03-02T09:00:00+00:00,{printer.name},'=New nozzle,done,Owner,20,4.5,25.0,29.5,EUR,"
        "2 x NZ-04,Hot"
    )


async def test_a_plan_asks_for_one_aim_and_an_interval(
    client: AsyncClient, printer: Printer
) -> None:
    no_aim = "A plan is for one printer or for one model: send printer_id or model."
    no_interval = "A plan needs an interval: printing hours, prints or days."
    for body, sentence in (({"every_days": 3}, no_aim), ({"model": "P1S"}, no_interval)):
        refused = await post(client, "/plans", 400, name="Clean", **body)
        assert refused["detail"] == sentence
    assert (await client.get(f"{API}/plans")).json() == []


async def test_a_removed_plan_lets_its_printers_go(
    client: AsyncClient, process: Process, owner: Actor, printer: Printer
) -> None:
    plan = await post(
        client, "/plans", name="Clean", printer_id=printer.id, every_prints=1, is_blocking=True
    )
    await end_prints(process, owner, printer, 1)
    assert len(await held(client)) == 1
    answer = await client.delete(f"{API}/plans/{plan['id']}")
    assert answer.json() == {"message": "Plan removed"}
    assert (await held(client), await list_open(client)) == ([], [])


async def test_a_task_ends_once_whoever_presses_first(
    client: AsyncClient, printer: Printer
) -> None:
    task = await post(client, "/tasks", printer_id=printer.id, title="Clean")
    answers = await asyncio.gather(
        *(client.post(f"{API}/tasks/{task['id']}/done", json={"minutes": n}) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
