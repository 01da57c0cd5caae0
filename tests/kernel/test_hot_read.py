"""Hot reads: one row by one round trip, always as fresh as the moment it was asked for."""

import asyncio

import pytest
from sqlalchemy import bindparam, select, text, update

from shopwright.accounts.models import Organization
from shopwright.kernel.db import Database

NUMBER = select(Organization.next_order_number).where(Organization.id == bindparam("id"))
ON_POSTGRESQL = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)


async def raise_number(database: Database, organization_id: int) -> int:
    async with database.write() as session:
        number: int | None = await session.scalar(
            update(Organization)
            .where(Organization.id == organization_id)
            .values(next_order_number=Organization.next_order_number + 1)
            .returning(Organization.next_order_number)
        )
    assert number is not None
    return number


async def test_row_that_is_not_there_is_none(database: Database) -> None:
    assert await database.fetch_row(NUMBER, {"id": 404}) is None


async def test_a_commit_is_seen_by_whoever_asks_after_it(
    database: Database, organization: Organization
) -> None:
    async def ask_after_commit() -> bool:
        committed = await raise_number(database, organization.id)
        row = await database.fetch_shared_row(NUMBER, {"id": organization.id})
        assert row is not None
        return int(row[0]) >= committed

    async def keep_asking() -> None:
        for _ in range(20):
            await database.fetch_shared_row(NUMBER, {"id": organization.id})

    results = await asyncio.gather(
        *(ask_after_commit() for _ in range(12)), *(keep_asking() for _ in range(4))
    )
    assert results[:12] == [True] * 12


async def test_asker_that_gives_up_takes_nobody_along(
    database: Database, organization: Organization
) -> None:
    parameters = {"id": organization.id}
    askers = [asyncio.create_task(database.fetch_shared_row(NUMBER, parameters)) for _ in range(3)]
    await asyncio.sleep(0)
    askers[0].cancel()
    rows = await asyncio.gather(*askers[1:])
    assert [row[0] if row else None for row in rows] == [1001, 1001]


@ON_POSTGRESQL
async def test_connections_that_the_database_closed_are_made_anew(
    database: Database, organization: Organization
) -> None:
    parameters = {"id": organization.id}
    await asyncio.gather(*(database.fetch_row(NUMBER, parameters) for _ in range(3)))
    async with database.write() as session:
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        ended = (await session.scalars(others)).all()
    assert len(ended) >= 3
    rows = await asyncio.gather(*(database.fetch_row(NUMBER, parameters) for _ in range(3)))
    assert [row[0] if row else None for row in rows] == [1001] * 3


async def test_asker_that_goes_away_mid_statement_leaves_no_answer_to_the_next(
    database: Database, organization: Organization
) -> None:
    for _ in range(20):
        asking = asyncio.create_task(database.fetch_row(NUMBER, {"id": 404}))
        await asyncio.sleep(0.0005)
        asking.cancel()
        row = await database.fetch_row(NUMBER, {"id": organization.id})
        assert row is not None
        assert row[0] == 1001
