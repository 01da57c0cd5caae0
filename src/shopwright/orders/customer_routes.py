"""Customers over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.kernel.edge import (
    ALL_ROWS,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import customer_queries, customers
from shopwright.orders.customers import CustomerHasOrders, CustomerSpec
from shopwright.orders.schemas import CustomerBody, CustomerRead

router = APIRouter(prefix="/api/customers", tags=["customers"], route_class=RepeatableRoute)

CustomerRef = Annotated[Ref, path_ref("customer")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("")
async def list_customers(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    q: Annotated[str | None, Query(max_length=200, description="name, e-mail, telephone")] = None,
) -> JSONResponse:
    """Customers by name."""
    rows, total = await customer_queries.list_customers(session, ctx, q, paging)
    return listed("customers", [CustomerRead.of(*row) for row in rows], total, paging)


@router.post("", status_code=201)
async def create_customer(body: CustomerBody, ctx: MemberCtx, session: Write) -> CustomerRead:
    """Write down a customer."""
    spec = CustomerSpec(**body.model_dump())
    return CustomerRead.of(await customers.create_customer(session, ctx, spec=spec), 0)


@router.get("/{customer}", responses=problems(NotFound))
async def read_customer(customer: CustomerRef, ctx: ViewerCtx, session: Read) -> CustomerRead:
    """One customer."""
    return CustomerRead.of(*await customers.get_customer(session, ctx, customer))


@router.put("/{customer}", responses=problems(NotFound))
async def update_customer(
    customer: CustomerRef, body: CustomerBody, ctx: MemberCtx, session: Write
) -> CustomerRead:
    """Change what is known of a customer."""
    spec = CustomerSpec(**body.model_dump())
    return CustomerRead.of(*await customers.update_customer(session, ctx, ref=customer, spec=spec))


@router.delete("/{customer}", responses=problems(NotFound, CustomerHasOrders))
async def delete_customer(customer: CustomerRef, ctx: MemberCtx, session: Write) -> Message:
    """Remove a customer who never bought."""
    await customers.remove_customer(session, ctx, ref=customer)
    return Message(message="Customer deleted")
