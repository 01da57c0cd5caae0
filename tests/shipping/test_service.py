"""Packing and shipping: a complete order leaves once, and its channel is told once."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.effects import Effect
from shopwright.orders import holds
from shopwright.orders import service as orders
from shopwright.orders.models import Order
from shopwright.orders.progress import OrderNotShippable
from shopwright.orders.service import OrderChange
from shopwright.orders.states import OrderStatus
from shopwright.shipping import service
from shopwright.shipping.models import Parcel
from tests.clock import START
from tests.workshop import make_recipe, place


async def complete(session: WriteSession, ctx: Actor, **facts: Any) -> Order:
    """An order whose pieces a person says are there."""
    order = await place(session, ctx, (None, 2), **facts)
    change = OrderChange(status=OrderStatus.COMPLETED)
    return await orders.update_order(
        session, ctx, ref=Ref(order.id, None), change=change, now=START
    )


async def ship(session: WriteSession, ctx: Actor, order: Order) -> Parcel:
    return await service.ship_order(
        session,
        ctx,
        order_ref=Ref(order.id, None),
        carrier="usps",
        tracking_code="9400",
        now=START,
    )


async def count_parcels(database: Database, ctx: Actor) -> int:
    async with database.read() as session:
        found = await session.scalar(
            select(func.count(Parcel.id)).where(Parcel.organization_id == ctx.organization_id)
        )
    return found or 0


async def count_pushes(database: Database, ctx: Actor) -> int:
    async with database.read() as session:
        found = await session.scalar(
            select(func.count(Effect.id)).where(
                Effect.organization_id == ctx.organization_id, Effect.kind == "post_tracking"
            )
        )
    return found or 0


async def test_complete_order_leaves_in_one_parcel(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await complete(session, owner)
    sent = await client.post(
        f"/api/orders/{order.id}/ship", json={"carrier": "usps", "tracking_code": "9400"}
    )
    assert sent.status_code == 201
    parcel = sent.json()
    assert (parcel["carrier"], parcel["tracking_code"], parcel["number"], parcel["status"]) == (
        "usps", "9400", 1, "shipped",
    )  # fmt: skip
    assert parcel["items"] == [{"order_item_id": order.items[0].id, "quantity": 2}]
    shipped = (await client.get(f"/api/orders/{order.id}")).json()
    assert (shipped["status"], shipped["shipped_at"]) == ("shipped", "2026-03-02T09:00:00")
    assert (await client.get("/api/parcels")).json()["parcels"] == [parcel]
    assert (await client.get(f"/api/parcels?order_id={order.id}")).json()["total"] == 1
    assert (await client.get(f"/api/parcels/{parcel['uuid']}")).json() == parcel


async def test_second_shipping_is_refused_and_packs_nothing(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await complete(session, owner)
    url = f"/api/orders/{order.id}/ship"
    assert (await client.post(url)).status_code == 201
    again = await client.post(url)
    assert (again.status_code, again.json()["code"]) == (409, "order-not-shippable")
    assert again.json()["detail"] == f"Order {order.number} was shipped before."
    assert await count_parcels(database, owner) == 1


async def test_eight_people_shipping_at_once_send_one_parcel(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await complete(session, owner)

    async def attempt() -> bool:
        async with database.write() as session:
            await ship(session, owner, order)
        return True

    results = await asyncio.gather(*(attempt() for _ in range(8)), return_exceptions=True)
    assert [result for result in results if result is True] == [True]
    assert sum(isinstance(result, OrderNotShippable) for result in results) == 7
    assert await count_parcels(database, owner) == 1


async def test_unfinished_order_cannot_leave(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "GEAR")
        order = await place(session, owner, ("GEAR", 2))
        with pytest.raises(OrderNotShippable, match="0 of 2 pieces are good"):
            await ship(session, owner, order)
    assert await count_parcels(database, owner) == 0


async def test_held_order_cannot_leave(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        order = await complete(session, owner)
        hold = await holds.hold_order(session, owner, order_id=order.id, reason="address?")
        with pytest.raises(OrderNotShippable, match="Release the hold first"):
            await ship(session, owner, order)
        await holds.release_hold(session, owner, hold_id=hold.id, now=START)
        await ship(session, owner, order)
    assert await count_parcels(database, owner) == 1


async def test_channel_is_told_once_of_what_left(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        order = await complete(session, owner, connection_id=7, external_id="3001")
        await ship(session, owner, order)
    assert await count_pushes(database, owner) == 1


async def test_person_saying_it_was_shipped_tells_the_channel_only_if_asked(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        quiet = await place(session, owner, (None, 1), connection_id=7, external_id="1")
        loud = await place(session, owner, (None, 1), connection_id=7, external_id="2")
    said = await client.put(f"/api/orders/{quiet.id}", json={"status": "shipped"})
    assert (said.json()["status"], said.json()["production_status"]) == ("shipped", "completed")
    assert (await count_parcels(database, owner), await count_pushes(database, owner)) == (1, 0)
    await client.put(f"/api/orders/{loud.id}", json={"status": "shipped", "tell_channel": True})
    assert (await count_parcels(database, owner), await count_pushes(database, owner)) == (2, 1)


async def test_delivered_order_delivers_its_parcel(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    await client.put(f"/api/orders/{order.id}", json={"status": "delivered"})
    parcel = (await client.get("/api/parcels")).json()["parcels"][0]
    assert parcel["status"] == "delivered"
