"""Signing in with Etsy over HTTP, as the shop manager's reference prints it."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Response

from shopwright.accounts import members, people
from shopwright.accounts.access import AdminCtx
from shopwright.accounts.outside import CodeRefused, NotInvited, ProviderDown, ProviderNotSetUp
from shopwright.accounts.schemas import SignedInRead
from shopwright.channels import connect, identity, link_shop
from shopwright.channels.identity import CameBack
from shopwright.channels.identity_schemas import (
    CallbackBody,
    LinkedShop,
    LinkShopBody,
    SignInAsked,
)
from shopwright.kernel.edge import ProcessDep, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.limits import PublicLimited
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.settings import Settings

router = APIRouter(prefix="/api/auth", tags=["sign-in"], route_class=RepeatableRoute)
SIGN_IN_CALLBACK_PATH = "/login/etsy/callback"  # of our own log-in page


@router.get(
    "/login",
    dependencies=[PublicLimited],
    responses=problems(ProviderNotSetUp),
)
async def begin_sign_in(
    response: Response,
    process: ProcessDep,
    redirect_uri: Annotated[
        str | None,
        Query(
            max_length=500,
            description="your callback page, registered at Etsy; its origin is in CORS_ORIGINS",
        ),
    ] = None,
) -> SignInAsked:
    """Where to send the browser to sign in with Etsy, and what to keep until it comes back."""
    response.headers["cache-control"] = "no-store"
    target = _redirect_uri(process.settings, redirect_uri)
    return SignInAsked.of(await identity.ask(process, target))


@router.post(
    "/callback",
    dependencies=[PublicLimited],
    responses=problems(
        CodeRefused,
        NotInvited,
        NotFound,
        people.AddressTaken,
        members.InvitationOver,
        ProviderNotSetUp,
        ProviderDown,
    ),
)
async def finish_sign_in(
    body: CallbackBody, response: Response, process: ProcessDep
) -> SignedInRead:
    """Sign in with the code that Etsy gave. Members come in, invited people join, the first person
    founds the shop; an owner's or admin's consent also keeps the shop connected."""
    response.headers["cache-control"] = "no-store"
    came_back = CameBack(
        code=body.code,
        code_verifier=body.code_verifier,
        redirect_uri=_redirect_uri(process.settings, body.redirect_uri),
        state=body.state or None,
        invitation=body.invitation or None,
    )
    return SignedInRead.of(await identity.sign_in(process, came_back))


@router.post(
    "/link-shop",
    responses=problems(
        link_shop.NothingConnected,
        connect.ConsentRefused,
        connect.ChannelNotSetUp,
        NotFound,
        ProviderDown,
    ),
)
async def link_shop_by_name(body: LinkShopBody, ctx: AdminCtx, process: ProcessDep) -> LinkedShop:
    """Say which of the connected account's shops is yours."""
    return LinkedShop.of(await link_shop.link_shop(process, ctx, body.shop_name))


def sign_in_page_uri(settings: Settings) -> str:
    return f"{settings.pages_url}{SIGN_IN_CALLBACK_PATH}"


def _redirect_uri(settings: Settings, wanted: str | None) -> str:
    """Raises Invalid for an address that is neither ours nor a known client's."""
    if not wanted:
        return settings.etsy_redirect_uri or sign_in_page_uri(settings)
    known = {_origin(url) for url in (settings.base_url, *settings.cors_origins)}
    if wanted != settings.etsy_redirect_uri and _origin(wanted) not in known:
        raise Invalid("redirect_uri must be a page of this server or of an origin in CORS_ORIGINS.")
    return wanted


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.lower()
