"""Maintenance tasks: written down, given to somebody, done with parts and cost, or skipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shopwright.accounts import audit
from shopwright.fleet import service
from shopwright.fleet.maintenance import queries, spare_parts
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.models import MaintenanceTask
from shopwright.fleet.maintenance.spare_parts import PartUse
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money


class TaskEnded(Conflict):
    code = "maintenance-task-ended"
    title = "This task is done or skipped already"


@dataclass(frozen=True, slots=True)
class TaskSpec:
    printer: Ref
    title: str
    instructions: str = ""
    due_at: datetime | None = None  # None: now
    is_blocking: bool = False
    assigned_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class TaskChange:
    """Only what is not None changes; ``is_unassigned`` takes it from whoever had it."""

    title: str | None = None
    instructions: str | None = None
    due_at: datetime | None = None
    is_blocking: bool | None = None
    assigned_user_id: int | None = None
    is_unassigned: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """``cost`` is what was paid besides the parts."""

    note: str = ""
    minutes: int | None = None
    cost: Decimal = Decimal(0)
    parts: Sequence[PartUse] = ()


async def get_task(session: AnySession, ctx: Actor, ref: Ref) -> MaintenanceTask:
    """Raises NotFound, also for another organization's."""
    task = await queries.find_row(session, ctx, MaintenanceTask, ref)
    if task is None:
        raise NotFound(f"There is no maintenance task {ref}.")
    return task


async def create_task(
    session: WriteSession, ctx: Actor, *, spec: TaskSpec, now: datetime
) -> MaintenanceTask:
    """By hand; a blocking one holds the printer from when it is due until it ended."""
    printer = await service.get_living_printer(session, ctx, spec.printer)
    task = MaintenanceTask(
        organization_id=ctx.organization_id,
        printer_id=printer.id,
        title=spec.title,
        instructions=spec.instructions,
        due_at=spec.due_at or now,
        is_blocking=spec.is_blocking,
        assigned_user_id=await _member(session, ctx, spec.assigned_user_id),
        created_by=ctx.name,
        currency=await queries.get_currency(session, ctx),
        created_at=now,
    )
    session.add(task)
    await session.flush()
    await _changed(session, ctx, task, "maintenance_task.created", now)
    return task


async def update_task(
    session: WriteSession, ctx: Actor, *, ref: Ref, change: TaskChange, now: datetime
) -> MaintenanceTask:
    """Raises TaskEnded."""
    task = await get_task(session, ctx, ref)
    if task.status is not TaskStatus.OPEN:
        raise _ended(task)
    for name in ("title", "instructions", "due_at", "is_blocking"):
        value = getattr(change, name)
        if value is not None:
            setattr(task, name, value)
    if change.is_unassigned:
        task.assigned_user_id = None
    elif change.assigned_user_id is not None:
        task.assigned_user_id = await _member(session, ctx, change.assigned_user_id)
    await session.flush()
    await _changed(session, ctx, task, "maintenance_task.updated", now)
    return task


async def complete_task(
    session: WriteSession, ctx: Actor, *, ref: Ref, done: Done, now: datetime
) -> MaintenanceTask:
    """The parts leave the stock, the plan's intervals begin anew, the printer may be let go.

    Raises TaskEnded, and PartMissing when the stock has fewer.
    """
    task = await get_task(session, ctx, ref)
    ended = await _end(
        session,
        ctx,
        task,
        now,
        status=TaskStatus.DONE,
        note=done.note,
        minutes=done.minutes,
        cost_minor=Money.from_decimal(done.cost, task.currency).minor,
    )
    ended.parts_cost_minor = await spare_parts.use_parts(
        session, ctx, task=ended, uses=done.parts, now=now
    )
    printer = await service.get_printer(session, ctx, task.printer_id)
    printer.last_maintenance_at = now
    await session.flush()
    await _changed(session, ctx, ended, "maintenance_task.done", now)
    return ended


async def skip_task(
    session: WriteSession, ctx: Actor, *, ref: Ref, note: str, now: datetime
) -> MaintenanceTask:
    """Not needed this time; the plan's intervals begin anew. Raises TaskEnded."""
    task = await get_task(session, ctx, ref)
    if not note.strip():
        raise Invalid("Say why the task is not needed.")
    ended = await _end(session, ctx, task, now, status=TaskStatus.SKIPPED, note=note.strip())
    await _changed(session, ctx, ended, "maintenance_task.skipped", now)
    return ended


async def _end(
    session: WriteSession, ctx: Actor, task: MaintenanceTask, now: datetime, **values: Any
) -> MaintenanceTask:
    """Compare-and-set, under the lock of the printer's wear."""
    wear = await queries.lock_wear(session, ctx, [task.printer_id], now)
    values |= {"ended_by": ctx.name, "ended_at": now}
    ended = await queries.end_task(session, ctx, task.id, values)
    if ended is None:
        raise _ended(task)
    if task.plan_id is not None:
        await queries.move_mark(session, ctx, task.plan_id, wear[task.printer_id], now)
    return ended


def _ended(task: MaintenanceTask) -> TaskEnded:
    return TaskEnded(f"“{task.title}” was ended already.", task_id=task.id)


async def _member(session: WriteSession, ctx: Actor, user_id: int | None) -> int | None:
    if user_id is None:
        return None
    found = await queries.find_member_user(session, ctx, user_id)
    if found is None:
        raise Invalid(f"There is no member with the user id {user_id} here.")
    return found


async def _changed(
    session: WriteSession, ctx: Actor, task: MaintenanceTask, action: str, now: datetime
) -> None:
    audit.record(session, ctx, action, task.id, title=task.title)
    touch(session, ctx.organization_id, maintenance.LIVE_TOPIC)
    await maintenance.judge(session, ctx, now=now, printer_ids=[task.printer_id])
