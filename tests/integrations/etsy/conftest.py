"""A sandbox Etsy without rate limits, and adapters that never really wait."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from shopwright.channels.port import (
    ChannelApp,
    ChannelOrder,
    HeldTokens,
    OrderPage,
    Tokens,
    Watermark,
)
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.integrations.etsy.cache import AnswerCache
from shopwright.integrations.etsy.client import Patience
from shopwright.integrations.etsy.limiter import RateLimiter
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig

REDIRECT = "http://127.0.0.1:8000/etsy/callback"
BEGINNING = Watermark(0)


class MemoryTokens:
    """A token store for one process."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self.current = tokens
        self.saves = 0
        self._lock = asyncio.Lock()

    async def load(self) -> Tokens | None:
        return self.current

    def locked(self) -> AbstractAsyncContextManager[HeldTokens]:
        return self._hold()

    async def save(self, tokens: Tokens) -> None:
        await asyncio.sleep(0)
        self.current = tokens
        self.saves += 1

    @asynccontextmanager
    async def _hold(self) -> AsyncIterator[HeldTokens]:
        async with self._lock:
            yield self


class FakeTime:
    """A monotonic clock that only sleeping moves; remembers every sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
async def etsy() -> AsyncIterator[EtsySandbox]:
    config = SandboxConfig(
        redirect_uris=(REDIRECT,), per_second=None, per_minute=None, per_day=None
    )
    async with EtsySandbox(config) as sandbox:
        yield sandbox


@pytest.fixture
async def admin(etsy: EtsySandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{etsy.url}/sandbox", timeout=10) as http:
        yield http


@pytest.fixture
async def tokens(admin: httpx.AsyncClient) -> MemoryTokens:
    """The consent of the first seller, given without the consent page."""
    answer = (await admin.post("/tokens", json={})).json()
    return MemoryTokens(
        Tokens(
            access_token=answer["access_token"],
            refresh_token=answer["refresh_token"],
            expires_at=datetime.now(UTC) + timedelta(hours=1),
            user_id="700123",
        )
    )


@pytest.fixture
def pace() -> FakeTime:
    return FakeTime()


AdapterMaker = Callable[..., Awaitable[EtsyAdapter]]


@pytest.fixture
async def make_adapter(
    etsy: EtsySandbox, tokens: MemoryTokens, pace: FakeTime
) -> AsyncIterator[AdapterMaker]:
    """Adapters on the sandbox; keyword arguments replace the app's facts or the store."""
    async with AsyncExitStack() as stack:

        async def make(
            *, store: MemoryTokens | None = None, timeout_s: float = 10, **app: Any
        ) -> EtsyAdapter:
            adapter = EtsyAdapter(
                app_of(etsy, **app),
                store or tokens,
                timeout=httpx.Timeout(timeout_s),
                limiter=RateLimiter(100_000, monotonic=pace.monotonic, sleep=pace.sleep),
                patience=Patience(sleep=pace.sleep, jitter=lambda _, ceiling: ceiling),
                cache=AnswerCache(),
            )
            return await stack.enter_async_context(adapter)

        yield make


@pytest.fixture
async def adapter(make_adapter: AdapterMaker) -> EtsyAdapter:
    return await make_adapter()


def app_of(etsy: EtsySandbox, **changes: Any) -> ChannelApp:
    facts = {
        "client_id": "sandbox-keystring",
        "client_secret": "sandbox-secret",
        "api_url": etsy.api_url,
        "authorize_url": etsy.authorize_url,
        "token_url": etsy.token_url,
    }
    return ChannelApp(**{**facts, **changes})


async def seed(admin: httpx.AsyncClient, count: int, **plan: Any) -> list[str]:
    answer = await admin.post("/seed", json={"count": count, **plan})
    assert answer.status_code == 201, answer.text
    return [str(receipt_id) for receipt_id in answer.json()["receipt_ids"]]


async def break_next(admin: httpx.AsyncClient, kind: str, **how: Any) -> None:
    answer = await admin.post("/faults", json={"kind": kind, **how})
    assert answer.status_code == 200, answer.text


async def pages_of(adapter: EtsyAdapter, watermark: Watermark = BEGINNING) -> list[OrderPage]:
    return [page async for page in adapter.fetch_orders(watermark)]


def ids_of(pages: list[OrderPage]) -> list[str]:
    return [order.external_id for order in orders_of(pages)]


def orders_of(pages: list[OrderPage]) -> list[ChannelOrder]:
    return [order for page in pages for order in page.orders]
