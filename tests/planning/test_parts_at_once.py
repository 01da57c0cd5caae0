"""Parts and orders that change at the same moment, and in any order: every piece counts once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound, ShopError
from shopwright.orders import holds, intake, stop
from shopwright.orders import service as orders
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Hold, Order
from shopwright.orders.states import STOPPED, OrderStatus, StepStatus
from shopwright.parts import service as parts
from shopwright.parts.models import Part
from shopwright.parts.states import PartStatus
from tests.clock import START
from tests.factories import make_connection
from tests.planning.workbench import (
    ENGRAVED,
    complete,
    list_parts,
    make_product,
    order_boxes,
    statuses,
)
from tests.workshop import fresh, list_items, list_steps

WALKS, MOVES = 1, 16


async def test_a_part_completed_by_two_at_once_counts_once(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 3)
        (part,) = await list_parts(session, owner)

    async def finish() -> str:
        async with database.write() as session:
            await complete(session, owner, part)
        return "made"

    outcomes = await asyncio.gather(*(finish() for _ in range(4)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, ShopError)]
    assert (outcomes.count("made"), len(refused)) == (1, 3)
    async with database.write() as session:
        ready = await fresh(session, owner, order)
        assert (ready.status, ready.pieces_good) == (OrderStatus.COMPLETED, 3)
        assert await statuses(session, owner) == {StepStatus.GOOD: 3}


async def test_one_of_each_reported_at_once_is_counted_each_time(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        order = await order_boxes(session, owner, 4)
        (part,) = await list_parts(session, owner)

    async def make_one() -> None:
        async with database.write() as session:
            await complete(session, owner, part, amount=1)

    await asyncio.gather(*(make_one() for _ in range(4)))
    async with database.write() as session:
        ready = await fresh(session, owner, order)
        assert (ready.status, ready.pieces_good) == (OrderStatus.COMPLETED, 4)


@pytest.mark.parametrize("rival", ["cancel", "delete", "hold"])
async def test_completing_while_something_else_happens_leaves_one_story(
    database: Database, owner: Actor, rival: str
) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        orders = [await order_boxes(session, owner, 2) for _ in range(3)]
        made = await list_parts(session, owner)

    async def finish(part: Part) -> None:
        async with database.write() as session:
            await complete(session, owner, part)

    async def interfere(order: Order, part: Part) -> None:
        async with database.write() as session:
            if rival == "cancel":
                found = await fresh(session, owner, order)
                await stop.cancel_order(session, owner, order=found, reason="no", now=START)
            elif rival == "delete":
                await parts.delete_part(session, owner, ref=Ref(part.id, None), now=START)
            else:
                await holds.hold_order(session, owner, order_id=order.id, reason="Wait.")

    both = [
        each
        for order, part in zip(orders, made, strict=True)
        for each in (finish(part), interfere(order, part))
    ]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert [o for o in outcomes if o is not None and not isinstance(o, ShopError)] == []
    async with database.write() as session:
        await check_story(session, owner)


async def test_parts_follow_what_the_channel_says_later(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_product(session, owner)
        connection = await make_connection(session, owner)
        draft = OrderDraft(
            status=OrderStatus.PAID, currency="EUR", placed_at=START, channel="etsy",
            connection_id=connection.id, external_id="77", updated_at=START,
            items=(ItemDraft("Box", 2, sku="BOX", external_id="t1"),),
        )  # fmt: skip
        says = Channel(session, owner, draft)
        await says(2)
        await says(3)
        assert [part.amount for part in await list_parts(session, owner)] == [3]
        await says(3, personalisation=ENGRAVED, promised_on=date(2026, 4, 1))
        (part,) = await list_parts(session, owner)
        assert (part.personalisation, part.due_on) == (
            [list(pair) for pair in ENGRAVED], date(2026, 4, 1),
        )  # fmt: skip
        await parts.assign_part(session, owner, ref=Ref(part.id, None), name="Ada", now=START)
        await says(5)
        assert [p.amount for p in await list_parts(session, owner)] == [3, 2]  # one was begun
        await complete(session, owner, part, amount=1)
        await says(1)
        begun, more = await list_parts(session, owner)
        assert (begun.status, begun.amount, begun.made) == (PartStatus.COMPLETED, 1, 1)
        assert (more.status, more.cancelled_reason) == (
            PartStatus.CANCELLED, f"order #{more.order_number} was made smaller",
        )  # fmt: skip
        (item,) = await list_items(session, owner)
        assert (item.pieces_total, item.pieces_good) == (1, 1)
        await check_story(session, owner)


@pytest.mark.parametrize("seed", range(WALKS))
async def test_whatever_people_do_every_piece_counts_once(
    database: Database, owner: Actor, seed: int
) -> None:
    random = Random(seed)
    async with database.write() as session:
        await make_product(session, owner)
        for quantity in (1, 3):
            await order_boxes(session, owner, quantity)
    for _ in range(MOVES):
        move = random.choice(list(STROLL.values()))
        try:
            async with database.write() as session:
                await move(session, owner, random)
        except ShopError:
            continue
        async with database.write() as session:
            await check_story(session, owner)


async def check_story(session: WriteSession, ctx: Actor) -> None:
    """Counters say what the rows say, no piece is owed twice, nothing waits for a dead part."""
    alive = {part.id: part for part in await list_parts(session, ctx)}
    steps = await list_steps(session, ctx)
    open_steps = [step for step in steps if step.status is StepStatus.ALLOCATED]
    for step in open_steps:
        part = alive[step.part_id or 0]
        assert part.status not in {PartStatus.COMPLETED, PartStatus.CANCELLED}
    for part in alive.values():
        waiting = sum(step.part_id == part.id for step in open_steps)
        if part.status not in {PartStatus.COMPLETED, PartStatus.CANCELLED}:
            assert waiting == part.amount - part.made > 0
    for item in await list_items(session, ctx):
        own = [step for step in steps if step.order_item_id == item.id]
        good = [step for step in own if step.status is StepStatus.GOOD]
        order = await orders.get_order(session, ctx, Ref(item.order_id, None))
        if order.status in STOPPED:
            assert [step for step in own if step.status is not StepStatus.RELEASED] == []
            continue
        assert item.pieces_good == len({step.piece_id for step in good}) == len(good)
        is_ready = order.pieces_good == order.pieces_total
        assert is_ready == (order.status is OrderStatus.COMPLETED)


Move = Callable[[WriteSession, Actor, Random], Awaitable[None]]


async def _finish(session: WriteSession, ctx: Actor, random: Random) -> None:
    await complete(session, ctx, await _any_part(session, ctx, random))


async def _make_one(session: WriteSession, ctx: Actor, random: Random) -> None:
    await complete(session, ctx, await _any_part(session, ctx, random), amount=1)


async def _revert(session: WriteSession, ctx: Actor, random: Random) -> None:
    part = await _any_part(session, ctx, random)
    await parts.revert_part(session, ctx, ref=Ref(part.id, None), now=START)


async def _delete(session: WriteSession, ctx: Actor, random: Random) -> None:
    part = await _any_part(session, ctx, random)
    await parts.delete_part(session, ctx, ref=Ref(part.id, None), now=START)


async def _order(session: WriteSession, ctx: Actor, random: Random) -> None:
    await order_boxes(session, ctx, random.randint(1, 3))


async def _cancel(session: WriteSession, ctx: Actor, random: Random) -> None:
    order = await _any_order(session, ctx, random)
    await stop.cancel_order(session, ctx, order=order, reason="no", now=START)


async def _hold(session: WriteSession, ctx: Actor, random: Random) -> None:
    order = await _any_order(session, ctx, random)
    await holds.hold_order(session, ctx, order_id=order.id, reason="Wait.")


async def _release(session: WriteSession, ctx: Actor, random: Random) -> None:
    rows = await session.scalars(
        select(Hold.id).where(
            Hold.organization_id == ctx.organization_id, Hold.released_at.is_(None)
        )
    )
    for hold_id in rows.all():
        await holds.release_hold(session, ctx, hold_id=hold_id, now=START)


async def _any_part(session: WriteSession, ctx: Actor, random: Random) -> Part:
    found = await list_parts(session, ctx)
    if not found:
        raise NotFound("Everything was deleted.")
    return random.choice(found)


async def _any_order(session: WriteSession, ctx: Actor, random: Random) -> Order:
    rows = await session.scalars(
        select(Order).where(Order.organization_id == ctx.organization_id).order_by(Order.id)
    )
    return random.choice(rows.all())


STROLL: dict[str, Move] = {
    "finish": _finish,
    "finish again": _finish,
    "make one": _make_one,
    "revert": _revert,
    "delete": _delete,
    "order": _order,
    "cancel": _cancel,
    "hold": _hold,
    "release": _release,
}


class Channel:
    """One order, in version after version."""

    def __init__(self, session: WriteSession, ctx: Actor, draft: OrderDraft) -> None:
        self.session, self.ctx, self.draft = session, ctx, draft

    async def __call__(self, quantity: int, **facts: object) -> None:
        item = replace(self.draft.items[0], quantity=quantity, **facts)  # type: ignore[arg-type]
        later = (self.draft.updated_at or START) + timedelta(minutes=1)
        self.draft = replace(self.draft, items=(item,), updated_at=later)
        await intake.import_orders(
            self.session, self.ctx, connection_id=self.draft.connection_id or 0,
            drafts=[self.draft], now=START,
        )  # fmt: skip
