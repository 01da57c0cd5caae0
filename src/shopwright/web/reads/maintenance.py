"""What the maintenance page shows, read at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shopwright.accounts import queries as accounts
from shopwright.accounts.queries import MemberRow
from shopwright.fleet.maintenance import history as maintenance_history
from shopwright.fleet.maintenance import queries
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.models import (
    MaintenancePlan,
    MaintenanceTask,
    PrinterReport,
    SparePart,
)
from shopwright.fleet.maintenance.rules import HOUR_S, used_percent
from shopwright.fleet.maintenance.schemas import PrinterCostRead, TaskRead
from shopwright.fleet.maintenance.service import PlanAt
from shopwright.fleet.maintenance.spare_parts import is_low
from shopwright.fleet.maintenance.states import ReportStatus, Severity, TaskStatus
from shopwright.fleet.maintenance.upkeep import find_zone
from shopwright.fleet.models import Printer
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Paging
from shopwright.kernel.money import Money

SHOWN = Paging(limit=200, offset=0)
DONE_SHOWN = Paging(limit=15, offset=0)
WEEK = 7
TONES = {Severity.MINOR: "grey", Severity.MAJOR: "amber", Severity.CRITICAL: "red"}


@dataclass(frozen=True, slots=True)
class DueRow:
    plan: str
    printer_id: int
    printer: str
    on: date | None
    percent: int
    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days of the calendar."""

    name: str
    rows: tuple[DueRow, ...]


@dataclass(frozen=True, slots=True)
class ReportRow:
    id: int
    printer_id: int
    printer: str
    severity: str
    tone: str
    description: str
    stops_printer: bool
    reported_by: str
    created_at: datetime
    photo: str | None


@dataclass(frozen=True, slots=True)
class PartRow:
    id: int
    sku: str
    name: str
    location: str
    on_hand: int
    threshold: int
    is_low: bool
    cost: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    id: int
    name: str
    aim: str
    every: str
    is_blocking: bool


@dataclass(frozen=True, slots=True)
class View:
    printers: list[Printer]
    models: list[str]
    members: dict[int, str]
    held: list[tuple[int, str, str]]
    stretches: list[Stretch]
    due: int
    tasks: list[TaskRead]
    reports: list[ReportRow]
    parts: list[PartRow]
    plans: list[PlanRow]
    ended: list[TaskRead]
    costs: list[PrinterCostRead]


async def read_view(session: AnySession, ctx: Actor, now: datetime, zone: ZoneInfo) -> View:
    printers = await queries.list_printers(session, ctx)
    names = {printer.id: printer.name for printer in printers}
    held = await queries.list_holds(session, ctx)
    plans_at = await maintenance.list_plans_at(session, ctx, now)
    tasks, ended = await _list_tasks(session, ctx)
    members = await accounts.list_members(session, ctx.organization_id)
    parts = await queries.list_parts(session, ctx)
    plans = await queries.list_plans(session, ctx)
    return View(
        printers=printers,
        models=sorted({printer.model for printer in printers if printer.model}),
        members=_names(members),
        held=[(id_, names[id_], why) for id_, why in held.items() if id_ in names],
        stretches=list_stretches(
            [due_row(at, zone) for at in plans_at], now.astimezone(zone).date()
        ),
        due=sum(at.is_due for at in plans_at),
        tasks=tasks,
        reports=await _list_reports(session, ctx),
        parts=[_part(part) for part in parts],
        plans=[_plan(plan, names) for plan in plans],
        ended=ended,
        costs=await maintenance_history.list_costs(session, ctx),
    )


async def read_zone(session: AnySession, ctx: Actor) -> str:
    return await find_zone(session, ctx)


def list_stretches(rows: Sequence[DueRow], today: date) -> list[Stretch]:
    """Due now, this week, the next, later by month, and what nothing foresees."""
    found: dict[str, list[DueRow]] = {}
    for row in rows:
        found.setdefault(_stretch(row, today), []).append(row)
    return [Stretch(name, tuple(some)) for name, some in found.items()]


def _stretch(row: DueRow, today: date) -> str:
    if row.on is None:
        return "Not foreseen"
    if row.on <= today:
        return "Now"
    monday = today - timedelta(days=today.weekday())
    if row.on < monday + timedelta(days=WEEK):
        return "This week"
    if row.on < monday + timedelta(days=2 * WEEK):
        return "Next week"
    return f"{row.on:%B %Y}"


def due_row(at: PlanAt, zone: ZoneInfo) -> DueRow:
    passed, limits = at.passed, at.limits
    done = (
        (limits.printing_s, f"{passed.printing_s // HOUR_S} of {hours(limits.printing_s)} h"),
        (limits.prints, f"{passed.prints} of {limits.prints} prints"),
        (limits.days, f"{passed.passed.days} of {limits.days} days"),
    )
    expected = at.expected_at
    return DueRow(
        plan=at.plan.name,
        printer_id=at.printer.id,
        printer=at.printer.name,
        on=expected.astimezone(zone).date() if expected else None,
        percent=min(used_percent(limits, passed), 100),
        words=", ".join(words for limit, words in done if limit),
        tone="red" if at.is_holding else "amber" if at.is_due else "green",
    )


def hours(seconds: int | None) -> str:
    return f"{(seconds or 0) / HOUR_S:g}"


async def _list_tasks(session: AnySession, ctx: Actor) -> tuple[list[TaskRead], list[TaskRead]]:
    """Open ones, the longest due first; the last that ended."""
    status = MaintenanceTask.status
    tasks, _ = await maintenance_history.list_tasks(
        session,
        ctx,
        status == TaskStatus.OPEN,
        paging=SHOWN,
    )
    ended, _ = await maintenance_history.list_tasks(
        session,
        ctx,
        status != TaskStatus.OPEN,
        paging=DONE_SHOWN,
    )
    return sorted(tasks, key=lambda task: (task.due_at, task.id)), ended


async def _list_reports(session: AnySession, ctx: Actor) -> list[ReportRow]:
    is_open = PrinterReport.status == ReportStatus.OPEN
    rows, _ = await queries.list_rows(session, ctx, PrinterReport, is_open, paging=SHOWN)
    names = await queries.list_printer_names(session, ctx, [row.printer_id for row in rows])
    worst = list(Severity)
    rows.sort(key=lambda row: (row.stops_printer, worst.index(row.severity)), reverse=True)
    return [
        ReportRow(
            row.id,
            row.printer_id,
            names[row.printer_id],
            row.severity.value,
            TONES[row.severity],
            row.description,
            row.stops_printer,
            row.reported_by,
            row.created_at,
            row.photo_sha256,
        )
        for row in rows
    ]


def _names(members: Sequence[MemberRow]) -> dict[int, str]:
    return {one.user_id: one.first_name or one.username for one in members}


def _part(part: SparePart) -> PartRow:
    cost = f"{Money(part.cost_minor, part.currency).decimal} {part.currency}"
    return PartRow(
        part.id,
        part.sku,
        part.name,
        part.location,
        part.on_hand,
        part.threshold,
        is_low(part),
        cost if part.cost_minor else "",
    )


def _plan(plan: MaintenancePlan, names: dict[int, str]) -> PlanRow:
    parts = (
        (plan.every_printing_s, f"{hours(plan.every_printing_s)} printing hours"),
        (plan.every_prints, f"{plan.every_prints} prints"),
        (plan.every_days, f"{plan.every_days} days"),
    )
    every = " or ".join(words for limit, words in parts if limit)
    aim = (
        names.get(plan.printer_id, "a removed printer")
        if plan.printer_id
        else f"every {plan.model}"
    )
    return PlanRow(plan.id, plan.name, aim, every, plan.is_blocking)
