"""Orders on a board by how far their making is, and the same done to many of them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.kernel.edge import Now, Read, Ref, Write, parse_ref, path_ref
from shopwright.kernel.errors import Invalid
from shopwright.orders import bulk, service
from shopwright.orders.bulk import Act, Outcome
from shopwright.orders.models import Order
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OrderStatus, ProductionStatus
from shopwright.web.page import PageCtx, done
from shopwright.web.pips import PRODUCTION, Pip
from shopwright.web.reads import orders
from shopwright.web.reads.order_filters import PRIORITIES, Searched, list_channels
from shopwright.web.reads.orders import OrderRow

router = APIRouter(include_in_schema=False)

OrderRef = Annotated[Ref, path_ref("order")]
COLUMNS = (
    ProductionStatus.QUEUED,
    ProductionStatus.IN_PROGRESS,
    ProductionStatus.FAILED,
    ProductionStatus.COMPLETED,
)
CONFIRMS = {
    ProductionStatus.COMPLETED: "Is everything of order # made? What is missing counts as good "
    "then, and prints that have not begun are dropped.",
}
# What can be done to many, by the value of the choice.
ACTIONS: dict[str, tuple[str, Act]] = {
    "shipped": ("Mark as shipped", bulk.say(OrderChange(status=OrderStatus.SHIPPED))),
    "filament": ("Assign filament", bulk.assign_filament),
    **{
        f"production-{status}": (
            f"Making: {PRODUCTION[status].word}",
            bulk.say(OrderChange(production_status=status)),
        )
        for status in COLUMNS
    },
    **{
        f"priority-{number}": (f"Priority: {word}", bulk.say(OrderChange(priority=number)))
        for number, word in PRIORITIES.items()
    },
}


@router.get("/orders/board")
async def show_board(page: PageCtx, session: Read, wanted: Searched) -> Response:
    """Paid orders that have not left; a card that is moved is a person's statement."""
    mine, zone = page.organization_id, page.shop.time_zone
    return page.render(
        "order_board.html",
        active="orders",
        topics="orders",
        wanted=wanted,
        columns=[(status, PRODUCTION[status]) for status in COLUMNS],
        cards=await orders.list_board(session, mine, wanted, zone),
        totals=await orders.count_board(session, mine, wanted, zone),
        channels=await list_channels(session, mine),
        priorities=PRIORITIES,
        moves_of=moves_of,
        confirms=CONFIRMS,
    )


@router.post("/orders/{order}/production")
async def state_production(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    order: OrderRef,
    to: Annotated[ProductionStatus, Form()],
) -> Response:
    """What a person says of the making, by a button or by moving a card."""
    change = OrderChange(production_status=to)
    changed = await service.update_order(session, ctx, ref=order, change=change, now=now)
    word = PRODUCTION[changed.production_status].word
    return done(request, f"Order #{changed.number}: {word}.", to=f"/orders/{changed.id}")


@router.post("/orders/bulk")
async def change_orders(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    action: Annotated[str, Form(max_length=40)],
    order: Annotated[list[str], Form()],
) -> Response:
    """Each order succeeds or fails alone; the message tells of those that failed."""
    if action not in ACTIONS:
        raise Invalid("Choose what to do with these orders.")
    if len(order) > bulk.MAX_ORDERS:
        raise Invalid(f"At most {bulk.MAX_ORDERS} orders are changed at once.")
    refs = [parse_ref(one) for one in order]
    outcomes = await bulk.change_orders(session, ctx, refs=refs, act=ACTIONS[action][1], now=now)
    tone = "green" if all(one.refusal is None for one in outcomes) else "red"
    return done(request, sentence_of(outcomes), to="/orders", tone=tone)


def moves_of(order: Order | OrderRow) -> list[tuple[ProductionStatus, Pip]]:
    """What may be said of its making: only while it is made."""
    if order.status is not OrderStatus.PAID:
        return []
    others = [status for status in COLUMNS if status is not order.production_status]
    return [(status, PRODUCTION[status]) for status in others]


def sentence_of(outcomes: Sequence[Outcome]) -> str:
    refused = [one for one in outcomes if one.refusal is not None]
    count = len(outcomes) - len(refused)
    told = f"{count} of {len(outcomes)} orders changed." if refused or count > 1 else ""
    if not refused:
        return told or outcomes[0].sentence
    return " ".join([told, *(one.sentence for one in refused[:3])])
