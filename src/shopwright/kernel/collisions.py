"""Transactions that the database itself broke off because of another one: the victim of a deadlock,
a lost race under serializable isolation, SQLite's file busy beyond our patience.

Nothing of them is kept, so the whole of it may be done again. The program's own loops do
(``write_again``); a request is answered with a sentence, and its caller decides.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from shopwright.kernel.db import Database, WriteSession
from shopwright.kernel.errors import Unavailable

T = TypeVar("T")
Work = Callable[[WriteSession], Awaitable[T]]

DEADLOCK, SERIALIZATION_FAILURE = "40P01", "40001"
SQLITE_BUSY = 5
ATTEMPTS = 4  # a victim's rival is through by then; more would hide a fault of ours
FIRST_PAUSE_S = 0.05

log = structlog.get_logger()


class Collided(Unavailable):
    code = "collided"
    title = "Somebody else changed the same at this moment"


async def write_again(database: Database, work: Work[T], *, attempts: int = ATTEMPTS) -> T:
    """One transaction around ``work``, begun anew when it collided with another one.

    ``work`` reads everything anew each time and touches nothing but the database.
    """
    for attempt in range(1, attempts):
        try:
            return await _write(database, work)
        except DBAPIError as err:
            if not is_collision(err):
                raise
            log.warning("transaction collided; it is done again", attempt=attempt)
            await asyncio.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE_S * 2**attempt)  # noqa: S311
    return await _write(database, work)


def is_collision(error: BaseException) -> bool:
    cause = getattr(error, "orig", None)
    if getattr(cause, "sqlstate", None) in {DEADLOCK, SERIALIZATION_FAILURE}:
        return True
    return getattr(cause, "sqlite_errorcode", None) == SQLITE_BUSY


async def _write(database: Database, work: Work[T]) -> T:
    async with database.write() as session:
        return await work(session)
