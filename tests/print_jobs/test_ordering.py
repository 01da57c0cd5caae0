"""Waiting jobs are put in order by hand, and two people who do so at once lose nothing."""

import asyncio
import random

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.print_jobs import ordering, queries
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.ordering import Place, QueueChanged
from shopwright.print_jobs.service import JobNotWaiting, prioritise_job
from shopwright.print_jobs.states import JobStatus
from tests.clock import START


async def fill(session: WriteSession, ctx: Actor, *priorities: int) -> list[int]:
    """Jobs of these priorities, in this order of arrival."""
    jobs = [
        PrintJob(
            organization_id=ctx.organization_id,
            name=f"Job {number}",
            priority=priority,
            estimated_s=60,
            estimated_mg=1000,
            created_by=ctx.name,
        )
        for number, priority in enumerate(priorities, 1)
    ]
    session.add_all(jobs)
    await session.flush()
    return [job.id for job in jobs]


def ref(job_id: int | None) -> Ref | None:
    return None if job_id is None else Ref(job_id, None)


async def order_of(database: Database, ctx: Actor) -> list[int]:
    """As the dispatcher tries them."""
    async with database.read() as session:
        return [job.id for job in await queries.list_queued(session, ctx, 1000, START)]


async def move(
    database: Database, ctx: Actor, job_id: int, after: int | None, before: int | None
) -> PrintJob:
    async with database.write() as session:
        place = Place(ref(after), ref(before))
        return await ordering.move_job(session, ctx, ref=Ref(job_id, None), place=place)


async def test_a_job_goes_between_two_of_the_same_priority(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        a, b, c, d = await fill(session, owner, 0, 0, 0, 0)
    moved = await move(database, owner, d, a, b)
    assert await order_of(database, owner) == [a, d, b, c]
    assert moved.priority == 0
    await move(database, owner, c, a, d)
    assert await order_of(database, owner) == [a, c, d, b]
    await move(database, owner, a, b, None)
    assert await order_of(database, owner) == [c, d, b, a]
    await move(database, owner, b, None, c)
    assert await order_of(database, owner) == [b, c, d, a]


async def test_a_job_takes_the_priority_of_its_place_and_no_more(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        urgent, high, low, late = await fill(session, owner, 20, 10, 0, -5)
    assert (await move(database, owner, late, urgent, high)).priority == 10
    assert await order_of(database, owner) == [urgent, late, high, low]
    assert (await move(database, owner, urgent, high, low)).priority == 10
    assert await order_of(database, owner) == [late, high, urgent, low]


async def test_a_new_job_still_comes_behind_its_equals(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        a, b = await fill(session, owner, 0, 0)
    await move(database, owner, b, None, a)
    async with database.write() as session:
        (c,) = await fill(session, owner, 0)
        (first,) = await fill(session, owner, 5)
    assert await order_of(database, owner) == [first, b, a, c]


async def test_whoever_is_given_a_priority_forgets_the_rank(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        a, b, c = await fill(session, owner, 0, 0, 5)
    await move(database, owner, b, c, a)
    async with database.write() as session:
        await prioritise_job(session, owner, job_id=b, priority=5)
        await prioritise_job(session, owner, job_id=b, priority=0)
    assert await order_of(database, owner) == [c, a, b]


async def test_the_top_is_before_everything(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        a, b, c = await fill(session, owner, 10, 10, -10)
    for job_id in (c, c, b):
        async with database.write() as session:
            await ordering.move_to_top(session, owner, ref=Ref(job_id, None))
    assert await order_of(database, owner) == [b, c, a]


async def test_what_no_longer_stands_there_is_refused_and_nothing_moves(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        a, b, c, d = await fill(session, owner, 0, 0, 0, 0)
    await move(database, owner, d, a, b)
    with pytest.raises(QueueChanged, match="Something else stands before Job 2 by now"):
        await move(database, owner, c, a, b)
    with pytest.raises(QueueChanged, match="Something else stands before Job 2"):
        await move(database, owner, c, None, b)
    with pytest.raises(Invalid, match="beside itself"):
        await move(database, owner, c, c, b)
    with pytest.raises(Invalid, match="after which job"):
        await move(database, owner, c, None, None)
    assert await order_of(database, owner) == [a, d, b, c]


async def test_a_job_that_somebody_else_moved_is_not_moved_from_where_it_was_seen(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        a, b, c = await fill(session, owner, 0, 0, 0)
    await move(database, owner, c, None, a)
    async with database.write() as session:
        place = Place(ref(a), ref(b), revision="0.0")
        with pytest.raises(QueueChanged, match="Somebody else moved Job 3 meanwhile"):
            await ordering.move_job(session, owner, ref=Ref(c, None), place=place)
    assert await order_of(database, owner) == [c, a, b]


async def test_a_job_that_a_printer_has_is_neither_moved_nor_a_neighbour(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        a, b, c = await fill(session, owner, 0, 0, 0)
        taken = await session.scalar(
            select(PrintJob).where(
                PrintJob.id == a, PrintJob.organization_id == owner.organization_id
            )
        )
        assert taken is not None
        taken.status = JobStatus.PRINTING
    with pytest.raises(JobNotWaiting, match="only a waiting job can be changed"):
        await move(database, owner, a, b, c)
    with pytest.raises(JobNotWaiting):
        await move(database, owner, c, a, b)
    assert await order_of(database, owner) == [b, c]


async def test_jobs_of_others_are_not_there(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        a, b = await fill(session, owner, 0, 0)
        (theirs,) = await fill(session, stranger, 0)
    for job_id, after in ((theirs, a), (b, theirs)):
        with pytest.raises(NotFound):
            await move(database, owner, job_id, after, None)


async def test_two_people_who_drag_at_once_lose_no_job(database: Database, owner: Actor) -> None:
    """Each drops another job into the same gap: one is put there, the other one looks again."""
    async with database.write() as session:
        ids = await fill(session, owner, *[0] * 6)
    a, b, *others = ids
    tries = [move(database, owner, job_id, a, b) for job_id in others]
    results = await asyncio.gather(*tries, return_exceptions=True)
    moved = [result.id for result in results if isinstance(result, PrintJob)]
    refused = [result for result in results if isinstance(result, BaseException)]
    assert len(moved) == 1
    assert [type(result) for result in refused] == [QueueChanged] * 3
    rest = [job_id for job_id in others if job_id not in moved]
    assert await order_of(database, owner) == [a, *moved, b, *rest]


async def test_any_walk_of_moves_ends_in_the_order_that_was_asked_for(
    database: Database, owner: Actor
) -> None:
    chance = random.Random(7)
    async with database.write() as session:
        await fill(session, owner, *(chance.choice((10, 0, 0, 0, -5)) for _ in range(12)))
    wanted = await order_of(database, owner)
    for _ in range(40):
        job_id = chance.choice(wanted)
        wanted.remove(job_id)
        at = chance.randrange(len(wanted) + 1)
        after = wanted[at - 1] if at else None
        before = wanted[at] if at < len(wanted) else None
        await move(database, owner, job_id, after, before)
        wanted.insert(at, job_id)
        assert await order_of(database, owner) == wanted


async def test_a_client_moves_with_the_revision_it_read(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        a, b, c = await fill(session, owner, 0, 0, 0)
    seen = (await client.get(f"/api/print-jobs/{c}")).json()["queue_revision"]
    body = {"after": a, "before": b, "revision": seen}
    moved = await client.post(f"/api/print-jobs/{c}/move", json=body)
    assert moved.status_code == 200, moved.text
    assert moved.json()["queue_revision"] != seen
    again = await client.post(f"/api/print-jobs/{c}/move", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "queue-changed")
    assert await order_of(database, owner) == [a, c, b]
