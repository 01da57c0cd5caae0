"""SQL of the time that printers spent in each state."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.analytics.books import Span
from shopwright.analytics.counting import AMOUNTS
from shopwright.analytics.days import MonthOf
from shopwright.analytics.models import PrinterTimeMark, PrinterTimeSum, RollupState
from shopwright.analytics.states import Period, RollupSubject
from shopwright.fleet.models import Printer
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.tenancy import CROSS_TENANT

SECONDS = AMOUNTS[RollupSubject.PRINTER_TIME]


class KeptTime(NamedTuple):
    """``seconds`` in the order of the states; None where a printer has a mark and no sum."""

    printer_id: int
    counted_to: int
    first: date | None
    seconds: tuple[int, ...]


async def list_marks(
    session: AsyncSession, organization_id: int, printer_ids: Collection[int] | None = None
) -> dict[int, int]:
    """Up to which interval each printer is counted, 0 where it is not yet."""
    is_its = and_(
        PrinterTimeMark.printer_id == Printer.id,
        PrinterTimeMark.organization_id == organization_id,
    )
    statement = (
        select(Printer.id, func.coalesce(PrinterTimeMark.counted_to, 0))
        .outerjoin(PrinterTimeMark, is_its)
        .where(Printer.organization_id == organization_id)
    )
    if printer_ids is not None:
        statement = statement.where(Printer.id.in_(printer_ids))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def list_organizations(session: AsyncSession) -> list[int]:
    """Those that have printers."""
    owners = select(Printer.organization_id).distinct().order_by(Printer.organization_id)
    return list(await session.scalars(owners, execution_options=CROSS_TENANT))


async def list_kept(
    session: AsyncSession, organization_id: int, span: Span, by: Period
) -> list[KeptTime]:
    """Sums and marks in one statement, as counting goes on meanwhile. Nothing while the days are
    those of another time zone."""
    mark = PrinterTimeMark
    sums = _sums_of(organization_id, span, by).subquery()
    amounts = (sums.c[name] for name in SECONDS)
    statement = (
        select(mark.printer_id, mark.counted_to, sums.c.starts_on, *amounts)
        .outerjoin(sums, sums.c.printer_id == mark.printer_id)
        .join(RollupState, RollupState.organization_id == mark.organization_id)
        .join(Organization, Organization.id == mark.organization_id)
        .where(mark.organization_id == organization_id)
        .where(RollupState.organization_id == organization_id)
        .where(RollupState.subject == RollupSubject.PRINTER_TIME)
        .where(RollupState.time_zone == Organization.time_zone)
    )
    rows = await session.execute(statement)
    return [
        KeptTime(row[0], row[1], row[2], tuple(int(one or 0) for one in row[3:])) for row in rows
    ]


async def list_sums(
    session: AsyncSession, organization_id: int
) -> dict[tuple[int, Period, date], tuple[int, ...]]:
    """All of them, by printer, grain and first day; zeros are left out."""
    sums = PrinterTimeSum
    rows = await session.execute(
        select(
            sums.printer_id, sums.grain, sums.first, *(getattr(sums, name) for name in SECONDS)
        ).where(sums.organization_id == organization_id)
    )
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows if any(row[3:])}


async def move_marks(session: WriteSession, organization_id: int, to: Mapping[int, int]) -> None:
    insert = insert_for(session, PrinterTimeMark)
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["organization_id", "printer_id"],
            set_={"counted_to": insert.excluded.counted_to},
        ),
        [
            {"organization_id": organization_id, "printer_id": printer_id, "counted_to": last}
            for printer_id, last in sorted(to.items())
        ],
    )


def _sums_of(organization_id: int, span: Span, by: Period) -> Select[Any]:
    """Added up before they meet the marks: that is one walk along the days."""
    sums = PrinterTimeSum
    is_daily = by is Period.DAILY
    starts_on = (
        sums.first.label("starts_on") if is_daily else MonthOf(sums.first).label("starts_on")
    )
    days = and_(sums.grain == by, *span.holds(sums.first)) if is_daily else span.covers(sums)
    amounts = (func.sum(getattr(sums, name)).label(name) for name in SECONDS)
    return (
        select(sums.printer_id, starts_on, *amounts)
        .where(sums.organization_id == organization_id, days)
        .group_by(sums.printer_id, "starts_on")
    )
