"""SQL of the reports, on whatever the books read from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics.books import Books, Span
from shopwright.analytics.counting import counted_plates
from shopwright.analytics.days import start_of
from shopwright.analytics.models import Expense
from shopwright.analytics.states import SOLD, ExpenseCategory, PrintOutcome
from shopwright.catalog.models import Product, Variant
from shopwright.fleet.models import Printer
from shopwright.inventory.models import Filament, Spool
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OrderStatus
from shopwright.print_files.models import PrintFile
from shopwright.print_jobs.models import PrintJob


class DaySales(NamedTuple):
    day: date
    currency: str
    orders: int
    revenue_minor: int


class CurrencySales(NamedTuple):
    currency: str
    orders: int
    revenue_minor: int


class DayPrints(NamedTuple):
    day: date
    outcome: PrintOutcome
    prints: int


class Machine(NamedTuple):
    id: int
    uuid: str
    name: str
    model: str | None
    is_active: bool
    created_at: datetime


class PrinterWork(NamedTuple):
    """Printer 0 is one that nobody named."""

    printer_id: int
    outcome: PrintOutcome
    prints: int
    busy_s: int
    used_mg: int


class MaterialWork(NamedTuple):
    """``material`` is empty where nobody knows it."""

    material: str
    outcome: PrintOutcome
    prints: int
    busy_s: int
    used_mg: int


class PlateWork(NamedTuple):
    """``name`` is the job's where there is no file."""

    print_file_id: int
    plate_number: int
    name: str
    file_name: str | None
    version: int | None
    prints: int
    failed: int
    busy_s: int
    used_mg: int

    @property
    def words(self) -> str:
        """``gear.gcode.3mf v2, plate 1``."""
        if not self.print_file_id:
            return self.name
        version = f" v{self.version}" if self.version and self.version > 1 else ""
        plate = f", plate {self.plate_number}" if self.plate_number else ""
        return f"{self.file_name or 'a removed file'}{version}{plate}"


@dataclass(frozen=True, slots=True)
class Fleet:
    """The printers that a report is about: all of them where ``ids`` is None."""

    ids: Sequence[int] | None = None

    def holds(self, printer_id: Any) -> list[ColumnElement[bool]]:
        return [] if self.ids is None else [printer_id.in_(self.ids)]


class FilamentUse(NamedTuple):
    """Filament 0 has no name, colour or price."""

    filament_id: int
    material: str
    color_name: str | None
    color: str | None
    cost_per_gram_micros: int | None
    used_mg: int


class ProductSales(NamedTuple):
    """``code`` is what the item was sold under when no variant is known."""

    product_id: int | None
    variant_id: int | None
    product_name: str | None
    variant_name: str | None
    sku: str | None
    code: str | None
    title: str
    units: int
    orders: int
    revenue_minor: int


async def list_day_sales(session: AsyncSession, books: Books, span: Span) -> list[DaySales]:
    """What was sold on each day in each currency, oldest first."""
    orders = books.orders.c
    rows = await session.execute(
        select(orders.day, orders.currency, func.sum(orders.orders), func.sum(orders.revenue_minor))
        .where(orders.status.in_(SOLD), orders.orders != 0, *span.holds(orders.day))
        .group_by(orders.day, orders.currency)
        .order_by(orders.day)
    )
    return [DaySales(day, code, int(count), int(revenue)) for day, code, count, revenue in rows]


async def list_currency_sales(
    session: AsyncSession, books: Books, span: Span
) -> list[CurrencySales]:
    """What was sold in each currency, the one with the most orders first."""
    orders = books.orders.c
    count = func.sum(orders.orders)
    rows = await session.execute(
        select(orders.currency, count, func.sum(orders.revenue_minor))
        .where(orders.status.in_(SOLD), *span.holds(orders.day))
        .group_by(orders.currency)
        .having(count > 0)
        .order_by(count.desc(), orders.currency)
    )
    return [CurrencySales(code, int(count), int(revenue)) for code, count, revenue in rows]


async def count_by_status(
    session: AsyncSession, books: Books, span: Span
) -> dict[OrderStatus, int]:
    """Orders in every currency."""
    orders = books.orders.c
    rows = await session.execute(
        select(orders.status, func.sum(orders.orders))
        .where(*span.holds(orders.day))
        .group_by(orders.status)
    )
    found = {status: int(count) for status, count in rows}
    return {status: found.get(status, 0) for status in OrderStatus}


async def list_day_prints(session: AsyncSession, books: Books, span: Span) -> list[DayPrints]:
    prints = books.prints.c
    rows = await session.execute(
        select(prints.day, prints.outcome, func.sum(prints.prints))
        .where(*span.holds(prints.day))
        .group_by(prints.day, prints.outcome)
        .order_by(prints.day)
    )
    return [DayPrints(day, PrintOutcome(outcome), int(count)) for day, outcome, count in rows]


async def count_prints(session: AsyncSession, books: Books, span: Span) -> dict[PrintOutcome, int]:
    prints = books.prints.c
    rows = await session.execute(
        select(prints.outcome, func.sum(prints.prints))
        .where(*span.holds(prints.day))
        .group_by(prints.outcome)
    )
    found = {PrintOutcome(outcome): int(count) for outcome, count in rows}
    return {outcome: found.get(outcome, 0) for outcome in PrintOutcome}


async def list_printer_work(
    session: AsyncSession, books: Books, span: Span, printers: Fleet
) -> list[PrinterWork]:
    """By printer and outcome."""
    work = books.work.c
    rows = await session.execute(
        select(work.printer_id, work.outcome, *_work_sums(work))
        .where(span.covers(work), *printers.holds(work.printer_id))
        .group_by(work.printer_id, work.outcome)
    )
    return [PrinterWork._make((*row[:2], *map(int, row[2:]))) for row in rows]


async def list_material_work(
    session: AsyncSession, books: Books, span: Span, printers: Fleet
) -> list[MaterialWork]:
    """By material and outcome."""
    work = books.work.c
    rows = await session.execute(
        select(work.material, work.outcome, *_work_sums(work))
        .where(span.covers(work), *printers.holds(work.printer_id))
        .group_by(work.material, work.outcome)
    )
    return [MaterialWork._make((*row[:2], *map(int, row[2:]))) for row in rows]


async def list_failure_reasons(
    session: AsyncSession, books: Books, span: Span, printers: Fleet, limit: int
) -> list[tuple[str, int]]:
    """The most frequent first."""
    work = books.work.c
    count = func.sum(work.prints)
    rows = await session.execute(
        select(work.reason, count)
        .where(work.outcome == PrintOutcome.FAILED, span.covers(work))
        .where(*printers.holds(work.printer_id))
        .group_by(work.reason)
        .having(count != 0)
        .order_by(count.desc(), work.reason)
        .limit(limit)
    )
    return [(reason, int(count)) for reason, count in rows]


async def list_plate_work(
    session: AsyncSession, books: Books, span: Span, printers: Fleet, limit: int
) -> list[PlateWork]:
    """What kept the printers busy longest first. Of some printers it counts the rows: sums by
    plate and printer would be as many as the prints."""
    owner = books.organization_id
    source = books.plates
    if printers.ids is not None:
        of_some = PrintJob.printer_id.in_(printers.ids)
        source = counted_plates(owner, books.zone, of_some).subquery()
    plate = source.c
    sums = [func.sum(plate[name]) for name in ("prints", "failed", "busy_s", "used_mg")]
    is_its_file = and_(PrintFile.id == plate.print_file_id, PrintFile.organization_id == owner)
    keys = (plate.print_file_id, plate.plate_number, plate.name, PrintFile.name, PrintFile.version)
    rows = await session.execute(
        select(*keys, *sums)
        .outerjoin(PrintFile, is_its_file)
        .where(span.covers(plate))
        .group_by(*keys)
        .having(sums[0] != 0)
        .order_by(sums[2].desc(), sums[3].desc(), *keys[:3])
        .limit(limit)
    )
    return [PlateWork._make((*row[:5], *map(int, row[5:]))) for row in rows]


async def list_fleet(session: AsyncSession, organization_id: int) -> list[Machine]:
    """Every printer, removed ones too, by name."""
    rows = await session.execute(
        select(
            Printer.id, Printer.uuid, Printer.name, Printer.model, Printer.is_active,
            Printer.created_at,
        )
        .where(Printer.organization_id == organization_id)
        .order_by(Printer.name, Printer.id)
    )  # fmt: skip
    return [Machine._make(row) for row in rows]


async def list_filament_use(session: AsyncSession, books: Books, span: Span) -> list[FilamentUse]:
    """The most used first; the price is today's."""
    filament = books.filament.c
    used = func.sum(filament.used_mg)
    is_its = and_(
        Filament.id == filament.filament_id, Filament.organization_id == books.organization_id
    )
    rows = await session.execute(
        select(
            filament.filament_id, filament.material, Filament.color_name, Filament.color,
            Filament.cost_per_gram_micros, used,
        )
        .outerjoin(Filament, is_its)
        .where(*span.holds(filament.day))
        .group_by(
            filament.filament_id, filament.material, Filament.color_name, Filament.color,
            Filament.cost_per_gram_micros,
        )
        .having(used != 0)
        .order_by(used.desc(), filament.filament_id)
    )  # fmt: skip
    return [FilamentUse._make((*row[:5], int(row[5]))) for row in rows]


async def sum_used_mg(session: AsyncSession, books: Books, span: Span) -> int:
    filament = books.filament.c
    used = await session.scalar(
        select(func.coalesce(func.sum(filament.used_mg), 0)).where(*span.holds(filament.day))
    )
    return int(used or 0)


async def count_stock(session: AsyncSession, books: Books) -> tuple[int, int]:
    """Filaments of which something is left, and those that are low."""
    remaining = (
        select(func.coalesce(func.sum(Spool.remaining_mg), 0))
        .where(Spool.organization_id == books.organization_id, Spool.is_empty.is_(False))
        .where(Spool.filament_id == Filament.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            func.coalesce(func.sum(case((remaining > 0, 1), else_=0)), 0),
            func.coalesce(
                func.sum(case((remaining <= Filament.low_stock_threshold_mg, 1), else_=0)), 0
            ),
        ).where(Filament.organization_id == books.organization_id, Filament.is_hidden.is_(False))
    )
    there, low = rows.one()
    return int(there), int(low)


async def list_product_sales(
    session: AsyncSession, books: Books, span: Span, limit: int
) -> list[ProductSales]:
    """What brought the most first. Items that no variant is known for go by SKU, else title."""
    owner = books.organization_id
    code = case((Variant.id.is_(None), func.coalesce(OrderItem.sku, OrderItem.title)))
    revenue = func.sum(OrderItem.quantity * OrderItem.price_minor)
    units = func.sum(OrderItem.quantity)
    is_its_item = and_(OrderItem.order_id == Order.id, OrderItem.organization_id == owner)
    is_its_variant = and_(Variant.id == OrderItem.variant_id, Variant.organization_id == owner)
    is_its_product = and_(Product.id == Variant.product_id, Product.organization_id == owner)
    rows = await session.execute(
        select(
            Product.id, Variant.id, func.min(Product.name), func.min(Variant.name),
            func.min(func.coalesce(Variant.sku, OrderItem.sku)), code,
            func.min(OrderItem.title), units, func.count(Order.id.distinct()), revenue,
        )
        .select_from(Order)
        .join(OrderItem, is_its_item)
        .outerjoin(Variant, is_its_variant)
        .outerjoin(Product, is_its_product)
        .where(Order.organization_id == owner, Order.status.in_(SOLD))
        .where(Order.currency == books.currency, OrderItem.is_cancelled.is_(False))
        .where(*_between(books, span, Order.placed_at))
        .group_by(Product.id, Variant.id, code)
        .order_by(revenue.desc(), units.desc(), func.min(OrderItem.id))
        .limit(limit)
    )  # fmt: skip
    return [ProductSales._make((*row[:7], *map(int, row[7:]))) for row in rows]


def _work_sums(work: Any) -> list[Any]:
    return [func.sum(work[name]) for name in ("prints", "busy_s", "used_mg")]


async def list_expense_sums(
    session: AsyncSession, books: Books, span: Span
) -> dict[ExpenseCategory, int]:
    """In the books' currency."""
    rows = await session.execute(
        select(Expense.category, func.sum(Expense.amount_minor))
        .where(Expense.organization_id == books.organization_id)
        .where(Expense.currency == books.currency, *span.holds(Expense.spent_on))
        .group_by(Expense.category)
    )
    found = {category: int(amount) for category, amount in rows}
    return {category: found.get(category, 0) for category in ExpenseCategory}


def _between(books: Books, span: Span, moment: Any) -> Sequence[ColumnElement[bool]]:
    """The same days, for a column of moments that an index may serve."""
    found = [] if span.start is None else [moment >= start_of(span.start, books.zone)]
    if span.end is None:
        return found
    return [*found, moment < start_of(_after(span.end), books.zone)]


def _after(day: date) -> date:
    return date.fromordinal(min(day.toordinal() + 1, date.max.toordinal()))
