"""SQL of the time that printers spent in each state."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import and_, func, select
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
    sums = PrinterTimeSum
    is_daily = by is Period.DAILY
    first = sums.first if is_daily else MonthOf(sums.first)
    days = [sums.grain == by, *span.holds(sums.first)]
    is_its = and_(
        sums.printer_id == PrinterTimeMark.printer_id,
        sums.organization_id == organization_id,
        *(days if is_daily else [span.covers(sums)]),
    )
    amounts = (func.sum(getattr(sums, name)) for name in SECONDS)
    statement = (
        select(PrinterTimeMark.printer_id, PrinterTimeMark.counted_to, first.label("of"), *amounts)
        .outerjoin(sums, is_its)
        .join(RollupState, RollupState.organization_id == PrinterTimeMark.organization_id)
        .join(Organization, Organization.id == PrinterTimeMark.organization_id)
        .where(PrinterTimeMark.organization_id == organization_id)
        .where(RollupState.organization_id == organization_id)
        .where(RollupState.subject == RollupSubject.PRINTER_TIME)
        .where(RollupState.time_zone == Organization.time_zone)
        .group_by(PrinterTimeMark.printer_id, PrinterTimeMark.counted_to, "of")
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
