"""Whose access is used for an organization, kept fresh by one at a time, and its calls counted."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select

from shopwright.accounts import queries as accounts
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.kernel.secrets import Vault
from shopwright.parts.onshape import queries
from shopwright.parts.onshape.models import OnshapeAccount
from shopwright.parts.onshape.port import (
    Access,
    OnshapeBudgetSpent,
    OnshapeBusy,
    OnshapePort,
    OnshapeReconnect,
    OnshapeTokens,
)
from shopwright.parts.onshape.states import AccountKind
from shopwright.parts.onshape.tools import OnshapeTools, app_of
from shopwright.parts.queries import TOPIC

REFRESH_AHEAD = timedelta(seconds=120)
AGAIN = "Somebody with the role admin has to connect Onshape again."


class OnshapeNotConnected(Conflict):
    code = "onshape-not-connected"
    title = "Onshape is not connected"


class KeyPair(msgspec.Struct, frozen=True):
    """API keys, as they are sealed."""

    access_key: str
    secret_key: str

    @property
    def header(self) -> str:
        pair = f"{self.access_key}:{self.secret_key}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


class SealedTokens(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str
    expires_at: datetime


def seal_tokens(vault: Vault, tokens: OnshapeTokens) -> str:
    kept = SealedTokens(tokens.access_token, tokens.refresh_token, tokens.expires_at)
    return vault.encrypt(msgspec.json.encode(kept).decode())


def seal_keys(vault: Vault, keys: KeyPair) -> str:
    return vault.encrypt(msgspec.json.encode(keys).decode())


def open_with(process: Process, ctx: Actor, access: Access) -> OnshapePort:
    """For ``async with``; every call is counted."""
    vendor = process.context.keep(OnshapeTools).vendor
    return vendor.open(app_of(process.settings), access, YearMeter(process, ctx))


async def open_onshape(process: Process, ctx: Actor) -> OnshapePort:
    """The organization's; raises OnshapeNotConnected or OnshapeReconnect."""
    access = await find_access(process, ctx)
    if access is None:
        raise OnshapeNotConnected(
            "Onshape is not connected. Connect it under Parts, Onshape, or set "
            "ONSHAPE_ACCESS_KEY and ONSHAPE_SECRET_KEY."
        )
    return open_with(process, ctx, access)


async def find_access(process: Process, ctx: Actor) -> Access | None:
    """The organization's account, else the server's keys, which are the default organization's."""
    async with process.database.read() as session:
        account = await queries.find_account(session, ctx)
        if account is not None:
            return _access_of(process, ctx, account)
        keys = server_keys(process)
        if keys is None:
            return None
        slug = process.settings.default_organization
        default = await accounts.find_default_organization(session, slug)
    is_default = default is not None and default.id == ctx.organization_id
    return ServerKeys(keys) if is_default else None


def server_keys(process: Process) -> KeyPair | None:
    secret = process.settings.onshape_secret_key
    access = process.settings.onshape_access_key
    return KeyPair(access, secret.get_secret_value()) if access and secret else None


class GivenAccess:
    """Access just given, before it is kept."""

    def __init__(self, header: str, refusal: str) -> None:
        self._header = header
        self._refusal = refusal

    async def header(self) -> str:
        return self._header

    async def renewed(self, stale: str) -> str:  # noqa: ARG002  the port's
        raise OnshapeReconnect(self._refusal)


class ServerKeys(GivenAccess):
    def __init__(self, keys: KeyPair) -> None:
        super().__init__(
            keys.header,
            "Onshape refuses the API keys. Check ONSHAPE_ACCESS_KEY and ONSHAPE_SECRET_KEY.",
        )


class KeptKeys:
    """The organization's own API keys."""

    def __init__(self, process: Process, ctx: Actor, account: OnshapeAccount) -> None:
        self._process, self._ctx, self._version = process, ctx, account.seal_version
        sealed = process.context.vault.decrypt(account.sealed)
        self._keys = msgspec.json.decode(sealed, type=KeyPair)

    async def header(self) -> str:
        return self._keys.header

    async def renewed(self, stale: str) -> str:  # noqa: ARG002  the port's
        await note_refusal(self._process, self._ctx, self._version)
        raise OnshapeReconnect(f"Onshape refuses the API keys. {AGAIN}")


class KeptConsent:
    """Tokens in the account's row. One process refreshes them at a time, as a refresh token may be
    good for a single use: under a lock of this process, and on PostgreSQL of the server."""

    def __init__(self, process: Process, ctx: Actor) -> None:
        self._process, self._ctx = process, ctx
        self._tools = process.context.keep(OnshapeTools)

    async def header(self) -> str:
        tokens, _ = await self._load()
        if tokens.expires_at > self._process.clock.now() + REFRESH_AHEAD:
            return _bearer(tokens.access_token)
        return await self.renewed(_bearer(tokens.access_token))

    async def renewed(self, stale: str) -> str:
        """Survives its caller's end: a refreshed token that nobody kept would cost a consent."""
        task = asyncio.create_task(self._renew(stale))
        self._tools.refreshes.add(task)
        task.add_done_callback(self._tools.refreshes.discard)
        return await asyncio.shield(task)

    async def _renew(self, stale: str) -> str:
        lock = self._tools.refreshing[self._ctx.organization_id]
        async with lock, _server_lock(self._process.database, self._ctx):
            tokens, version = await self._load()
            if _bearer(tokens.access_token) != stale:
                return _bearer(tokens.access_token)  # somebody was quicker
            consents = self._tools.vendor.consents(app_of(self._process.settings))
            now = self._process.clock.now()
            try:
                fresh = await consents.refresh(tokens.refresh_token, now)
            except OnshapeReconnect:
                await note_refusal(self._process, self._ctx, version)
                raise
            return await self._keep(fresh, version, now)

    async def _keep(self, fresh: OnshapeTokens, version: int, now: datetime) -> str:
        sealed = seal_tokens(self._process.context.vault, fresh)
        async with self._process.database.write() as session:
            if not await queries.replace_seal(session, self._ctx, version, sealed, now):
                raise OnshapeBusy("Onshape was connected anew at this moment.", retry_after_s=1)
        return _bearer(fresh.access_token)

    async def _load(self) -> tuple[SealedTokens, int]:
        async with self._process.database.read() as session:
            account = await queries.find_account(session, self._ctx)
        if account is None or account.kind is not AccountKind.OAUTH:
            raise OnshapeReconnect(f"Onshape was disconnected. {AGAIN}")
        if account.is_refused:
            raise OnshapeReconnect(f"Onshape no longer accepts the consent. {AGAIN}")
        sealed = self._process.context.vault.decrypt(account.sealed)
        return msgspec.json.decode(sealed, type=SealedTokens), account.seal_version


class YearMeter:
    """The organization's calls of this year."""

    def __init__(self, process: Process, ctx: Actor) -> None:
        self._process, self._ctx = process, ctx
        self._limit = process.settings.onshape_yearly_calls

    async def count(self) -> None:
        now = self._process.clock.now()
        async with self._process.database.write() as session:
            is_free = await queries.count_call(session, self._ctx, self._limit, now)
        if not is_free:
            raise await self._refusal(now)

    async def give_back(self) -> None:
        async with self._process.database.write() as session:
            await queries.uncount_call(session, self._ctx, self._process.clock.now().year)

    async def pause(self, seconds: float, reason: str) -> None:
        now = self._process.clock.now()
        until = now + timedelta(seconds=seconds)
        async with self._process.database.write() as session:
            await queries.pause_calls(session, self._ctx, now.year, until, reason)

    async def _refusal(self, now: datetime) -> OnshapeBudgetSpent | OnshapeBusy:
        async with self._process.database.read() as session:
            usage = await queries.find_usage(session, self._ctx, now.year)
        until = usage.paused_until if usage else None
        if usage is not None and until is not None and until > now:
            seconds = max(1, round((until - now).total_seconds()))
            return OnshapeBusy(
                usage.pause_reason or "Onshape wants a pause.", retry_after_s=seconds
            )
        return OnshapeBudgetSpent(
            f"The {self._limit} calls to Onshape of {now.year} are used up, so nothing was asked. "
            "What was fetched before stays; upload the file by hand, or raise "
            "ONSHAPE_YEARLY_CALLS if your plan allows more."
        )


async def note_refusal(process: Process, ctx: Actor, version: int) -> None:
    """So that pages ask for a new connection, and nobody calls in vain."""
    async with process.database.write() as session:
        await _mark(session, ctx, version, process.clock.now())


async def _mark(session: WriteSession, ctx: Actor, version: int, now: datetime) -> None:
    if await queries.mark_refused(session, ctx, version, now):
        touch(session, ctx.organization_id, TOPIC)


def _access_of(process: Process, ctx: Actor, account: OnshapeAccount) -> Access:
    if account.is_refused:
        raise OnshapeReconnect(f"Onshape no longer accepts our access. {AGAIN}")
    if account.kind is AccountKind.KEYS:
        return KeptKeys(process, ctx, account)
    return KeptConsent(process, ctx)


def _bearer(token: str) -> str:
    return f"Bearer {token}"


@asynccontextmanager
async def _server_lock(database: Database, ctx: Actor) -> AsyncIterator[None]:
    """On SQLite no other process works on the data folder."""
    if database.is_sqlite:
        yield
        return
    key = func.hashtextextended(f"shopwright.onshape:{ctx.organization_id}", 0)
    async with database.read_engine.connect() as connection:
        try:
            await connection.execute(select(func.pg_advisory_lock(key)))
            yield
        finally:
            await connection.invalidate()  # the lock goes with the connection
