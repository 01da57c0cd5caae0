"""Fetching orders: all of them, in every weather."""

import json

import httpx
import pytest

from shopwright.channels.port import (
    AccessDenied,
    BadAnswer,
    ChannelError,
    ChannelStatus,
    ChannelUnavailable,
    OrderNotThere,
    OrderPage,
    RateLimited,
    ReconnectNeeded,
    Watermark,
)
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.sandbox.etsy.server import EtsySandbox
from tests.integrations.etsy.conftest import (
    BEGINNING,
    AdapterMaker,
    FakeTime,
    MemoryTokens,
    break_next,
    ids_of,
    orders_of,
    pages_of,
    seed,
)


async def fetch_until_it_fails(adapter: EtsyAdapter) -> tuple[list[OrderPage], ChannelError]:
    """What came before the error, and the error."""
    pages: list[OrderPage] = []
    try:
        async for page in adapter.fetch_orders(BEGINNING):
            pages.append(page)  # noqa: PERF401 - the pages before the error are the point
    except ChannelError as err:
        return pages, err
    pytest.fail("Nothing failed.")


async def test_every_order_comes_once_in_order_of_change(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    made = await seed(admin, 250)
    pages = await pages_of(adapter)
    assert ids_of(pages) == made
    assert [len(page.orders) for page in pages] == [100, 99, 51]
    assert [page.remaining for page in pages] == [150, 51, 0]
    newest = etsy.world.shops[500321].receipts[int(made[-1])]["updated_timestamp"]
    assert pages[-1].watermark == Watermark(newest)


async def test_nothing_new_leaves_the_watermark_where_it_was(adapter: EtsyAdapter) -> None:
    pages = await pages_of(adapter, Watermark(1_795_000_000))
    assert [(p.orders, p.watermark.epoch_s) for p in pages] == [((), 1_795_000_000)]


async def test_a_later_run_overlaps_five_minutes(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    made = await seed(admin, 20, spread_s=20 * 100)
    first = await pages_of(adapter)
    again = await pages_of(adapter, first[-1].watermark)
    assert ids_of(again) == made[-4:]  # 0, 100, 200 and 300 s before the newest
    assert again[-1].watermark == first[-1].watermark


async def test_orders_that_change_between_pages_push_no_other_order_out(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    made = await seed(admin, 250)
    came: list[str] = []
    async for page in adapter.fetch_orders(BEGINNING):
        if not came:
            for touched in made[:30]:
                await admin.patch(f"/receipts/{touched}", json={})
        came += [order.external_id for order in page.orders]
    assert set(came) == set(made)
    assert [order for order in made if came.count(order) == 2] == made[:30]


async def test_the_offset_ceiling_is_never_met(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    etsy.world.config = type(etsy.world.config)(offset_ceiling=100)
    made = await seed(admin, 700, max_items=1)
    assert ids_of(await pages_of(adapter)) == made


async def test_a_second_that_fills_pages_is_read_to_its_end(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    before = await seed(admin, 5, overrides={"updated_timestamp": 1_795_000_000})
    crowd = await seed(admin, 350, max_items=1, overrides={"updated_timestamp": 1_795_000_777})
    after = await seed(admin, 5, overrides={"updated_timestamp": 1_795_000_778})
    assert set(ids_of(await pages_of(adapter))) == {*before, *crowd, *after}


async def test_an_order_that_leaves_a_crowded_second_takes_no_other_along(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    crowd = await seed(admin, 350, max_items=1, overrides={"updated_timestamp": 1_795_000_777})
    came: list[str] = []
    number = 0
    async for page in adapter.fetch_orders(BEGINNING):
        number += 1
        if number == 3:
            for touched in crowd[:20]:
                await admin.patch(f"/receipts/{touched}", json={"updated_timestamp": 1_795_000_999})
        came += [order.external_id for order in page.orders]
    assert set(came) == set(crowd)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("unsorted", "Etsy sent the orders unsorted; going on could lose some."),
        ("no_results", "Etsy announces 3 orders and sends none."),
    ],
)
async def test_a_page_that_could_hide_orders_is_not_trusted(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, kind: str, sentence: str
) -> None:
    await seed(admin, 3)
    await break_next(admin, kind, path="/receipts")
    pages, err = await fetch_until_it_fails(adapter)
    assert (pages, str(err)) == ([], sentence)
    assert isinstance(err, BadAnswer)


async def test_expired_access_is_renewed_once_and_the_page_comes(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    made = await seed(admin, 3)
    await break_next(admin, "expired_token", path="/receipts")
    assert ids_of(await pages_of(adapter)) == made
    assert tokens.saves == 1


async def test_access_that_expires_at_etsy_is_renewed(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    made = await seed(admin, 3)
    await admin.post("/clock", json={"seconds": 3601})
    assert ids_of(await pages_of(adapter)) == made
    assert tokens.saves == 1


async def test_access_that_stays_expired_asks_for_a_new_connection(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    await break_next(admin, "expired_token", path="/users/me", calls=2)
    with pytest.raises(ReconnectNeeded, match="even fresh access expired"):
        await pages_of(adapter)


async def test_invalid_access_asks_for_a_new_connection(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    await seed(admin, 150)
    await break_next(admin, "invalid_token", path="/receipts", after=1)
    pages, err = await fetch_until_it_fails(adapter)
    assert len(pages) == 1
    assert isinstance(err, ReconnectNeeded)
    assert str(err) == (
        "Etsy no longer accepts our access (access token is invalid). Connect the shop again."
    )
    assert tokens.saves == 0


async def test_forbidden_says_so_and_is_not_repeated(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, pace: FakeTime
) -> None:
    await break_next(admin, "forbidden", path="/receipts")
    _, err = await fetch_until_it_fails(adapter)
    assert isinstance(err, AccessDenied)
    assert str(err) == "Etsy denies access: You do not have permission to do this."
    assert pace.sleeps == []


@pytest.mark.parametrize(
    ("app", "sentence"),
    [
        ({"client_secret": "wrong"}, "Etsy refuses the app's key: Invalid API key."),
        ({"client_secret": ""}, "Etsy refuses the app's key: Invalid API key: should be"),
    ],
)
async def test_a_wrong_key_is_told_apart(
    make_adapter: AdapterMaker, app: dict[str, str], sentence: str
) -> None:
    adapter = await make_adapter(**app)
    with pytest.raises(AccessDenied) as caught:
        await adapter.shop()
    assert str(caught.value).startswith(sentence)


async def test_another_sellers_shop_is_denied(
    make_adapter: AdapterMaker, etsy: EtsySandbox
) -> None:
    adapter = await make_adapter()
    adapter._shop_id = "500322"
    with pytest.raises(AccessDenied, match="User does not own Shop 500322"):
        await pages_of(adapter)


async def test_a_missing_scope_asks_for_a_new_connection(
    make_adapter: AdapterMaker, admin: httpx.AsyncClient, tokens: MemoryTokens
) -> None:
    answer = (await admin.post("/tokens", json={"scopes": ["shops_r"]})).json()
    assert tokens.current is not None
    narrow = type(tokens.current)(
        answer["access_token"], answer["refresh_token"], tokens.current.expires_at, "700123"
    )
    adapter = await make_adapter(store=MemoryTokens(narrow))
    with pytest.raises(ReconnectNeeded, match="The scope transactions_r is missing"):
        await pages_of(adapter)


async def test_a_rate_limit_is_waited_out_as_long_as_etsy_says(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, pace: FakeTime
) -> None:
    made = await seed(admin, 3)
    await break_next(admin, "rate_limited", path="/receipts", retry_after_s=7, calls=2)
    assert ids_of(await pages_of(adapter)) == made
    assert pace.sleeps == [7, 7]


async def test_a_day_long_rate_limit_goes_to_the_caller(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, pace: FakeTime
) -> None:
    made = await seed(admin, 150)
    await break_next(admin, "rate_limited", path="/receipts", retry_after_s=86_400, after=1)
    pages, err = await fetch_until_it_fails(adapter)
    assert ids_of(pages) == made[:100]
    assert isinstance(err, RateLimited)
    assert (err.retry_after_s, pace.sleeps) == (86_400, [])
    with pytest.raises(RateLimited, match="used up for 86400 s"):
        await adapter.fetch_order(made[0])


@pytest.mark.parametrize("kind", ["server_error", "bad_gateway"])
async def test_a_passing_fault_at_etsy_is_sat_out(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, pace: FakeTime, kind: str
) -> None:
    made = await seed(admin, 3)
    await break_next(admin, kind, path="/receipts", calls=3)
    assert ids_of(await pages_of(adapter)) == made
    assert pace.sleeps == [1, 2, 4]


@pytest.mark.parametrize(("kind", "status"), [("server_error", 500), ("bad_gateway", 502)])
async def test_a_lasting_fault_keeps_what_came_before(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, kind: str, status: int
) -> None:
    made = await seed(admin, 250)
    await break_next(admin, kind, path="/receipts", after=1, calls=4)
    pages, err = await fetch_until_it_fails(adapter)
    assert ids_of(pages) == made[:100]
    assert isinstance(err, ChannelUnavailable)
    assert str(err) == f"Etsy has a fault of its own (status {status})."
    rest = await pages_of(adapter, pages[-1].watermark)
    assert {*ids_of(pages), *ids_of(rest)} == set(made)


async def test_malformed_json_keeps_what_came_before(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    made = await seed(admin, 250)
    await break_next(admin, "malformed_json", path="/receipts", after=1)
    pages, err = await fetch_until_it_fails(adapter)
    assert ids_of(pages) == made[:100]
    assert isinstance(err, BadAnswer)
    assert str(err) == "Etsy's answer is not readable JSON."
    assert err.raw.startswith('{"count":')
    rest = await pages_of(adapter, pages[-1].watermark)
    assert {*ids_of(pages), *ids_of(rest)} == set(made)


async def test_a_slow_answer_is_asked_for_again(
    make_adapter: AdapterMaker, admin: httpx.AsyncClient, pace: FakeTime
) -> None:
    made = await seed(admin, 3)
    await break_next(admin, "slow", path="/receipts", delay_s=30)
    adapter = await make_adapter(timeout_s=0.3)
    assert ids_of(await pages_of(adapter)) == made
    assert pace.sleeps == [1]


async def test_an_etsy_that_never_answers_is_unavailable(
    make_adapter: AdapterMaker, admin: httpx.AsyncClient
) -> None:
    await break_next(admin, "slow", path="/receipts", delay_s=30, calls=4)
    adapter = await make_adapter(timeout_s=0.2)
    _, err = await fetch_until_it_fails(adapter)
    assert isinstance(err, ChannelUnavailable)
    assert (str(err), err.retry_after_s) == ("Etsy cannot be reached (ReadTimeout).", 60)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("no_transactions", "Receipt {id} came without its items."),
        ("unknown_currency", "The currency 'XQQ' is not known here."),
    ],
)
async def test_one_broken_order_is_set_aside_and_the_rest_comes(
    adapter: EtsyAdapter, admin: httpx.AsyncClient, kind: str, reason: str
) -> None:
    made = await seed(admin, 5)
    await break_next(admin, kind, path="/receipts")
    (page,) = await pages_of(adapter)
    assert [order.external_id for order in page.orders] == made[1:]
    (rejected,) = page.rejected
    assert (rejected.external_id, rejected.reason) == (made[0], reason.format(id=made[0]))
    assert json.loads(rejected.raw)["receipt_id"] == int(made[0])
    assert page.watermark.epoch_s == int(page.orders[-1].updated_at.timestamp())
    assert (await adapter.fetch_order(made[0])).external_id == made[0]


async def test_a_broken_order_at_the_end_does_not_hold_the_watermark(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    await seed(admin, 1, overrides={"updated_timestamp": 1_795_000_000})
    await seed(admin, 1, overrides={"updated_timestamp": 1_795_000_500, "transactions": []})
    (page,) = await pages_of(adapter)
    assert (len(page.orders), len(page.rejected)) == (1, 1)
    assert page.watermark == Watermark(1_795_000_500)


async def test_cancel_and_refunds_arrive_as_changes(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    canceled, partly, fully = await seed(admin, 3)
    await admin.post(f"/receipts/{canceled}/cancel")
    await admin.post(f"/receipts/{partly}/refund", json={"amount": 100})
    await admin.post(f"/receipts/{fully}/refund", json={})
    orders = {order.external_id: order for order in orders_of(await pages_of(adapter))}
    assert (orders[canceled].status, orders[canceled].is_canceled) == (ChannelStatus.CANCELED, True)
    assert (orders[partly].status, orders[partly].refunded_minor) == (ChannelStatus.PAID, 100)
    assert orders[fully].status is ChannelStatus.REFUNDED
    assert orders[fully].refunded_minor == orders[fully].total_minor


@pytest.mark.parametrize("external_id", ["3300999999", "../500322", ""])
async def test_an_unknown_order_is_not_there(adapter: EtsyAdapter, external_id: str) -> None:
    with pytest.raises(OrderNotThere):
        await adapter.fetch_order(external_id)


async def test_an_order_that_cannot_be_read_alone_says_why(
    adapter: EtsyAdapter, admin: httpx.AsyncClient
) -> None:
    (made,) = await seed(admin, 1, overrides={"transactions": []})
    with pytest.raises(BadAnswer, match=f"Receipt {made} came without its items"):
        await adapter.fetch_order(made)


async def test_a_yen_shop_has_whole_yen(adapter: EtsyAdapter, admin: httpx.AsyncClient) -> None:
    goods = [{"sku": "X", "price_minor": 250_000}]
    await seed(admin, 1, currency="JPY", goods=goods, max_items=1, max_quantity=1)
    (order,) = orders_of(await pages_of(adapter))
    assert (order.currency, order.items[0].unit_price_minor) == ("JPY", 2500)
