"""Use cases of the model library: where it is, what is in it, and which product is which model."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import profile_queries, profiles
from shopwright.catalog.models import ManyfoldSettings, Product
from shopwright.catalog.port import LibraryAccess, ModelLibrary
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.egress import EgressPolicy, guarded_client
from shopwright.kernel.errors import Conflict, Invalid
from shopwright.kernel.live import touch

TIMEOUT_S = 10.0

Maker = Callable[[LibraryAccess, httpx.AsyncClient], ModelLibrary]


class LibraryNotSetUp(Conflict):
    code = "model-library-not-set-up"
    title = "Manyfold is not set up"


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """``client_secret`` None or empty keeps the one that is stored."""

    base_url: str
    client_id: str
    client_secret: str | None = None


class Libraries:
    """One per process (``context.keep(Libraries)``); found by entry point, loaded on first use."""

    def __init__(self) -> None:
        self._maker: Maker | None = None

    def install(self, maker: Maker) -> None:
        """Use ``maker`` instead of the entry point."""
        self._maker = maker

    def make(self, access: LibraryAccess, http: httpx.AsyncClient) -> ModelLibrary:
        if self._maker is None:
            (found,) = entry_points(group="shopwright.model_libraries", name="manyfold")
            self._maker = found.load()
        return self._maker(access, http)


async def find_settings(session: AsyncSession, ctx: Actor) -> ManyfoldSettings | None:
    return await profile_queries.find_manyfold(session, ctx)


async def update_settings(
    session: WriteSession, ctx: Actor, *, change: LibraryChange
) -> ManyfoldSettings:
    """Raises Invalid without a secret the first time. Check the address before."""
    found = await profile_queries.find_manyfold(session, ctx)
    if found is None and not change.client_secret:
        raise Invalid("Send client_secret too: none is stored yet.")
    settings = found or ManyfoldSettings(organization_id=ctx.organization_id)
    settings.base_url = change.base_url.rstrip("/")
    settings.client_id = change.client_id
    if change.client_secret:
        settings.client_secret = session.context.vault.encrypt(change.client_secret)
    session.add(settings)
    await session.flush()
    audit.record(session, ctx, "manyfold.updated", settings.id, base_url=settings.base_url)
    return settings


@asynccontextmanager
async def open_library(process: Process, ctx: Actor) -> AsyncIterator[ModelLibrary]:
    """The organization's library; no transaction is open while it is asked. Raises
    LibraryNotSetUp."""
    async with process.database.read() as session:
        settings = await profile_queries.find_manyfold(session, ctx)
    if settings is None:
        raise LibraryNotSetUp("Manyfold is not set up. An administrator enters its address first.")
    secret = process.context.vault.decrypt(settings.client_secret)
    access = LibraryAccess(settings.base_url, settings.client_id, secret)
    policy = EgressPolicy.for_servers(process.settings)
    async with guarded_client(policy, TIMEOUT_S) as http:
        yield process.context.keep(Libraries).make(access, http)


async def link_model(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    model_id: str | None,
    model_url: str | None,
    now: datetime,
) -> Product:
    """Say which model a product is made from; None for both takes the link away."""
    product = await profiles.get_profile(session, ctx, ref)
    product.manyfold_model_id, product.manyfold_model_url = model_id, model_url
    product.updated_at = now
    await session.flush()
    audit.record(session, ctx, "product.model_linked", product.id, model_id=model_id)
    touch(session, ctx.organization_id, "product", product.id)
    return product
