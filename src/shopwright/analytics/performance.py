"""The reports on what was made: products, filament, failures."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.analytics import queries, rules, utilisation
from shopwright.analytics.books import Books, Span
from shopwright.analytics.fleets import Machines
from shopwright.analytics.queries import FilamentUse, ProductSales
from shopwright.analytics.states import PrintOutcome
from shopwright.kernel.db import ReadSession


@dataclass(frozen=True, slots=True)
class Products:
    currency: str
    rows: list[ProductSales]


@dataclass(frozen=True, slots=True)
class Materials:
    currency: str
    rows: list[FilamentUse]

    @property
    def used_mg(self) -> int:
        return sum(row.used_mg for row in self.rows)

    @property
    def cost_minor(self) -> int:
        return sum(self.cost_of(row) for row in self.rows)

    def cost_of(self, row: FilamentUse) -> int:
        return rules.cost_minor(row.used_mg, row.cost_per_gram_micros, self.currency)


@dataclass(frozen=True, slots=True)
class PrinterFailures:
    printer_id: int
    name: str
    model: str
    completed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failures:
    """``reasons`` are the most frequent ones."""

    completed: int
    failed: int
    printers: list[PrinterFailures]
    reasons: list[tuple[str, int]]

    @property
    def models(self) -> list[tuple[str, int, int]]:
        """Completed and failed prints of each model, by name."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.printers:
            completed, failed = found.get(one.model, (0, 0))
            found[one.model] = completed + one.completed, failed + one.failed
        return [(model, *counts) for model, counts in sorted(found.items())]


async def read_products(session: AsyncSession, books: Books, span: Span, limit: int) -> Products:
    """In the books' currency: items of another one would be added to it."""
    rows = await queries.list_product_sales(session, books, span, limit)
    return Products(books.currency, rows)


async def read_materials(session: AsyncSession, books: Books, span: Span) -> Materials:
    return Materials(books.currency, await queries.list_filament_use(session, books, span))


async def read_failures(
    session: ReadSession, books: Books, span: Span, machines: Machines
) -> Failures:
    """Of print jobs that ended; a job that nobody judged, or that somebody broke off, has not
    failed."""
    counts: dict[int, dict[PrintOutcome, int]] = defaultdict(dict)
    for row in await queries.list_printer_work(session, books, span, machines.fleet):
        if row.outcome is not PrintOutcome.CANCELLED and row.prints:
            counts[row.printer_id][row.outcome] = row.prints
    printers = [
        PrinterFailures(
            printer_id,
            machines.name_of(printer_id),
            machines.model_of(printer_id),
            found.get(PrintOutcome.COMPLETED, 0),
            found.get(PrintOutcome.FAILED, 0),
        )
        for printer_id, found in counts.items()
    ]
    return Failures(
        completed=sum(one.completed for one in printers),
        failed=sum(one.failed for one in printers),
        printers=sorted(printers, key=lambda one: (one.name, one.printer_id)),
        reasons=await utilisation.read_reasons(session, books, span, machines),
    )
