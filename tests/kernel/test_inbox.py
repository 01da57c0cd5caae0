"""The inbox: what arrived is stored once, whatever comes of it."""

from shopwright.kernel import inbox
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.clock import START


async def store(database: Database, ctx: Actor, *keys: str) -> set[str]:
    async with database.write() as session:
        return await inbox.store_events(
            session,
            ctx.organization_id,
            "connection:1",
            "order",
            {key: {"id": key} for key in keys},
            START,
        )


async def test_the_same_event_twice_is_stored_once(database: Database, owner: Actor) -> None:
    assert await store(database, owner, "a", "b") == {"a", "b"}
    assert await store(database, owner, "b", "c") == {"c"}
    async with database.write() as session:
        waiting = await inbox.find_received(session, owner.organization_id, "connection:1", "order")
    assert [event.key for event in waiting] == ["a", "b", "c"]


async def test_settled_events_no_longer_wait(database: Database, owner: Actor) -> None:
    await store(database, owner, "a", "b")
    async with database.write() as session:
        for key, reason in (("a", None), ("b", "no items")):
            await inbox.settle_event(
                session,
                owner.organization_id,
                "connection:1",
                "order",
                key,
                reason=reason,
                now=START,
            )
        waiting = await inbox.find_received(session, owner.organization_id, "connection:1", "order")
    assert waiting == []


async def test_two_shops_may_have_the_same_event_id(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    assert await store(database, owner, "a") == {"a"}
    assert await store(database, stranger, "a") == {"a"}
