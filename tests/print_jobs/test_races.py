"""Two processes at once (PostgreSQL): what one counts, the other does not forget."""

import asyncio

from shopwright.fleet.states import Outcome
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders.states import OrderStatus
from shopwright.print_jobs import harvest
from tests.clock import START
from tests.workshop import fresh, list_jobs, make_recipe, place, print_one, ready_printer


async def test_two_plates_of_a_piece_harvested_at_once_complete_it(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await make_recipe(session, owner, "LAMP", plates=2)
        orders = [await place(session, owner, ("LAMP", 1)) for _ in range(6)]
        jobs = await list_jobs(session, owner)
        for job in jobs:
            printer = await ready_printer(session, owner)
            await print_one(session, owner, job, printer, Outcome.FINISHED)

    async def take_off(job_id: int) -> None:
        async with database.write() as session:
            await harvest.harvest_job(session, owner, job_id=job_id, good=1, now=START)

    await asyncio.gather(*(take_off(job.id) for job in jobs))
    async with database.write() as session:
        for order in orders:
            found = await fresh(session, owner, order)
            assert (found.status, found.pieces_good) == (OrderStatus.COMPLETED, 1)
