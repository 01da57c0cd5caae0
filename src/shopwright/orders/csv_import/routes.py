"""Orders from spreadsheets over HTTP: look first, then take in exactly that."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.files.access import incoming_folder
from shopwright.files.storage import StorageFull
from shopwright.files.uploads import MEGABYTE, UploadMalformed, UploadTooLarge, receive_upload
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    BodyRef,
    Paging,
    Process,
    Read,
    Ref,
    Write,
    get_process,
    listed,
    page_of,
    path_ref,
    problems,
    writing,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import PlainTime
from shopwright.orders.csv_import import forms, queries, service
from shopwright.orders.csv_import.forms import Form, SheetTooLarge
from shopwright.orders.csv_import.plan import Action
from shopwright.orders.csv_import.service import ImportOutdated, ImportRefused, ImportStarted
from shopwright.orders.customers.states import ImportStatus
from shopwright.orders.models import OrderImport

router = APIRouter(prefix="/api", tags=["orders"], route_class=RepeatableRoute)

ImportRef = Annotated[Ref, path_ref("order_import")]
ImportPage = Annotated[Paging, page_of(50)]
ANSWER_S = 5.0  # what is not taken in by then goes on by itself
MAX_MB = forms.MAX_BYTES // MEGABYTE

# The body is streamed by us, so FastAPI cannot tell its shape.
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


class Refusal(BaseModel):
    line: int
    reason: str


class PlannedOrder(BaseModel):
    external_id: str
    line: int
    action: Action
    buyer_name: str
    items: int
    total_amount: float
    currency: str
    changes: list[str]


class ImportRead(BaseModel):
    """``counts`` by what becomes of the file's orders, ``refused`` by line; lists are cut at 500
    (orders: 200). ``new_orders`` and ``changed_orders`` are taken in already."""

    id: int
    uuid: str
    name: str
    form: Form
    status: ImportStatus
    counts: dict[str, int]
    refused: list[Refusal]
    unknown_skus: list[str]
    orders: list[PlannedOrder]
    total: int
    position: int
    new_orders: int
    changed_orders: int
    failure: str | None
    created_by: str
    created_at: PlainTime
    started_at: PlainTime | None
    finished_at: PlainTime | None

    @classmethod
    def of(cls, row: OrderImport) -> "ImportRead":
        summary = row.summary
        return cls(
            id=row.id,
            uuid=row.uuid,
            name=row.name,
            form=Form(row.form),
            status=row.status,
            counts=summary["counts"],
            refused=[Refusal(**one) for one in summary["refused"]],
            unknown_skus=summary["unknown_skus"],
            orders=[_planned(one) for one in summary["orders"]],
            total=row.total,
            position=row.position,
            new_orders=row.new_count,
            changed_orders=row.changed_count,
            failure=row.failure,
            created_by=row.created_by,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
        )


class ImportStart(BaseModel):
    """``skip_refused`` takes in the other orders when lines are refused."""

    order_import_id: BodyRef
    skip_refused: bool = False


@router.post(
    "/orders/import/preview",
    status_code=201,
    openapi_extra=UPLOAD_BODY,
    responses=problems(Invalid, UploadMalformed, UploadTooLarge, SheetTooLarge, StorageFull),
)
async def preview_import(request: Request, ctx: MemberCtx) -> ImportRead:
    """Say what a CSV file of orders would do: our own form, or Etsy's EtsySoldOrderItems and
    EtsySoldOrders. Nothing is imported."""
    return ImportRead.of(await receive_sheet(request, ctx))


@router.post(
    "/orders/import",
    responses=problems(Invalid, NotFound, ImportStarted, ImportRefused, ImportOutdated),
)
async def start_import(request: Request, body: ImportStart, ctx: MemberCtx) -> ImportRead:
    """Take in what a preview showed. A large file goes on after the answer, whose ``status`` says
    ``running`` then; ask for the import to see how far it is."""
    return ImportRead.of(
        await take_in(request, ctx, body.order_import_id, skip_refused=body.skip_refused)
    )


@router.get("/order-imports")
async def list_imports(ctx: ViewerCtx, session: Read, paging: ImportPage) -> JSONResponse:
    """Files that were looked at or taken in, the newest first."""
    rows, total = await queries.list_imports(session, ctx, paging)
    return listed("imports", [ImportRead.of(row) for row in rows], total, paging)


@router.get("/order-imports/{order_import}", responses=problems(NotFound))
async def read_import(order_import: ImportRef, ctx: ViewerCtx, session: Read) -> ImportRead:
    """One file, and how far it is."""
    return ImportRead.of(await service.get_import(session, ctx, order_import))


@router.delete("/order-imports/{order_import}", responses=problems(NotFound, ImportStarted))
async def delete_import(order_import: ImportRef, ctx: MemberCtx, session: Write) -> Message:
    """Forget a preview; orders that were taken in stay."""
    await service.remove_import(session, ctx, ref=order_import)
    return Message(message="Import deleted")


async def receive_sheet(request: Request, ctx: Actor) -> OrderImport:
    """The request's file as a preview; for routes and pages that have let the caller in."""
    process = get_process(request)
    folder = incoming_folder(process.settings)
    async with receive_upload(request, folder, max_mb=MAX_MB) as upload:
        content = await asyncio.to_thread(upload.path.read_bytes)
    text = forms.decode(content, upload.filename)
    now = process.clock.now()
    examined = await service.examine(process.database, ctx, text, now)
    async with writing(request) as session:
        return await service.add_preview(
            session, ctx, name=upload.filename, text=text, examined=examined, now=now
        )


async def take_in(request: Request, ctx: Actor, ref: Ref, *, skip_refused: bool) -> OrderImport:
    """Start it and stay with it for some seconds."""
    process = get_process(request)
    import_id = await service.check_preview(process.database, ctx, ref, skip_refused=skip_refused)
    async with writing(request) as session:
        await service.start_import(session, ctx, import_id, process.clock.now())
    await go_on(process, ctx.organization_id, import_id)
    async with process.database.read() as reading:
        return await service.get_import(reading, ctx, Ref(import_id, None))


async def go_on(process: Process, organization_id: int, import_id: int) -> None:
    await service.run_import(
        process.database,
        organization_id=organization_id,
        import_id=import_id,
        now=process.clock.now(),
        seconds=ANSWER_S,
    )


def _planned(one: dict[str, Any]) -> PlannedOrder:
    total = Money(one["total_minor"], one["currency"]).decimal
    kept = {k: v for k, v in one.items() if k != "total_minor"}
    return PlannedOrder(total_amount=float(total), **kept)
