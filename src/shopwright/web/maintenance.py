"""Maintenance: what is due when, what is to be done, spare parts, problems of printers."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import Response

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.files.access import Files
from shopwright.files.photos import CONTENT_TYPE
from shopwright.files.serving import send_picture
from shopwright.fleet.maintenance import plans as maintenance_plans
from shopwright.fleet.maintenance import report_photos, spare_parts
from shopwright.fleet.maintenance import reports as printer_reports
from shopwright.fleet.maintenance import tasks as maintenance_tasks
from shopwright.fleet.maintenance.schemas import (
    PartBody,
    PartCounted,
    PartReceived,
    PlanBody,
    ReportCreate,
    TaskCreate,
    TaskDone,
)
from shopwright.fleet.maintenance.tasks import TaskChange
from shopwright.kernel.edge import Now, Read, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.web.amounts import read_price
from shopwright.web.judging import judge
from shopwright.web.page import PageCtx, done
from shopwright.web.reads import maintenance as reads

router = APIRouter(include_in_schema=False)

PlanRef = Annotated[Ref, path_ref("maintenance_plan")]
TaskRef = Annotated[Ref, path_ref("maintenance_task")]
PartRef = Annotated[Ref, path_ref("spare_part")]
ReportRef = Annotated[Ref, path_ref("printer_report")]
HERE = "/maintenance"
MAX_DIGITS = 15
SENTENCES = {
    "name": "A name has 1 to 100 characters.",
    "title": "Say in 1 to 100 characters what is to be done.",
    "description": "Say what is wrong, in 1 to 5000 characters.",
    "printer_id": "Choose a printer.",
    "part_id": "Choose a part.",
    "sku": "A part has a number of 1 to 60 characters.",
    "every_printing_hours": "{value!r} is no number of printing hours, like 200.",
    "every_prints": "{value!r} is no number of prints, like 100.",
    "every_days": "{value!r} is no number of days from 1 to 3650.",
    "grace_percent": "{value!r} is no share of the interval from 0 to 100 %.",
    "minutes": "{value!r} is no number of minutes.",
    "quantity": "{value!r} is no number of parts, 1 or more.",
    "on_hand": "{value!r} is no number of parts, 0 or more.",
    "threshold": "{value!r} is no number of parts, 0 or more.",
}


class PlanForm(BaseModel):
    """As typed; ``aim`` is ``model:P1S`` or ``printer:12``."""

    name: str = ""
    instructions: str = ""
    aim: str = ""
    every_printing_hours: str = ""
    every_prints: str = ""
    every_days: str = ""
    grace_percent: str = ""
    is_blocking: str = ""


class TaskForm(BaseModel):
    """As typed."""

    printer_id: str = ""
    title: str = ""
    due_on: str = ""
    is_blocking: str = ""
    assigned_user_id: str = ""


class DoneForm(BaseModel):
    """As typed; parts and their quantities in the same order."""

    note: str = ""
    minutes: str = ""
    cost: str = ""
    part: list[str] = []
    quantity: list[str] = []


class ReportForm(BaseModel):
    """As typed."""

    printer_id: str = ""
    severity: str = ""
    description: str = ""
    stops_printer: str = ""


class PartForm(BaseModel):
    """As typed."""

    sku: str = ""
    name: str = ""
    location: str = ""
    threshold: str = ""
    cost: str = ""
    on_hand: str = ""


@router.get(HERE)
async def show_maintenance(page: PageCtx, session: Read) -> Response:
    """Problems, tasks and what comes due when; parts, plans and what was done."""
    view = await reads.read_view(session, page.actor, page.now, page.zone)
    return page.render("maintenance.html", active="maintenance", topics="maintenance", view=view)


@router.post("/maintenance/plans")
async def create_plan(
    request: Request, ctx: AdminCtx, session: Write, now: Now, form: Annotated[PlanForm, Form()]
) -> Response:
    """Its intervals begin now."""
    spec = read_plan(form).spec()
    plan = await maintenance_plans.create_plan(session, ctx, spec=spec, now=now)
    return done(request, f"“{plan.name}” is planned.", to=HERE)


@router.post("/maintenance/plans/{maintenance_plan}/remove")
async def remove_plan(
    request: Request, ctx: AdminCtx, session: Write, now: Now, maintenance_plan: PlanRef
) -> Response:
    await maintenance_plans.remove_plan(session, ctx, ref=maintenance_plan, now=now)
    return done(request, "The plan is removed; what was done stays known.", to=HERE)


@router.post("/maintenance/tasks")
async def create_task(
    request: Request, ctx: MemberCtx, session: Write, now: Now, form: Annotated[TaskForm, Form()]
) -> Response:
    """Due today unless a day is said."""
    typed = _typed(form)
    if "due_on" in typed:
        typed["due_at"] = f"{typed.pop('due_on')}T00:00:00"
    zone = await reads.read_zone(session, ctx)
    spec = judge(TaskCreate, typed, SENTENCES).spec(zone)
    task = await maintenance_tasks.create_task(session, ctx, spec=spec, now=now)
    return done(request, f"“{task.title}” is on the list.", to=HERE)


@router.post("/maintenance/tasks/{maintenance_task}/assign")
async def assign_task(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    maintenance_task: TaskRef,
    user_id: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """To a member, or to nobody."""
    change = TaskChange(is_unassigned=True)
    if user_id:
        change = TaskChange(assigned_user_id=_number(user_id, "Choose a member."))
    task = await maintenance_tasks.update_task(
        session, ctx, ref=maintenance_task, change=change, now=now
    )
    return done(request, f"“{task.title}” changed hands.", to=HERE)


@router.post("/maintenance/tasks/{maintenance_task}/done")
async def complete_task(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    maintenance_task: TaskRef,
    form: Annotated[DoneForm, Form()],
) -> Response:
    """The printer gets work again unless something else holds it."""
    task = await maintenance_tasks.complete_task(
        session, ctx, ref=maintenance_task, done=read_done(form).done(), now=now
    )
    return done(request, f"“{task.title}” is done.", to=HERE)


@router.post("/maintenance/tasks/{maintenance_task}/skip")
async def skip_task(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    maintenance_task: TaskRef,
    note: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    task = await maintenance_tasks.skip_task(session, ctx, ref=maintenance_task, note=note, now=now)
    return done(request, f"“{task.title}” is skipped this time.", to=HERE)


@router.post("/maintenance/reports")
async def create_report(
    request: Request, ctx: MemberCtx, session: Write, now: Now, form: Annotated[ReportForm, Form()]
) -> Response:
    typed = {**_typed(form), "stops_printer": form.stops_printer == "yes"}
    spec = judge(ReportCreate, typed, SENTENCES).spec()
    report = await printer_reports.create_report(session, ctx, spec=spec, now=now)
    what = "gets no work until it is resolved" if report.stops_printer else "goes on working"
    return done(request, f"The problem is noted; the printer {what}.", to=HERE)


@router.post("/maintenance/reports/{printer_report}/resolve")
async def resolve_report(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    printer_report: ReportRef,
    resolution: Annotated[str, Form(max_length=5000)] = "",
) -> Response:
    await printer_reports.resolve_report(
        session, ctx, ref=printer_report, resolution=resolution.strip(), now=now
    )
    return done(request, "The problem is resolved.", to=HERE)


@router.post("/maintenance/reports/{printer_report}/photo")
async def add_photo(request: Request, ctx: MemberCtx, printer_report: ReportRef) -> Response:
    await report_photos.take_photo(request, ctx, printer_report)
    return done(request, "The photo is kept with the problem.", to=HERE)


@router.get("/maintenance/reports/{printer_report}/photo")
async def show_photo(
    request: Request, ctx: ViewerCtx, session: Read, files: Files, printer_report: ReportRef
) -> Response:
    report = await printer_reports.get_report(session, ctx, printer_report)
    sha256 = report_photos.photo_of(report)
    return await send_picture(request, files, sha256, content_type=CONTENT_TYPE)


@router.post("/maintenance/reports/{printer_report}/photo/remove")
async def remove_photo(request: Request, ctx: MemberCtx, printer_report: ReportRef) -> Response:
    await report_photos.remove_photo(request, ctx, printer_report)
    return done(request, "The photo is forgotten.", to=HERE)


@router.post("/maintenance/parts")
async def create_part(
    request: Request, ctx: MemberCtx, session: Write, now: Now, form: Annotated[PartForm, Form()]
) -> Response:
    body = read_part(form)
    on_hand = judge(PartCounted, {"on_hand": form.on_hand.strip() or "0"}, SENTENCES).on_hand
    part = await spare_parts.create_part(session, ctx, spec=body.spec(), on_hand=on_hand, now=now)
    return done(request, f"{part.name} is on the list.", to=HERE)


@router.post("/maintenance/parts/{spare_part}/receive")
async def receive_parts(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    spare_part: PartRef,
    quantity: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    wanted = judge(PartReceived, {"quantity": quantity}, SENTENCES).quantity
    part = await spare_parts.receive_parts(
        session, ctx, ref=spare_part, quantity=wanted, note="", now=now
    )
    return done(request, f"There are {part.on_hand} of {part.name} now.", to=HERE)


@router.post("/maintenance/parts/{spare_part}/count")
async def record_count(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    spare_part: PartRef,
    on_hand: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    counted = judge(PartCounted, {"on_hand": on_hand}, SENTENCES).on_hand
    part = await spare_parts.record_count(
        session, ctx, ref=spare_part, on_hand=counted, note="", now=now
    )
    return done(request, f"There are {part.on_hand} of {part.name} now.", to=HERE)


@router.post("/maintenance/parts/{spare_part}/remove")
async def remove_part(
    request: Request, ctx: AdminCtx, session: Write, spare_part: PartRef
) -> Response:
    await spare_parts.remove_part(session, ctx, ref=spare_part)
    return done(request, "The part left the list; what it was used for stays known.", to=HERE)


def read_plan(form: PlanForm) -> PlanBody:
    """Raises Invalid with what is wrong."""
    typed = _typed(form)
    kind, _, aim = str(typed.pop("aim", "")).partition(":")
    typed["model" if kind == "model" else "printer_id"] = aim
    return judge(PlanBody, typed, SENTENCES)


def read_done(form: DoneForm) -> TaskDone:
    """Raises Invalid with what is wrong; a quantity without a part is nothing."""
    typed = {name: text for name, text in _typed(form).items() if name in {"note", "minutes"}}
    uses = [
        {"part_id": part, "quantity": _number(quantity or "1", "Say how many parts were used.")}
        for part, quantity in zip(form.part, form.quantity, strict=False)
        if part
    ]
    cost = read_price(form.cost) or Decimal(0)
    return judge(TaskDone, {**typed, "cost": cost, "parts": uses}, SENTENCES)


def read_part(form: PartForm) -> PartBody:
    """Raises Invalid with what is wrong."""
    typed = _typed(form)
    typed.pop("on_hand", None)
    return judge(PartBody, {**typed, "cost": read_price(form.cost) or Decimal(0)}, SENTENCES)


def _typed(form: BaseModel) -> dict[str, object]:
    found = {name: value.strip() for name, value in form if isinstance(value, str)}
    typed: dict[str, object] = {name: value for name, value in found.items() if value}
    if "is_blocking" in typed:
        typed["is_blocking"] = typed["is_blocking"] == "yes"
    return typed


def _number(text: str, refusal: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) > 0):
        raise Invalid(refusal)
    return int(text)
