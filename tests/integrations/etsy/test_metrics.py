"""Calls to Etsy show in the metrics."""

from shopwright.integrations.etsy.adapter import EtsyAdapter
from tests.integrations.etsy.conftest import REDIRECT, AdapterMaker, MemoryTokens
from tests.integrations.etsy.test_connection import consent
from tests.kernel.test_metrics import count_of


async def connect(adapter: EtsyAdapter) -> None:
    authorization = adapter.begin_connect(REDIRECT)
    callback = await consent(authorization.url)
    await adapter.finish_connect(
        code=callback["code"],
        code_verifier=authorization.code_verifier,
        redirect_uri=REDIRECT,
    )


async def test_calls_and_token_requests_are_counted_by_outcome(make_adapter: AdapterMaker) -> None:
    calls, tokens = count_of("etsy", "2xx"), count_of("etsy_tokens", "2xx")
    adapter = await make_adapter(store=MemoryTokens())
    await connect(adapter)
    await adapter.shop()
    assert count_of("etsy_tokens", "2xx") == tokens + 1
    assert count_of("etsy", "2xx") > calls
