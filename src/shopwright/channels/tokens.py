"""Where connections keep their tokens: one ciphertext per connection, rotated by one at a time."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime

import msgspec
from sqlalchemy import func, select

from shopwright.channels import queries
from shopwright.channels.port import ChannelUnavailable, HeldTokens, Tokens
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.secrets import Vault


class Stored(msgspec.Struct, frozen=True):
    """What the ciphertext holds."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    user_id: str


def seal(vault: Vault, tokens: Tokens) -> str:
    stored = Stored(tokens.access_token, tokens.refresh_token, tokens.expires_at, tokens.user_id)
    return vault.encrypt(msgspec.json.encode(stored).decode())


def unseal(vault: Vault, ciphertext: str) -> Tokens:
    """Raises KeyUnusable when the row was written with another master key."""
    stored = msgspec.json.decode(vault.decrypt(ciphertext), type=Stored)
    return Tokens(
        access_token=stored.access_token,
        refresh_token=stored.refresh_token,
        expires_at=stored.expires_at,
        user_id=stored.user_id,
    )


class TokenLocks:
    """One per process: who may rotate a connection's tokens in here."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    def of(self, connection_id: int) -> asyncio.Lock:
        return self._locks[connection_id]


class NewConsent:
    """The tokens of a consent just given, before there is a connection to keep them."""

    def __init__(self) -> None:
        self.current: Tokens | None = None

    async def load(self) -> Tokens | None:
        return self.current

    def locked(self) -> AbstractAsyncContextManager[HeldTokens]:
        return nullcontext(self)

    async def save(self, tokens: Tokens) -> None:
        self.current = tokens


class DatabaseTokens:
    """One connection's tokens.

    The lock is this process's, and on PostgreSQL also the server's, on a connection of its own and
    outside any transaction; on SQLite no other process works on the data folder. The version guards
    against the one writer who does not ask for the lock: an owner who connects the shop anew.
    """

    def __init__(self, database: Database, ctx: Actor, connection_id: int) -> None:
        self._database = database
        self._vault = database.context.vault
        self._ctx = ctx
        self._connection_id = connection_id
        self._version = 0
        self.current: Tokens | None = None

    async def load(self) -> Tokens | None:
        async with self._database.read() as session:
            row = await queries.find_tokens(session, self._ctx, self._connection_id)
        if row is None:
            return None
        ciphertext, self._version = row
        return unseal(self._vault, ciphertext)

    def locked(self) -> AbstractAsyncContextManager[HeldTokens]:
        return self._hold()

    async def save(self, tokens: Tokens) -> None:
        """Raises ChannelUnavailable when the shop was connected anew or disabled meanwhile."""
        async with self._database.write() as session:
            version = await queries.replace_tokens(
                session, self._ctx, self._connection_id, self._version, seal(self._vault, tokens)
            )
        if version is None:
            text = "The shop was connected anew or disabled just now."
            raise ChannelUnavailable(text, retry_after_s=0)
        self._version, self.current = version, tokens

    @asynccontextmanager
    async def _hold(self) -> AsyncIterator[HeldTokens]:
        lock = self._database.context.keep(TokenLocks).of(self._connection_id)
        async with lock, self._server_lock():
            self.current = await self.load()
            yield self

    @asynccontextmanager
    async def _server_lock(self) -> AsyncIterator[None]:
        if self._database.is_sqlite:
            yield
            return
        key = func.hashtextextended(f"shopwright.tokens:{self._connection_id}", 0)
        async with self._database.read_engine.connect() as connection:
            try:
                await connection.execute(select(func.pg_advisory_lock(key)))
                yield
            finally:
                # The lock goes with the connection, however this ended.
                await connection.invalidate()
