"""Killed between any two steps, exactly one order reaches the manufacturer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from shopwright.kernel.db import Database, ReadSession, WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.orders import holds, stop
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus, StepStatus
from shopwright.sandbox.manufacturer import ManufacturerSandbox
from shopwright.suppliers import connections, deciding, standings
from shopwright.suppliers.connections import Adapters
from shopwright.suppliers.port import OrderStanding, SupplierPort
from shopwright.suppliers.states import PlacingStage, SupplierOrderStatus
from tests.clock import FixedClock
from tests.suppliers.conftest import Bench

MAX_STEPS = 60
LEAST_STEPS = 20


class Died(BaseException):
    """As the process: nothing after this runs."""


@dataclass
class Fate:
    """Counts the steps of the one that works, and ends it before the ``deadly`` one."""

    deadly: int
    step: int = 0

    def pass_by(self) -> None:
        self.step += 1
        if self.step == self.deadly:
            raise Died


class MortalDatabase:
    """Each transaction may be the last thing: before it begins, or right after its commit."""

    def __init__(self, database: Database, fate: Fate) -> None:
        self._database, self._fate = database, fate

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        self._fate.pass_by()
        async with self._database.write() as session:
            yield session
        self._fate.pass_by()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        async with self._database.read() as session:
            yield session


class MortalPort:
    """Each call may be the last thing: before it leaves, or before its answer is read."""

    def __init__(self, port: SupplierPort, fate: Fate) -> None:
        self._port, self._fate = port, fate

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        async def mortal(*arguments: Any) -> Any:
            self._fate.pass_by()
            answer = await call(*arguments)
            self._fate.pass_by()
            return answer

        return mortal


def mortal(process: Process, fate: Fate) -> Process:
    """The same process, but it may die."""
    database: Any = MortalDatabase(process.database, fate)
    return replace(process, database=database)


async def live_on(bench: Bench, fate: Fate, order: Order) -> bool:
    """Work until it is placed; False when it died."""
    adapters = bench.process.context.keep(Adapters)
    port = connections.open_port(bench.process, await bench.supplier())
    adapters.install("manufacturer", lambda *_: MortalPort(port, fate))
    try:
        for _ in range(3):
            await bench.look(mortal(bench.process, fate), order)
            await bench.wait_for(order)
    except Died:
        return False
    finally:
        adapters.install("manufacturer", lambda *_: port)
    return True


async def finish(bench: Bench, order: Order, clock: FixedClock) -> None:
    """The next process goes on; where nothing proves what happened, a person looks there."""
    row = await bench.settle(order)
    if row.stage is PlacingStage.DOUBTFUL:
        assert row.key not in bench.partner.orders
        async with bench.process.database.write() as session:
            await deciding.say_not_placed(session, bench.ctx, Ref(row.id, None), clock.now())
        (hold,) = await bench.holds(order)
        async with bench.process.database.write() as session:
            await holds.release_hold(session, bench.ctx, hold_id=hold.id, now=clock.now())
        await bench.plan()
        row = await bench.settle(order)
    assert row.stage is PlacingStage.ACCEPTED


async def test_killed_at_every_third_step_it_is_ordered_exactly_once(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    """The two kinds of database share the steps between them; the long tests walk all."""
    first = 1 if bench.process.database.is_sqlite else 2
    await kill_at(bench, partner, clock, range(first, MAX_STEPS, 3))


@pytest.mark.long
async def test_killed_at_any_step_it_is_ordered_exactly_once(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    await kill_at(bench, partner, clock, range(1, MAX_STEPS))


async def kill_at(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock, steps: range
) -> None:
    """Until one lives through all of its steps."""
    for deadly in steps:
        partner.reset()
        order = await bench.order()
        if await live_on(bench, Fate(deadly), order):
            assert deadly > LEAST_STEPS
            return
        await finish(bench, order, clock)
        assert [one.sent for one in partner.orders.values()] == [1], deadly
        placed = [row for row in await bench.supplier_orders(order) if row.accepted_at]
        assert len(placed) == 1, deadly
    raise AssertionError("nobody lived")


async def test_a_callback_before_and_after_polling_changes_nothing_twice(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    partner.orders[row.key].status = 12
    for _ in range(3):
        await bench.wait_for(order)
        await bench.look()
    (step,) = await bench.steps(order)
    assert (step.status, step.source) == (StepStatus.GOOD, "supplier")
    assert (await bench.fresh(order)).status is OrderStatus.COMPLETED


async def test_what_the_partner_ships_has_left(bench: Bench, partner: ManufacturerSandbox) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    for status in (11, 12, 15, 16):
        partner.orders[row.key].status = status
        await bench.wait_for(order)
        await bench.look()
    row = await bench.only(order)
    assert (row.status, row.next_look_at) == (SupplierOrderStatus.SHIPPED, None)
    assert (await bench.fresh(order)).status is OrderStatus.SHIPPED


async def test_what_was_called_made_and_failed_after_all_makes_its_order_unready(
    bench: Bench, partner: ManufacturerSandbox
) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    for status, becomes in ((12, OrderStatus.COMPLETED), (13, OrderStatus.PAID)):
        partner.orders[row.key].status = status
        await bench.wait_for(order)
        await bench.look()
        assert (await bench.fresh(order)).status is becomes
    spoiled, anew = await bench.steps(order)
    assert (spoiled.status, anew.status) == (StepStatus.SCRAP, StepStatus.OWED)
    assert (await bench.fresh(order)).pieces_good == 0
    assert len(await bench.holds(order)) == 1
    await bench.plan()
    assert len(await bench.supplier_orders(order)) == 1


async def test_what_is_cancelled_there_of_a_cancelled_order_asks_nobody(
    bench: Bench, partner: ManufacturerSandbox, clock: FixedClock
) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    async with bench.process.database.write() as session:
        await stop.cancel_order(session, bench.ctx, order=order, reason="gone", now=clock.now())
    partner.orders[row.key].status = 2
    await bench.wait_for(order)
    await bench.look()
    assert (await bench.only(order)).status is SupplierOrderStatus.CANCELLED
    assert await bench.holds(order) == []


async def test_words_that_are_longer_than_we_keep_do_not_stop_an_order(bench: Bench) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    told = OrderStanding(
        row.key, SupplierOrderStatus.SHIPPED, "X" * 300, "7" * 300, "C" * 300, "T" * 300
    )
    for _ in range(2):
        async with bench.process.database.write() as session:
            await standings.record(session, bench.ctx, row, told, bench.clock.now())
    row = await bench.only(order)
    assert (row.external_id, row.queue_number) == ("X" * 100, "7" * 50)
    assert (row.carrier, row.tracking_code) == ("C" * 60, "T" * 100)
    assert (await bench.fresh(order)).status is OrderStatus.SHIPPED


@pytest.mark.parametrize("status", [13, 14, 2])
async def test_a_print_that_failed_there_is_owed_again_and_a_person_asked(
    bench: Bench, partner: ManufacturerSandbox, status: int
) -> None:
    order = await bench.order()
    row = await bench.settle(order)
    partner.orders[row.key].status = status
    await bench.wait_for(order)
    await bench.look()
    spoiled, fresh = await bench.steps(order)
    assert (spoiled.status, fresh.status) == (StepStatus.SCRAP, StepStatus.OWED)
    (hold,) = await bench.holds(order)
    assert hold.reason.startswith("A piece that was ordered outside")
    await bench.plan()
    assert len(await bench.supplier_orders(order)) == 1
    assert len(partner.orders) == 1
