"""Answers of the reports: amounts in units of the currency, filament in grams and kilograms.

``sheet`` is the same as a table.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from shopwright.analytics import rules
from shopwright.analytics.expenses import ExpenseSpec
from shopwright.analytics.models import Expense
from shopwright.analytics.performance import Failures, Materials, Products
from shopwright.analytics.queries import CurrencySales, ProductSales
from shopwright.analytics.reports import Dashboard, PeriodSales, Revenue, Summary
from shopwright.analytics.sheets import Sheet
from shopwright.analytics.states import ExpenseCategory, Period
from shopwright.inventory.rules import to_grams
from shopwright.kernel.money import exponent
from shopwright.kernel.times import PlainTime

MG_PER_KG = 1_000_000


def amount(minor: int, currency: str) -> float:
    one: int = 10 ** exponent(currency)
    return minor / one  # the float nearest to the decimal


def average(minor: int, count: int, currency: str) -> float | None:
    found = rules.average_minor(minor, count)
    return None if found is None else amount(found, currency)


class CurrencyRead(BaseModel):
    """Sales that are in no total above, because they were in another currency."""

    currency: str
    revenue: float
    order_count: int

    @classmethod
    def of(cls, sales: CurrencySales) -> "CurrencyRead":
        return cls(
            currency=sales.currency,
            revenue=amount(sales.revenue_minor, sales.currency),
            order_count=sales.orders,
        )


class DashboardRead(BaseModel):
    """``total_orders`` counts every order; the average is of this month's sales."""

    total_orders: int
    orders_this_month: int
    revenue_this_month: float
    average_order_value: float | None
    total_prints: int
    prints_completed: int
    print_success_rate: float | None
    filament_used_kg: float
    materials_in_stock: int
    low_stock_alerts: int
    currency: str
    other_currencies: list[CurrencyRead]

    @classmethod
    def of(cls, found: Dashboard) -> "DashboardRead":
        ended = found.prints_completed + found.prints_failed
        revenue, sold = found.revenue_this_month_minor, found.sold_this_month
        return cls(
            total_orders=found.orders,
            orders_this_month=found.orders_this_month,
            revenue_this_month=amount(revenue, found.currency),
            average_order_value=average(revenue, sold, found.currency),
            total_prints=ended,
            prints_completed=found.prints_completed,
            print_success_rate=rules.percent(found.prints_completed, ended),
            filament_used_kg=round(found.used_mg / MG_PER_KG, 3),
            materials_in_stock=found.materials_in_stock,
            low_stock_alerts=found.low_stock,
            currency=found.currency,
            other_currencies=[CurrencyRead.of(one) for one in found.other_currencies],
        )

    def sheet(self) -> Sheet:
        return Sheet.of_one(self.model_dump(exclude={"other_currencies"}))


class PeriodRead(BaseModel):
    """``date`` is the first day of the period."""

    date: date
    revenue: float
    order_count: int
    average_order: float | None

    @classmethod
    def of(cls, sales: PeriodSales, currency: str) -> "PeriodRead":
        return cls(
            date=sales.first,
            revenue=amount(sales.revenue_minor, currency),
            order_count=sales.orders,
            average_order=average(sales.revenue_minor, sales.orders, currency),
        )


class RevenueRead(BaseModel):
    """Every period from the first to the last with a sale."""

    period: Period
    data: list[PeriodRead]
    total_revenue: float
    total_orders: int
    average_order: float | None
    currency: str
    other_currencies: list[CurrencyRead]

    @classmethod
    def of(cls, found: Revenue) -> "RevenueRead":
        return cls(
            period=found.period,
            data=[PeriodRead.of(one, found.currency) for one in found.periods],
            total_revenue=amount(found.revenue_minor, found.currency),
            total_orders=found.orders,
            average_order=average(found.revenue_minor, found.orders, found.currency),
            currency=found.currency,
            other_currencies=[CurrencyRead.of(one) for one in found.other_currencies],
        )

    def sheet(self) -> Sheet:
        return Sheet.of(PeriodRead, self.data, currency=self.currency)


class SummaryRead(BaseModel):
    """Profit is revenue less filament used, at today's prices, less expenses."""

    total_orders: int
    total_revenue: float
    total_filament_cost: float
    total_expenses: float
    total_profit: float
    profit_margin: float | None
    avg_order_value: float | None
    orders_by_status: dict[str, int]
    recent_orders_count: int
    recent_revenue: float
    expenses_by_category: dict[str, float]
    currency: str
    other_currencies: list[CurrencyRead]

    @classmethod
    def of(cls, found: Summary) -> "SummaryRead":
        money = found.currency
        return cls(
            total_orders=found.orders,
            total_revenue=amount(found.revenue_minor, money),
            total_filament_cost=amount(found.filament_cost_minor, money),
            total_expenses=amount(found.expenses_minor, money),
            total_profit=amount(found.profit_minor, money),
            profit_margin=rules.percent(found.profit_minor, found.revenue_minor),
            avg_order_value=average(found.revenue_minor, found.sold, money),
            orders_by_status={s.value: count for s, count in found.by_status.items()},
            recent_orders_count=found.recent_sold,
            recent_revenue=amount(found.recent_revenue_minor, money),
            expenses_by_category={c.value: amount(m, money) for c, m in found.expenses.items()},
            currency=money,
            other_currencies=[CurrencyRead.of(one) for one in found.other_currencies],
        )

    def sheet(self) -> Sheet:
        plain = self.model_dump(
            exclude={"orders_by_status", "expenses_by_category", "other_currencies"}
        )
        orders = {f"orders_{status}": count for status, count in self.orders_by_status.items()}
        costs = {f"expenses_{word}": cost for word, cost in self.expenses_by_category.items()}
        return Sheet.of_one(plain | orders | costs)


class ProductRead(BaseModel):
    """``product_id`` and ``variant_id`` where the shop knows what was sold."""

    product_id: int | None
    variant_id: int | None
    product_name: str
    sku: str | None
    units_sold: int
    order_count: int
    revenue: float
    average_price: float | None

    @classmethod
    def of(cls, sales: ProductSales, currency: str) -> "ProductRead":
        known = [sales.product_name, sales.variant_name]
        return cls(
            product_id=sales.product_id,
            variant_id=sales.variant_id,
            product_name=", ".join(filter(None, known)) or sales.title,
            sku=sales.sku,
            units_sold=sales.units,
            order_count=sales.orders,
            revenue=amount(sales.revenue_minor, currency),
            average_price=average(sales.revenue_minor, sales.units, currency),
        )


class ProductsRead(BaseModel):
    """What brought the most first."""

    products: list[ProductRead]
    currency: str

    @classmethod
    def of(cls, found: Products) -> "ProductsRead":
        rows = [ProductRead.of(row, found.currency) for row in found.rows]
        return cls(products=rows, currency=found.currency)

    def sheet(self) -> Sheet:
        return Sheet.of(ProductRead, self.products, currency=self.currency)


class MaterialRead(BaseModel):
    """``filament_id`` is null where nobody said which spool was used; its cost is unknown."""

    filament_id: int | None
    material_type: str
    color: str | None
    used_grams: int | float
    cost: float | None


class MaterialsRead(BaseModel):
    """The most used first; costs at today's prices."""

    materials: list[MaterialRead]
    total_used_grams: int | float
    total_cost: float
    currency: str

    @classmethod
    def of(cls, found: Materials) -> "MaterialsRead":
        rows = [
            MaterialRead(
                filament_id=row.filament_id or None,
                material_type=row.material,
                color=row.color_name,
                used_grams=to_grams(row.used_mg),
                cost=amount(found.cost_of(row), found.currency) if row.filament_id else None,
            )
            for row in found.rows
        ]
        return cls(
            materials=rows,
            total_used_grams=to_grams(found.used_mg),
            total_cost=amount(found.cost_minor, found.currency),
            currency=found.currency,
        )

    def sheet(self) -> Sheet:
        return Sheet.of(MaterialRead, self.materials, currency=self.currency)


class PrinterFailuresRead(BaseModel):
    printer_id: int | None
    printer_name: str
    model: str
    total_prints: int
    failed_prints: int
    failure_rate: float | None


class ModelFailuresRead(BaseModel):
    model: str
    total_prints: int
    failed_prints: int
    failure_rate: float | None


class ReasonRead(BaseModel):
    reason: str
    count: int


class FailuresRead(BaseModel):
    """Rates in percent of the prints that ended."""

    total_prints: int
    failed_prints: int
    failure_rate: float | None
    by_printer: list[PrinterFailuresRead]
    by_model: list[ModelFailuresRead]
    by_reason: list[ReasonRead]

    @classmethod
    def of(cls, found: Failures) -> "FailuresRead":
        total = found.completed + found.failed
        return cls(
            total_prints=total,
            failed_prints=found.failed,
            failure_rate=rules.percent(found.failed, total),
            by_printer=[
                PrinterFailuresRead(
                    printer_id=one.printer_id or None,
                    printer_name=one.name,
                    model=one.model,
                    total_prints=one.completed + one.failed,
                    failed_prints=one.failed,
                    failure_rate=rules.percent(one.failed, one.completed + one.failed),
                )
                for one in found.printers
            ],
            by_model=[
                ModelFailuresRead(
                    model=model,
                    total_prints=completed + failed,
                    failed_prints=failed,
                    failure_rate=rules.percent(failed, completed + failed),
                )
                for model, completed, failed in found.models
            ],
            by_reason=[ReasonRead(reason=reason, count=count) for reason, count in found.reasons],
        )

    def sheet(self) -> Sheet:
        return Sheet.of(PrinterFailuresRead, self.by_printer)


Amount = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]


class ExpenseChange(BaseModel):
    """Only what is sent changes; what a client read and sends back is fine."""

    category: ExpenseCategory | None = None
    amount: Amount | None = None
    currency: Annotated[str, Field(min_length=3, max_length=3)] | None = None
    description: Annotated[str, Field(max_length=500)] | None = None
    date: Annotated[
        str | None,
        Field(
            max_length=40,
            validation_alias=AliasChoices("date", "expense_date", "spent_on"),
            examples=["2026-03-02"],
        ),
    ] = None

    def spec(self) -> ExpenseSpec:
        return ExpenseSpec(self.category, self.amount, self.currency, self.description, self.date)


class ExpenseCreate(ExpenseChange):
    """Today, in the organization's currency, unless something else is said."""

    category: ExpenseCategory
    amount: Amount


class ExpenseRead(BaseModel):
    id: int
    uuid: str
    category: ExpenseCategory
    amount: float
    currency: str
    description: str
    date: date
    created_at: PlainTime
    updated_at: PlainTime

    @classmethod
    def of(cls, expense: Expense) -> "ExpenseRead":
        return cls(
            id=expense.id,
            uuid=expense.uuid,
            category=expense.category,
            amount=amount(expense.amount_minor, expense.currency),
            currency=expense.currency,
            description=expense.description,
            date=expense.spent_on,
            created_at=expense.created_at,
            updated_at=expense.updated_at,
        )


class ExpensePage(BaseModel):
    expenses: list[ExpenseRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int
