"""Orders of ten thousand pieces: no statement binds more values than SQLite takes."""

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.orders import piece_queries
from shopwright.orders.states import StepStatus
from tests.clock import START

MORE_THAN_SQLITE_BINDS = 40_000


async def test_many_steps_and_pieces_are_moved_in_portions(
    database: Database, owner: Actor
) -> None:
    ids = range(1, MORE_THAN_SQLITE_BINDS)
    async with database.write() as session:
        moved = await piece_queries.move_steps(
            session, owner, ids, [StepStatus.OWED], StepStatus.RELEASED
        )
        assert moved == []
        assert await piece_queries.recount(session, owner, ids, START) == []
