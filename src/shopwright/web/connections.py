"""Connected shops: consent, health, and what a person must decide about orders and parcels."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from shopwright.accounts.access import AdminCtx, MemberCtx, SyncLimited, ViewerCtx
from shopwright.channels import notices, push, runs, service
from shopwright.channels.adapters import ETSY, is_etsy_set_up
from shopwright.channels.routes import CALLBACK_PATH, begin_connecting_etsy
from shopwright.kernel.edge import (
    Now,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    get_process,
    path_ref,
)
from shopwright.web.page import PageCtx, done, is_htmx
from shopwright.web.reads import connections

router = APIRouter(include_in_schema=False)

ConnectionRef = Annotated[Ref, path_ref("connection")]
RejectRef = Annotated[Ref, path_ref("reject")]
PushRef = Annotated[Ref, path_ref("push")]
ANSWERS = {
    push.Outcome.POSTED: "Noted: the buyer was told.",
    push.Outcome.NOT_POSTED: "The channel is told again.",
}


@router.get("/connections")
async def show_connections(
    page: PageCtx,
    session: Read,
    settings: SettingsDep,
    connected: Annotated[str, Query(max_length=40)] = "",
    channel_error: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """``connected`` and ``channel_error`` come with the way back from the channel's consent."""
    mine = page.organization_id
    return page.render(
        "connections.html",
        active="connections",
        topics="connections",
        connections=await connections.list_connections(session, mine),
        rejects=await connections.list_rejects(session, mine),
        pushes=await connections.list_pushes(session, mine),
        is_set_up=is_etsy_set_up(settings),
        callback=settings.etsy_redirect_uri or f"{settings.base_url}{CALLBACK_PATH}",
        is_fresh=bool(connected),
        webhook_base=f"{settings.base_url}/api/webhooks/{ETSY}",
        channel_error=channel_error,
    )


@router.get("/settings")
async def show_settings(request: Request, _ctx: ViewerCtx) -> Response:
    """Where channels send the browser back to."""
    query = request.scope["query_string"].decode("latin-1")
    target = get_process(request).settings.pages_path + "/connections"
    return RedirectResponse(f"{target}?{query}" if query else target, status_code=303)


@router.post("/connections/etsy")
async def begin_etsy(
    request: Request, ctx: AdminCtx, session: Write, process: ProcessDep, now: Now
) -> Response:
    """Send the browser to Etsy, which asks the shop's owner."""
    answer = Response(status_code=204)
    begun = await begin_connecting_etsy(request, answer, ctx, session, process, now)
    if is_htmx(request):
        answer.headers["HX-Redirect"] = begun.authorize_url
    else:
        answer.status_code = 303
        answer.headers["location"] = begun.authorize_url
    return answer


@router.post("/connections/{connection}/sync", dependencies=[SyncLimited])
async def sync_connection(
    request: Request, ctx: MemberCtx, session: Write, now: Now, connection: ConnectionRef
) -> Response:
    found = await service.get_connection(session, ctx, connection)
    if not found.tokens:
        raise runs.ReconnectFirst(f"{found.name} is not connected. Connect it again first.")
    await runs.request_sync(session, ctx, connection_id=found.id, now=now)
    return done(request, f"{found.name} is asked for what changed.", to="/connections")


@router.post("/connections/{connection}/rename")
async def rename_connection(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    connection: ConnectionRef,
    name: Annotated[str, Form(min_length=1, max_length=200)],
) -> Response:
    found = await service.rename_connection(
        session, ctx, ref=connection, name=name.strip(), now=now
    )
    return done(request, f"The shop is called {found.name} here.", to="/connections")


@router.post("/connections/{connection}/webhook")
async def set_webhook(
    request: Request,
    ctx: AdminCtx,
    session: Write,
    now: Now,
    connection: ConnectionRef,
    secret: Annotated[str, Form(min_length=8, max_length=200)],
) -> Response:
    found = await notices.set_secret(session, ctx, ref=connection, secret=secret, now=now)
    text = f"The secret of {found.name} is kept. Give Etsy the address that stands below it."
    return done(request, text, to="/connections")


@router.post("/connections/{connection}/webhook/remove")
async def remove_webhook(
    request: Request, ctx: AdminCtx, session: Write, now: Now, connection: ConnectionRef
) -> Response:
    found = await notices.forget_secret(session, ctx, ref=connection, now=now)
    return done(request, f"The webhook of {found.name} is removed.", to="/connections")


@router.post("/connections/{connection}/disable")
async def disable_connection(
    request: Request, ctx: AdminCtx, session: Write, now: Now, connection: ConnectionRef
) -> Response:
    found = await service.disable_connection(session, ctx, ref=connection, now=now)
    return done(request, f"{found.name} is disabled; its orders stay.", to="/connections")


@router.post("/connections/rejects/{reject}/close")
async def close_reject(
    request: Request, ctx: MemberCtx, session: Write, now: Now, reject: RejectRef
) -> Response:
    closed = await service.close_reject(session, ctx, ref=reject, now=now)
    return done(request, f"Order {closed.external_id} is dealt with.", to="/connections")


@router.post("/connections/pushes/{push}/resolve")
async def resolve_push(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    now: Now,
    push_ref: PushRef,
    outcome: Annotated[push.Outcome, Form()],
) -> Response:
    """«Was the buyer told?», answered by somebody who looked at the channel."""
    await push.resolve_push(session, ctx, ref=push_ref, outcome=outcome, now=now)
    return done(request, ANSWERS[outcome], to="/connections")
