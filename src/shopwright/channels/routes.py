"""Connected shops, orders that could not be taken over, and tracking told to channels."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx, authenticate
from shopwright.channels import connect, push, runs, service, shop_info
from shopwright.channels.adapters import ETSY
from shopwright.channels.connect import Visitor
from shopwright.channels.schemas import (
    ConnectBegun,
    ConnectFinish,
    ConnectionRead,
    ConnectionUpdate,
    PushRead,
    PushResolve,
    RejectRead,
    ShopRead,
)
from shopwright.kernel.edge import (
    Now,
    Paging,
    Process,
    ProcessDep,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.effects import EffectStatus
from shopwright.kernel.errors import BrokenUpstream, ShopError, Unauthenticated, Unavailable
from shopwright.kernel.limits import PublicLimited
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.settings import Settings

router = APIRouter(prefix="/api/connections", tags=["channels"], route_class=RepeatableRoute)
landing = APIRouter(tags=["channels"])

CONSENT_COOKIE = "shopwright_consent"
CALLBACK_PATH = "/etsy/callback"
OPEN_PUSHES = [EffectStatus.UNKNOWN, EffectStatus.FAILED]  # a person's turn
ConnectionRef = Annotated[Ref, path_ref("connection")]
RejectRef = Annotated[Ref, path_ref("reject")]
PushRef = Annotated[Ref, path_ref("push")]
Page = Annotated[Paging, page_of(100)]


@router.get("/etsy/start", responses=problems(connect.ChannelNotSetUp))
async def begin_connecting_etsy(
    request: Request,
    response: Response,
    ctx: AdminCtx,
    session: Write,
    process: ProcessDep,
    now: Now,
) -> ConnectBegun:
    """Where to send the shop's owner for their consent; it must be given within ten minutes, in the
    same browser or by the same account."""
    begun = await connect.begin_connect(
        session,
        ctx,
        process,
        channel=ETSY,
        redirect_uri=_redirect_uri(process.settings),
        now=now,
    )
    response.set_cookie(
        CONSENT_COOKIE,
        begun.browser_secret,
        max_age=int(connect.CONSENT_LIFE.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return ConnectBegun(authorize_url=begun.url)


@router.post(
    "/etsy/finish",
    responses=problems(connect.ConsentOver, connect.ConsentRefused),
)
async def finish_connecting_etsy(
    body: ConnectFinish, ctx: AdminCtx, process: ProcessDep
) -> ConnectionRead:
    """For clients with a callback page of their own: what the channel sent back."""
    visitor = Visitor(browser_secret=None, principal=connect.principal_of(ctx))
    connection = await connect.finish_connect(
        process, code=body.code, state=body.state, visitor=visitor
    )
    return ConnectionRead.of(connection)


@landing.get(CALLBACK_PATH, dependencies=[PublicLimited], include_in_schema=False)
async def come_back_from_etsy(
    request: Request,
    process: ProcessDep,
    code: Annotated[str, Query(max_length=1000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    error_description: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where Etsy sends the browser: a person goes on to the settings, a program gets JSON."""
    is_page = "text/html" in request.headers.get("accept", "")
    try:
        if error or not code:
            said = error_description or error or "no code came back"
            raise connect.ConsentRefused(f"Etsy did not give its consent: {said}.")
        connection = await connect.finish_connect(
            process, code=code, state=state, visitor=await _visitor(request)
        )
    except ShopError as err:
        if not is_page:
            raise
        return _to_settings(process, f"?channel_error={quote(err.detail)}")
    if is_page:
        return _to_settings(process, f"?connected={connection.uuid}")
    return JSONResponse(ConnectionRead.of(connection).model_dump(mode="json"))


@router.get("")
async def list_connections(ctx: ViewerCtx, session: Read) -> dict[str, list[ConnectionRead]]:
    """Connected shops and their health."""
    found = await service.list_connections(session, ctx)
    return {"connections": [ConnectionRead.of_health(health) for health in found]}


@router.get("/pushes")
async def list_pushes(
    ctx: ViewerCtx,
    session: Read,
    paging: Page,
    status: Annotated[list[EffectStatus] | None, Query()] = None,
) -> JSONResponse:
    """Tracking told, or to be told, to channels; without ``status`` what waits for a person."""
    rows, total = await push.list_pushes(session, ctx, status or OPEN_PUSHES, paging)
    return listed("pushes", [PushRead.of(row) for row in rows], total, paging)


@router.post("/pushes/{push}/resolve", responses=problems(push.PushSettled))
async def resolve_push(
    push_ref: PushRef, body: PushResolve, ctx: MemberCtx, session: Write, now: Now
) -> PushRead:
    """Say what you saw at the channel: it was posted, or it was not and is to be told again."""
    effect = await push.resolve_push(session, ctx, ref=push_ref, outcome=body.outcome, now=now)
    return PushRead.of(effect)


@router.patch("/{connection}")
async def rename_connection(
    connection: ConnectionRef, body: ConnectionUpdate, ctx: AdminCtx, session: Write, now: Now
) -> ConnectionRead:
    """Give the shop another name here."""
    return ConnectionRead.of(
        await service.rename_connection(session, ctx, ref=connection, name=body.name, now=now)
    )


@router.post("/{connection}/disable", responses=problems(service.ConnectionNotActive))
async def disable_connection(
    connection: ConnectionRef, ctx: AdminCtx, session: Write, now: Now
) -> ConnectionRead:
    """Stop syncing and forget the tokens. Orders stay; connecting again goes on where it was."""
    return ConnectionRead.of(
        await service.disable_connection(session, ctx, ref=connection, now=now)
    )


@router.get(
    "/{connection}/shop",
    responses=problems(
        connect.ChannelNotSetUp, connect.ConsentRefused, runs.ReconnectFirst, Unavailable,
        BrokenUpstream,
    ),
)  # fmt: skip
async def read_shop(connection: ConnectionRef, ctx: ViewerCtx, process: ProcessDep) -> ShopRead:
    """The shop as the channel shows it; asked at most every five minutes."""
    return ShopRead.of(await shop_info.read_shop(process, ctx, connection))


@router.get("/{connection}/rejects")
async def list_rejects(
    connection: ConnectionRef, ctx: ViewerCtx, session: Read, paging: Page
) -> JSONResponse:
    """Orders that could not be taken over, with the reason."""
    rows, total = await service.list_rejects(session, ctx, ref=connection, paging=paging)
    return listed("rejects", [RejectRead.of(row) for row in rows], total, paging)


@router.post("/rejects/{reject}/close")
async def close_reject(reject: RejectRef, ctx: MemberCtx, session: Write, now: Now) -> RejectRead:
    """You have dealt with it; it is not asked for again."""
    return RejectRead.of(await service.close_reject(session, ctx, ref=reject, now=now))


async def _visitor(request: Request) -> Visitor:
    try:
        principal = (await authenticate(request)).principal
    except Unauthenticated:
        principal = None
    return Visitor(request.cookies.get(CONSENT_COOKIE), principal)


def _to_settings(process: Process, query: str) -> Response:
    return RedirectResponse(f"{process.settings.pages_path}/settings{query}", status_code=303)


def _redirect_uri(settings: Settings) -> str:
    return settings.etsy_redirect_uri or f"{settings.base_url}{CALLBACK_PATH}"
