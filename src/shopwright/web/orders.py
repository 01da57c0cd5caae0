"""The list of orders and the page of one: pieces, holds, notes, packing."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.inventory import filament_queries
from shopwright.inventory.filament_queries import FilamentFilter
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import ALL_ROWS, Now, Paging, Read, Ref, Write, path_ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.orders import filament_use, holds, intake, labels, service, stop
from shopwright.orders.correspondence import service as correspondence
from shopwright.orders.models import Order
from shopwright.orders.states import LabelStatus
from shopwright.shipping import service as shipping
from shopwright.suppliers import switching
from shopwright.web.order_board import ACTIONS, CONFIRMS, moves_of
from shopwright.web.page import PageCtx, done
from shopwright.web.paging import MAX_PAGE, Window
from shopwright.web.pips import order_pip
from shopwright.web.reads import jobs, orders, parts, payments, suppliers
from shopwright.web.reads.order_filters import FILTERS, PRIORITIES, Searched, list_channels

router = APIRouter(include_in_schema=False)

OrderRef = Annotated[Ref, path_ref("order")]
HoldRef = Annotated[Ref, path_ref("hold")]
USAGES = 100  # shown of one order
Reason = Annotated[str, Form(max_length=500)]


@router.get("/orders")
async def show_orders(
    page: PageCtx,
    session: Read,
    wanted: Searched,
    number: Annotated[int, Query(alias="page", ge=1, le=MAX_PAGE)] = 1,
) -> Response:
    """Orders by state, the nearest promise first; the address holds every filter."""
    window, mine = Window(number), page.organization_id
    rows, total = await orders.list_orders(session, mine, wanted, page.shop.time_zone, window)
    return page.render(
        "orders.html",
        active="orders",
        topics="orders",
        orders=rows,
        filters={name: label for name, (label, _) in FILTERS.items()},
        wanted=wanted,
        channels=await list_channels(session, mine),
        priorities=PRIORITIES,
        actions={value: label for value, (label, _) in ACTIONS.items()},
        paging=window.of(total, len(rows)),
        query=wanted.query(),
    )


@router.get("/orders/{order}")
async def show_order(page: PageCtx, session: Read, order: OrderRef, now: Now) -> Response:
    """Everything about one order."""
    mine = page.organization_id
    found = await orders.find_order(session, mine, order)
    if found is None:
        raise NotFound(f"There is no order {order}.")
    usages, _ = await filament_use.list_usages(session, page.actor, order, Paging(USAGES, 0))
    stocks, _ = await filament_queries.list_filaments(
        session, page.actor, FilamentFilter(), Paging(ALL_ROWS, 0)
    )
    made = await parts.list_of_order(session, page.actor, found.id)
    with_items = await service.get_order(session, page.actor, order)
    choices = await switching.list_choices(session, page.actor, with_items, now)
    return page.render(
        "order.html",
        active="orders",
        topics=f"order:{found.id} queue parts" if made else f"order:{found.id} queue",
        order=found,
        address=orders.address_lines(found),
        pip=order_pip(found.status, found.production_status, is_held=found.is_held),
        items=await orders.list_items(session, mine, found.id),
        jobs=await jobs.list_of_order(session, mine, found.id),
        order_parts=made,
        outside=await suppliers.list_of_order(session, page.actor, found.id),
        choices=choices,
        make_variants=await suppliers.list_variants(session, page.actor) if choices else (),
        holds=await orders.list_holds(session, mine, found.id),
        parcels=await orders.list_parcels(session, mine, found.id),
        notes=await orders.list_notes(session, mine, found.id),
        messages=await orders.list_messages(session, mine, found.id),
        history=await orders.list_history(session, mine, found.id),
        label=await labels.find_label(session, page.actor, found.id),
        label_statuses=list(LabelStatus),
        moves=moves_of(found),
        confirms=CONFIRMS,
        priorities=PRIORITIES,
        payments=await payments.list_of_order(session, page.actor, found.id),
        usages=usages,
        filaments=stocks,
    )


@router.post("/orders/{order}/hold")
async def hold_order(
    request: Request, ctx: MemberCtx, session: Write, order: OrderRef, reason: Reason
) -> Response:
    found = await service.get_order(session, ctx, order)
    if not reason.strip():
        raise Invalid("Say why the order is held, so that the next person knows what to do.")
    await holds.hold_order(session, ctx, order_id=found.id, reason=reason.strip())
    return done(request, f"Order #{found.number} is on hold.", to=f"/orders/{found.id}")


@router.post("/orders/{order}/holds/{hold}/release")
async def release_hold(
    request: Request, ctx: MemberCtx, session: Write, now: Now, order: OrderRef, hold: HoldRef
) -> Response:
    found = await service.get_order(session, ctx, order)
    if hold.id is None or hold.id not in await _open_hold_ids(session, ctx, found):
        raise NotFound(f"Order #{found.number} has no open hold {hold}.")
    await holds.release_hold(session, ctx, hold_id=hold.id, now=now)
    return done(request, f"Order #{found.number} goes on.", to=f"/orders/{found.id}")


@router.post("/orders/{order}/notes")
async def add_note(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    order: OrderRef,
    content: Annotated[str, Form(min_length=1, max_length=5000)],
) -> Response:
    await correspondence.add_note(session, ctx, order=order, content=content.strip())
    return done(request, "The note is kept with the order.", to=f"/orders/{order}")


@router.post("/orders/{order}/pay")
async def mark_paid(
    request: Request, ctx: MemberCtx, session: Write, now: Now, order: OrderRef
) -> Response:
    found = await service.get_order(session, ctx, order)
    await intake.pay_order(session, ctx, order=found, now=now)
    return done(
        request, f"Order #{found.number} is paid; its making begins.", to=f"/orders/{found.id}"
    )


@router.post("/orders/{order}/ship")
async def ship_order(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    carrier: Annotated[str, Form(max_length=60)] = "",
    tracking_code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Packed and gone in one step; the channel is told after the commit."""
    parcel = await shipping.ship_order(
        session,
        ctx,
        order_ref=order,
        carrier=carrier.strip() or None,
        tracking_code=tracking_code.strip() or None,
        now=now,
    )
    return done(request, f"Parcel {parcel.number} is on its way.", to=f"/orders/{parcel.order_id}")


@router.post("/orders/{order}/cancel")
async def cancel_order(
    request: Request, ctx: MemberCtx, session: Write, now: Now, order: OrderRef, reason: Reason = ""
) -> Response:
    found = await service.get_order(session, ctx, order)
    words = reason.strip() or f"cancelled by {ctx.name}"
    await stop.cancel_order(session, ctx, order=found, reason=words, now=now)
    return done(
        request,
        f"Order #{found.number} is cancelled; finished pieces went into stock.",
        to=f"/orders/{found.id}",
    )


async def _open_hold_ids(session: WriteSession, ctx: Actor, order: Order) -> set[int]:
    return {hold.id for hold in await holds.list_open_holds(session, ctx, order=order)}
