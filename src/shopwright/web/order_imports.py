"""Orders from spreadsheets: choose a file, look at what it would do, take it in, see how far."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.kernel.edge import Paging, Read, Ref, Write, path_ref
from shopwright.orders.csv_import import queries
from shopwright.orders.csv_import import rows as csv_rows
from shopwright.orders.csv_import import service as csv_import
from shopwright.orders.csv_import.forms import Form as SheetForm
from shopwright.orders.csv_import.routes import receive_sheet, take_in
from shopwright.orders.customers.states import ImportStatus
from shopwright.web.page import MemberPageCtx, PageCtx, done, go

router = APIRouter(include_in_schema=False)

ImportRef = Annotated[Ref, path_ref("order_import")]
RECENT = 20
FORMS = {
    SheetForm.OWN: "orders in our own form",
    SheetForm.ETSY_ITEMS: "Etsy, what was bought (EtsySoldOrderItems)",
    SheetForm.ETSY_ORDERS: "Etsy, what was paid (EtsySoldOrders)",
}


@router.get("/order-imports")
async def show_imports(page: MemberPageCtx, session: Read) -> Response:
    rows, _ = await queries.list_imports(session, page.actor, Paging(RECENT, 0))
    return page.render(
        "order_imports.html", active="orders", imports=rows, forms=FORMS, columns=csv_rows.COLUMNS
    )


@router.post("/order-imports")
async def preview_import(request: Request, ctx: MemberCtx) -> Response:
    """Look at a file; nothing is imported."""
    row = await receive_sheet(request, ctx)
    return go(request, f"/order-imports/{row.id}")


@router.get("/order-imports/{order_import}")
async def show_import(page: PageCtx, session: Read, order_import: ImportRef) -> Response:
    """What the file would do, or has done."""
    row = await csv_import.get_import(session, page.actor, order_import)
    return page.render(
        "order_import.html",
        active="orders",
        row=row,
        form=FORMS[SheetForm(row.form)],
        seen=row.summary,
        work=row.summary["counts"].get("new", 0) + row.summary["counts"].get("changed", 0),
        is_running=row.status is ImportStatus.RUNNING,
        can_start=row.status in csv_import.STARTABLE,
    )


@router.post("/order-imports/{order_import}/start")
async def start_import(
    request: Request, ctx: MemberCtx, order_import: ImportRef,
    skip_refused: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Take in what the page showed; a large file goes on by itself."""
    row = await take_in(request, ctx, order_import, skip_refused=skip_refused)
    words = f"{row.new_count} new and {row.changed_count} changed orders are in."
    return done(request, words, to=f"/order-imports/{row.id}")


@router.post("/order-imports/{order_import}/remove")
async def remove_import(
    request: Request, ctx: MemberCtx, session: Write, order_import: ImportRef
) -> Response:
    """Forget a preview; orders stay."""
    await csv_import.remove_import(session, ctx, ref=order_import)
    return go(request, "/order-imports")
