"""Connecting Onshape: by consent of somebody who comes back with a code, or by API keys."""

import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel import ids
from shopwright.kernel.actor import RANK, Actor, Role, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, Forbidden, Gone, Invalid, NotFound, ShopError
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import token_hash
from shopwright.kernel.settings import Settings
from shopwright.parts.onshape import queries
from shopwright.parts.onshape.access import (
    GivenAccess,
    KeyPair,
    find_access,
    open_with,
    seal_keys,
    seal_tokens,
    server_keys,
)
from shopwright.parts.onshape.models import OnshapeAccount, OnshapeConsent
from shopwright.parts.onshape.states import AccountKind
from shopwright.parts.onshape.tools import OnshapeTools, app_of, is_app_set_up, redirect_uris
from shopwright.parts.queries import TOPIC

CONSENT_LIFE = timedelta(minutes=10)
KEEP_CONSENTS = timedelta(days=1)
NAMELESS = "an Onshape account"
MAX_NAME = 200


class OnshapeNotSetUp(Conflict):
    code = "onshape-not-set-up"
    title = "The Onshape app is not set up here"


class OnshapeConsentOver(Gone):
    code = "onshape-consent-over"
    title = "This consent was used or is too old"


class OnshapeNotThere(NotFound):
    code = "onshape-account-missing"
    title = "No Onshape account is connected"


@dataclass(frozen=True, slots=True)
class Begun:
    """Send the person to ``url`` and leave ``browser_secret`` with their browser."""

    url: str
    browser_secret: str


@dataclass(frozen=True, slots=True)
class OnshapeVisitor:
    """Who came back: the browser that was sent out, or the very person or key that asked."""

    browser_secret: str | None
    principal: str | None


@dataclass(frozen=True, slots=True)
class OnshapeStanding:
    """What a person wants to know: whose account, and how many calls are left this year."""

    is_app_set_up: bool
    way: str | None  # oauth, keys, settings
    connected_as: str | None
    connected_by: str | None
    is_refused: bool
    year: int
    calls_used: int
    calls_allowed: int
    paused_until: datetime | None
    pause_reason: str | None

    @property
    def calls_left(self) -> int:
        return max(0, self.calls_allowed - self.calls_used)

    @property
    def is_connected(self) -> bool:
        return self.way is not None and not self.is_refused


async def read_standing(
    process: Process, session: AsyncSession, ctx: Actor, now: datetime
) -> OnshapeStanding:
    account = await queries.find_account(session, ctx)
    usage = await queries.find_usage(session, ctx, now.year)
    way = account.kind.value if account else None
    if account is None and server_keys(process) and await find_access(process, ctx):
        way = "settings"
    pause = usage.paused_until if usage else None
    is_paused = pause is not None and pause > now
    return OnshapeStanding(
        is_app_set_up=is_app_set_up(process.settings),
        way=way,
        connected_as=account.connected_as if account else None,
        connected_by=account.connected_by if account else None,
        is_refused=bool(account and account.is_refused),
        year=now.year,
        calls_used=usage.calls if usage else 0,
        calls_allowed=process.settings.onshape_yearly_calls,
        paused_until=pause if is_paused else None,
        pause_reason=usage.pause_reason if usage and is_paused else None,
    )


async def begin_connect(
    session: WriteSession,
    ctx: Actor,
    process: Process,
    *,
    redirect_uri: str | None,
    principal: str,
    now: datetime,
) -> Begun:
    """Raises OnshapeNotSetUp, Invalid for an address that is not registered, Forbidden for a member
    where an account is connected already."""
    settings = process.settings
    if not is_app_set_up(settings):
        raise OnshapeNotSetUp("Set ONSHAPE_CLIENT_ID and ONSHAPE_CLIENT_SECRET on this server.")
    address = _registered(settings, redirect_uri)
    await _check_may_replace(session, ctx)
    state, browser_secret = ids.new_token(), ids.new_token()
    await queries.drop_old_consents(session, ctx, now - KEEP_CONSENTS)
    session.add(
        OnshapeConsent(
            organization_id=ctx.organization_id,
            state_hash=token_hash(state),
            browser_hash=token_hash(browser_secret),
            redirect_uri=address,
            asked_by=ctx.name[:120],
            may_replace=RANK[ctx.role] >= RANK[Role.ADMIN],
            principal=principal,
            expires_at=now + CONSENT_LIFE,
        )
    )
    consents = process.context.keep(OnshapeTools).vendor.consents(app_of(settings))
    return Begun(consents.authorization_url(address, state), browser_secret)


async def finish_connect(
    process: Process, *, code: str, state: str, visitor: OnshapeVisitor
) -> None:
    """Trade the code for tokens and keep them. No transaction is open while Onshape is asked.

    Raises OnshapeConsentOver, Forbidden when somebody else asked, or what Onshape answers.
    """
    now = process.clock.now()
    async with process.database.write() as session:
        consent = await queries.take_consent(session, token_hash(state), now)
    if consent is None:
        raise OnshapeConsentOver(
            "Begin again: this consent was used, is over ten minutes old or unknown."
        )
    if not _is_from(consent, visitor):
        raise Forbidden("Come back in the browser in which you began to connect Onshape.")
    await _keep_consent(process, consent, code, now)


async def connect_by_keys(process: Process, ctx: Actor, keys: KeyPair) -> None:
    """Keep API keys once Onshape has accepted them; raises OnshapeReconnect when it does not."""
    access = GivenAccess(keys.header, "Onshape refuses these API keys. Nothing was changed.")
    async with open_with(process, ctx, access) as onshape:
        name = await onshape.read_name()
    sealed = seal_keys(process.context.vault, keys)
    now = process.clock.now()
    async with process.database.write() as session:
        await _keep(session, ctx, AccountKind.KEYS, sealed, name, now)


async def disconnect(session: WriteSession, ctx: Actor) -> None:
    """Forget the account; files that came from it stay. Raises OnshapeNotThere."""
    if not await queries.delete_account(session, ctx):
        raise OnshapeNotThere("No Onshape account is connected here.")
    audit.record(session, ctx, "onshape.disconnected", ctx.organization_id)
    touch(session, ctx.organization_id, TOPIC)


async def _keep_consent(
    process: Process, consent: OnshapeConsent, code: str, now: datetime
) -> None:
    ctx = system_actor(consent.organization_id, consent.asked_by)
    consents = process.context.keep(OnshapeTools).vendor.consents(app_of(process.settings))
    tokens = await consents.trade_code(code, consent.redirect_uri, now)
    access = GivenAccess(f"Bearer {tokens.access_token}", "Onshape refuses the access it gave.")
    name = NAMELESS
    with suppress(ShopError):  # whose it is only shows on a page
        async with open_with(process, ctx, access) as onshape:
            name = await onshape.read_name()
    sealed = seal_tokens(process.context.vault, tokens)
    async with process.database.write() as session:
        if not consent.may_replace:
            await _check_free(session, ctx)
        await _keep(session, ctx, AccountKind.OAUTH, sealed, name, now)


async def _keep(
    session: WriteSession,
    ctx: Actor,
    kind: AccountKind,
    sealed: str,
    name: str,
    now: datetime,
) -> None:
    values = {
        "kind": kind,
        "sealed": sealed,
        "connected_as": name[:MAX_NAME],
        "connected_by": ctx.name[:120],
        "updated_at": now,
    }
    await queries.put_account(session, ctx, values)
    audit.record(
        session, ctx, "onshape.connected", ctx.organization_id, way=kind.value, account=name
    )
    touch(session, ctx.organization_id, TOPIC)


def _registered(settings: Settings, asked: str | None) -> str:
    known = redirect_uris(settings)
    if asked is None:
        return known[0]
    if asked not in known:
        raise Invalid(
            f"{asked[:200]!r} is no registered redirect address. Add it to ONSHAPE_REDIRECT_URI "
            "and to the app at Onshape."
        )
    return asked


async def _check_may_replace(session: AsyncSession, ctx: Actor) -> None:
    if RANK[ctx.role] < RANK[Role.ADMIN]:
        await _check_free(session, ctx)


async def _check_free(session: AsyncSession, ctx: Actor) -> None:
    account: OnshapeAccount | None = await queries.find_account(session, ctx)
    if account is not None and not account.is_refused:
        raise Forbidden("Onshape is connected already; only an admin connects another account.")


def _is_from(consent: OnshapeConsent, visitor: OnshapeVisitor) -> bool:
    if visitor.principal == consent.principal:
        return True
    secret = visitor.browser_secret
    return secret is not None and hmac.compare_digest(token_hash(secret), consent.browser_hash)
