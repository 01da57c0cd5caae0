"""What a report reads: the roll-ups where they are complete, else the rows they are made of."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Subquery, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.analytics.counting import COUNTED, DAYS
from shopwright.analytics.days import day_of, first_of, next_of
from shopwright.analytics.models import RollupState
from shopwright.analytics.states import Period, RollupSubject
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

    def includes(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def covers(self, sums: Any) -> ColumnElement[bool]:
        """Of sums by day and by month: those whole months that lie in the span, and the days at
        its ends."""
        months = and_(sums.grain == Period.MONTHLY, *self._whole_months(sums.first))
        if self.start is None and self.end is None:
            return months
        days = and_(sums.grain == Period.DAILY, *self.holds(sums.first))
        start, end = self._months
        if start and end and start >= end:
            return days
        outside = [sums.first < start] if start else []
        outside += [sums.first >= end] if end else []
        return or_(months, and_(days, or_(*outside)))

    @property
    def _months(self) -> tuple[date | None, date | None]:
        """The first day of the first whole month, and the day after the last one."""
        start = self.start and first_of(self.start, Period.MONTHLY)
        if start and start != self.start:
            start = next_of(start, Period.MONTHLY)
        return start, self.end and first_of(self.end + timedelta(days=1), Period.MONTHLY)

    def _whole_months(self, first: Any) -> list[ColumnElement[bool]]:
        start, end = self._months
        found = [first >= start] if start else []
        return [*found, first < end] if end else found


@dataclass(frozen=True, slots=True)
class Books:
    """``orders`` has day, currency, status, orders, revenue_minor; ``prints`` day, printer_id,
    outcome, prints; ``filament`` day, filament_id, material, used_mg. ``work`` and ``plates`` are
    as ``PrintSum`` and ``PlateSum``: by day and by month. Days are of ``zone``."""

    organization_id: int
    shop: str
    currency: str
    zone: ZoneInfo
    today: date
    orders: Subquery
    prints: Subquery
    filament: Subquery
    work: Subquery
    plates: Subquery


async def open_books(
    session: AsyncSession, ctx: Actor, now: datetime, currency: str | None = None
) -> Books:
    """In the organization's currency unless another one is named."""
    owner = ctx.organization_id
    rows = await session.execute(
        select(
            Organization.currency,
            Organization.time_zone,
            Organization.name,
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
    ready = {row[3] for row in found if row[4] and row[5] == row[1]}
    return Books(
        organization_id=owner,
        shop=found[0][2],
        currency=currency or found[0][0],
        zone=zone,
        today=day_of(now, zone),
        orders=_source(RollupSubject.ORDERS, ready, owner, zone),
        prints=_source(RollupSubject.PRINTS, ready, owner, zone),
        filament=_source(RollupSubject.FILAMENT, ready, owner, zone),
        work=_source(RollupSubject.WORK, ready, owner, zone),
        plates=_source(RollupSubject.PLATES, ready, owner, zone),
    )


def _source(
    subject: RollupSubject, ready: set[RollupSubject], owner: int, zone: ZoneInfo
) -> Subquery:
    if subject not in ready:
        return COUNTED[subject](owner, zone).subquery()
    table = DAYS[subject].__table__
    return select(table).where(table.c.organization_id == owner).subquery()
