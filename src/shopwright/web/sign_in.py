"""Log-in and log-out of pages: a cookie that no script can read."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shopwright.accounts import credentials, sessions
from shopwright.accounts.access import IdentityCtx
from shopwright.accounts.sign_in import SignInPaused, SignInRefused, sign_in_page
from shopwright.channels.adapters import is_etsy_set_up
from shopwright.kernel.edge import Now, Process, ProcessDep, Write
from shopwright.kernel.errors import Forbidden
from shopwright.kernel.limits import PublicLimited
from shopwright.web import templating

router = APIRouter(include_in_schema=False)
DAY_S = 86_400


@router.get("/login")
async def show_log_in(
    process: ProcessDep,
    next: Annotated[str, Query(max_length=500)] = "",  # noqa: A002  the URL says so
) -> Response:
    return log_in_form(process, wanted=next)


@router.post("/login", dependencies=[PublicLimited])
async def log_in(
    request: Request,
    process: ProcessDep,
    email: Annotated[str, Form(max_length=254)],
    password: Annotated[str, Form(max_length=1000)],
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """The session cookie, or the form again with the reason."""
    if not credentials.is_same_origin(request):
        raise Forbidden("This form was not sent by our log-in page. Open it again.")
    try:
        cookie = await sign_in_page(process, email, password)
    except (SignInRefused, SignInPaused) as refusal:
        return log_in_form(
            process, wanted=next, email=email, problem=refusal.detail, status=refusal.status
        )
    response = RedirectResponse(process.settings.pages_path + local_path(next), status_code=303)
    lifetime_s = process.settings.refresh_token_days * DAY_S
    credentials.set_cookie(response, request, cookie, lifetime_s)
    return response


@router.post("/logout")
async def log_out(
    request: Request, process: ProcessDep, identity: IdentityCtx, session: Write, now: Now
) -> Response:
    """Open streams of this sign-in end within two seconds."""
    await sessions.log_out(session, identity, credentials.find_credential(request), now)
    response = RedirectResponse(f"{process.settings.pages_path}/login", status_code=303)
    credentials.clear_cookie(response, request)
    return response


def local_path(wanted: str) -> str:
    """Only paths of ours: ``//host`` and ``/\\host`` would leave the site."""
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_local and wanted.isprintable() else "/"


def log_in_form(
    process: Process, *, wanted: str, email: str = "", problem: str = "", status: int = 200
) -> Response:
    """The page, with the reason why somebody is not signed in."""
    values = {
        "next": local_path(wanted),
        "email": email,
        "problem": problem,
        "has_etsy": is_etsy_set_up(process.settings),
    }
    html = templating.render(process.settings.pages_path, "login.html", values)
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})
