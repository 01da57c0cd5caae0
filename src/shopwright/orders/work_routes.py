"""How an order's making goes, told over HTTP: production, priority, photo, label, filament."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.files.photos import PHOTO_BODY, PhotoUnreadable
from shopwright.files.storage import StorageFull
from shopwright.files.uploads import UploadMalformed, UploadTooLarge
from shopwright.inventory.rules import to_mg
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed_bare,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import IllegalTransition, Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import answers, bulk, filament_use, labels, photos, service
from shopwright.orders.bulk import Act
from shopwright.orders.filament_use import NothingAssigned
from shopwright.orders.labels import LabelNotNeeded
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OrderStatus
from shopwright.orders.work_schemas import (
    AssignedRead,
    AssignmentRead,
    BulkBody,
    BulkRead,
    LabelBody,
    PrintTimeBody,
    PriorityBody,
    ProductionBody,
    UsageBody,
    UsageRead,
)

router = APIRouter(prefix="/api", tags=["orders"], route_class=RepeatableRoute)

OrderRef = Annotated[Ref, path_ref("order")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.put(
    "/orders/{order}/production-status", responses=problems(Invalid, NotFound, IllegalTransition)
)
async def set_production_status(
    request: Request,
    order: OrderRef,
    body: ProductionBody,
    ctx: MemberCtx,
    session: Write,
    now: Now,
) -> Response:
    """Say how far the making is; ``printed`` makes what is missing good."""
    changed = await service.update_order(session, ctx, ref=order, change=body.change(), now=now)
    return await answers.changed_order(request, session, ctx, changed.id)


@router.put("/orders/{order}/priority", responses=problems(Invalid, NotFound))
async def set_priority(
    request: Request, order: OrderRef, body: PriorityBody, ctx: MemberCtx, session: Write, now: Now
) -> Response:
    """1 urgent to 5 backlog; what waits in the queue for it moves along."""
    change = OrderChange(priority=body.priority)
    changed = await service.update_order(session, ctx, ref=order, change=change, now=now)
    return await answers.changed_order(request, session, ctx, changed.id)


@router.put("/orders/{order}/print-time", responses=problems(Invalid, NotFound))
async def set_print_time(
    request: Request, order: OrderRef, body: PrintTimeBody, ctx: MemberCtx, session: Write, now: Now
) -> Response:
    """How many minutes its printing is thought to take."""
    change = OrderChange(estimated_print_min=body.estimated_print_time)
    changed = await service.update_order(session, ctx, ref=order, change=change, now=now)
    return await answers.changed_order(request, session, ctx, changed.id)


@router.post(
    "/orders/{order}/photo",
    status_code=201,
    openapi_extra=PHOTO_BODY,
    responses=problems(NotFound, UploadMalformed, PhotoUnreadable, UploadTooLarge, StorageFull),
)
async def add_photo(
    request: Request, order: OrderRef, ctx: MemberCtx, process: ProcessDep
) -> Response:
    """A picture of what was made, drawn anew; it takes the place of the one before."""
    order_id = await photos.take_photo(request, ctx, order)
    async with process.database.read() as session:
        return await answers.changed_order(request, session, ctx, order_id, status=201)


@router.post(
    "/orders/{order}/shipping-label",
    status_code=201,
    responses=problems(Invalid, NotFound, LabelNotNeeded),
)
async def create_label(
    request: Request, order: OrderRef, body: LabelBody, ctx: MemberCtx, session: Write, now: Now
) -> Response:
    """Note a label that was made elsewhere; its tracking number goes onto the parcel."""
    return await _label(request, session, ctx, order, body, now, status=201)


@router.put("/orders/{order}/shipping-label", responses=problems(Invalid, NotFound, LabelNotNeeded))
async def update_label(
    request: Request, order: OrderRef, body: LabelBody, ctx: MemberCtx, session: Write, now: Now
) -> Response:
    """Correct the label, or note the first one."""
    return await _label(request, session, ctx, order, body, now)


@router.post("/orders/bulk-actions", responses=problems(Invalid))
async def change_orders(body: BulkBody, ctx: MemberCtx, session: Write, now: Now) -> BulkRead:
    """The same for many orders; each succeeds or fails alone, and the answer tells which."""
    outcomes = await bulk.change_orders(
        session, ctx, refs=body.order_ids, act=_act_of(body), now=now
    )
    return BulkRead.of(body.action, outcomes)


@router.post("/orders/{order}/auto-assign-filament", responses=problems(NothingAssigned, NotFound))
async def assign_filament(
    order: OrderRef, ctx: MemberCtx, session: Write, now: Now
) -> AssignedRead:
    """Take from stock what the profiles of the items say, once for each item."""
    _, made = await filament_use.assign_filament(session, ctx, ref=order, now=now)
    return AssignedRead(
        success=True,
        total_assigned=len(made),
        assignments=[AssignmentRead.of(each) for each in made],
        message=filament_use.sentence_of(made),
    )


@router.post("/filament-usage", status_code=201, responses=problems(Invalid, NotFound))
async def create_usage(body: UsageBody, ctx: MemberCtx, session: Write, now: Now) -> UsageRead:
    """Write down what was used by hand; the stock falls, to nothing at most."""
    row = await filament_use.record_usage(
        session,
        ctx,
        filament=body.filament_id,
        amount_mg=to_mg(body.amount_used),
        order=body.order_id,
        description=body.description.strip(),
        now=now,
    )
    return UsageRead.of(row)


@router.get(
    "/filament-usage/order/{order}",
    response_model=list[UsageRead],
    responses=problems(NotFound),
)
async def list_usages(
    order: OrderRef, ctx: ViewerCtx, session: Read, paging: EveryRow
) -> JSONResponse:
    """What people used for an order, the oldest first."""
    rows, total = await filament_use.list_usages(session, ctx, order, paging)
    return listed_bare([UsageRead.of(row) for row in rows], total, paging)


async def _label(
    request: Request,
    session: WriteSession,
    ctx: Actor,
    order: Ref,
    body: LabelBody,
    now: Any,
    status: int = 200,
) -> Response:
    found = await labels.set_label(session, ctx, ref=order, spec=body.spec(), now=now)
    return await answers.changed_order(request, session, ctx, found.id, status=status)


def _act_of(body: BulkBody) -> Act:
    match body.action:
        case "assign_filament":
            return bulk.assign_filament
        case "mark_shipped":
            return bulk.say(OrderChange(status=OrderStatus.SHIPPED))
        case "set_priority":
            if body.priority is None:
                raise Invalid("set_priority needs a priority from 1 to 5.")
            return bulk.say(OrderChange(priority=body.priority))
        case _:
            return bulk.say(_stated(body))


def _stated(body: BulkBody) -> OrderChange:
    if body.status is None:
        raise Invalid("update_status needs a status.")
    if isinstance(body.status, OrderStatus):
        return OrderChange(status=body.status)
    return OrderChange(production_status=body.status)
