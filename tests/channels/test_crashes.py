"""A worker dies, stalls or is overtaken: no order is lost, none arrives twice."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from shopwright.channels import runs, service
from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.events import ChannelPageArrived
from shopwright.channels.port import OrderPage, ShopProfile, Watermark
from shopwright.channels.states import SyncStatus
from shopwright.channels.sync import SyncTools
from shopwright.channels.syncer import ChannelSyncer
from shopwright.integrations.etsy.adapter import EtsyAdapter
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from tests.channels.conftest import Shop, Stage, use_patient_adapters
from tests.clock import FixedClock

COUNT = 230  # three pages


class Gate:
    """Lets a sync through to its next page only when told."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.open = asyncio.Event()

    def install(self, shop: Shop, at_page: int) -> None:
        """For the next adapter only."""
        use_patient_adapters(shop.process, lambda adapter: self._gated(shop, adapter, at_page))

    def _gated(self, shop: Shop, adapter: EtsyAdapter, at_page: int) -> EtsyAdapter:
        use_patient_adapters(shop.process)
        fetch = adapter.fetch_orders

        async def gated(watermark: Watermark) -> AsyncIterator[OrderPage]:
            number = 0
            async for page in fetch(watermark):
                number += 1
                if number == at_page:
                    self.arrived.set()
                    await self.open.wait()
                yield page

        adapter.fetch_orders = gated  # type: ignore[method-assign]
        return adapter


def another_worker(shop: Shop) -> ChannelSyncer:
    tools = SyncTools(shop.process.database, shop.process.clock, shop.process.settings, "worker-2")
    return ChannelSyncer(tools, shop.process.context.hub)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_killed_sync_is_resumed_without_a_loss_or_a_double(
    shop: Shop, stage: Stage, clock: FixedClock, seed: int
) -> None:
    print(f"seed {seed}")
    made = await stage.seed(COUNT, max_items=1)
    deadly = random.Random(seed).randint(1, 3)
    pages = 0

    async def die(_session: WriteSession, _event: ChannelPageArrived) -> None:
        nonlocal pages
        pages += 1
        if pages == deadly:
            raise asyncio.CancelledError  # as the process: nothing after this runs

    shop.process.context.subscriptions.subscribe(ChannelPageArrived, die)
    sync_id = await shop.ask()
    await shop.syncer.round()
    await shop.syncer.finish()
    assert (await shop.look_at(sync_id)).status is SyncStatus.RUNNING
    before = len(await shop.orders())
    assert before == len(await shop.inbound()) < COUNT
    worker = another_worker(shop)
    await worker.round()
    await worker.finish()
    assert len(await shop.orders()) == before  # the lease of the dead one still runs
    clock.advance(seconds=61)
    await worker.round()
    await worker.finish()
    sync = await shop.look_at(sync_id)
    assert (sync.status, sync.orders_new) == (SyncStatus.COMPLETED, COUNT)
    assert sorted(str(o.external_id) for o in await shop.orders()) == sorted(made)
    assert len(await shop.inbound()) == COUNT


async def test_a_restart_on_sqlite_does_not_wait_for_the_lease(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    made = await stage.seed(COUNT, max_items=1)
    gate = Gate()
    gate.install(shop, at_page=2)
    sync_id = await shop.ask()
    await shop.syncer.round()
    await gate.arrived.wait()
    for task in list(shop.syncer._rounds.tasks.values()):
        task.cancel()
    await shop.syncer.finish()
    if not shop.process.database.is_sqlite:
        clock.advance(seconds=61)
    running = asyncio.create_task(another_worker(shop).run())
    progress = await runs.wait_for(shop.process, shop.ctx, [sync_id], timeout_s=20)
    assert progress.syncs[0].status is SyncStatus.COMPLETED
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await shop.orders()) == len(made)


async def test_a_stalled_worker_that_was_overtaken_writes_nothing_more(
    shop: Shop, stage: Stage, clock: FixedClock
) -> None:
    made = await stage.seed(COUNT, max_items=1)
    gate = Gate()
    gate.install(shop, at_page=2)
    sync_id = await shop.ask()
    await shop.syncer.round()
    await gate.arrived.wait()
    clock.advance(seconds=61)
    worker = another_worker(shop)
    await worker.round()
    await worker.finish()
    done = await shop.look_at(sync_id)
    assert (done.status, done.owner, done.orders_new) == (SyncStatus.COMPLETED, "worker-2", COUNT)
    gate.open.set()
    await shop.syncer.finish()
    assert (await shop.look_at(sync_id)).orders_new == COUNT
    assert sorted(str(o.external_id) for o in await shop.orders()) == sorted(made)
    assert len(await shop.inbound()) == COUNT


async def test_disabling_a_connection_ends_its_sync(shop: Shop, stage: Stage) -> None:
    await stage.seed(COUNT, max_items=1)
    gate = Gate()
    gate.install(shop, at_page=2)
    sync_id = await shop.ask()
    await shop.syncer.round()
    await gate.arrived.wait()
    async with shop.process.database.write() as session:
        await service.disable_connection(
            session, shop.ctx, ref=Ref(shop.connection_id, None), now=shop.process.clock.now()
        )
    gate.open.set()
    await shop.syncer.finish()
    sync = await shop.look_at(sync_id)
    assert (sync.status, sync.error) == (SyncStatus.FAILED, "AtelierSandbox was disabled by Owner.")
    assert len(await shop.orders()) == 100
    connection = await shop.connection()
    assert (connection.tokens, connection.status.value) == (None, "disabled")


async def test_two_workers_share_the_work_of_one_connection_never_twice(
    shop: Shop, stage: Stage
) -> None:
    made = await stage.seed(20)
    worker = another_worker(shop)
    await shop.ask()
    await asyncio.gather(shop.syncer.round(), worker.round())
    await asyncio.gather(shop.syncer.finish(), worker.finish())
    assert sorted(str(o.external_id) for o in await shop.orders()) == sorted(made)


async def test_a_mistake_of_ours_ends_the_sync_in_words(shop: Shop, stage: Stage) -> None:
    await stage.seed(1)

    class Broken(EtsyAdapter):
        async def shop(self) -> ShopProfile:
            raise ZeroDivisionError

    shop.process.context.keep(Adapters).install(ETSY, lambda app, tokens, _: Broken(app, tokens))
    sync = await shop.sync()
    assert sync.status is SyncStatus.FAILED
    assert "Our program made a mistake" in str(sync.error)
    use_patient_adapters(shop.process)
    assert (await shop.sync()).status is SyncStatus.COMPLETED
