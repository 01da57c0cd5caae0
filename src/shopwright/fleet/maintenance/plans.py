"""Maintenance plans: what is to be done how often, at one printer or at all of a model."""

from dataclasses import dataclass
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service
from shopwright.fleet.maintenance import queries
from shopwright.fleet.maintenance import service as maintenance
from shopwright.fleet.maintenance.models import MaintenancePlan
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.live import touch


@dataclass(frozen=True, slots=True)
class PlanSpec:
    """Of one printer or of a model, with at least one interval."""

    name: str
    instructions: str = ""
    printer: Ref | None = None
    model: str | None = None
    every_printing_s: int | None = None
    every_prints: int | None = None
    every_days: int | None = None
    grace_percent: int = 0
    is_blocking: bool = False


async def get_plan(session: AnySession, ctx: Actor, ref: Ref) -> MaintenancePlan:
    """Raises NotFound, also for a deleted one."""
    plan = await queries.find_row(session, ctx, MaintenancePlan, ref)
    if plan is None or not plan.is_active:
        raise NotFound(f"There is no maintenance plan {ref}.")
    return plan


async def create_plan(
    session: WriteSession, ctx: Actor, *, spec: PlanSpec, now: datetime
) -> MaintenancePlan:
    """Its intervals begin now; raises Invalid, and NotFound for a printer that is not there."""
    plan = MaintenancePlan(organization_id=ctx.organization_id, created_at=now)
    await _say(session, ctx, plan, spec, now)
    session.add(plan)
    return await _saved(session, ctx, plan, "maintenance_plan.created", now)


async def update_plan(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: PlanSpec, now: datetime
) -> MaintenancePlan:
    """What was printed since it was last fulfilled stays counted."""
    plan = await get_plan(session, ctx, ref)
    await _say(session, ctx, plan, spec, now)
    return await _saved(session, ctx, plan, "maintenance_plan.updated", now)


async def remove_plan(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """Its open tasks end unfulfilled; what was done stays in the history."""
    plan = await get_plan(session, ctx, ref)
    plan.is_active = False
    ended = {
        "status": TaskStatus.SKIPPED,
        "note": "The plan was removed.",
        "ended_by": ctx.name,
        "ended_at": now,
    }
    await session.flush()
    await queries.end_tasks_of_plan(session, ctx, plan.id, ended)
    await _saved(session, ctx, plan, "maintenance_plan.removed", now)


async def _say(
    session: WriteSession, ctx: Actor, plan: MaintenancePlan, spec: PlanSpec, now: datetime
) -> None:
    model = (spec.model or "").strip() or None
    if (spec.printer is None) == (model is None):
        raise Invalid("A plan is for one printer or for one model: send printer_id or model.")
    if not (spec.every_printing_s or spec.every_prints or spec.every_days):
        raise Invalid("A plan needs an interval: printing hours, prints or days.")
    plan.printer_id = None
    if spec.printer is not None:
        plan.printer_id = (await service.get_living_printer(session, ctx, spec.printer)).id
    plan.name, plan.instructions, plan.model = spec.name, spec.instructions, model
    plan.every_printing_s, plan.every_prints = spec.every_printing_s, spec.every_prints
    plan.every_days, plan.grace_percent = spec.every_days, spec.grace_percent
    plan.is_blocking, plan.is_active, plan.updated_at = spec.is_blocking, True, now


async def _saved(
    session: WriteSession, ctx: Actor, plan: MaintenancePlan, action: str, now: datetime
) -> MaintenancePlan:
    await session.flush()
    audit.record(session, ctx, action, plan.id, name=plan.name)
    touch(session, ctx.organization_id, maintenance.LIVE_TOPIC)
    await maintenance.judge(session, ctx, now=now)
    return plan
