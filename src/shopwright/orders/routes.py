"""Orders over HTTP: the list, one order, and what can be done with it."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.catalog import service as catalog
from shopwright.kernel import revisions
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import (
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed,
    page_members,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import IllegalTransition, Invalid, NotFound
from shopwright.kernel.hot_query import documented, query_of
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import (
    answers,
    inbox_queries,
    intake,
    list_queries,
    piece_queries,
    service,
    stop,
)
from shopwright.orders.drafts import ItemDraft
from shopwright.orders.list_queries import REVISION, OrderFilter, Ordering
from shopwright.orders.schemas import (
    CancelBody,
    ItemCreate,
    OrderCreate,
    OrderQuery,
    OrderUpdate,
    PieceRead,
    QueueQuery,
    WaitingRead,
)
from shopwright.orders.stop import OrderNotStoppable

router = APIRouter(prefix="/api", tags=["orders"], route_class=RepeatableRoute)

OrderRef = Annotated[Ref, path_ref("order")]
PiecePage = Annotated[Paging, page_of(1000)]
InboxPage = Annotated[Paging, page_of(100)]


@router.get("/orders", responses=problems(Invalid), openapi_extra=documented(OrderQuery))
async def list_orders(
    request: Request,
    ctx: ViewerCtx,
    process: ProcessDep,
    query: Annotated[OrderQuery, query_of(OrderQuery)],
) -> Response:
    """Orders with their items, the latest first."""
    database = process.database
    if query.names_a_time:
        return await _answer_days(database, ctx, query)
    read = partial(_read_page, database, ctx, query.filter("UTC"), query.paging)
    return await revisions.answer(request, database, ctx, REVISION, read)


@router.post("/orders", status_code=201, responses=problems(Invalid, NotFound))
async def create_order(
    request: Request, body: OrderCreate, ctx: MemberCtx, session: Write, now: Now
) -> Response:
    """Write down an order that came in by hand; what may be made is planned at once."""
    organization = await service.get_organization(session, ctx)
    currency = body.currency or organization.currency
    items = tuple([await _item_draft(session, ctx, item, currency) for item in body.items])
    draft = body.draft(organization, items, now)
    order = await intake.place_order(session, ctx, draft=draft, now=now)
    return await answers.changed_order(request, session, ctx, order.id, status=201)


@router.get("/production/queue", responses=problems(Invalid), openapi_extra=documented(QueueQuery))
async def list_production_queue(
    request: Request,
    ctx: ViewerCtx,
    process: ProcessDep,
    query: Annotated[QueueQuery, query_of(QueueQuery)],
) -> Response:
    """Open orders by priority, then by age."""
    database = process.database
    read = partial(_read_page, database, ctx, query.filter(), query.paging, Ordering.URGENT)
    return await revisions.answer(request, database, ctx, REVISION, read)


@router.get("/orders/{order}", responses=problems(NotFound))
async def read_order(
    request: Request, order: OrderRef, ctx: ViewerCtx, process: ProcessDep, session: Read
) -> Response:
    """One order with its items."""
    unchanged = await revisions.find_unchanged(request, process.database, ctx, REVISION)
    if unchanged is not None:
        return unchanged
    order_id = await service.get_order_id(session, ctx, order)
    return await answers.read_order(request, session, ctx, order_id)


@router.put("/orders/{order}", responses=problems(Invalid, NotFound, IllegalTransition))
async def update_order(
    request: Request, order: OrderRef, body: OrderUpdate, ctx: MemberCtx, session: Write, now: Now
) -> Response:
    """Say what became of an order: missing pieces count as made, unstarted work stops."""
    changed = await service.update_order(session, ctx, ref=order, change=body.change(), now=now)
    return await answers.changed_order(request, session, ctx, changed.id)


@router.post("/orders/{order}/cancel", responses=problems(NotFound, OrderNotStoppable))
async def cancel_order(
    *,
    request: Request,
    order: OrderRef,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    body: CancelBody | None = None,
) -> Response:
    """Stop an order: unstarted work stops, good pieces go into stock."""
    found = await service.get_order(session, ctx, order)
    reason = (body or CancelBody()).reason
    await stop.cancel_order(session, ctx, order=found, reason=reason, now=now)
    return await answers.changed_order(request, session, ctx, found.id)


@router.get("/orders/{order}/pieces", responses=problems(NotFound))
async def list_pieces(
    order: OrderRef, ctx: ViewerCtx, session: Read, paging: PiecePage
) -> JSONResponse:
    """The pieces owed to an order, each with what became of its steps."""
    order_id = await service.get_order_id(session, ctx, order)
    rows, total = await piece_queries.list_pieces(session, ctx, order_id, paging)
    return listed("pieces", [PieceRead.of(piece, steps) for piece, steps in rows], total, paging)


@router.get("/sku-inbox")
async def list_inbox(ctx: ViewerCtx, session: Read, paging: InboxPage) -> JSONResponse:
    """Codes that nobody knows how to make yet, with what waits for each."""
    rows, total = await inbox_queries.list_waiting_codes(session, ctx, paging)
    entries = [WaitingRead.model_validate(row, from_attributes=True) for row in rows]
    return listed("entries", entries, total, paging)


async def _zone(database: Database, ctx: Actor) -> str:
    async with database.read() as session:
        return (await service.get_organization(session, ctx)).time_zone


async def _answer_days(database: Database, ctx: Actor, query: OrderQuery) -> Response:
    """Days are the shop's, whose time zone may change; so nothing of it is kept for the next."""
    wanted = query.filter(await _zone(database, ctx))
    text, _ = await _read_page(database, ctx, wanted, query.paging)
    return answers.json_answer(text, headers=answers.NO_STORE)


async def _read_page(
    database: Database,
    ctx: Actor,
    wanted: OrderFilter,
    paging: Paging,
    ordering: Ordering = Ordering.NEWEST,
) -> tuple[str, str]:
    """The answer's text and its revision."""
    rows, total, revision = await list_queries.list_orders_json(
        database, ctx, wanted, limit=paging.limit, offset=paging.offset, ordering=ordering
    )
    key = "data" if paging.is_enveloped else "orders"
    members = "".join(f',"{name}":{at}' for name, at in page_members(paging, total).items())
    return f'{{"{key}":{rows}{members}}}', revision


async def _item_draft(
    session: WriteSession, ctx: Actor, item: ItemCreate, currency: str
) -> ItemDraft:
    variant = await catalog.get_variant(session, ctx, item.variant_id) if item.variant_id else None
    sku = item.sku or (variant.sku if variant else None)
    name = variant.name if variant else ""
    return ItemDraft(
        title=item.title.strip() or name or sku or "",
        quantity=item.quantity,
        sku=sku,
        price_minor=Money.from_decimal(item.price, currency).minor,
        variant_id=variant.id if variant else None,
        options=tuple(item.options),
        personalisation=tuple(item.personalisation),
        promised_on=item.promised_on,
    )
