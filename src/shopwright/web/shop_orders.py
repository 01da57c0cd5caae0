"""An order as its buyer sees it, by a link that nobody can guess: no mail, no log-in."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from shopwright.artwork import designs
from shopwright.kernel.edge import Process, ProcessDep, Read, Ref, path_ref
from shopwright.kernel.errors import NotFound
from shopwright.orders.states import OrderStatus
from shopwright.orders.storefront.links import check_order_token
from shopwright.payments.states import OPEN, PaymentStatus
from shopwright.web.reads import shop
from shopwright.web.reads.shop import BuyersOrder
from shopwright.web.shop_page import ShopOrderCtx, ShopPage
from shopwright.web.shop_tracking import tracking_url

router = APIRouter(include_in_schema=False)

OrderRef = Annotated[Ref, path_ref("order")]
Token = Annotated[str, Query(max_length=200)]
PICTURE_PX = 240
STAGES = ("Ordered", "Paid", "Being made", "Shipped")
REACHED = {
    OrderStatus.PENDING_PAYMENT: 0,
    OrderStatus.PENDING: 0,
    OrderStatus.PAID: 1,
    OrderStatus.COMPLETED: 2,
    OrderStatus.SHIPPED: 3,
    OrderStatus.DELIVERED: 3,
}

HEADLINES = {
    OrderStatus.PAID: "Thank you. It is paid, and we are making it.",
    OrderStatus.COMPLETED: "It is made and will be packed.",
    OrderStatus.SHIPPED: "It is on its way to you.",
    OrderStatus.DELIVERED: "It has been delivered.",
    OrderStatus.REFUNDED: "The money has been given back.",
    OrderStatus.CANCELED: "This order was cancelled.",
}


class OrderLinkWrong(NotFound):
    code = "order-link-wrong"
    title = "This link shows no order"


@dataclass(frozen=True, slots=True)
class Stage:
    """``state``: done, current or ahead."""

    name: str
    state: str


@router.get("/shop/orders/{order}")
async def show_order(
    page: ShopOrderCtx, session: Read, process: ProcessDep, order: OrderRef, token: Token = ""
) -> Response:
    """Ordered, paid, being made, shipped; the page asks again by itself while that can change."""
    found = await _get_order(process, page, session, order, token)
    return page.render(
        "shop/order.html",
        order=found,
        token=token,
        stages=stages_of(found),
        headline=headline_of(found),
        pay_url=_pay_url(page, found),
        is_moving=found.status not in {OrderStatus.DELIVERED, OrderStatus.REFUNDED},
        tracking_url=tracking_url,
    )


@router.get("/shop/orders/{order}/pictures/{number}")
async def show_ordered_picture(
    page: ShopOrderCtx,
    session: Read,
    process: ProcessDep,
    order: OrderRef,
    number: int,
    token: Token = "",
) -> Response:
    """What was designed, small."""
    found = await _get_order(process, page, session, order, token)
    design = await shop.find_design(session, page.actor.organization_id, found.id, number)
    if design is None:
        raise NotFound("There is no design here.")
    drawn = await designs.draw_preview(process, design, PICTURE_PX, None, design.layers)
    headers = {"cache-control": "private, max-age=3600"}
    return Response(drawn.content, media_type=drawn.content_type, headers=headers)


def stages_of(order: BuyersOrder) -> list[Stage]:
    """How far it is; a stopped order stays where it was."""
    reached = REACHED.get(order.status, 0)
    if order.status is OrderStatus.PAID and order.pieces_good:
        reached = 2
    is_over = order.status in {OrderStatus.CANCELED, OrderStatus.REFUNDED}
    now_at = -1 if is_over else reached + (reached == 1)  # what is paid is being made
    return [
        Stage(name, "current" if at == now_at else "done" if at <= reached else "ahead")
        for at, name in enumerate(STAGES)
    ]


def headline_of(order: BuyersOrder) -> str:
    """One sentence for the buyer."""
    if order.status in {OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING}:
        return _headline_of_payment(order.payment.status if order.payment else None)
    return HEADLINES[order.status]


def _headline_of_payment(payment: PaymentStatus | None) -> str:
    match payment:
        case PaymentStatus.PAYING:
            return "Your payment is under way; the bank has not confirmed it yet."
        case PaymentStatus.FAILED:
            return "It is not paid: the payment failed or was not finished in time."
        case PaymentStatus.ABNORMAL:
            return "Something about the payment is unclear. The shop looks at it."
        case _:
            return "It is not paid yet."


def _pay_url(page: ShopPage, order: BuyersOrder) -> str | None:
    """The provider's page, while it waits for this buyer."""
    payment = order.payment
    if payment is None or payment.status not in OPEN or payment.url is None:
        return None
    is_over = payment.expires_at is not None and payment.expires_at <= page.now
    return None if is_over else payment.url


async def _get_order(
    process: Process, page: ShopPage, session: Read, ref: Ref, token: str
) -> BuyersOrder:
    """A wrong token and an order that is not there look the same."""
    found = await shop.find_order(session, page.actor.organization_id, ref)
    is_right = found and check_order_token(process.context.vault, found.uuid, token)
    if found is None or not is_right:
        raise OrderLinkWrong("Open the whole link that you were given when you ordered.")
    return found
