"""Maintenance over HTTP: what is due, plans, tasks and what was done."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from starlette.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.fleet.maintenance import history, plans, queries, service, tasks
from shopwright.fleet.maintenance.models import MaintenanceTask
from shopwright.fleet.maintenance.schemas import (
    DueRead,
    HeldRead,
    HistoryRead,
    PlanBody,
    PlanRead,
    TaskCreate,
    TaskDone,
    TaskRead,
    TaskSkip,
    TaskUpdate,
    UpkeepRead,
)
from shopwright.fleet.maintenance.spare_parts import PartMissing
from shopwright.fleet.maintenance.states import TaskStatus
from shopwright.fleet.maintenance.tasks import TaskEnded
from shopwright.fleet.maintenance.upkeep import find_zone
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    ALL_ROWS,
    MAX_ID,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_members,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/maintenance", tags=["printers"], route_class=RepeatableRoute)

PlanRef = Annotated[Ref, path_ref("maintenance_plan")]
TaskRef = Annotated[Ref, path_ref("maintenance_task")]
PrinterId = Annotated[int | None, Query(ge=1, le=MAX_ID)]
SomeRows = Annotated[Paging, page_of(100)]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
NO_STORE = {"cache-control": "no-store"}
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


@router.get("")
async def read_upkeep(response: Response, ctx: ViewerCtx, session: Read, now: Now) -> UpkeepRead:
    """Every plan at every printer, the soonest first, and the printers that are held back."""
    response.headers.update(NO_STORE)
    due = [DueRead.of(at) for at in await service.list_plans_at(session, ctx, now)]
    held = await queries.list_holds(session, ctx)
    names = await queries.list_printer_names(session, ctx, held)
    return UpkeepRead(
        due=due,
        held=[HeldRead(printer_id=id_, printer=names[id_], reason=held[id_]) for id_ in held],
        total=len(due),
        due_count=sum(one.is_due for one in due),
    )


@router.get("/plans")
async def list_plans(ctx: ViewerCtx, session: Read) -> list[PlanRead]:
    """What is to be done how often."""
    return [PlanRead.of(plan) for plan in await queries.list_plans(session, ctx)]


@router.post("/plans", status_code=201, responses=problems(Invalid, NotFound))
async def create_plan(body: PlanBody, ctx: AdminCtx, session: Write, now: Now) -> PlanRead:
    """Plan something; its intervals begin now."""
    plan = await plans.create_plan(session, ctx, spec=body.spec(), now=now)
    return PlanRead.of(plan)


@router.get("/plans/{maintenance_plan}", responses=problems(NotFound))
async def read_plan(maintenance_plan: PlanRef, ctx: ViewerCtx, session: Read) -> PlanRead:
    """One plan."""
    return PlanRead.of(await plans.get_plan(session, ctx, maintenance_plan))


@router.put("/plans/{maintenance_plan}", responses=problems(Invalid, NotFound))
async def update_plan(
    maintenance_plan: PlanRef, body: PlanBody, ctx: AdminCtx, session: Write, now: Now
) -> PlanRead:
    """Say a plan anew; what was printed since it was last fulfilled stays counted."""
    plan = await plans.update_plan(session, ctx, ref=maintenance_plan, spec=body.spec(), now=now)
    return PlanRead.of(plan)


@router.delete("/plans/{maintenance_plan}", responses=problems(NotFound))
async def delete_plan(
    maintenance_plan: PlanRef, ctx: AdminCtx, session: Write, now: Now
) -> Message:
    """Its open tasks end; what was done stays in the history."""
    await plans.remove_plan(session, ctx, ref=maintenance_plan, now=now)
    return Message(message="Plan removed")


@router.get("/tasks")
async def list_tasks(
    ctx: ViewerCtx,
    session: Read,
    paging: SomeRows,
    status: TaskStatus | None = None,
    printer_id: PrinterId = None,
) -> JSONResponse:
    """Tasks, the latest first."""
    conditions = _of_printer(printer_id)
    if status is not None:
        conditions.append(MaintenanceTask.status == status)
    rows, total = await history.list_tasks(session, ctx, *conditions, paging=paging)
    return listed("tasks", rows, total, paging)


@router.post("/tasks", status_code=201, responses=problems(Invalid, NotFound))
async def create_task(body: TaskCreate, ctx: MemberCtx, session: Write, now: Now) -> TaskRead:
    """Write down something to do."""
    spec = body.spec(await find_zone(session, ctx))
    task = await tasks.create_task(session, ctx, spec=spec, now=now)
    return await _read(session, ctx, task)


@router.get("/tasks/{maintenance_task}", responses=problems(NotFound))
async def read_task(maintenance_task: TaskRef, ctx: ViewerCtx, session: Read) -> TaskRead:
    """One task."""
    task = await tasks.get_task(session, ctx, maintenance_task)
    return await _read(session, ctx, task)


@router.put("/tasks/{maintenance_task}", responses=problems(Invalid, NotFound, TaskEnded))
async def update_task(
    maintenance_task: TaskRef, body: TaskUpdate, ctx: MemberCtx, session: Write, now: Now
) -> TaskRead:
    """Change an open task, or who does it."""
    change = body.change(await find_zone(session, ctx))
    task = await tasks.update_task(session, ctx, ref=maintenance_task, change=change, now=now)
    return await _read(session, ctx, task)


@router.post(
    "/tasks/{maintenance_task}/done",
    responses=problems(Invalid, NotFound, TaskEnded, PartMissing),
)
async def complete_task(
    maintenance_task: TaskRef, body: TaskDone, ctx: MemberCtx, session: Write, now: Now
) -> TaskRead:
    """Done: its parts leave the stock, and the printer may be let go."""
    task = await tasks.complete_task(session, ctx, ref=maintenance_task, done=body.done(), now=now)
    return await _read(session, ctx, task)


@router.post("/tasks/{maintenance_task}/skip", responses=problems(Invalid, NotFound, TaskEnded))
async def skip_task(
    maintenance_task: TaskRef, body: TaskSkip, ctx: MemberCtx, session: Write, now: Now
) -> TaskRead:
    """Not needed this time, and why."""
    task = await tasks.skip_task(session, ctx, ref=maintenance_task, note=body.note, now=now)
    return await _read(session, ctx, task)


@router.get("/history", response_model=HistoryRead, responses=AS_CSV)
async def read_history(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    printer_id: PrinterId = None,
    format: Literal["json", "csv"] = "json",  # noqa: A002  the word in the address
) -> Response:
    """What was done or skipped, the latest first, and what it cost per printer."""
    mine = _of_printer(printer_id)
    ended = MaintenanceTask.status != TaskStatus.OPEN
    rows, total = await history.list_tasks(session, ctx, ended, *mine, paging=paging)
    if format == "csv":
        named = {"content-disposition": 'attachment; filename="maintenance.csv"'}
        text = history.to_csv(rows)
        return Response(text, media_type="text/csv", headers=named)
    answer = HistoryRead(
        tasks=rows,
        printers=await history.list_costs(session, ctx, *mine),
        **page_members(paging, total),
    )
    return JSONResponse(answer.model_dump(mode="json"))


def _of_printer(printer_id: int | None) -> list[Any]:
    return [] if printer_id is None else [MaintenanceTask.printer_id == printer_id]


async def _read(session: AnySession, ctx: Actor, task: MaintenanceTask) -> TaskRead:
    (found,) = await history.read_tasks(session, ctx, [task])
    return found
