"""Whatever Etsy does: the sync says so in words, keeps its watermark and loses nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shopwright.channels.port import Tracking
from shopwright.channels.states import ConnectionStatus, SyncStatus
from shopwright.channels.tokens import DatabaseTokens
from shopwright.kernel.inbox import InboundStatus
from tests.channels.conftest import Shop, Stage, connect_shop, with_etsy
from tests.clock import FixedClock

RECEIPTS = {"path": "/receipts", "calls": 20}
WEATHER: list[tuple[str, dict[str, Any], str, str]] = [
    ("forbidden", {}, "access_denied", "Etsy denies access"),
    ("rate_limited", {"retry_after_s": 100}, "rate_limited", "Etsy asks us to pause for 100 s"),
    ("server_error", {}, "unavailable", "Etsy has a fault of its own (status 500)"),
    ("bad_gateway", {}, "unavailable", "Etsy has a fault of its own (status 502)"),
    ("malformed_json", {}, "bad_answer", "Etsy's answer is not readable JSON"),
    ("no_results", {}, "bad_answer", "Etsy announces 2 orders and sends none"),
    ("unsorted", {}, "bad_answer", "Etsy sent the orders unsorted"),
]


@pytest.mark.parametrize(("kind", "how", "word", "sentence"), WEATHER, ids=[w[0] for w in WEATHER])
async def test_a_failed_sync_says_why_and_the_next_one_goes_on(
    shop: Shop, stage: Stage, kind: str, how: dict[str, Any], word: str, sentence: str
) -> None:
    await stage.seed(1)
    await shop.sync()
    before = await shop.connection()
    made = await stage.seed(2, seed=2, spread_s=200)
    # Etsy sends the last five minutes again; move the first order out of them.
    await stage.edit(str(min(map(int, shop.etsy.world.shops[500321].receipts))), **OLD)
    await stage.break_next(kind, **RECEIPTS, **how)
    sync = await shop.sync()
    assert (sync.status, sync.error_kind) == (SyncStatus.FAILED, word)
    assert sentence in str(sync.error)
    after = await shop.connection()
    assert (after.status, after.last_error) == (ConnectionStatus.CONNECTED, sync.error)
    assert (after.watermark_s, len(await shop.orders())) == (before.watermark_s, 1)
    assert after.last_success_at == before.last_success_at
    await stage.repair()
    shop.pace.now += 200
    assert (await shop.sync()).status is SyncStatus.COMPLETED
    assert {o.external_id for o in await shop.orders()} >= set(made)
    assert (await shop.connection()).last_error is None


OLD = {"updated_timestamp": 1_000_000_000, "update_timestamp": 1_000_000_000}


async def test_an_expired_access_is_renewed_and_kept(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)
    await stage.break_next("expired_token")
    assert (await shop.sync()).status is SyncStatus.COMPLETED
    assert (await shop.connection()).token_version == 2
    assert (await shop.sync()).status is SyncStatus.COMPLETED


async def test_an_unknown_access_stops_polling_until_the_owner_reconnects(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await shop.sync()
    await stage.break_next("invalid_token")
    sync = await shop.sync()
    assert (sync.status, sync.error_kind) == (SyncStatus.FAILED, "reconnect_needed")
    connection = await shop.connection()
    assert connection.status is ConnectionStatus.RECONNECT_NEEDED
    assert "Connect the shop again" in str(connection.last_error)
    await stage.seed(1)
    clock.advance(hours=1)
    await shop.syncer.round()
    await shop.syncer.finish()
    assert await shop.orders() == []
    again = await connect_shop(shop.process, shop.ctx)
    assert again.id == connection.id
    await shop.syncer.round()
    await shop.syncer.finish()
    assert len(await shop.orders()) == 1
    assert (await shop.connection()).last_error is None


async def test_pauses_that_etsy_asks_for_are_kept(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await shop.sync()
    await stage.break_next("rate_limited", **RECEIPTS, retry_after_s=4000)
    await shop.sync()
    assert (await shop.connection()).next_sync_at == clock.now() + timedelta(seconds=4000)


async def test_pages_stored_before_a_failure_stand(shop: Shop, stage: Stage) -> None:
    made = await stage.seed(230, max_items=1)
    await stage.break_next("server_error", **RECEIPTS, after=2)
    sync = await shop.sync()
    assert (sync.status, sync.orders_new) == (SyncStatus.FAILED, 199)
    kept = await shop.connection()
    assert kept.watermark_s > 0
    await stage.repair()
    sync = await shop.sync()
    assert (sync.status, sync.orders_new) == (SyncStatus.COMPLETED, 31)
    assert sorted(str(o.external_id) for o in await shop.orders()) == sorted(made)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("no_transactions", "came without its items"), ("unknown_currency", "'XQQ' is not known")],
)
async def test_an_order_that_cannot_be_read_is_shown_and_asked_for_again(
    shop: Shop, stage: Stage, kind: str, reason: str
) -> None:
    made = await stage.seed(3)
    await stage.break_next(kind, path="/receipts")
    sync = await shop.sync()
    assert (sync.status, sync.orders_new, sync.orders_rejected) == (SyncStatus.COMPLETED, 2, 1)
    (reject,) = await shop.rejects()
    assert reject.external_id == made[0]
    assert reason in reject.reason
    assert (await shop.inbound()).count(InboundStatus.REJECTED) == 1
    await stage.edit(made[0], **OLD)  # a sync by time alone would never see it again
    sync = await shop.sync()
    assert (sync.status, sync.orders_new) == (SyncStatus.COMPLETED, 1)
    assert await shop.rejects() == []
    assert {order.external_id for order in await shop.orders()} == set(made)


async def test_what_our_own_rules_refuse_does_not_hold_up_the_page(
    shop: Shop, stage: Stage
) -> None:
    (huge,) = await stage.seed(1, max_items=1, transaction_overrides={"quantity": 10_001})
    good = await stage.seed(2, seed=2)
    sync = await shop.sync()
    assert (sync.orders_new, sync.orders_rejected) == (2, 1)
    assert [order.external_id for order in await shop.orders()] == good
    (reject,) = await shop.rejects()
    assert reject.external_id == huge
    assert "must be between 1 and 10000, not 10001" in reject.reason


async def test_what_the_database_refuses_does_not_hold_up_the_page(
    shop: Shop, stage: Stage
) -> None:
    (odd,) = await stage.seed(1, overrides={"name": "Nul\x00Byte"})
    good = await stage.seed(2, seed=2)
    sync = await shop.sync()
    assert sync.status is SyncStatus.COMPLETED
    assert {order.external_id for order in await shop.orders()} >= set(good)
    (reject,) = await shop.rejects()
    assert (reject.external_id, reject.reason) == (odd, "Text may not contain NUL characters.")


async def test_a_reject_is_asked_for_less_and_less_often(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    await stage.seed(1, max_items=1, transaction_overrides={"quantity": 10_001})
    await shop.sync()
    waits = []
    for _ in range(3):
        (reject,) = await shop.rejects()
        assert reject.next_try_at is not None
        clock.moment = max(reject.next_try_at, clock.now())
        await shop.sync()
        (reject,) = await shop.rejects()
        waits.append(reject.tries)
    assert waits == [1, 2, 3]


async def test_a_channel_that_is_not_set_up_says_what_is_missing(shop: Shop) -> None:
    shop.process.settings = with_etsy(shop.process.settings, shop.etsy, etsy_client_id="")
    unset = Shop(shop.process, shop.ctx, shop.etsy)
    unset.connection_id = shop.connection_id
    sync = await unset.sync()
    assert sync.error == "Etsy is not set up here: set ETSY_CLIENT_ID and ETSY_SHARED_SECRET."


async def test_tokens_are_rotated_by_one_at_a_time(shop: Shop, stage: Stage) -> None:
    (made,) = await stage.seed(1)
    shop.etsy.world.clock.advance(4000)  # the access is over; its refresh token works once
    connection = await shop.connection()

    async def ask() -> object:
        async with shop.tools.open_adapter(shop.ctx, connection) as adapter:
            return await adapter.find_tracking(made, Tracking("X1"))

    assert await asyncio.gather(*(ask() for _ in range(4))) == [None] * 4
    assert (await shop.connection()).token_version == 2


async def test_tokens_stand_in_the_database_only_encrypted(shop: Shop) -> None:
    connection = await shop.connection()
    tokens = await DatabaseTokens(shop.process.database, shop.ctx, connection.id).load()
    assert tokens is not None
    assert tokens.user_id == connection.external_user_id
    assert tokens.access_token not in str(connection.tokens)
    assert tokens.refresh_token not in str(connection.tokens)
