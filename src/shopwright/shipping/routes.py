"""Shipping over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    parse_ref,
    path_ref,
    problems,
)
from shopwright.kernel.errors import NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import service as orders
from shopwright.orders.progress import OrderNotShippable
from shopwright.shipping import queries, service
from shopwright.shipping.models import Parcel
from shopwright.shipping.schemas import ParcelRead, ShipBody

router = APIRouter(prefix="/api", tags=["shipping"], route_class=RepeatableRoute)

OrderRef = Annotated[Ref, path_ref("order")]
ParcelRef = Annotated[Ref, path_ref("parcel")]
Page = Annotated[Paging, page_of(100)]


@router.post(
    "/orders/{order}/ship", status_code=201, responses=problems(NotFound, OrderNotShippable)
)
async def ship_order(
    order: OrderRef, ctx: MemberCtx, session: Write, now: Now, body: ShipBody | None = None
) -> ParcelRead:
    """Pack a completed order into one parcel and send it; its channel is told once."""
    said = body or ShipBody()
    parcel = await service.ship_order(
        session,
        ctx,
        order_ref=order,
        carrier=said.carrier,
        tracking_code=said.tracking_code,
        now=now,
    )
    return await _read(session, ctx, parcel)


@router.get("/parcels")
async def list_parcels(
    ctx: ViewerCtx,
    session: Read,
    paging: Page,
    order_id: Annotated[str | None, Query(max_length=40, description="of one order")] = None,
) -> JSONResponse:
    """What left the shop, the latest first."""
    wanted = await orders.get_order_id(session, ctx, parse_ref(order_id)) if order_id else None
    parcels, total = await queries.list_parcels(session, ctx, wanted, paging)
    items = await queries.list_items(session, ctx, [parcel.id for parcel in parcels])
    rows = [ParcelRead.of(parcel, items[parcel.id]) for parcel in parcels]
    return listed("parcels", rows, total, paging)


@router.get("/parcels/{parcel}", responses=problems(NotFound))
async def read_parcel(parcel: ParcelRef, ctx: ViewerCtx, session: Read) -> ParcelRead:
    """One parcel with what is in it."""
    return await _read(session, ctx, await service.get_parcel(session, ctx, parcel))


async def _read(session: AsyncSession, ctx: Actor, parcel: Parcel) -> ParcelRead:
    items = await queries.list_items(session, ctx, [parcel.id])
    return ParcelRead.of(parcel, items[parcel.id])
