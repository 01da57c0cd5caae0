"""Client and sandbox together, with the real limit of ten calls a minute."""

from datetime import UTC, datetime, timedelta

import httpx

from shopwright.channels.port import ChannelAdapter, Tokens
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.integrations.etsy.limiter import RateLimiter
from shopwright.sandbox.etsy.server import EtsySandbox
from tests.integrations.etsy.conftest import FakeTime, MemoryTokens, app_of, ids_of, pages_of, seed


class SharedTime(FakeTime):
    """What our limiter sleeps, passes at Etsy too."""

    def __init__(self, etsy: EtsySandbox) -> None:
        super().__init__()
        self._etsy = etsy

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self._etsy.world.clock.advance(seconds)


async def test_thousands_of_orders_come_within_the_allowance() -> None:
    async with EtsySandbox() as etsy, httpx.AsyncClient(base_url=f"{etsy.url}/sandbox") as admin:
        made = await seed(admin, 2000, max_items=1)
        answer = (await admin.post("/tokens", json={})).json()
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        store = MemoryTokens(
            Tokens(answer["access_token"], answer["refresh_token"], expires_at, "700123")
        )
        pace = SharedTime(etsy)
        ours = RateLimiter(10, monotonic=pace.monotonic, sleep=pace.sleep)
        async with EtsyAdapter(app_of(etsy), store, limiter=ours) as adapter:
            port: ChannelAdapter = adapter
            assert port is adapter
            assert ids_of(await pages_of(adapter)) == made
        calls = len(etsy.limits._calls["sandbox-keystring"])
        assert calls == 22  # the shop of the token, and 21 pages
        assert round(sum(pace.sleeps)) == 121  # two minutes; Etsy never had to refuse
