"""Accepting an invitation: whoever has the link becomes a member, with a password of their own."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shopwright.accounts import credentials, members, people, queries
from shopwright.accounts.passwords import MIN_LENGTH
from shopwright.accounts.sign_in import sign_in_page
from shopwright.channels.adapters import is_etsy_set_up
from shopwright.kernel.edge import Process, ProcessDep
from shopwright.kernel.errors import Forbidden, NotFound, ShopError
from shopwright.kernel.limits import PublicLimited
from shopwright.web import templating
from shopwright.web.reads.nav import read_shop
from shopwright.web.sign_in import DAY_S

router = APIRouter(include_in_schema=False)


@router.get("/invitation", dependencies=[PublicLimited])
async def show_invitation(
    process: ProcessDep, token: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Raises NotFound or InvitationOver, which say so on a page."""
    return await _form(process, token)


@router.post("/invitation", dependencies=[PublicLimited])
async def accept_invitation(
    request: Request,
    process: ProcessDep,
    token: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)] = "",
    first_name: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """The session cookie, or the form again with the reason."""
    if not credentials.is_same_origin(request):
        raise Forbidden("This form was not sent by our page. Open the link again.")
    try:
        signed_in = await people.accept_invitation(process, token, password, first_name.strip())
    except (NotFound, members.InvitationOver):
        raise
    except ShopError as refusal:
        return await _form(process, token, first_name, refusal)
    cookie = await sign_in_page(process, signed_in.user.email, password)
    response = RedirectResponse(f"{process.settings.pages_path}/", status_code=303)
    lifetime_s = process.settings.refresh_token_days * DAY_S
    credentials.set_cookie(response, request, cookie, lifetime_s)
    return response


async def _form(
    process: Process, token: str, first_name: str = "", refusal: ShopError | None = None
) -> Response:
    async with process.database.read() as session:
        invitation = await members.get_open_invitation(session, token, process.clock.now())
        shop = await read_shop(session, invitation.organization_id)
        is_known = await queries.find_user_by_email(session, invitation.email) is not None
    values = {
        "token": token,
        "invitation": invitation,
        "shop": shop,
        "is_known": is_known,
        "first_name": first_name,
        "problem": refusal.detail if refusal else "",
        "min_length": MIN_LENGTH,
        "has_etsy": is_etsy_set_up(process.settings),
    }
    html = templating.render(process.settings.pages_path, "invitation.html", values)
    status = refusal.status if refusal else 200
    return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})
