"""What Etsy's buyers wrote, over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from shopwright.accounts.access import requires
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
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
from shopwright.kernel.times import PlainTime
from shopwright.orders.customers import messages as customer_messages
from shopwright.orders.customers.messages import BuyerUnknown, Conversation, Wish
from shopwright.orders.customers.schemas import Name, PriorityIn, RequestRead, Text
from shopwright.orders.customers.states import RequestPriority

router = APIRouter(prefix="/api/etsy/messages", tags=["customers"], route_class=RepeatableRoute)

ConversationRef = Annotated[Ref, path_ref("conversation")]
# Not the scope of the path: these are the orders' messages, not the connection to Etsy.
ReaderCtx = Annotated[Actor, Depends(requires(Role.VIEWER, scope="orders"))]
WriterCtx = Annotated[Actor, Depends(requires(Role.MEMBER, scope="orders"))]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


class EntryRead(BaseModel):
    direction: str
    message: str
    author: str
    created_at: PlainTime


class ConversationRead(BaseModel):
    """``is_custom_request`` when ``keywords`` were spotted in what the buyer wrote."""

    conversation_id: int
    order_id: int
    order_number: int
    etsy_order_id: str | None
    customer_id: int | None
    buyer_name: str
    last_message: str
    last_message_at: PlainTime
    message_count: int
    is_custom_request: bool
    keywords: list[str]
    request_id: int | None
    messages: list[EntryRead]

    @classmethod
    def of(cls, found: Conversation) -> "ConversationRead":
        order, last = found.order, found.entries[-1]
        return cls(
            conversation_id=order.id,
            order_id=order.id,
            order_number=order.number,
            etsy_order_id=order.external_id,
            customer_id=order.customer_id,
            buyer_name=order.buyer_name,
            last_message=last.message,
            last_message_at=last.at,
            message_count=len(found.entries),
            is_custom_request=bool(found.keywords),
            keywords=found.keywords,
            request_id=found.request_id,
            messages=[
                EntryRead(
                    direction=e.direction, message=e.message, author=e.author, created_at=e.at
                )
                for e in found.entries
            ],
        )


class WishBody(BaseModel):
    title: Name | None = None
    description: Text | None = None
    priority: PriorityIn = RequestPriority.NORMAL
    desired_by: date | None = None


@router.get("")
async def list_conversations(ctx: ReaderCtx, session: Read, paging: EveryRow) -> JSONResponse:
    """Talks about Etsy orders, the latest first, with what in them points to a custom request.

    Etsy's API gives no access to its conversations: these are the messages that came with orders
    and what was logged with the channel ``etsy_message``.
    """
    rows, total = await customer_messages.list_conversations(session, ctx, paging)
    return listed("messages", [ConversationRead.of(row) for row in rows], total, paging)


@router.post(
    "/{conversation}/create-request",
    status_code=201,
    responses={
        200: {"model": RequestRead, "description": "The request was made before"},
        **problems(Invalid, NotFound, BuyerUnknown),
    },
)
async def create_request(
    *,
    conversation: ConversationRef,
    response: Response,
    ctx: WriterCtx,
    session: Write,
    now: Now,
    body: WishBody | None = None,
) -> RequestRead:
    """Make a customer request of a talk: once, with its words unless others are given."""
    wish = Wish(**(body or WishBody()).model_dump())
    request, is_new = await customer_messages.create_request(
        session, ctx, conversation=conversation, wish=wish, now=now
    )
    response.status_code = 201 if is_new else 200
    return RequestRead.of(request)
