"""SQL of the reports, on whatever the books read from."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics.books import Books, Span
from shopwright.analytics.days import start_of
from shopwright.analytics.models import Expense
from shopwright.analytics.states import SOLD, ExpenseCategory, PrintOutcome
from shopwright.catalog.models import Product, Variant
from shopwright.fleet.models import Printer
from shopwright.inventory.models import Filament, Spool
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OrderStatus
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus


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


class PrinterPrints(NamedTuple):
    printer_id: int
    name: str | None
    outcome: PrintOutcome
    prints: int


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


async def list_printer_prints(
    session: AsyncSession, books: Books, span: Span
) -> list[PrinterPrints]:
    prints = books.prints.c
    is_its = and_(Printer.id == prints.printer_id, Printer.organization_id == books.organization_id)
    rows = await session.execute(
        select(prints.printer_id, Printer.name, prints.outcome, func.sum(prints.prints))
        .outerjoin(Printer, is_its)
        .where(*span.holds(prints.day))
        .group_by(prints.printer_id, Printer.name, prints.outcome)
        .order_by(Printer.name, prints.printer_id)
    )
    return [
        PrinterPrints(printer_id, name, PrintOutcome(outcome), int(count))
        for printer_id, name, outcome, count in rows
    ]


async def list_failure_reasons(
    session: AsyncSession, books: Books, span: Span, limit: int
) -> list[tuple[str | None, int]]:
    """The most frequent first."""
    count = func.count()
    conditions = _between(books, span, func.coalesce(PrintJob.ended_at, PrintJob.created_at))
    rows = await session.execute(
        select(PrintJob.failure_reason, count)
        .where(PrintJob.organization_id == books.organization_id)
        .where(PrintJob.status == JobStatus.FAILED, *conditions)
        .group_by(PrintJob.failure_reason)
        .order_by(count.desc(), PrintJob.failure_reason)
        .limit(limit)
    )
    return [(reason, int(count)) for reason, count in rows]


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
