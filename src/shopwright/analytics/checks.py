"""Whether the roll-ups say what counting the rows says."""

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics.counting import AMOUNTS, COUNTED, DAYS
from shopwright.analytics.models import RollupState
from shopwright.analytics.states import RollupSubject
from shopwright.kernel.times import zone_of


async def list_wrong(session: AsyncSession, organization_id: int) -> list[RollupSubject]:
    """Subjects whose complete roll-up differs; those still to be built are read from the rows."""
    states = await session.scalars(
        select(RollupState).where(
            RollupState.organization_id == organization_id, RollupState.is_complete
        )
    )
    kept = [state for state in states if state.subject in COUNTED]
    return [state.subject for state in kept if await _is_wrong(session, state)]


async def _is_wrong(session: AsyncSession, state: RollupState) -> bool:
    """In one statement, as orders come in meanwhile."""
    counted = COUNTED[state.subject](state.organization_id, zone_of(state.time_zone)).subquery()
    kept = DAYS[state.subject].__table__
    names = [column.name for column in counted.c]
    amounts = AMOUNTS[state.subject]
    keys = [name for name in names if name not in amounts]
    both = union_all(
        select(*(kept.c[name] for name in names)).where(
            kept.c.organization_id == state.organization_id
        ),
        select(
            *(counted.c[name] for name in keys),
            *((-counted.c[name]).label(name) for name in amounts),
        ),
    ).subquery()
    differs = or_(*(func.sum(both.c[name]) != 0 for name in amounts))
    found = await session.execute(
        select(literal(1))
        .select_from(both)
        .group_by(*(both.c[name] for name in keys))
        .having(differs)
        .limit(1)
    )
    return found.first() is not None
