"""Finished steps and hardware over HTTP: what lies on the shelf, counted and corrected."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.catalog import products
from shopwright.catalog.models import RecipeStep
from shopwright.catalog.products import HardwareInUse, SkuTaken
from shopwright.inventory import stock, stock_queries
from shopwright.inventory.models import StepStock
from shopwright.inventory.schemas import (
    HardwarePage,
    HardwareRead,
    HardwareWrite,
    StepStockPage,
    StepStockRead,
    StockCount,
    StockMovementPage,
    StockMovementRead,
)
from shopwright.kernel.edge import (
    MAX_ID,
    Paging,
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

router = APIRouter(prefix="/api", tags=["inventory"], route_class=RepeatableRoute)

StepRef = Annotated[Ref, path_ref("step")]
HardwareRef = Annotated[Ref, path_ref("hardware")]
Page = Annotated[Paging, page_of(100)]


@router.get("/stock", response_model=StepStockPage)
async def list_stock(
    ctx: ViewerCtx,
    session: Read,
    paging: Page,
    variant_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> JSONResponse:
    """Finished copies that are owed to nobody; planning draws them before it prints."""
    conditions = [StepStock.on_hand > 0]
    if variant_id is not None:
        conditions.append(RecipeStep.variant_id == variant_id)
    rows, total = await stock_queries.list_step_stock(session, ctx, conditions, paging)
    return listed("stock", [StepStockRead.of(row) for row in rows], total, paging)


@router.get("/stock/movements", response_model=StockMovementPage)
async def list_stock_movements(ctx: ViewerCtx, session: Read, paging: Page) -> JSONResponse:
    """Why finished steps and hardware moved, the latest first."""
    rows, total = await stock_queries.list_movements(session, ctx, [], paging)
    return listed("movements", [StockMovementRead.of(row) for row in rows], total, paging)


@router.put("/stock/{step}", responses=problems(NotFound, Invalid))
async def count_stock(
    step: StepRef, body: StockCount, ctx: MemberCtx, session: Write
) -> StepStockRead:
    """Say how many finished copies of a recipe step there really are."""
    step_id = await stock.count_step(session, ctx, step=step, on_hand=body.on_hand, note=body.note)
    is_it = [RecipeStep.id == step_id]
    rows, _ = await stock_queries.list_step_stock(session, ctx, is_it, stock.ONE)
    return StepStockRead.of(rows[0])


@router.get("/hardware", response_model=HardwarePage)
async def list_hardware(
    ctx: ViewerCtx,
    session: Read,
    paging: Page,
    search: Annotated[str | None, Query(max_length=200)] = None,
) -> JSONResponse:
    """Screws, magnets, boxes: what recipes take from the drawer."""
    rows, total = await stock.list_hardware(session, ctx, search, paging)
    return listed("hardware", [HardwareRead.of(row) for row in rows], total, paging)


@router.post("/hardware", status_code=201, responses=problems(Invalid, SkuTaken))
async def create_hardware(body: HardwareWrite, ctx: MemberCtx, session: Write) -> HardwareRead:
    """A new kind of hardware with how many there are."""
    row = await stock.create_hardware(session, ctx, **body.model_dump())
    return HardwareRead.of(row)


@router.get("/hardware/{hardware}", responses=problems(NotFound))
async def read_hardware(hardware: HardwareRef, ctx: ViewerCtx, session: Read) -> HardwareRead:
    """One kind of hardware."""
    return HardwareRead.of(await stock.get_hardware(session, ctx, hardware))


@router.put("/hardware/{hardware}", responses=problems(NotFound, Invalid, SkuTaken))
async def update_hardware(
    hardware: HardwareRef, body: HardwareWrite, ctx: MemberCtx, session: Write
) -> HardwareRead:
    """Describe it anew, or say how many there really are."""
    row = await stock.update_hardware(session, ctx, ref=hardware, **body.model_dump())
    return HardwareRead.of(row)


@router.delete("/hardware/{hardware}", responses=problems(NotFound, HardwareInUse))
async def hide_hardware(hardware: HardwareRef, ctx: MemberCtx, session: Write) -> Message:
    """Hide hardware that no recipe needs."""
    await products.hide_hardware(session, ctx, ref=hardware)
    return Message(message="Hardware hidden")
