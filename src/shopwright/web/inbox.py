"""The SKU inbox: say once what an unknown SKU means, and everything that waits for it goes on."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx
from shopwright.catalog import service as catalog
from shopwright.kernel.edge import MAX_ID, Read, Write
from shopwright.web.page import PageCtx, done
from shopwright.web.reads import inbox

router = APIRouter(include_in_schema=False)


@router.get("/inbox")
async def show_inbox(page: PageCtx, session: Read) -> Response:
    return page.render(
        "inbox.html",
        active="inbox",
        topics="inbox catalog",
        groups=await inbox.list_groups(session, page.organization_id),
        choices=await inbox.list_choices(session, page.organization_id),
    )


@router.post("/inbox/map")
async def map_sku(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    sku: Annotated[str, Form(min_length=1, max_length=200)],
    variant_id: Annotated[int, Form(ge=1, le=MAX_ID)],
) -> Response:
    """All that waits for the SKU is planned in the same transaction."""
    await catalog.map_code(session, ctx, code=sku, variant_id=variant_id)
    return done(request, f"{sku} is known now; what waited for it goes on.", to="/inbox")
