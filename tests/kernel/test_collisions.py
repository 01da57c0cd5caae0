"""Transactions that collide: the loops begin anew, requests are told in words."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from shopwright.accounts.models import Organization
from shopwright.kernel.collisions import is_collision, write_again
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Process
from shopwright.server import problems

# SQLite has one writer at a time: there is nothing to wait for in a circle.
ON_POSTGRESQL = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)


async def rename(session: WriteSession, organization_id: int, name: str) -> None:
    await session.execute(
        update(Organization).where(Organization.id == organization_id).values(name=name)
    )


class Rivals:
    """Two transactions that take two rows in opposite order, and meet in the middle once."""

    def __init__(self) -> None:
        self.meeting = asyncio.Barrier(2)
        self.begun = 0

    async def cross(self, session: WriteSession, name: str, first: int, second: int) -> str:
        self.begun += 1
        is_first_try = self.begun <= 2
        await session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
        await rename(session, first, name)
        if is_first_try:
            await self.meeting.wait()
        await rename(session, second, name)
        return name


@ON_POSTGRESQL
async def test_the_victim_of_a_real_deadlock_is_done_again(
    database: Database, organization: Organization, other_organization: Organization
) -> None:
    here, there = organization.id, other_organization.id
    rivals = Rivals()
    names = await asyncio.gather(
        write_again(database, lambda session: rivals.cross(session, "one", here, there)),
        write_again(database, lambda session: rivals.cross(session, "two", there, here)),
    )
    assert sorted(names) == ["one", "two"]
    assert rivals.begun == 3
    async with database.read() as session:
        rows = await session.execute(text("SELECT name FROM organizations"))
        assert len({row[0] for row in rows}) == 1


@ON_POSTGRESQL
async def test_a_deadlock_is_known_as_one_and_other_faults_are_not(
    database: Database, organization: Organization, other_organization: Organization
) -> None:
    here, there = organization.id, other_organization.id
    rivals = Rivals()

    async def try_once(name: str, first: int, second: int) -> None:
        async with database.write() as session:
            await rivals.cross(session, name, first, second)

    told = await asyncio.gather(
        try_once("one", here, there), try_once("two", there, here), return_exceptions=True
    )
    (fault,) = [err for err in told if err is not None]
    assert isinstance(fault, OperationalError)
    assert is_collision(fault)
    assert not is_collision(IntegrityError("", None, Exception("unique")))


class Collision(Exception):
    sqlstate = "40001"


async def test_it_is_tried_four_times_and_then_the_fault_is_told(database: Database) -> None:
    tried = 0

    async def collide(_session: WriteSession) -> None:
        nonlocal tried
        tried += 1
        raise OperationalError("UPDATE", None, Collision())

    with pytest.raises(OperationalError):
        await write_again(database, collide)
    assert tried == 4


async def test_another_fault_is_not_tried_again(database: Database) -> None:
    tried = 0

    async def fail(_session: WriteSession) -> None:
        nonlocal tried
        tried += 1
        raise DBAPIError("UPDATE", None, Exception("disk full"))

    with pytest.raises(DBAPIError):
        await write_again(database, fail)
    assert tried == 1


async def test_what_the_first_try_told_the_pages_is_not_told_twice(
    process: Process, organization: Organization
) -> None:
    heard: list[str] = []
    process.context.hub.listen(organization.id, lambda signal: heard.append(signal.topic))
    tried = 0

    async def touch_and_collide_once(session: WriteSession) -> None:
        nonlocal tried
        tried += 1
        session.after_commit(lambda: heard.append("committed"))
        if tried == 1:
            raise OperationalError("UPDATE", None, Collision())

    await write_again(process.database, touch_and_collide_once)
    assert (tried, heard) == (2, ["committed"])


async def test_a_request_that_collides_is_told_to_come_back() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/api/collide")
    async def collide() -> None:
        raise OperationalError("UPDATE", None, Collision())

    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://shop.test") as client:
        answer = await client.get("/api/collide")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "collided"
    assert answer.json()["detail"] == (
        "Somebody else changed the same at this moment; nothing was saved. Try again."
    )
