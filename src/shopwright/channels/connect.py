"""Connecting a shop: the owner gives consent at the channel and comes back with a code.

Only the token service is called here, which is outside the calls we count; the shop's own facts are
read by the first sync, in the process that makes all counted calls.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from shopwright.accounts import audit
from shopwright.channels import queries, runs
from shopwright.channels.adapters import Adapters
from shopwright.channels.models import Connection, ConsentRequest
from shopwright.channels.port import (
    AccessDenied,
    BadAnswer,
    ChannelError,
    ChannelUnavailable,
    Tokens,
)
from shopwright.channels.states import ConnectionStatus
from shopwright.channels.tokens import NewConsent, seal
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import (
    BrokenUpstream,
    Conflict,
    Forbidden,
    Gone,
    ShopError,
    Unavailable,
)
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import token_hash

CONSENT_LIFE = timedelta(minutes=10)


class ConsentOver(Gone):
    code = "consent-over"
    title = "This consent was used or is too old"


class ConsentRefused(Conflict):
    code = "consent-refused"
    title = "The channel did not give its consent"


class ChannelNotSetUp(Conflict):
    code = "channel-not-set-up"
    title = "The channel is not set up here"


@dataclass(frozen=True, slots=True)
class Begun:
    """Send the person to ``url`` and leave ``browser_secret`` with their browser."""

    url: str
    browser_secret: str


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """The tokens of somebody who agreed, and the organization they are for."""

    organization_id: int
    channel: str
    scopes: list[str]
    given_by: str
    tokens: Tokens = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who came back: the browser that was sent out, or the very person or key that asked."""

    browser_secret: str | None
    principal: str | None


async def begin_connect(
    session: WriteSession,
    ctx: Actor,
    process: Process,
    *,
    channel: str,
    redirect_uri: str,
    now: datetime,
) -> Begun:
    """Raises ChannelNotSetUp when the app's key or secret is missing."""
    try:
        adapter = session.context.keep(Adapters).make(process.settings, channel, NewConsent())
    except AccessDenied as err:
        raise ChannelNotSetUp(err.sentence) from err
    async with adapter:
        authorization = adapter.begin_connect(redirect_uri)
    browser_secret = ids.new_token()
    await queries.drop_old_consents(session, ctx, now)
    session.add(
        ConsentRequest(
            organization_id=ctx.organization_id,
            channel=channel,
            state_hash=token_hash(authorization.state),
            browser_hash=token_hash(browser_secret),
            verifier=session.context.vault.encrypt(authorization.code_verifier),
            redirect_uri=redirect_uri,
            scopes=scopes_of(authorization.url),
            asked_by=ctx.name[:120],
            principal=principal_of(ctx),
            expires_at=now + CONSENT_LIFE,
        )
    )
    return Begun(authorization.url, browser_secret)


async def finish_connect(
    process: Process, *, code: str, state: str, visitor: Visitor
) -> Connection:
    """Trade the code for tokens and save them. No transaction is open while the channel is asked.

    Raises ConsentOver, Forbidden when somebody else asked (or an account would land in the shop of
    whoever sent the link), ConsentRefused, Unavailable or BrokenUpstream.
    """
    now = process.clock.now()
    async with process.database.write() as session:
        consent = await queries.take_consent(session, token_hash(state), now)
    if consent is None:
        raise ConsentOver("Begin again: this consent was used, is over ten minutes old or unknown.")
    if not _is_from(consent, visitor):
        raise Forbidden("Come back in the browser in which you began to connect the shop.")
    given = GivenConsent(
        organization_id=consent.organization_id,
        channel=consent.channel,
        scopes=consent.scopes,
        given_by=consent.asked_by,
        tokens=await _trade(process, consent, code),
    )
    async with process.database.write() as session:
        return await save_consent(session, process, given, now)


async def save_consent(
    session: WriteSession, process: Process, given: GivenConsent, now: datetime
) -> Connection:
    """The account's connection, new or connected again, with a sync asked for."""
    ctx, tokens = system_actor(given.organization_id, given.given_by), given.tokens
    known = await queries.find_account(session, ctx, given.channel, tokens.user_id)
    connection = known or _new_connection(given, now)
    connection.tokens = seal(process.context.vault, tokens)
    connection.token_version = 1 + (known.token_version if known else 0)
    connection.status = ConnectionStatus.CONNECTED
    connection.scopes = given.scopes
    connection.last_error = connection.last_error_at = None
    connection.next_sync_at = connection.updated_at = now
    session.add(connection)
    await session.flush()
    action = "connection.reconnected" if known else "connection.connected"
    audit.record(session, ctx, action, connection.id, account=tokens.user_id)
    touch(session, ctx.organization_id, "connection", connection.id)
    await runs.request_sync(session, ctx, connection_id=connection.id, now=now)
    return connection


def principal_of(ctx: Actor) -> str:
    """The same words as ``accounts`` counts callers by."""
    return f"key:{ctx.key_id}" if ctx.key_id else f"user:{ctx.user_id}"


def _is_from(consent: ConsentRequest, visitor: Visitor) -> bool:
    if visitor.principal == consent.principal:
        return True
    secret = visitor.browser_secret
    return secret is not None and hmac.compare_digest(token_hash(secret), consent.browser_hash)


async def _trade(process: Process, consent: ConsentRequest, code: str) -> Tokens:
    store, context = NewConsent(), process.context
    try:
        adapter = context.keep(Adapters).make(process.settings, consent.channel, store)
        async with adapter:
            return await adapter.finish_connect(
                code=code,
                code_verifier=context.vault.decrypt(consent.verifier),
                redirect_uri=consent.redirect_uri,
            )
    except ChannelError as err:
        raise refusal_of(err) from err


def refusal_of(error: ChannelError) -> ShopError:
    """A channel's error as one of ours."""
    if isinstance(error, ChannelUnavailable):
        return Unavailable(error.sentence, retry_after_s=round(error.retry_after_s))
    if isinstance(error, BadAnswer):
        return BrokenUpstream(error.sentence)
    return ConsentRefused(error.sentence)


def _new_connection(given: GivenConsent, now: datetime) -> Connection:
    account = given.tokens.user_id
    return Connection(
        organization_id=given.organization_id,
        channel=given.channel,
        name=f"{given.channel.title()} account {account}",
        external_user_id=account,
        next_sync_at=now,
    )


def scopes_of(url: str) -> list[str]:
    """What the consent page asks the owner for."""
    return " ".join(parse_qs(urlsplit(url).query).get("scope", [])).split()
