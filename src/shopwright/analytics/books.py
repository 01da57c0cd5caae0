"""What a report reads: the roll-ups where they are complete, else the rows they are made of."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Subquery, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.analytics.counting import COUNTED, DAYS
from shopwright.analytics.days import day_of
from shopwright.analytics.models import RollupState
from shopwright.analytics.states import RollupSubject
from shopwright.kernel.actor import Actor
from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import zone_of


@dataclass(frozen=True, slots=True)
class Span:
    """From day to day, both included; open where None. Raises Invalid when it ends before."""

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise Invalid(
                f"end_date {self.end} is before start_date {self.start}. Swap them.",
                start_date=self.start.isoformat(),
                end_date=self.end.isoformat(),
            )

    def holds(self, day: Any) -> list[ColumnElement[bool]]:
        found = [] if self.start is None else [day >= self.start]
        return found if self.end is None else [*found, day <= self.end]


@dataclass(frozen=True, slots=True)
class Books:
    """``orders`` has day, currency, status, orders, revenue_minor; ``prints`` day, printer_id,
    outcome, prints; ``filament`` day, filament_id, material, used_mg. Days are of ``zone``."""

    organization_id: int
    currency: str
    zone: ZoneInfo
    today: date
    orders: Subquery
    prints: Subquery
    filament: Subquery


async def open_books(
    session: AsyncSession, ctx: Actor, now: datetime, currency: str | None = None
) -> Books:
    """In the organization's currency unless another one is named."""
    owner = ctx.organization_id
    rows = await session.execute(
        select(
            Organization.currency,
            Organization.time_zone,
            RollupState.subject,
            RollupState.is_complete,
            RollupState.time_zone,
        )
        .outerjoin(RollupState, RollupState.organization_id == Organization.id)
        .where(Organization.id == owner)
        .execution_options(cross_tenant=True)  # the join names the organization
    )
    found = list(rows)
    zone = zone_of(found[0][1])
    ready = {subject for _, own, subject, is_complete, its in found if is_complete and its == own}
    return Books(
        organization_id=owner,
        currency=currency or found[0][0],
        zone=zone,
        today=day_of(now, zone),
        orders=_source(RollupSubject.ORDERS, ready, owner, zone),
        prints=_source(RollupSubject.PRINTS, ready, owner, zone),
        filament=_source(RollupSubject.FILAMENT, ready, owner, zone),
    )


def _source(
    subject: RollupSubject, ready: set[RollupSubject], owner: int, zone: ZoneInfo
) -> Subquery:
    if subject not in ready:
        return COUNTED[subject](owner, zone).subquery()
    table = DAYS[subject].__table__
    return select(table).where(table.c.organization_id == owner).subquery()
