"""The webstore's orders (reference (d)): a buyer reads by the order's token, changing needs staff.

``/api/orders`` itself has the shop manager's shape and log-in (reference decision 40).
"""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.access import MemberCtx, requires
from shopwright.accounts.visitors import VisitorCtx, visitor_of
from shopwright.artwork import pictures
from shopwright.artwork import queries as artwork_queries
from shopwright.catalog.designs.pricing import PriceUnsettled
from shopwright.catalog.devices.stock import OutOfStock
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.bodies import described, json_or_form
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    Ref,
    Write,
    path_ref,
    principal_of,
    problems,
)
from shopwright.kernel.errors import IllegalTransition, Invalid, NotFound
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import zulu
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.storefront import links, words
from shopwright.orders.storefront.pricing import NotSold
from shopwright.orders.storefront.service import PriceDiffers, ReferenceReused
from shopwright.payments import attaching, checkout, queries, wishes
from shopwright.payments.order_schemas import (
    OrderCreate,
    OrderCreatedRead,
    OrderStatusRead,
    PictureAdd,
    PictureRead,
    PicturesRead,
    StatusChange,
    payment_word,
)

router = APIRouter(prefix="/api/orders", tags=["checkout"], route_class=RepeatableRoute)

OrderRef = Annotated[Ref, path_ref("order")]
Token = Annotated[str | None, Query(max_length=200, description="the order's own, of its buyer")]
HeaderToken = Annotated[str | None, Header(alias="X-Order-Token", max_length=200)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
AS_STAFF = requires(Role.VIEWER, "orders")


@router.post(
    "/create",
    responses=problems(Invalid, NotSold, OutOfStock, PriceDiffers, PriceUnsettled, ReferenceReused),
    openapi_extra=described(OrderCreate),
)
async def create_order(
    request: Request,
    ctx: VisitorCtx,
    process: ProcessDep,
    body: Annotated[OrderCreate, json_or_form(OrderCreate)],
    key: IdempotencyKey = None,
) -> OrderCreatedRead:
    """Place an order at the catalogue's price; it waits for the money. The same key again is the
    same order."""
    wish = await wishes.of_template(
        process,
        ctx,
        wishes.Named(body.template_id, body.brand, body.model, body.quantity, body.color),
        buyer=body.buyer(),
        expected_minor=body.amount_pence,
        picture_url=body.final_image_url,
        reference=_reference(request, body, key),
    )
    order = await checkout.place(process, ctx, wish)
    told = _told(order, None).model_dump()
    return OrderCreatedRead(
        **told,
        order_token=links.order_token(process.context.vault, order.uuid),
        order_url=checkout.order_url(process, order),
    )


@router.get("/{order}/status", responses=problems(NotFound))
async def read_status(
    request: Request,
    order: OrderRef,
    session: Read,
    process: ProcessDep,
    token: Token = None,
    header: HeaderToken = None,
) -> OrderStatusRead:
    """How an order goes on, in the webstore's words."""
    shown = header if token is None else token
    ctx = await _reader(request, shown)
    found = await _open(session, process, ctx, order, shown)
    return _told(found, await _payment_status(session, ctx, found))


@router.put(
    "/{order}/status",
    responses=problems(NotFound, Invalid, IllegalTransition),
    openapi_extra=described(StatusChange),
)
async def change_status(
    order: OrderRef,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    body: Annotated[StatusChange, json_or_form(StatusChange)],
) -> OrderStatusRead:
    """Say in the webstore's words what became of an order."""
    change = words.CHANGES.get(body.status)
    if change is None:
        raise Invalid(f"“{body.status}” follows from what happens; nobody says it by hand.")
    changed = await orders.update_order(session, ctx, ref=order, change=change, now=now)
    return _told(changed, await _payment_status(session, ctx, changed))


@router.get("/{order}/images", responses=problems(NotFound))
async def list_images(
    request: Request,
    order: OrderRef,
    session: Read,
    process: ProcessDep,
    now: Now,
    token: Token = None,
    header: HeaderToken = None,
) -> PicturesRead:
    """The pictures of an order's designs, by signed links."""
    shown = header if token is None else token
    ctx = await _reader(request, shown)
    found = await _open(session, process, ctx, order, shown)
    images = [
        PictureRead(
            id=image.id,
            order_id=found.id,
            image_type=image.kind,
            image_path=image.filename,
            url=pictures.image_url(process, image, now=now),
            width=image.width_px,
            height=image.height_px,
            ai_params=image.ai_params,
            created_at=zulu(image.created_at),
        )
        for item in found.items
        if item.design_id is not None
        for image in await artwork_queries.find_images(session, ctx, item.design_id)
    ]
    return PicturesRead(order_id=found.id, images=images, count=len(images))


@router.post(
    "/{order}/images",
    responses=problems(NotFound, Invalid, attaching.NoPictureWanted),
    openapi_extra=described(PictureAdd),
)
async def add_image(
    order: OrderRef,
    ctx: MemberCtx,
    process: ProcessDep,
    now: Now,
    body: Annotated[PictureAdd, json_or_form(PictureAdd)],
) -> PicturesRead:
    """Give the print picture to an order that came without one."""
    image = await attaching.attach_picture(process, ctx, ref=order, url=body.image_url)
    shown = PictureRead(
        id=image.id,
        order_id=image.order_id,
        image_type=image.kind,
        image_path=image.filename,
        url=pictures.image_url(process, image.row, now=now),
        width=image.row.width_px,
        height=image.row.height_px,
        ai_params=None,
        created_at=zulu(image.row.created_at),
    )
    return PicturesRead(order_id=image.order_id, images=[shown], count=1)


def _reference(request: Request, body: OrderCreate, key: str | None) -> str | None:
    """Never the key alone, as others could guess it."""
    if key is None:
        return None
    return f"order:{principal_of(request)}:{(body.buyer().email or '').lower()}:{key}"


async def _reader(request: Request, token: str | None) -> Actor:
    """Whoever shows a token is a visitor; everybody else signs in."""
    if token is None:
        return await AS_STAFF(request)
    limits.charge(request, limits.PUBLIC, principal_of(request))
    return await visitor_of(request)


async def _open(
    session: AsyncSession, process: Process, ctx: Actor, ref: Ref, token: str | None
) -> Order:
    """Raises NotFound, also for another order's token."""
    order = await orders.get_order(session, ctx, ref)
    if token is not None and not links.check_order_token(process.context.vault, order.uuid, token):
        raise NotFound(f"There is no order {ref}.")
    return order


async def _payment_status(session: AsyncSession, ctx: Actor, order: Order) -> str | None:
    payments = await queries.list_of_order(session, ctx, order.id)
    return payments[-1].status if payments else None


def _told(order: Order, payment_status: str | None) -> OrderStatusRead:
    return OrderStatusRead(
        order_id=order.id,
        order_number=order.number,
        status=words.word_of(order, payment_status),
        payment_status=payment_word(order, payment_status),
        queue_no=order.queue_number,
        queue_number=order.queue_number,
        chinese_order_id=order.outside_reference,
        total_amount=float(Money(order.total_minor, order.currency).decimal),
        currency=order.currency,
        created_at=zulu(order.placed_at),
        updated_at=zulu(order.updated_at),
    )
