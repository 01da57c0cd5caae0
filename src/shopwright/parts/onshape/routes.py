"""Onshape over HTTP: connecting, its standing, files for parts."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from shopwright.accounts.access import AdminCtx, MemberCtx, authenticate
from shopwright.accounts.open_keys import OpenMemberCtx, OpenViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    Now,
    Process,
    ProcessDep,
    Read,
    Ref,
    Write,
    path_ref,
    principal_of,
    problems,
    writing,
)
from shopwright.kernel.errors import (
    BrokenUpstream,
    Forbidden,
    Invalid,
    ShopError,
    Unauthenticated,
)
from shopwright.kernel.limits import PublicLimited
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts.onshape import account, service
from shopwright.parts.onshape.access import KeyPair, OnshapeNotConnected
from shopwright.parts.onshape.account import (
    CONSENT_LIFE,
    Begun,
    OnshapeConsentOver,
    OnshapeNotSetUp,
    OnshapeNotThere,
    OnshapeVisitor,
)
from shopwright.parts.onshape.links import NotAnOnshapeLink
from shopwright.parts.onshape.port import (
    OnshapeBudgetSpent,
    OnshapeBusy,
    OnshapeMissing,
    OnshapeReconnect,
    OnshapeRefused,
)
from shopwright.parts.onshape.schemas import (
    OnshapeFinish,
    OnshapeKeys,
    OnshapePartBody,
    OnshapePartRead,
    OnshapeRead,
    OnshapeStart,
    PullBody,
    PullRead,
)
from shopwright.parts.onshape.service import NothingAsked
from shopwright.parts.onshape.sources import NoSuchTab, format_of
from shopwright.parts.onshape.tools import CALLBACK_PATH
from shopwright.parts.schemas import PartRead
from shopwright.parts.service import PartMissing

router = APIRouter(prefix="/api/parts", tags=["onshape"], route_class=RepeatableRoute)
landing = APIRouter(tags=["onshape"])

CONSENT_COOKIE = "shopwright_onshape"
PAGE = "/parts/onshape"
PartRef = Annotated[Ref, path_ref("part")]
RedirectUri = Annotated[str | None, Query(max_length=500)]
ASKED = problems(
    Invalid, NotAnOnshapeLink, NoSuchTab, OnshapeMissing, OnshapeNotConnected, OnshapeReconnect,
    OnshapeRefused, OnshapeBudgetSpent, OnshapeBusy, BrokenUpstream,
)  # fmt: skip
ACCOUNT = problems(OnshapeReconnect, OnshapeRefused, OnshapeBusy, BrokenUpstream)


@landing.get("/onshape/start", include_in_schema=False)
async def start_from_onshape(
    request: Request, ctx: MemberCtx, session: Write, process: ProcessDep, now: Now
) -> Response:
    """The app's OAuth URL: Onshape's own list of applications opens it."""
    begun = await _begin(request, ctx, session, process, now, None)
    return _with_cookie(request, RedirectResponse(begun.url, status_code=303), begun)


@router.get(
    "/auth/onshape/start",
    response_model=OnshapeStart,
    responses=problems(Invalid, OnshapeNotSetUp, Forbidden),
)
async def start_onshape(
    *,
    request: Request,
    ctx: OpenMemberCtx,
    session: Write,
    process: ProcessDep,
    now: Now,
    redirect_uri: RedirectUri = None,
) -> Response:
    """Begin to connect: a browser is sent to Onshape, a program is told where to send one.

    ``redirect_uri`` chooses among the registered addresses. Consent is to be given within ten
    minutes, in the same browser or by the same account.
    """
    begun = await _begin(request, ctx, session, process, now, redirect_uri)
    if "text/html" in request.headers.get("accept", ""):
        return _with_cookie(request, RedirectResponse(begun.url, status_code=303), begun)
    answer = JSONResponse({"authorize_url": begun.url}, headers={"Cache-Control": "no-store"})
    return _with_cookie(request, answer, begun)


@landing.get(CALLBACK_PATH, dependencies=[PublicLimited], include_in_schema=False)
async def come_back_from_onshape(
    request: Request,
    process: ProcessDep,
    code: Annotated[str, Query(max_length=1000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    error_description: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where Onshape sends the browser: a person goes on to the page, a program gets JSON."""
    is_page = "text/html" in request.headers.get("accept", "")
    try:
        if error or not code:
            said = error_description or error or "no code came back"
            raise OnshapeRefused(f"Onshape did not give its consent: {said}.")
        await account.finish_connect(
            process, code=code, state=state, visitor=await _visitor(request)
        )
    except ShopError as err:
        if not is_page:
            raise
        return _to_page(process, f"?onshape_error={quote(err.detail)}")
    if is_page:
        return _to_page(process, "?connected=1")
    return JSONResponse({"message": "Onshape is connected"})


@router.post("/auth/onshape/finish", responses=ACCOUNT | problems(Forbidden, OnshapeConsentOver))
async def finish_onshape(
    request: Request, body: OnshapeFinish, ctx: OpenMemberCtx, process: ProcessDep
) -> Message:
    """For clients with a callback page of their own: what Onshape sent back to it."""
    _ = ctx  # the door
    visitor = OnshapeVisitor(None, principal_of(request))
    await account.finish_connect(process, code=body.code, state=body.state, visitor=visitor)
    return Message(message="Onshape is connected")


@router.get("/auth/onshape")
async def read_onshape(
    ctx: OpenViewerCtx, session: Read, process: ProcessDep, now: Now
) -> OnshapeRead:
    """Whose account is connected, and how many calls are left this year."""
    return OnshapeRead.of(await account.read_standing(process, session, ctx, now))


@router.put("/auth/onshape/keys", responses=ACCOUNT | problems(OnshapeBudgetSpent))
async def connect_by_keys(
    body: OnshapeKeys, ctx: AdminCtx, process: ProcessDep, now: Now
) -> OnshapeRead:
    """Connect by API keys instead of a consent; Onshape is asked whether they are good."""
    keys = KeyPair(body.access_key, body.secret_key.get_secret_value())
    await account.connect_by_keys(process, ctx, keys)
    async with process.database.read() as session:
        return OnshapeRead.of(await account.read_standing(process, session, ctx, now))


@router.delete("/auth/onshape", responses=problems(OnshapeNotThere))
async def disconnect_onshape(ctx: AdminCtx, session: Write) -> Message:
    """Forget the account; what was fetched stays."""
    await account.disconnect(session, ctx)
    return Message(message="Onshape is disconnected")


@router.post("/from-onshape", status_code=201, responses=ASKED)
async def create_part_from_onshape(
    request: Request, body: OnshapePartBody, ctx: OpenMemberCtx, process: ProcessDep
) -> OnshapePartRead:
    """A new part from an Onshape address, called as its tab unless it has a name; its file follows
    as soon as Onshape has exported it."""
    made, pulled = await service.create_part(
        process, ctx, spec=body.spec(), wanted=format_of(body.format), writing=writing(request)
    )
    read = PartRead.of(made, process.settings.base_path)
    return OnshapePartRead(part=read, file=PullRead.of(pulled))


@router.post("/{part}/onshape", status_code=201, responses=ASKED | problems(PartMissing))
async def pull_from_onshape(
    *,
    request: Request,
    part: PartRef,
    ctx: OpenMemberCtx,
    process: ProcessDep,
    body: PullBody | None = None,
) -> PullRead:
    """Fetch the STEP, GLB or drawing of the part's Onshape address as its next version.

    It is done behind this answer; the route below says how far it is.
    """
    asked = body or PullBody()
    pulled = await service.pull_file(
        process,
        ctx,
        ref=part,
        wanted=format_of(asked.format),
        url=asked.url,
        writing=writing(request),
    )
    return PullRead.of(pulled)


@router.get("/{part}/onshape", responses=problems(PartMissing, NothingAsked))
async def read_pull(part: PartRef, ctx: OpenViewerCtx, process: ProcessDep) -> PullRead:
    """How far the file is that was last asked of Onshape."""
    return PullRead.of(await service.get_latest(process, ctx, part))


async def begin_connecting(
    request: Request, answer: Response, ctx: Actor, session: Write, process: Process, now: Now
) -> str:
    """For the page: where to send the browser, which ``answer`` leaves a cookie with."""
    begun = await _begin(request, ctx, session, process, now, None)
    _with_cookie(request, answer, begun)
    return begun.url


async def _begin(
    request: Request, ctx: Actor, session: Write, process: Process, now: Now, asked: str | None
) -> Begun:
    return await account.begin_connect(
        session, ctx, process, redirect_uri=asked, principal=principal_of(request), now=now
    )


def _with_cookie(request: Request, answer: Response, begun: Begun) -> Response:
    answer.set_cookie(
        CONSENT_COOKIE,
        begun.browser_secret,
        max_age=int(CONSENT_LIFE.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


async def _visitor(request: Request) -> OnshapeVisitor:
    try:
        principal = (await authenticate(request)).principal
    except Unauthenticated:
        principal = None
    return OnshapeVisitor(request.cookies.get(CONSENT_COOKIE), principal)


def _to_page(process: Process, query: str) -> Response:
    return RedirectResponse(f"{process.settings.base_path}{PAGE}{query}", status_code=303)
