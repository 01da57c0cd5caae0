"""Judges what is due: counts wear, opens tasks, and holds printers back or lets them go."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shopwright.fleet import service
from shopwright.fleet.events import MaintenanceDue
from shopwright.fleet.maintenance import queries, rules
from shopwright.fleet.maintenance.models import (
    MaintenanceMark,
    MaintenancePlan,
    MaintenanceTask,
    PrinterReport,
    PrinterWear,
)
from shopwright.fleet.maintenance.rules import Intervals, Wear
from shopwright.fleet.models import Printer
from shopwright.fleet.queries import AnySession
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.live import touch
from shopwright.telemetry.access import storage_of

PRINTING = ("preparing", "printing")  # shown as one word (reference decision 23)
TOLD_LATE = timedelta(days=7)  # an agent that was cut off for longer has its hours uncounted
LIVE_TOPIC = "maintenance"


@dataclass(frozen=True, slots=True)
class PlanAt:
    """A plan at one of its printers."""

    plan: MaintenancePlan
    printer: Printer
    mark: MaintenanceMark
    wear: PrinterWear
    now: datetime

    @property
    def limits(self) -> Intervals:
        return limits_of(self.plan)

    @property
    def passed(self) -> Wear:
        return Wear(
            max(self.wear.printing_s - self.mark.printing_s, 0),
            max(self.wear.prints - self.mark.prints, 0),
            max(self.now - self.mark.since, timedelta()),
        )

    @property
    def is_due(self) -> bool:
        return rules.is_due(self.limits, self.passed)

    @property
    def is_holding(self) -> bool:
        return self.plan.is_blocking and rules.is_due(
            self.limits, self.passed, self.plan.grace_percent
        )

    @property
    def expected_at(self) -> datetime | None:
        wear = self.wear
        pace = rules.pace_of(wear.printing_s, wear.prints, wear.created_at, self.now)
        return rules.expected_at(self.limits, self.passed, pace, self.now)


def limits_of(plan: MaintenancePlan) -> Intervals:
    return Intervals(plan.every_printing_s, plan.every_prints, plan.every_days)


def is_for(plan: MaintenancePlan, printer: Printer) -> bool:
    if plan.printer_id is not None:
        return plan.printer_id == printer.id
    return (plan.model or "").strip().lower() == (printer.model or "").strip().lower()


async def list_plans_at(session: AnySession, ctx: Actor, now: datetime) -> list[PlanAt]:
    """Every plan at every printer of it that was judged before, the soonest first."""
    printers = await queries.list_printers(session, ctx)
    wear = await queries.list_wear(session, ctx)
    marks = await queries.list_marks(session, ctx, [printer.id for printer in printers])
    plans = await queries.list_plans(session, ctx)
    found = _pair(plans, printers, marks, wear, now)
    return sorted(found, key=lambda at: (at.expected_at or at.now + rules.FAR, at.printer.name))


async def count_print(session: WriteSession, ctx: Actor, *, printer_id: int, now: datetime) -> None:
    """One more print ended on this printer, well or not."""
    wear = await queries.lock_wear(session, ctx, [printer_id], now)
    if printer_id in wear:
        wear[printer_id].prints += 1
        await session.flush()
        await judge(session, ctx, now=now, printer_ids=[printer_id])


async def count_hours(process: Process, ctx: Actor, *, now: datetime) -> None:
    """Add what was printed since the last time, from the states that printers were in, and judge
    every printer."""
    async with process.database.read() as session:
        known = await queries.list_wear(session, ctx)
    oldest = min((wear.counted_until for wear in known.values()), default=now)
    since = max(oldest, now - TOLD_LATE)
    found = await storage_of(process).list_fleet_intervals(ctx, PRINTING, since=since, until=now)
    async with process.database.write() as session:
        wear = await queries.lock_wear(session, ctx, list(known), now)
        for printer_id, intervals in found.items():
            if printer_id in wear:
                row = wear[printer_id]
                seconds, row.counted_until = rules.count_printing(intervals, row.counted_until)
                row.printing_s += seconds
        await session.flush()
        await judge(session, ctx, now=now)


async def judge(
    session: WriteSession, ctx: Actor, *, now: datetime, printer_ids: Collection[int] | None = None
) -> None:
    """Open a task for each plan that came due; hold printers back, or release them, in words."""
    printers = await queries.list_printers(session, ctx, printer_ids)
    if not printers:
        return
    ids = [printer.id for printer in printers]
    wear = await queries.lock_wear(session, ctx, ids, now)
    plans_at = await _list_judged(session, ctx, printers, wear, now)
    tasks = await queries.list_open_tasks(session, ctx, ids)
    await _open_tasks(session, ctx, plans_at, tasks)
    reports = await queries.list_stopping_reports(session, ctx, ids)
    for printer in printers:
        why = rules.join_reasons(_reasons(printer, plans_at, tasks, reports, now))
        await _hold(session, printer, wear[printer.id], why)


async def _list_judged(
    session: WriteSession,
    ctx: Actor,
    printers: Sequence[Printer],
    wear: dict[int, PrinterWear],
    now: datetime,
) -> list[PlanAt]:
    """A plan counts at a printer from when it was first seen there."""
    ids = [printer.id for printer in printers]
    plans = await queries.list_plans(session, ctx)
    marks = await queries.list_marks(session, ctx, ids)
    new = [
        _new_mark(plan, wear[printer.id], now)
        for plan in plans
        for printer in printers
        if is_for(plan, printer) and (plan.id, printer.id) not in marks
    ]
    if new:
        await queries.add_marks(session, new)
        marks = await queries.list_marks(session, ctx, ids)
    return _pair(plans, printers, marks, wear, now)


def _pair(
    plans: Sequence[MaintenancePlan],
    printers: Sequence[Printer],
    marks: dict[tuple[int, int], MaintenanceMark],
    wear: dict[int, PrinterWear],
    now: datetime,
) -> list[PlanAt]:
    return [
        PlanAt(plan, printer, marks[plan.id, printer.id], wear[printer.id], now)
        for plan in plans
        for printer in printers
        if is_for(plan, printer) and (plan.id, printer.id) in marks and printer.id in wear
    ]


def _new_mark(plan: MaintenancePlan, wear: PrinterWear, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": plan.organization_id,
        "plan_id": plan.id,
        "printer_id": wear.printer_id,
        "since": now,
        "printing_s": wear.printing_s,
        "prints": wear.prints,
        "created_at": now,
    }


async def _open_tasks(
    session: WriteSession, ctx: Actor, plans_at: Sequence[PlanAt], tasks: Sequence[MaintenanceTask]
) -> None:
    open_already = {(task.plan_id, task.printer_id) for task in tasks}
    due = [at for at in plans_at if at.is_due and (at.plan.id, at.printer.id) not in open_already]
    if not due:
        return
    currency = await queries.get_currency(session, ctx)
    await queries.add_tasks(session, [_new_task(at, currency) for at in due])
    for at in due:
        event = MaintenanceDue(ctx.organization_id, at.printer.id, at.plan.id, at.plan.name, at.now)
        await events.publish(session, event)
    touch(session, ctx.organization_id, LIVE_TOPIC)


def _new_task(at: PlanAt, currency: str) -> dict[str, Any]:
    return {
        "organization_id": at.plan.organization_id,
        "printer_id": at.printer.id,
        "plan_id": at.plan.id,
        "title": at.plan.name,
        "instructions": at.plan.instructions,
        "due_at": at.now,
        "created_by": "maintenance plan",
        "currency": currency,
        "created_at": at.now,
    }


def _reasons(
    printer: Printer,
    plans_at: Sequence[PlanAt],
    tasks: Sequence[MaintenanceTask],
    reports: Sequence[PrinterReport],
    now: datetime,
) -> list[str]:
    """What a person reported first: it says most about the machine."""
    return [
        *(
            rules.report_sentence(report.reported_by, report.description)
            for report in reports
            if report.printer_id == printer.id
        ),
        *(
            rules.due_sentence(at.plan.name, at.limits, at.passed)
            for at in plans_at
            if at.printer.id == printer.id and at.is_holding
        ),
        *(
            rules.task_sentence(task.title)
            for task in tasks
            if task.printer_id == printer.id and task.is_blocking and task.due_at <= now
        ),
    ]


async def _hold(
    session: WriteSession, printer: Printer, wear: PrinterWear, why: str | None
) -> None:
    """Tells the dispatcher, whose waiting jobs then say so, only when it changed."""
    if wear.held_because == why:
        return
    wear.held_because = why
    await session.flush()
    touch(session, printer.organization_id, LIVE_TOPIC)
    await service.changed(session, printer)
