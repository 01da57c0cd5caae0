"""Tracking reaches the buyer at most once, whatever breaks, and what is unproven asks a person."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text, update

from shopwright.channels import push, pushing
from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.port import (
    ReconnectNeeded,
    Tracking,
    TrackingBooked,
    TrackingRefused,
    TrackingUnconfirmed,
)
from shopwright.channels.push import Outcome, PushSettled
from shopwright.channels.pushing import TrackingPusher
from shopwright.channels.states import ConnectionStatus
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.kernel.db import Installation
from shopwright.kernel.durable import DurableWorker
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect, EffectStatus
from tests.channels.conftest import Shop, Stage, connect_shop, use_patient_adapters
from tests.clock import FixedClock

CODE = "6A12345678901"
POST = {"path": "/tracking", "method": "POST"}
Answer = TrackingBooked | TrackingRefused | TrackingUnconfirmed


@pytest.fixture
async def order(shop: Shop, stage: Stage) -> str:
    (made,) = await stage.seed(1, overrides={"country_iso": "FR"})
    await shop.sync()
    return made


async def intend(shop: Shop, order: str, parcel_id: int = 1, code: str | None = CODE) -> Effect:
    async with shop.process.database.write() as session:
        return await push.intend_tracking(
            session,
            shop.ctx,
            connection_id=shop.connection_id,
            external_id=order,
            parcel_id=parcel_id,
            carrier="La Poste",
            tracking_code=code,
            now=shop.process.clock.now(),
        )


async def run(shop: Shop, effect: Effect) -> Effect:
    """One execution of the durable work, and what is known after it."""
    await TrackingPusher(shop.tools).post_tracking(shop.ctx.organization_id, effect.id)
    return await look(shop, effect)


async def look(shop: Shop, effect: Effect) -> Effect:
    async with shop.process.database.read() as session:
        return await push.get_push(session, shop.ctx, Ref(effect.id, None))


async def resolve(shop: Shop, effect: Effect, outcome: Outcome) -> Effect:
    async with shop.process.database.write() as session:
        return await push.resolve_push(
            session,
            shop.ctx,
            ref=Ref(effect.id, None),
            outcome=outcome,
            now=shop.process.clock.now(),
        )


async def enqueued(shop: Shop) -> list[str]:
    """The durable work that stands in the queue or stood there."""
    schema = "" if shop.process.database.is_sqlite else "dbos."
    async with shop.process.database.read() as session:
        rows = await session.execute(
            text(f"SELECT workflow_uuid FROM {schema}workflow_status ORDER BY 1")  # noqa: S608
        )
        return [row[0] for row in rows]


async def test_tracking_is_posted_once_and_the_work_is_enqueued_with_it(
    shop: Shop, stage: Stage, order: str
) -> None:
    effect = await intend(shop, order)
    assert (effect.status, effect.key) == (EffectStatus.INTENDED, "parcel:1")
    assert await enqueued(shop) == [f"post_tracking:{effect.uuid}:0"]
    assert (await intend(shop, order)).id == effect.id
    done = await run(shop, effect)
    assert (done.status, done.tries) == (EffectStatus.DONE, 1)
    assert (await run(shop, effect)).status is EffectStatus.DONE
    (mail,) = await stage.mails()
    assert (mail["receipt_id"], mail["tracking_code"]) == (int(order), CODE)
    assert mail["carrier_name"] == "la-poste"


async def test_what_is_rolled_back_is_never_posted(shop: Shop, order: str) -> None:
    async def break_down() -> None:
        async with shop.process.database.write() as session:
            await push.intend_tracking(
                session,
                shop.ctx,
                connection_id=shop.connection_id,
                external_id=order,
                parcel_id=1,
                carrier=None,
                tracking_code=CODE,
                now=shop.process.clock.now(),
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_down()
    assert await enqueued(shop) == []


async def test_the_durable_worker_posts_it(shop: Shop, stage: Stage, order: str) -> None:
    effect = await intend(shop, order)
    worker = DurableWorker(shop.process.database, shop.process.clock, executor_id="worker-1")
    running = asyncio.create_task(worker.run(pushing.handlers(shop.tools)))
    told = asyncio.Event()
    leave = shop.process.context.hub.listen(shop.ctx.organization_id, lambda _: told.set())
    try:
        async with asyncio.timeout(20):
            while (await look(shop, effect)).status is not EffectStatus.DONE:
                told.clear()
                await told.wait()
    finally:
        leave()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len(await stage.mails()) == 1


async def test_many_executions_at_once_make_one_call(shop: Shop, stage: Stage, order: str) -> None:
    effect = await intend(shop, order)
    await asyncio.gather(*(run(shop, effect) for _ in range(5)))
    assert (await look(shop, effect)).status is EffectStatus.DONE
    assert len(await stage.mails()) == 1


async def test_a_parcel_that_a_person_booked_is_not_booked_again(
    shop: Shop, stage: Stage, order: str
) -> None:
    async with shop.tools.open_adapter(shop.ctx, await shop.connection()) as by_hand:
        await by_hand.push_tracking(order, Tracking(CODE, "La Poste"))
    done = await run(shop, await intend(shop, order))
    assert (done.status, done.tries, done.detail) == (
        EffectStatus.DONE,
        0,
        "The channel showed this tracking already; nothing was sent.",
    )
    assert len(await stage.mails()) == 1


@pytest.mark.parametrize("kind", ["timeout_after", "malformed_json"])
async def test_an_answer_that_is_lost_is_looked_up(
    shop: Shop, stage: Stage, order: str, kind: str
) -> None:
    await stage.break_next(kind, **POST)
    done = await run(shop, await intend(shop, order))
    assert (done.status, done.tries) == (EffectStatus.DONE, 1)
    assert len(await stage.mails()) == 1


async def test_a_call_that_arrives_late_is_found_two_minutes_later(
    shop: Shop, stage: Stage, order: str, clock: FixedClock
) -> None:
    use_patient_adapters(shop.process, late)
    effect = await intend(shop, order)
    waiting = await run(shop, effect)
    assert (waiting.status, waiting.detail) == (EffectStatus.SENDING, "No answer came.")
    use_patient_adapters(shop.process)
    assert (await run(shop, effect)).status is EffectStatus.SENDING  # too early to say
    async with shop.tools.open_adapter(shop.ctx, await shop.connection()) as arriving:
        await arriving.push_tracking(order, Tracking(CODE, "La Poste"))
    clock.advance(minutes=2)
    await push.enqueue_due(shop.process.database, clock.now())
    assert len(await enqueued(shop)) == 2
    assert (await run(shop, effect)).status is EffectStatus.DONE
    assert len(await stage.mails()) == 1


def late(adapter: EtsyAdapter) -> EtsyAdapter:
    """Its call is still on the way when nobody waits for the answer any more."""

    async def unanswered(_external_id: str, _tracking: Tracking) -> Answer:
        return TrackingUnconfirmed("No answer came.")

    adapter.push_tracking = unanswered  # type: ignore[method-assign, assignment]
    return adapter


async def test_what_cannot_be_proven_is_a_persons_to_decide(
    shop: Shop, stage: Stage, order: str, clock: FixedClock
) -> None:
    await stage.break_next("server_error", **POST)
    effect = await intend(shop, order)
    assert (await run(shop, effect)).status is EffectStatus.SENDING
    clock.advance(minutes=2)
    unknown = await run(shop, effect)
    assert unknown.status is EffectStatus.UNKNOWN
    assert "Look there" in str(unknown.detail)
    assert await stage.mails() == []
    again = await resolve(shop, effect, Outcome.NOT_POSTED)
    assert (again.key, again.status) == ("parcel:1:2", EffectStatus.INTENDED)
    assert (await look(shop, effect)).status is EffectStatus.FAILED
    assert (await run(shop, again)).status is EffectStatus.DONE
    assert len(await stage.mails()) == 1
    with pytest.raises(PushSettled):
        await resolve(shop, effect, Outcome.NOT_POSTED)


async def test_a_person_may_have_seen_it_posted(
    shop: Shop, stage: Stage, order: str, clock: FixedClock
) -> None:
    await stage.break_next("server_error", **POST)
    effect = await intend(shop, order)
    await run(shop, effect)
    clock.advance(minutes=2)
    await run(shop, effect)
    done = await resolve(shop, effect, Outcome.POSTED)
    assert (done.status, done.detail) == (
        EffectStatus.DONE,
        "Owner looked: it was posted.",
    )
    with pytest.raises(PushSettled):
        await resolve(shop, effect, Outcome.POSTED)


async def test_the_next_sync_proves_what_was_unknown(
    shop: Shop, stage: Stage, order: str, clock: FixedClock
) -> None:
    await stage.break_next("server_error", **POST)
    effect = await intend(shop, order)
    await run(shop, effect)
    clock.advance(minutes=2)
    assert (await run(shop, effect)).status is EffectStatus.UNKNOWN
    async with shop.tools.open_adapter(shop.ctx, await shop.connection()) as by_hand:
        await by_hand.push_tracking(order, Tracking(CODE.lower(), None))
    await shop.sync()
    assert (await look(shop, effect)).status is EffectStatus.DONE


async def test_a_refusal_that_proves_nothing_was_sent_is_tried_again_later(
    shop: Shop, stage: Stage, order: str, clock: FixedClock
) -> None:
    await stage.break_next("rate_limited", **POST, retry_after_s=100)
    effect = await intend(shop, order)
    refused = await run(shop, effect)
    assert (refused.status, refused.tries) == (EffectStatus.INTENDED, 1)
    assert "pause for 100 s" in str(refused.detail)
    await push.enqueue_due(shop.process.database, clock.now())
    assert len(await enqueued(shop)) == 1
    clock.advance(seconds=100)
    shop.pace.now += 100
    await push.enqueue_due(shop.process.database, clock.now())
    await push.enqueue_due(shop.process.database, clock.now())
    assert len(await enqueued(shop)) == 2
    done = await run(shop, effect)
    assert (done.status, done.tries) == (EffectStatus.DONE, 2)
    assert len(await stage.mails()) == 1


async def test_a_refusal_for_good_waits_for_a_person(shop: Shop, stage: Stage, order: str) -> None:
    await stage.break_next("forbidden", **POST)
    effect = await intend(shop, order)
    failed = await run(shop, effect)
    assert failed.status is EffectStatus.FAILED
    assert "You do not have permission" in str(failed.detail)
    again = await resolve(shop, effect, Outcome.NOT_POSTED)
    assert (await run(shop, again)).status is EffectStatus.DONE
    assert len(await stage.mails()) == 1


async def test_an_order_that_etsy_does_not_have_fails(shop: Shop, order: str) -> None:
    failed = await run(shop, await intend(shop, "99"))
    assert failed.status is EffectStatus.FAILED


async def test_an_outage_before_the_call_leaves_it_intended(
    shop: Shop, stage: Stage, order: str
) -> None:
    await stage.break_next("server_error", path="/receipts/", calls=20)
    effect = await intend(shop, order)
    waiting = await run(shop, effect)
    assert (waiting.status, waiting.tries) == (EffectStatus.INTENDED, 0)
    await stage.repair()
    assert (await run(shop, effect)).status is EffectStatus.DONE


async def test_a_lost_consent_waits_for_the_owner(shop: Shop, stage: Stage, order: str) -> None:
    await stage.break_next("invalid_token")
    effect = await intend(shop, order)
    assert (await run(shop, effect)).status is EffectStatus.INTENDED
    assert (await shop.connection()).status is ConnectionStatus.RECONNECT_NEEDED
    waiting = await run(shop, effect)
    assert waiting.detail == "AtelierSandbox is not connected."
    await connect_shop(shop.process, shop.ctx)
    assert (await run(shop, effect)).status is EffectStatus.DONE
    assert len(await stage.mails()) == 1


async def test_a_restored_database_holds_its_effects(shop: Shop, stage: Stage, order: str) -> None:
    effect = await intend(shop, order)
    await hold_effects(shop, held=True)
    waiting = await run(shop, effect)
    assert (waiting.status, waiting.detail) == (EffectStatus.INTENDED, pushing.HELD)
    assert await stage.mails() == []
    await hold_effects(shop, held=False)
    assert (await run(shop, effect)).status is EffectStatus.DONE


async def hold_effects(shop: Shop, *, held: bool) -> None:
    async with shop.process.database.write() as session:
        await session.execute(update(Installation).values(are_effects_held=held))


@pytest.mark.parametrize("is_called", [False, True], ids=["before the call", "after the call"])
async def test_a_crash_at_the_call_never_makes_a_second_one(
    shop: Shop, stage: Stage, order: str, clock: FixedClock, is_called: bool
) -> None:
    die_at_the_call(shop, is_called=is_called)
    effect = await intend(shop, order)
    with pytest.raises(asyncio.CancelledError):
        await run(shop, effect)
    use_patient_adapters(shop.process)
    assert (await run(shop, effect)).status is EffectStatus.SENDING
    clock.advance(minutes=2)
    await push.enqueue_due(shop.process.database, clock.now())
    assert len(await enqueued(shop)) == 2
    settled = await run(shop, effect)
    assert settled.status is (EffectStatus.DONE if is_called else EffectStatus.UNKNOWN)
    assert len(await stage.mails()) == int(is_called)


def die_at_the_call(shop: Shop, *, is_called: bool) -> None:
    def wrap(adapter: EtsyAdapter) -> EtsyAdapter:
        post = adapter.push_tracking

        async def deadly(external_id: str, tracking: Tracking) -> Answer:
            if is_called:
                await post(external_id, tracking)
            raise asyncio.CancelledError

        adapter.push_tracking = deadly  # type: ignore[method-assign]
        return adapter

    use_patient_adapters(shop.process, wrap)


async def test_a_push_that_nobody_can_check_any_more_is_unknown(
    shop: Shop, stage: Stage, order: str, clock: FixedClock
) -> None:
    die_at_the_call(shop, is_called=False)
    effect = await intend(shop, order)
    with pytest.raises(asyncio.CancelledError):
        await run(shop, effect)

    class Refused(EtsyAdapter):
        async def find_tracking(self, *_: object) -> Any:
            raise ReconnectNeeded("The consent is gone.")

    shop.process.context.keep(Adapters).install(ETSY, lambda app, tokens, _: Refused(app, tokens))
    clock.advance(minutes=2)
    unknown = await run(shop, effect)
    assert (unknown.status, unknown.detail) == (
        EffectStatus.UNKNOWN,
        "Nobody can ask any more: The consent is gone.",
    )


async def test_an_order_without_tracking_is_only_marked_shipped(
    shop: Shop, stage: Stage, order: str
) -> None:
    done = await run(shop, await intend(shop, order, code=None))
    assert done.status is EffectStatus.DONE
    assert (await run(shop, await intend(shop, order, parcel_id=2, code=None))).tries == 0
    assert len(await stage.mails()) == 1
