"""Consent, tokens and the shop behind them."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shopwright.channels.port import AccessDenied, ChannelUnavailable, ReconnectNeeded
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.sandbox.etsy.server import EtsySandbox
from tests.integrations.etsy.conftest import (
    REDIRECT,
    AdapterMaker,
    MemoryTokens,
    break_next,
    ids_of,
    pages_of,
    seed,
)


async def consent(url: str) -> dict[str, str]:
    """What the callback would get."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(url)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


async def test_a_seller_connects_and_the_shop_answers(make_adapter: AdapterMaker) -> None:
    store = MemoryTokens()
    adapter = await make_adapter(store=store)
    authorization = adapter.begin_connect(REDIRECT)
    callback = await consent(authorization.url)
    assert callback["state"] == authorization.state
    tokens = await adapter.finish_connect(
        code=callback["code"],
        code_verifier=authorization.code_verifier,
        redirect_uri=REDIRECT,
    )
    assert (tokens.user_id, store.current, store.saves) == ("700123", tokens, 1)
    shop = await adapter.shop()
    assert (shop.external_id, shop.name, shop.currency) == ("500321", "AtelierSandbox", "EUR")
    assert (shop.owner_user_id, shop.title) == ("700123", "AtelierSandbox & friends")


async def test_a_spent_code_connects_nobody(make_adapter: AdapterMaker) -> None:
    store = MemoryTokens()
    adapter = await make_adapter(store=store)
    authorization = adapter.begin_connect(REDIRECT)
    code = (await consent(authorization.url))["code"]
    answer = {
        "code": code,
        "code_verifier": authorization.code_verifier,
        "redirect_uri": REDIRECT,
    }
    await adapter.finish_connect(**answer)
    with pytest.raises(ReconnectNeeded, match="code has been used previously"):
        await adapter.finish_connect(**answer)
    assert store.saves == 1


async def test_a_wrong_keystring_is_the_apps_fault(
    make_adapter: AdapterMaker, tokens: MemoryTokens
) -> None:
    adapter = await make_adapter(client_id="nobody")
    with pytest.raises(AccessDenied, match="client_id is not a valid keystring"):
        await adapter.finish_connect(code="x", code_verifier="y" * 43, redirect_uri=REDIRECT)


async def test_a_shop_that_never_connected_says_so(make_adapter: AdapterMaker) -> None:
    adapter = await make_adapter(store=MemoryTokens())
    with pytest.raises(ReconnectNeeded, match="not connected to Etsy yet"):
        await adapter.shop()


async def test_tokens_are_renewed_shortly_before_they_expire(
    adapter: EtsyAdapter, tokens: MemoryTokens
) -> None:
    assert tokens.current is not None
    old = tokens.current
    soon = datetime.now(UTC) + timedelta(seconds=60)
    tokens.current = type(old)(old.access_token, old.refresh_token, soon, old.user_id)
    await adapter.shop()
    assert tokens.saves == 1
    assert tokens.current.refresh_token != old.refresh_token
    assert tokens.current.expires_at > soon


async def test_two_processes_rotate_only_once(
    make_adapter: AdapterMaker, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    made = await seed(admin, 3)
    await admin.post("/clock", json={"seconds": 3601})
    adapters = [await make_adapter() for _ in range(4)]
    fetched = await asyncio.gather(*(pages_of(adapter) for adapter in adapters))
    assert [ids_of(pages) for pages in fetched] == [made] * 4
    assert tokens.saves == 1


async def test_revoked_consent_asks_for_a_new_connection(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    assert tokens.current is not None
    old = tokens.current
    await admin.post("/revoke", json={})
    tokens.current = type(old)(old.access_token, old.refresh_token, datetime.now(UTC), old.user_id)
    with pytest.raises(ReconnectNeeded) as caught:
        await adapter.shop()
    assert str(caught.value) == (
        "Etsy refuses the consent (refresh_token is revoked). Connect the shop again."
    )


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("bad_gateway", "Etsy's token service has a fault (status 502)."),
        ("rate_limited", "Etsy's token service asks us to slow down."),
    ],
)
async def test_a_faulty_token_service_costs_no_consent(
    adapter: EtsyAdapter,
    admin: httpx.AsyncClient,
    tokens: MemoryTokens,
    kind: str,
    sentence: str,
) -> None:
    before = tokens.current
    await break_next(admin, "expired_token")
    await break_next(admin, kind, path="/oauth/token", calls=4)
    # every attempt of the read meets the same fault, hence four of each
    await break_next(admin, "expired_token", calls=3)
    with pytest.raises(ChannelUnavailable) as caught:
        await adapter.shop()
    assert str(caught.value) == sentence
    assert (tokens.current, tokens.saves) == (before, 0)


async def test_a_rotation_is_saved_even_if_its_caller_gave_up(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, tokens: MemoryTokens, etsy: EtsySandbox
) -> None:
    await break_next(admin, "expired_token")
    await break_next(admin, "timeout_after", path="/oauth/token", delay_s=0.2)
    asking = asyncio.create_task(adapter.shop())
    while not etsy.world.revoked_refresh:  # noqa: ASYNC110 - another program's state
        await asyncio.sleep(0.005)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await adapter._client.tokens.close()
    assert tokens.saves == 1
    assert (await adapter.shop()).external_id == "500321"


async def test_facts_about_the_shop_are_asked_once_in_five_minutes(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    before = await adapter.shop()
    etsy.world.shops[500321].shop_name = "Renamed"
    assert await adapter.shop() == before
