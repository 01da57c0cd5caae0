"""A shop connected to the sandbox Etsy, with adapters that never really wait."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from shopwright.channels import connect, queries, runs
from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.models import ChannelReject, ChannelSync, Connection
from shopwright.channels.port import ChannelApp, TokenStore
from shopwright.channels.sync import SyncTools
from shopwright.channels.syncer import ChannelSyncer
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.integrations.etsy.cache import AnswerCache
from shopwright.integrations.etsy.client import Patience
from shopwright.integrations.etsy.limiter import RateLimiter
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.inbox import InboundEvent, InboundStatus
from shopwright.kernel.settings import Settings
from shopwright.orders.models import Order, OrderItem
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig
from tests.conftest import make_settings
from tests.integrations.etsy.conftest import FakeTime

REDIRECT = "http://shop.test/etsy/callback"
TIMEOUT_S = 1.0
TRUST = httpx.create_ssl_context()  # once; it takes longer than most calls
_keys = count(1)


@pytest.fixture
async def etsy() -> AsyncIterator[EtsySandbox]:
    """Without rate limits, and with a key of its own, so that no test waits for another."""
    config = SandboxConfig(
        keystring=f"key-{next(_keys)}",
        redirect_uris=(REDIRECT,),
        per_second=None,
        per_minute=None,
        per_day=None,
    )
    async with EtsySandbox(config) as sandbox:
        yield sandbox


@pytest.fixture
async def stage(etsy: EtsySandbox) -> AsyncIterator["Stage"]:
    async with httpx.AsyncClient(base_url=f"{etsy.url}/sandbox", timeout=10, verify=TRUST) as http:
        yield Stage(http)


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, etsy: EtsySandbox) -> Settings:
    return with_etsy(make_settings(migrated_url, tmp_path), etsy)


@pytest.fixture
async def shop(process: Process, owner: Actor, etsy: EtsySandbox) -> AsyncIterator["Shop"]:
    """Connected, nothing synced yet."""
    shop = Shop(process, owner, etsy)
    shop.pace = use_patient_adapters(process)
    await shop.connect()
    yield shop
    await shop.syncer.stop()


@dataclass(frozen=True)
class Stage:
    """The strings behind the sandbox."""

    http: httpx.AsyncClient

    async def seed(self, count: int, **plan: Any) -> list[str]:
        answer = await self.http.post("/seed", json={"count": count, **plan})
        assert answer.status_code == 201, answer.text
        return [str(receipt_id) for receipt_id in answer.json()["receipt_ids"]]

    async def edit(self, receipt_id: str, **changes: Any) -> None:
        answer = await self.http.patch(f"/receipts/{receipt_id}", json=changes)
        assert answer.status_code == 200, answer.text

    async def act(self, receipt_id: str, action: str, **body: Any) -> None:
        answer = await self.http.post(f"/receipts/{receipt_id}/{action}", json=body)
        assert answer.status_code == 200, answer.text

    async def break_next(self, kind: str, **how: Any) -> None:
        answer = await self.http.post("/faults", json={"kind": kind, **how})
        assert answer.status_code == 200, answer.text

    async def repair(self) -> None:
        await self.http.delete("/faults")

    async def mails(self) -> list[dict[str, Any]]:
        mails: list[dict[str, Any]] = (await self.http.get("/outbox")).json()["mails"]
        return mails


class Shop:
    """One organization with its connection and the worker that serves it."""

    def __init__(self, process: Process, ctx: Actor, etsy: EtsySandbox) -> None:
        self.process = process
        self.ctx = ctx
        self.etsy = etsy
        self.connection_id = 0
        self.pace = FakeTime()
        self.tools = SyncTools(process.database, process.clock, process.settings, "worker-1")
        self.syncer = ChannelSyncer(self.tools, process.context.hub)

    async def connect(self) -> Connection:
        connection = await connect_shop(self.process, self.ctx)
        self.connection_id = connection.id
        return connection

    async def sync(self) -> ChannelSync:
        """Asked for, run to its end."""
        sync_id = await self.ask()
        await self.syncer.round()
        await self.syncer.finish()
        return await self.look_at(sync_id)

    async def ask(self) -> int:
        async with self.process.database.write() as session:
            sync = await runs.request_sync(
                session, self.ctx, connection_id=self.connection_id, now=self.process.clock.now()
            )
        return sync.id

    async def look_at(self, sync_id: int) -> ChannelSync:
        (sync,) = (await runs.read_progress(self.process, self.ctx, [sync_id])).syncs
        return sync

    async def connection(self) -> Connection:
        async with self.process.database.read() as session:
            found = await queries.find_connection(session, self.ctx, Ref(self.connection_id, None))
        assert found is not None
        return found

    async def orders(self) -> list[Order]:
        return await self._all(Order)

    async def order(self, external_id: str) -> Order:
        (found,) = [o for o in await self.orders() if o.external_id == external_id]
        return found

    async def items(self, order: Order) -> list[OrderItem]:
        return [item for item in await self._all(OrderItem) if item.order_id == order.id]

    async def rejects(self) -> list[ChannelReject]:
        return [r for r in await self._all(ChannelReject) if r.closed_at is None]

    async def inbound(self) -> list[InboundStatus]:
        return [event.status for event in await self._all(InboundEvent)]

    async def _all(self, model: Any) -> list[Any]:
        async with self.process.database.read() as session:
            rows = await session.scalars(
                select(model)
                .where(model.organization_id == self.ctx.organization_id)
                .order_by(model.id)
            )
            return list(rows)


def with_etsy(settings: Settings, etsy: EtsySandbox, **changes: Any) -> Settings:
    return settings.model_copy(
        update={
            "etsy_client_id": etsy.world.config.keystring,
            "etsy_shared_secret": SecretStr(etsy.world.config.shared_secret),
            "etsy_api_url": etsy.api_url,
            "etsy_auth_url": etsy.authorize_url,
            "etsy_token_url": etsy.token_url,
            "etsy_redirect_uri": REDIRECT,
            **changes,
        }
    )


def use_patient_adapters(
    process: Process, wrap: Callable[[EtsyAdapter], EtsyAdapter] = lambda adapter: adapter
) -> FakeTime:
    """Real adapters whose waiting takes no time and whose calls time out after a second."""
    pace = FakeTime()
    limiter = RateLimiter(100_000, monotonic=pace.monotonic, sleep=pace.sleep)
    patience = Patience(sleep=pace.sleep, jitter=lambda _, ceiling: ceiling)
    cache = AnswerCache()

    def make(app: ChannelApp, tokens: TokenStore, shop_id: str | None) -> EtsyAdapter:
        adapter = EtsyAdapter(
            replace(app, calls_per_minute=100_000),
            tokens,
            shop_id=shop_id,
            timeout=httpx.Timeout(TIMEOUT_S),
            limiter=limiter,
            patience=patience,
            cache=cache,
        )
        return wrap(adapter)

    process.context.keep(Adapters).install(ETSY, make)
    return pace


async def connect_shop(process: Process, ctx: Actor) -> Connection:
    """The owner's way to Etsy's consent page and back with the code."""
    async with process.database.write() as session:
        begun = await connect.begin_connect(
            session, ctx, process, channel=ETSY, redirect_uri=REDIRECT, now=process.clock.now()
        )
    code, state = await consent_at(begun.url)
    visitor = connect.Visitor(begun.browser_secret, None)
    return await connect.finish_connect(process, code=code, state=state, visitor=visitor)


async def consent_at(url: str) -> tuple[str, str]:
    """What the consent page sends back: code and state."""
    async with httpx.AsyncClient(verify=TRUST) as browser:
        answer = await browser.get(url)
    came_back = parse_qs(urlsplit(answer.headers["location"]).query)
    return came_back["code"][0], came_back["state"][0]
