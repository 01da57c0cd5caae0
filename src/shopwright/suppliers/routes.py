"""Our own routes about manufacturers, their offers and orders, and about making or buying."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import true
from starlette.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.kernel.edge import (
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import service as orders
from shopwright.suppliers import deciding, offers, queries, switching
from shopwright.suppliers.connections import SupplierNotSetUp
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.offers import OfferExists, SupplierExists
from shopwright.suppliers.schemas import (
    ChoiceRead,
    LineSwitch,
    OfferRead,
    OfferWrite,
    Resolution,
    SupplierOrderPage,
    SupplierOrderRead,
    SupplierRead,
    SupplierWrite,
    Switched,
)
from shopwright.suppliers.states import PlacingStage
from shopwright.suppliers.switching import NoOffer, NoOwnRecipe, NothingToSwitch

router = APIRouter(prefix="/api", tags=["suppliers"], route_class=RepeatableRoute)

SupplierRef = Annotated[Ref, path_ref("supplier")]
OfferRef = Annotated[Ref, path_ref("offer")]
OrderRef = Annotated[Ref, path_ref("order")]
ItemRef = Annotated[Ref, path_ref("item")]
SupplierOrderRef = Annotated[Ref, path_ref("supplier_order")]


@router.get("/suppliers")
async def list_suppliers(ctx: ViewerCtx, session: Read) -> dict[str, list[SupplierRead]]:
    rows = await queries.list_suppliers(session, ctx)
    return {"suppliers": [SupplierRead.of(row) for row in rows]}


@router.post("/suppliers", status_code=201, responses=problems(SupplierExists, Invalid))
async def create_supplier(
    ctx: AdminCtx, body: SupplierWrite, session: Write, now: Now
) -> SupplierRead:
    """A manufacturer with its account; what waited for one is ordered."""
    return SupplierRead.of(await offers.create_supplier(session, ctx, body.spec(), now))


@router.put("/suppliers/{supplier}", responses=problems(NotFound, SupplierExists, Invalid))
async def update_supplier(
    supplier: SupplierRef, ctx: AdminCtx, body: SupplierWrite, session: Write, now: Now
) -> SupplierRead:
    return SupplierRead.of(await offers.update_supplier(session, ctx, supplier, body.spec(), now))


@router.post("/suppliers/{supplier}/check", responses=problems(NotFound, SupplierNotSetUp))
async def check_supplier(supplier: SupplierRef, ctx: AdminCtx, process: ProcessDep) -> SupplierRead:
    """Sign in at the manufacturer now."""
    return SupplierRead.of(await offers.check_supplier(process, ctx, supplier))


@router.get("/suppliers/{supplier}/offers", responses=problems(NotFound))
async def list_offers(
    supplier: SupplierRef, ctx: ViewerCtx, session: Read
) -> dict[str, list[OfferRead]]:
    found = await offers.get_supplier(session, ctx, supplier)
    rows = await queries.list_offers(session, ctx, supplier_id=found.id)
    return {"offers": [OfferRead.of(row) for row in rows]}


@router.post(
    "/suppliers/{supplier}/offers",
    status_code=201,
    responses=problems(NotFound, OfferExists, Invalid),
)
async def create_offer(
    supplier: SupplierRef, ctx: AdminCtx, body: OfferWrite, session: Write, now: Now
) -> OfferRead:
    """What it makes for us, and what for; pieces that waited for it are ordered."""
    return OfferRead.of(await offers.create_offer(session, ctx, supplier, body.spec(), now))


@router.delete("/supplier-offers/{offer}", responses=problems(NotFound))
async def remove_offer(offer: OfferRef, ctx: AdminCtx, session: Write, now: Now) -> dict[str, str]:
    await offers.remove_offer(session, ctx, offer, now)
    return {"message": "Nothing is ordered by this offer any more."}


@router.get("/supplier-orders", response_model=SupplierOrderPage)
async def list_supplier_orders(
    ctx: ViewerCtx,
    session: Read,
    paging: Annotated[Paging, page_of(50)],
    stage: Annotated[PlacingStage | None, Query()] = None,
) -> JSONResponse:
    """Newest first."""
    condition = true() if stage is None else SupplierOrder.stage == stage
    rows, total = await queries.page_orders(session, ctx, condition, paging)
    return listed("supplier_orders", [SupplierOrderRead.of(row) for row in rows], total, paging)


@router.get("/supplier-orders/{supplier_order}", responses=problems(NotFound))
async def read_supplier_order(
    supplier_order: SupplierOrderRef, ctx: ViewerCtx, session: Read
) -> SupplierOrderRead:
    row = await queries.find_order(session, ctx, supplier_order)
    if row is None:
        raise NotFound(f"There is no supplier order {supplier_order}.")
    return SupplierOrderRead.of(row)


@router.post(
    "/supplier-orders/{supplier_order}/resolve",
    responses=problems(NotFound, deciding.NothingInDoubt),
)
async def resolve_supplier_order(
    supplier_order: SupplierOrderRef, ctx: MemberCtx, body: Resolution, session: Write, now: Now
) -> SupplierOrderRead:
    """Somebody looked at the manufacturer: it was placed, or it was not."""
    say = deciding.say_placed if body.outcome == "placed" else deciding.say_not_placed
    return SupplierOrderRead.of(await say(session, ctx, supplier_order, now))


@router.post(
    "/supplier-orders/{supplier_order}/dismiss",
    responses=problems(NotFound, deciding.NothingInDoubt),
)
async def dismiss_problem(
    supplier_order: SupplierOrderRef, ctx: MemberCtx, session: Write, now: Now
) -> SupplierOrderRead:
    """What was asked of a person is done."""
    return SupplierOrderRead.of(await deciding.dismiss_problem(session, ctx, supplier_order, now))


@router.post("/supplier-orders/{supplier_order}/look", responses=problems(NotFound))
async def look_now(
    supplier_order: SupplierOrderRef, ctx: MemberCtx, session: Write, now: Now
) -> SupplierOrderRead:
    """Place it, or ask about it, at once instead of at its time."""
    return SupplierOrderRead.of(await deciding.look_now(session, ctx, supplier_order, now))


@router.get("/orders/{order}/ways", responses=problems(NotFound))
async def list_ways(
    order: OrderRef, ctx: ViewerCtx, session: Read, now: Now
) -> dict[str, list[ChoiceRead]]:
    """For each line that can be bought: what making and buying cost, and when it is there."""
    found = await orders.get_order(session, ctx, order)
    choices = await switching.list_choices(session, ctx, found, now)
    return {"ways": [ChoiceRead.of(choice) for choice in choices]}


@router.post(
    "/items/{item}/switch",
    responses=problems(NotFound, NothingToSwitch, NoOffer, NoOwnRecipe),
)
async def switch_item(
    item: ItemRef, ctx: MemberCtx, body: LineSwitch, session: Write, now: Now
) -> Switched:
    """Make what was to be bought, or buy what was to be made, of one order line; only pieces that
    nobody has begun."""
    found = await queries.find_item(session, ctx, item)
    if found is None:
        raise NotFound(f"There is no order line {item}.")
    pieces = await switching.switch_line(
        session, ctx, item_id=found.id, way=body.way, as_variant=body.as_variant_id, now=now
    )
    return Switched(way=body.way, pieces=pieces)
