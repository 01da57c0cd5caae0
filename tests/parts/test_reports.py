"""Statistics as both databases count them."""

from datetime import timedelta
from typing import Any

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.parts import report_queries, statistics
from shopwright.parts.models import Part
from shopwright.parts.report_queries import Maker
from shopwright.parts.states import PartCategory, PartStatus, PartType
from tests.clock import START


def part(ctx: Actor, number: int, **changes: Any) -> Part:
    """Made by Ada by hand in an hour, unless told otherwise."""
    facts: dict[str, Any] = {
        "type": PartType.HAND,
        "category": PartCategory.COMPLETED,
        "status": PartStatus.COMPLETED,
        "assigned": "Ada",
        "amount": 1,
        "claimed_at": START,
        "completed_at": START + timedelta(hours=1),
        "misc_info": {},
    }
    return Part(
        organization_id=ctx.organization_id,
        code=f"{number:08}",
        name=f"Part {number}",
        updated_at=START,
        **(facts | changes),
    )


async def test_hours_count_once_per_piece_and_unclaimed_deleted_and_others_parts_not_at_all(
    database: Database, owner: Actor, stranger: Actor
) -> None:
    async with database.write() as session:
        session.add_all(
            [
                part(owner, 1),
                part(owner, 2, amount=2, completed_at=START + timedelta(hours=30)),
                part(owner, 3, claimed_at=None),
                part(owner, 4, deleted_at=START, amount=50),
                part(owner, 5, completed_at=START - timedelta(hours=1)),
                part(stranger, 6, amount=70),
            ]
        )
    async with database.read() as session:
        times = await report_queries.read_times(session, owner)
        groups = await report_queries.list_groups(session, owner)
    assert (times.pieces, times.seconds / 3600) == (4, 61)
    assert times.by_span == {"<1h": 1, "1-4h": 1, "4-8h": 0, "8-24h": 0, ">24h": 2}
    assert statistics.count_parts(groups)["total"] == 4


async def test_makers_and_helpers_are_told_from_what_clients_wrote(
    database: Database, owner: Actor
) -> None:
    written: list[Any] = [True, "True", 1, "yes", False, None]
    async with database.write() as session:
        session.add_all(
            part(owner, number, misc_info={"completedIncorrectly": value})
            for number, value in enumerate(written)
        )
        session.add(part(owner, 9, misc_info={"handWorkers": "Ada"}))
        session.add(part(owner, 10, misc_info={"handWorkers": ["Zoe", {"name": "Ada"}]}))
        session.add(part(owner, 11, assigned=None, amount=4))
    async with database.read() as session:
        makers = await report_queries.list_makers(session, owner)
        helped = await report_queries.list_helped(session, owner)
    assert makers == [Maker("Ada", parts=8, pieces=8, wrong=3)]
    assert [(one.maker, len(one.workers)) for one in helped] == [("Ada", 2)]
