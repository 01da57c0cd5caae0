"""Signing in with the account one sells with: the channel stands behind the identity port, and the
consent that proves the person also connects the shop, or refreshes its connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from shopwright.accounts import outside, outside_state, people, queries, sessions
from shopwright.accounts.models import User
from shopwright.accounts.outside import Arrival, CodeRefused, ProviderDown, ProviderNotSetUp
from shopwright.accounts.port import OutsidePerson
from shopwright.accounts.sessions import SignedIn
from shopwright.channels import connect, identity_queries
from shopwright.channels import queries as channel_queries
from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.connect import GivenConsent
from shopwright.channels.port import (
    AccessDenied,
    ChannelAdapter,
    ChannelError,
    ReconnectNeeded,
    ShopProfile,
    Tokens,
)
from shopwright.channels.states import ConnectionStatus
from shopwright.channels.tokens import NewConsent
from shopwright.kernel.actor import RANK, Actor, Role
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import ShopError

ANSWER_S = 20.0  # a person waits; the adapter alone would wait out a rate limit


@dataclass(frozen=True, slots=True)
class Asked:
    """Send the browser to ``url``; whoever comes back shows ``state`` and ``code_verifier``."""

    url: str
    state: str
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CameBack:
    """What a browser brought from Etsy. ``state`` None: the client has checked it by itself."""

    code: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str
    state: str | None = None
    invitation: str | None = field(default=None, repr=False)


class EtsyIdentity:
    """Etsy behind the identity port; holds the tokens of the consent just given."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._consent = NewConsent()

    @property
    def tokens(self) -> Tokens | None:
        return self._consent.current

    async def ask_url(self, *, redirect_uri: str, state: str, code_verifier: str) -> str:
        async with self._adapter() as adapter:
            return adapter.begin_sign_in(redirect_uri, state=state, code_verifier=code_verifier)

    async def prove(self, *, code: str, code_verifier: str, redirect_uri: str) -> str:
        async with self._adapter() as adapter:
            tokens = await adapter.finish_connect(
                code=code, code_verifier=code_verifier, redirect_uri=redirect_uri
            )
        return tokens.user_id

    async def describe(self) -> OutsidePerson:
        async with self._adapter() as adapter:
            person, shop = await adapter.person(), await _find_own_shop(adapter)
        return OutsidePerson(
            user_id=person.user_id,
            email=person.email.strip().lower() if person.email else None,
            first_name=person.first_name,
            shop_id=shop.external_id if shop else None,
            shop_name=shop.name if shop else None,
        )

    @asynccontextmanager
    async def _adapter(self) -> AsyncIterator[ChannelAdapter]:
        """For one conversation; a channel's errors leave it as refusals of a sign-in."""
        adapters = self._process.context.keep(Adapters)
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                adapters.make(self._process.settings, ETSY, self._consent) as adapter,
            ):
                yield adapter
        except TimeoutError as err:
            raise ProviderDown("Etsy takes too long to answer. Try again in a minute.") from err
        except ChannelError as err:
            raise refusal_of(err) from err


def refusal_of(error: ChannelError) -> ShopError:
    """What a channel's error means to somebody who signs in."""
    if isinstance(error, ReconnectNeeded):
        return CodeRefused(
            "Etsy refuses this code: it was used, is too old, or belongs to another verifier. "
            "Begin again."
        )
    if isinstance(error, AccessDenied):
        return ProviderNotSetUp(error.sentence)
    return ProviderDown(error.sentence)


async def ask(process: Process, redirect_uri: str) -> Asked:
    """Begin a sign-in; nothing is written. Raises ProviderNotSetUp."""
    verifier = outside.new_verifier()
    state = outside_state.mint(process.context.vault, verifier, process.clock.now())
    url = await EtsyIdentity(process).ask_url(
        redirect_uri=redirect_uri, state=state, code_verifier=verifier
    )
    return Asked(url, state, verifier)


async def sign_in(process: Process, came_back: CameBack) -> SignedIn:
    """Tokens for an API client; raises a refusal of ``accounts.outside``."""
    provider, arrival = await _arrive(process, came_back)
    now = process.clock.now()
    async with process.database.write() as session:
        user = await _let_in(session, process, provider, arrival, now)
        return await sessions.open_session(session, process, user, now)


async def sign_in_page(process: Process, came_back: CameBack) -> str:
    """The secret for the page cookie; raises a refusal of ``accounts.outside``."""
    provider, arrival = await _arrive(process, came_back)
    now = process.clock.now()
    async with process.database.write() as session:
        user = await _let_in(session, process, provider, arrival, now)
        return await sessions.open_page_session(session, process, user, now)


async def link(process: Process, ctx: Actor, came_back: CameBack) -> User:
    """The account signs this person in from now on; raises LinkedElsewhere."""
    provider, _ = await _prove(process, came_back)
    person, now = await provider.describe(), process.clock.now()
    async with process.database.write() as session:
        user = await outside.link(session, ctx, person, now)
        await _keep_consent(session, process, ctx, provider, person, now)
        return user


async def _prove(process: Process, came_back: CameBack) -> tuple[EtsyIdentity, str]:
    if came_back.state is not None:
        await outside_state.spend(process, came_back.state, came_back.code_verifier)
    provider = EtsyIdentity(process)
    outside_id = await provider.prove(
        code=came_back.code,
        code_verifier=came_back.code_verifier,
        redirect_uri=came_back.redirect_uri,
    )
    return provider, outside_id


async def _arrive(process: Process, came_back: CameBack) -> tuple[EtsyIdentity, Arrival]:
    """Etsy is asked for more only about newcomers."""
    provider, outside_id = await _prove(process, came_back)
    async with process.database.read() as session:
        is_known = await outside.check_welcome(
            session, process.settings, outside_id, came_back.invitation
        )
    person = OutsidePerson(outside_id) if is_known else await provider.describe()
    return provider, Arrival(person, came_back.invitation)


async def _let_in(
    session: WriteSession, process: Process, provider: EtsyIdentity, arrival: Arrival, now: datetime
) -> User:
    user = await outside.admit(session, process, arrival, now)
    home = await queries.find_home(session, user)
    places = {place.id: role for place, role in await queries.list_places(session, user.id)}
    if home is not None:
        ctx = Actor(home.id, places[home.id], user.first_name or user.username, user.id)
        await _keep_consent(session, process, ctx, provider, arrival.person, now)
    return user


async def _keep_consent(
    session: WriteSession,
    process: Process,
    ctx: Actor,
    provider: EtsyIdentity,
    person: OutsidePerson,
    now: datetime,
) -> None:
    """The consent of an owner or admin keeps the account's connection alive, and makes the first
    one of a shop that has none. One that a person disabled stays so; a second account, say an
    admin's own little shop, is connected only on the connections page."""
    tokens = provider.tokens
    if tokens is None or RANK[ctx.role] < RANK[Role.ADMIN]:
        return
    known = await channel_queries.find_account(session, ctx, ETSY, tokens.user_id)
    if known is not None and known.status is ConnectionStatus.DISABLED:
        return
    if known is None and not await _may_connect(session, ctx, person):
        return
    url = await provider.ask_url(redirect_uri="", state="", code_verifier="")
    given = GivenConsent(ctx.organization_id, ETSY, connect.scopes_of(url), ctx.name[:120], tokens)
    await connect.save_consent(session, process, given, now)
    if person.shop_id and person.shop_name:
        await people.set_etsy_shop(session, ctx.organization_id, person.shop_id, person.shop_name)


async def _may_connect(session: WriteSession, ctx: Actor, person: OutsidePerson) -> bool:
    if person.shop_id is None or await identity_queries.has_connection(session, ctx, ETSY):
        return False
    return not await identity_queries.is_linked_elsewhere(session, ctx, ETSY, person.user_id)


async def _find_own_shop(adapter: ChannelAdapter) -> ShopProfile | None:
    try:
        return await adapter.shop()
    except ReconnectNeeded:
        return None  # a buyer's account
