"""Customers over HTTP, with their requests and what they say."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BeforeValidator
from starlette.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.files.access import drop_bytes
from shopwright.kernel.edge import (
    ALL_ROWS,
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
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders.customers import feedback, privacy, queries, requests, service
from shopwright.orders.customers.feedback import FeedbackSpec
from shopwright.orders.customers.privacy import CustomerHasOpenOrders
from shopwright.orders.customers.requests import OrderOfAnother, RequestSpec
from shopwright.orders.customers.schemas import (
    AnonymiseBody,
    CustomerBody,
    CustomerChange,
    CustomerRead,
    FeedbackCreate,
    FeedbackRead,
    RequestChange,
    RequestCreate,
    RequestRead,
    SegmentsRead,
)
from shopwright.orders.customers.service import CustomerHasOrders, CustomerSpec
from shopwright.orders.customers.states import Segment

router = APIRouter(prefix="/api", tags=["customers"], route_class=RepeatableRoute)


def _lower(value: Any) -> Any:
    return value.strip().lower() or None if isinstance(value, str) else value


CustomerRef = Annotated[Ref, path_ref("customer")]
RequestRef = Annotated[Ref, path_ref("customer_request")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
SegmentIn = Annotated[Segment | None, BeforeValidator(_lower)]


@router.get("/customers", responses=problems(Invalid))
async def list_customers(
    *,
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    q: Annotated[str | None, Query(max_length=200, description="name, e-mail, telephone")] = None,
    segment: Annotated[SegmentIn, Query(description="vip also: five orders and more")] = None,
) -> JSONResponse:
    """Customers by name."""
    rows, total, currency = await queries.list_customers(
        session, ctx, text=q, segment=segment, paging=paging
    )
    return listed("customers", [CustomerRead.of(row, currency) for row in rows], total, paging)


@router.post("/customers", status_code=201, responses=problems(Invalid))
async def create_customer(body: CustomerBody, ctx: MemberCtx, session: Write) -> CustomerRead:
    """Write down a customer."""
    spec = CustomerSpec(**body.model_dump())
    customer = await service.create_customer(session, ctx, spec=spec)
    return CustomerRead.of(customer, await queries.get_currency(session, ctx))


@router.get("/customers/segments")
async def read_segments(ctx: ViewerCtx, session: Read) -> SegmentsRead:
    """How many customers are VIP (300 and more spent), repeat, new and prospects."""
    return SegmentsRead(**await queries.count_segments(session, ctx))


@router.get("/customers/{customer}", responses=problems(NotFound))
async def read_customer(customer: CustomerRef, ctx: ViewerCtx, session: Read) -> CustomerRead:
    """One customer."""
    found = await service.get_customer(session, ctx, customer)
    return CustomerRead.of(found, await queries.get_currency(session, ctx))


@router.put("/customers/{customer}", responses=problems(Invalid, NotFound))
async def update_customer(
    customer: CustomerRef, body: CustomerChange, ctx: MemberCtx, session: Write
) -> CustomerRead:
    """Change what is known of a customer."""
    changed = await service.update_customer(session, ctx, ref=customer, changes=body.changes())
    return CustomerRead.of(changed, await queries.get_currency(session, ctx))


@router.delete("/customers/{customer}", responses=problems(NotFound, CustomerHasOrders))
async def delete_customer(customer: CustomerRef, ctx: MemberCtx, session: Write) -> Message:
    """Remove a customer who never bought."""
    await service.remove_customer(session, ctx, ref=customer)
    return Message(message="Customer deleted")


@router.get("/customers/{customer}/requests", responses=problems(NotFound))
async def list_requests(
    customer: CustomerRef, ctx: ViewerCtx, session: Read, paging: EveryRow
) -> JSONResponse:
    """What a customer asked for, the newest first."""
    rows, total = await requests.list_requests(session, ctx, customer, paging)
    return listed("requests", [RequestRead.of(row) for row in rows], total, paging)


@router.post(
    "/customers/{customer}/requests",
    status_code=201,
    responses=problems(Invalid, NotFound, OrderOfAnother),
)
async def create_request(
    customer: CustomerRef, body: RequestCreate, ctx: MemberCtx, session: Write, now: Now
) -> RequestRead:
    """Write down what a customer asks for."""
    spec = RequestSpec(order=body.order_id, **body.model_dump(exclude={"order_id"}))
    return RequestRead.of(
        await requests.create_request(session, ctx, customer=customer, spec=spec, now=now)
    )


@router.patch("/customer-requests/{customer_request}", responses=problems(Invalid, NotFound))
async def update_request(
    customer_request: RequestRef, body: RequestChange, ctx: MemberCtx, session: Write, now: Now
) -> RequestRead:
    """Say what became of a request; what is not named stays."""
    return RequestRead.of(
        await requests.update_request(
            session, ctx, ref=customer_request, changes=body.changes(), now=now
        )
    )


@router.get("/customers/{customer}/feedback", responses=problems(NotFound))
async def list_feedback(
    customer: CustomerRef, ctx: ViewerCtx, session: Read, paging: EveryRow
) -> JSONResponse:
    """What a customer said, the newest first."""
    rows, total = await feedback.list_feedback(session, ctx, customer, paging)
    return listed("feedback", [FeedbackRead.of(row) for row in rows], total, paging)


@router.post(
    "/customers/{customer}/feedback",
    status_code=201,
    responses=problems(Invalid, NotFound, OrderOfAnother),
)
async def create_feedback(
    customer: CustomerRef, body: FeedbackCreate, ctx: MemberCtx, session: Write
) -> FeedbackRead:
    """Write down what a customer said."""
    spec = FeedbackSpec(body.rating, body.comment, body.source, body.order_id)
    return FeedbackRead.of(await feedback.add_feedback(session, ctx, customer=customer, spec=spec))


@router.get("/customers/{customer}/export", responses=problems(NotFound))
async def export_customer(customer: CustomerRef, ctx: AdminCtx, session: Read) -> JSONResponse:
    """Everything that is known of one customer, for the customer."""
    found = await privacy.export_customer(session, ctx, ref=customer)
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


@router.post(
    "/customers/{customer}/anonymise",
    responses=problems(Invalid, NotFound, CustomerHasOpenOrders),
)
async def anonymise_customer(
    request: Request, customer: CustomerRef, body: AnonymiseBody, ctx: AdminCtx, process: ProcessDep
) -> CustomerRead:
    """Take out what is personal and keep the books. It cannot be undone."""
    async with writing(request) as session:
        changed, gone = await privacy.anonymise_customer(
            session, ctx,
            ref=customer, confirm=body.confirm, reason=body.reason, now=process.clock.now(),
        )  # fmt: skip
        currency = await queries.get_currency(session, ctx)
    await drop_bytes(process, gone)
    return CustomerRead.of(changed, currency)
