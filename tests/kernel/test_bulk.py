"""Many rows in one statement: the same rows as one by one, on both databases."""

import pytest
from sqlalchemy import select

from shopwright.kernel import bulk
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.errors import Invalid
from shopwright.kernel.inbox import UNIQUE, InboundEvent, InboundStatus
from tests.clock import START

Row = dict[str, object]


def event(ctx: Actor, key: str, **members: object) -> Row:
    return {
        "organization_id": ctx.organization_id,
        "source": "connection:1",
        "kind": "order",
        "key": key,
        "payload": {"raw": key},
        "received_at": START,
        **members,
    }


async def stored(session: WriteSession, ctx: Actor) -> list[InboundEvent]:
    rows = await session.scalars(
        select(InboundEvent)
        .where(InboundEvent.organization_id == ctx.organization_id)
        .order_by(InboundEvent.id)
    )
    return list(rows)


async def test_rows_come_back_as_they_were_given(database: Database, owner: Actor) -> None:
    payload = {"text": 'a "quoted" – \u0000 \\ line\nend', "list": [1, None, True], "of": {}}
    async with database.write() as session:
        rows = [event(owner, "a", payload=payload), event(owner, "é\U0001f600", payload={})]
        ids = await bulk.insert_rows(session, InboundEvent, rows)
    async with database.write() as session:
        first, second = await stored(session, owner)
    assert [first.id, second.id] == ids
    assert (first.payload, first.received_at) == (payload, START)
    assert (second.key, second.payload) == ("é\U0001f600", {})
    assert first.status is InboundStatus.RECEIVED
    assert (first.reason, first.applied_at) == (None, None)
    assert len({first.uuid, second.uuid}) == 2


async def test_ids_follow_the_rows_and_what_was_there(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        first = await bulk.insert_rows(session, InboundEvent, [event(owner, "a")])
        more = await bulk.insert_rows(
            session, InboundEvent, [event(owner, f"b{number}") for number in range(500)]
        )
        session.add(InboundEvent(**event(owner, "c")))
        await session.flush()
        keys = [row.key for row in await stored(session, owner)]
    assert more == list(range(first[0] + 1, first[0] + 501))
    assert keys == ["a", *(f"b{number}" for number in range(500)), "c"]


async def test_known_rows_are_left_out_and_told(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        (known,) = await bulk.insert_rows(session, InboundEvent, [event(owner, "b")])
        rows = [event(owner, key) for key in "abc"]
        a, b, c = await bulk.insert_new_rows(session, InboundEvent, rows, UNIQUE)
        found = {row.key: row.id for row in await stored(session, owner)}
    assert b is None
    assert found == {"a": a, "b": known, "c": c}


@pytest.mark.parametrize("key", ["nul \x00", "half \ud83d"])
async def test_text_that_cannot_be_stored_is_refused_in_words(
    database: Database, owner: Actor, key: str
) -> None:
    with pytest.raises(Invalid, match=r"NUL|half of a character"):
        async with database.write() as session:
            await bulk.insert_rows(session, InboundEvent, [event(owner, "a"), event(owner, key)])
    async with database.write() as session:
        assert await stored(session, owner) == []


async def test_no_rows_are_no_statement(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        assert await bulk.insert_rows(session, InboundEvent, []) == []
        assert await stored(session, owner) == []


@pytest.mark.parametrize("values", [["a", "c", "no such"], []])
async def test_among_finds_what_in_would(
    database: Database, owner: Actor, values: list[str]
) -> None:
    async with database.write() as session:
        ids = await bulk.insert_rows(session, InboundEvent, [event(owner, key) for key in "abc"])
        found = select(InboundEvent.id).where(
            InboundEvent.organization_id == owner.organization_id,
            bulk.among(session, InboundEvent.key, values),
        )
        assert set(await session.scalars(found)) == ({ids[0], ids[2]} if values else set())
        numbers = select(InboundEvent.key).where(
            InboundEvent.organization_id == owner.organization_id,
            bulk.among(session, InboundEvent.id, ids[:2]),
        )
        assert set(await session.scalars(numbers)) == {"a", "b"}
        none = select(InboundEvent.key).where(
            InboundEvent.organization_id == owner.organization_id,
            bulk.among(session, InboundEvent.id, []),
        )
        assert set(await session.scalars(none)) == set()
