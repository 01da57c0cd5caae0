"""Where channels send their notices, and how a connection gets an address for them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from shopwright.accounts.access import AdminCtx
from shopwright.channels import notices
from shopwright.channels.adapters import ETSY
from shopwright.channels.routes import ConnectionRef
from shopwright.channels.schemas import WebhookRead, WebhookSet
from shopwright.kernel.edge import (
    Now,
    ProcessDep,
    SettingsDep,
    Write,
    allow_body,
    principal_of,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound, TooLarge
from shopwright.kernel.limits import WIDE, charge
from shopwright.kernel.repeatable import RepeatableRoute

inbound = APIRouter(prefix="/api/webhooks", tags=["channels"], route_class=RepeatableRoute)
router = APIRouter(prefix="/api/connections", tags=["channels"], route_class=RepeatableRoute)

MAX_NOTICE_BYTES = 64 * 1024  # Etsy's have some hundred


async def _admit(request: Request) -> None:
    """Anybody may knock: few bytes, and not too often from one address."""
    charge(request, WIDE, principal_of(request))
    allow_body(request, MAX_NOTICE_BYTES)


@inbound.post(
    "/etsy/{token}",
    status_code=202,
    dependencies=[Depends(_admit)],
    responses=problems(NotFound, notices.NoticeNotSigned, Invalid, TooLarge),
)
async def receive_notice_of_etsy(
    request: Request, token: Annotated[str, Path(max_length=64)], process: ProcessDep
) -> dict[str, bool]:
    """For Etsy: something happened to an order. Signed by the Standard Webhooks rules with the
    connection's secret; the order is fetched afterwards, within the allowance of calls."""
    await notices.receive(process, ETSY, token, request.headers, await request.body())
    return {"received": True}


@router.put("/{connection}/webhook", responses=problems(notices.SecretUnusable))
async def set_webhook(
    connection: ConnectionRef,
    body: WebhookSet,
    ctx: AdminCtx,
    session: Write,
    settings: SettingsDep,
    now: Now,
) -> WebhookRead:
    """Keep the signing secret that Etsy shows, and learn the address to give to Etsy."""
    secret = body.secret.get_secret_value()
    changed = await notices.set_secret(session, ctx, ref=connection, secret=secret, now=now)
    return WebhookRead.of(changed, settings.base_url)


@router.delete("/{connection}/webhook")
async def forget_webhook(
    connection: ConnectionRef, ctx: AdminCtx, session: Write, settings: SettingsDep, now: Now
) -> WebhookRead:
    """Accept no more notices for this shop; orders keep coming with the regular syncs."""
    changed = await notices.forget_secret(session, ctx, ref=connection, now=now)
    return WebhookRead.of(changed, settings.base_url)
