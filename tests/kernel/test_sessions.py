"""Sessions: committed or nothing, one queue of writers, signals only after the commit."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from shopwright.accounts.models import Organization
from shopwright.catalog.models import Product
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, Revision
from shopwright.kernel.errors import Invalid
from shopwright.kernel.live import touch
from shopwright.kernel.signals import Signal
from shopwright.kernel.tenancy import TenantUnnamed

SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT count(*) FROM (SELECT i FROM n LIMIT 500000) AS counted"
)


async def test_write_that_raises_leaves_nothing_and_tells_nobody(
    database: Database, owner: Actor
) -> None:
    heard: list[Signal] = []
    database.context.hub.listen_to_all(heard.append)

    async def add_and_fail() -> None:
        async with database.write() as session:
            session.add(Product(organization_id=owner.organization_id, name="Plate"))
            touch(session, owner.organization_id, "product")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        await add_and_fail()
    async with database.read() as session:
        count = await session.scalar(
            select(func.count(Product.id)).where(Product.organization_id == owner.organization_id)
        )
    assert count == 0
    assert heard == []


async def test_signal_leaves_after_the_commit_and_moves_the_revision_once(
    database: Database, owner: Actor
) -> None:
    own = owner.organization_id
    heard: list[Signal] = []
    database.context.hub.listen(own, heard.append)
    for _ in range(2):
        async with database.write() as session:
            touch(session, own, "product", 1)
            touch(session, own, "product", 2)
            assert len(heard) % 2 == 0
    async with database.read() as session:
        value = await session.scalar(
            select(Revision.value).where(
                Revision.organization_id == own, Revision.topic == "product"
            )
        )
    assert value == 2
    assert sorted(signal.key for signal in heard) == [1, 1, 2, 2]


async def test_sixteen_writers_at_once_all_count(
    database: Database, organization: Organization
) -> None:
    async def add_one() -> None:
        async with database.write() as session:
            await session.execute(
                update(Organization)
                .where(Organization.id == organization.id)
                .values(next_order_number=Organization.next_order_number + 1)
            )

    await asyncio.gather(*(add_one() for _ in range(16)))
    async with database.read() as session:
        number = await session.scalar(
            select(Organization.next_order_number).where(Organization.id == organization.id)
        )
    assert number == 1001 + 16


async def test_read_session_of_sqlite_cannot_write(database: Database) -> None:
    if not database.is_sqlite:
        async with database.read() as session:
            assert await session.scalar(text("SELECT 1")) == 1
        return
    async with database.read() as session:
        with pytest.raises(DBAPIError, match="readonly"):
            await session.execute(text("DELETE FROM organizations"))


async def test_statement_on_a_tenant_table_must_name_the_organization(
    database: Database, owner: Actor
) -> None:
    async with database.read() as session:
        with pytest.raises(TenantUnnamed, match="products"):
            await session.execute(select(Product))
        with pytest.raises(TenantUnnamed, match="products"):
            await session.get(Product, 1)
        rows = await session.scalars(
            select(Product).where(Product.organization_id == owner.organization_id)
        )
    assert list(rows) == []


async def test_update_of_a_tenant_table_must_name_the_organization(database: Database) -> None:
    with pytest.raises(TenantUnnamed, match="products"):
        async with database.write() as session:
            await session.execute(update(Product).values(name="theirs"))


async def test_loops_of_the_program_say_that_they_serve_everybody(database: Database) -> None:
    async with database.read() as session:
        rows = await session.scalars(select(Product).execution_options(cross_tenant=True))
    assert list(rows) == []


async def test_nul_in_a_text_is_refused_on_both_databases(database: Database, owner: Actor) -> None:
    async def add_nul() -> None:
        async with database.write() as session:
            session.add(Product(organization_id=owner.organization_id, name="a\x00b"))

    with pytest.raises(Invalid, match="may not contain NUL"):
        await add_nul()


async def test_a_write_that_is_cancelled_lets_others_write_at_once(
    database: Database, owner: Actor
) -> None:
    """Whoever still holds a statement of it, such as a traceback: SQLite keeps a closed
    connection, with its lock, as long as one lives."""
    kept: list[object] = []
    begun = asyncio.Event()

    async def write_for_long() -> None:
        async with database.write() as session:
            await session.execute(
                update(Organization).values(name="Half").where(Organization.id == own)
            )
            raw: Any = await (await session.connection()).get_raw_connection()
            cursor = await raw.driver_connection.execute("SELECT 1 UNION ALL SELECT 2")
            kept.extend((cursor, await cursor.fetchone()))
            begun.set()
            await session.execute(text(SLOW))

    own = owner.organization_id
    writing = asyncio.create_task(write_for_long())
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    async with asyncio.timeout(20), database.write() as session:
        await session.execute(
            update(Organization).values(name="Whole").where(Organization.id == own)
        )
        assert await session.scalar(select(Organization.name).where(Organization.id == own)) == (
            "Whole"
        )
    assert len(kept) == 2
