"""«Sign in with Etsy» on our own pages: out with a sealed cookie, back to a landing of its own.

The cookie holds what only this browser may know (state, verifier, where to go on), so a link that
somebody else prepared signs nobody in.
"""

import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from shopwright.accounts import credentials, outside, outside_state
from shopwright.accounts.access import IdentityCtx, actor_of, authenticate
from shopwright.accounts.outside import CodeRefused
from shopwright.channels import identity
from shopwright.channels.identity import CameBack
from shopwright.channels.identity_routes import SIGN_IN_CALLBACK_PATH, sign_in_page_uri
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Now, Process, ProcessDep, Write
from shopwright.kernel.errors import Forbidden, ShopError, Unauthenticated
from shopwright.kernel.limits import PublicLimited
from shopwright.kernel.secrets import KeyUnusable
from shopwright.web.page import done, is_htmx
from shopwright.web.sign_in import DAY_S, local_path, log_in_form

router = APIRouter(include_in_schema=False)
COOKIE = "shopwright_etsy"
PATH = "/login/etsy"
ACCOUNT = "/account"


@dataclass(frozen=True, slots=True)
class Trip:
    """One way to Etsy and back. ``user_id``: link the account to this person, who is signed in."""

    state: str
    code_verifier: str
    wanted: str = "/"
    invitation: str = ""
    user_id: int | None = None


@router.get(PATH, dependencies=[PublicLimited])
async def leave_for_etsy(
    request: Request,
    process: ProcessDep,
    next: Annotated[str, Query(max_length=500)] = "",  # noqa: A002  as the log-in page says it
    invitation: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """To Etsy's consent page."""
    try:
        url, trip = await _begin(process, wanted=local_path(next), invitation=invitation)
    except ShopError as refusal:
        return log_in_form(process, wanted=next, problem=refusal.detail, status=refusal.status)
    answer = RedirectResponse(url, status_code=303)
    _pack(answer, request, process, trip)
    return answer


@router.post("/account/etsy")
async def leave_to_link(request: Request, identity: IdentityCtx, process: ProcessDep) -> Response:
    """To Etsy's consent page, to link the account to the person who is signed in."""
    url, trip = await _begin(process, wanted=ACCOUNT, user_id=actor_of(identity).user_id)
    answer = Response(status_code=204) if is_htmx(request) else Response(status_code=303)
    answer.headers["HX-Redirect" if is_htmx(request) else "location"] = url
    _pack(answer, request, process, trip)
    return answer


@router.post("/account/etsy/unlink")
async def unlink(request: Request, identity: IdentityCtx, session: Write, now: Now) -> Response:
    await outside.unlink(session, _person(actor_of(identity)), now)
    return done(request, "The Etsy account does not sign you in any more.", to=ACCOUNT)


@router.get(SIGN_IN_CALLBACK_PATH, dependencies=[PublicLimited])
async def come_back(
    request: Request,
    process: ProcessDep,
    code: Annotated[str, Query(max_length=1000)] = "",
    state: Annotated[str, Query(max_length=200)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    error_description: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where Etsy sends the browser: on to the wanted page, or the log-in form with the reason."""
    trip = _unpack(request, process)
    try:
        if trip is None or not hmac.compare_digest(trip.state.encode(), state.encode()):
            raise CodeRefused(
                "This sign-in was not begun in this browser, or over ten minutes ago. Begin again."
            )
        if error or not code:
            raise Forbidden(f"Etsy did not sign you in: {_said(error, error_description)}.")
        answer = await _finish(request, process, trip, code)
    except ShopError as refusal:
        answer = _refused(process, trip, refusal)
    answer.delete_cookie(COOKIE, path=_cookie_path(process))
    return answer


async def _begin(
    process: Process, *, wanted: str, invitation: str = "", user_id: int | None = None
) -> tuple[str, Trip]:
    asked = await identity.ask(process, sign_in_page_uri(process.settings))
    return asked.url, Trip(asked.state, asked.code_verifier, wanted, invitation, user_id)


async def _finish(request: Request, process: Process, trip: Trip, code: str) -> Response:
    came_back = CameBack(
        code=code,
        code_verifier=trip.code_verifier,
        redirect_uri=sign_in_page_uri(process.settings),
        state=trip.state,
        invitation=trip.invitation or None,
    )
    if trip.user_id is not None:
        await identity.link(process, await _same_person(request, trip.user_id), came_back)
        return _go_on(process, trip.wanted)
    cookie = await identity.sign_in_page(process, came_back)
    answer = _go_on(process, trip.wanted)
    credentials.set_cookie(answer, request, cookie, process.settings.refresh_token_days * DAY_S)
    return answer


async def _same_person(request: Request, user_id: int) -> Actor:
    """Whoever set out must have come back, still signed in."""
    try:
        actor = actor_of(await authenticate(request))
    except Unauthenticated:
        actor = None
    if actor is None or actor.user_id != user_id:
        raise Forbidden("You signed out or in as somebody else meanwhile. Sign in and begin again.")
    return actor


def _person(actor: Actor) -> Actor:
    if actor.user_id is None:
        raise Forbidden("Only people have accounts.")
    return actor


def _refused(process: Process, trip: Trip | None, refusal: ShopError) -> Response:
    if trip is not None and trip.user_id is not None:
        return _go_on(process, f"{trip.wanted}?problem={quote(refusal.detail)}")
    wanted = trip.wanted if trip else "/"
    return log_in_form(process, wanted=wanted, problem=refusal.detail, status=refusal.status)


def _said(error: str, description: str) -> str:
    return (description or error or "no code came back").rstrip(".")


def _go_on(process: Process, path: str) -> Response:
    return RedirectResponse(process.settings.pages_path + path, status_code=303)


def _pack(answer: Response, request: Request, process: Process, trip: Trip) -> None:
    content = {**asdict(trip), "until": (process.clock.now() + outside_state.LIFE).isoformat()}
    answer.set_cookie(
        COOKIE,
        process.context.vault.encrypt(json.dumps(content)),
        max_age=int(outside_state.LIFE.total_seconds()),
        path=_cookie_path(process),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def _unpack(request: Request, process: Process) -> Trip | None:
    try:
        content = json.loads(process.context.vault.decrypt(request.cookies.get(COOKIE, "")))
    except KeyUnusable:
        return None
    is_over = datetime.fromisoformat(content.pop("until")) <= process.clock.now()
    return None if is_over else Trip(**content)


def _cookie_path(process: Process) -> str:
    return process.settings.pages_path + PATH
