"""Tables of the roll-ups and of expenses. A day is one of the organization's time zone."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from shopwright.analytics.states import ExpenseCategory, Period, PrintOutcome, RollupSubject
from shopwright.kernel.db import Base, BigId, EnumText, TenantModel
from shopwright.orders.states import OrderStatus

OWNER = "organizations.id"


def _owner() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey(OWNER, ondelete="CASCADE"), primary_key=True)


def _grain() -> Mapped[Period]:
    """Days and months: long spans are read as whole months, their ends as days."""
    return mapped_column(EnumText(Period), primary_key=True)


def _first() -> Mapped[date]:
    """The first day of the day or month."""
    return mapped_column(Date, primary_key=True)


class RollupState(Base):
    """How far a roll-up is: rows up to ``counted_to`` are in it, all of them once complete.

    Whoever counts holds this row shared until the commit, whoever builds holds it alone.
    """

    __tablename__ = "rollup_states"
    __table_args__ = ()

    organization_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(OWNER, ondelete="CASCADE"), primary_key=True
    )
    subject: Mapped[RollupSubject] = mapped_column(EnumText(RollupSubject), primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))  # of its days
    counted_to: Mapped[int] = mapped_column(default=0)
    is_complete: Mapped[bool] = mapped_column(default=False)


class CountedOrder(Base):
    """How an order stands in the roll-up, so that a change is counted by its difference."""

    __tablename__ = "counted_orders"
    __table_args__ = (Index("ix_counted_orders_organization_id", "organization_id"),)

    order_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(OWNER, ondelete="CASCADE"))
    day: Mapped[date] = mapped_column(Date)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[OrderStatus] = mapped_column(EnumText(OrderStatus))
    revenue_minor: Mapped[int]


class OrderDay(Base):
    """Orders placed on a day; revenue is what was paid less what was refunded."""

    __tablename__ = "order_days"
    __table_args__ = ()

    organization_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(OWNER, ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    status: Mapped[OrderStatus] = mapped_column(EnumText(OrderStatus), primary_key=True)
    orders: Mapped[int]
    revenue_minor: Mapped[int]


class PrintDay(Base):
    """Print jobs that ended on a day; printer 0 is one that nobody named."""

    __tablename__ = "print_days"
    __table_args__ = ()

    organization_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(OWNER, ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    printer_id: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[PrintOutcome] = mapped_column(EnumText(PrintOutcome), primary_key=True)
    prints: Mapped[int]


class FilamentDay(Base):
    """Filament used on a day, printed or written down; filament 0 is one that nobody named."""

    __tablename__ = "filament_days"
    __table_args__ = ()

    organization_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(OWNER, ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    filament_id: Mapped[int] = mapped_column(primary_key=True)
    material: Mapped[str] = mapped_column(String(40), primary_key=True)
    used_mg: Mapped[int]


class PrintSum(Base):
    """Prints that ended in a day or a month. ``material`` names all that the plate needs, as in
    ``PETG + PLA``; ``busy_s`` is from start to end."""

    __tablename__ = "print_sums"
    __table_args__ = ()

    organization_id: Mapped[int] = _owner()
    grain: Mapped[Period] = _grain()
    first: Mapped[date] = _first()
    printer_id: Mapped[int] = mapped_column(primary_key=True)  # 0: nobody named it
    outcome: Mapped[PrintOutcome] = mapped_column(EnumText(PrintOutcome), primary_key=True)
    material: Mapped[str] = mapped_column(String(120), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200), primary_key=True)  # of a failure, else empty
    prints: Mapped[int]
    busy_s: Mapped[int]
    used_mg: Mapped[int]


class PlateSum(Base):
    """Prints of one plate that ended in a day or a month; ``name`` where there is no file."""

    __tablename__ = "plate_sums"
    __table_args__ = ()

    organization_id: Mapped[int] = _owner()
    grain: Mapped[Period] = _grain()
    first: Mapped[date] = _first()
    print_file_id: Mapped[int] = mapped_column(primary_key=True)
    plate_number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    prints: Mapped[int]
    failed: Mapped[int]
    busy_s: Mapped[int]
    used_mg: Mapped[int]


class PrinterTimeSum(Base):
    """Whole seconds that a printer was in each state in a day or a month."""

    __tablename__ = "printer_time_sums"
    __table_args__ = ()

    organization_id: Mapped[int] = _owner()
    grain: Mapped[Period] = _grain()
    first: Mapped[date] = _first()
    printer_id: Mapped[int] = mapped_column(primary_key=True)
    printing_s: Mapped[int]
    paused_s: Mapped[int]
    idle_s: Mapped[int]
    error_s: Mapped[int]
    offline_s: Mapped[int]
    unknown_s: Mapped[int]


class PrinterTimeMark(Base):
    """The last state interval of a printer that is in the sums: every closed one up to it."""

    __tablename__ = "printer_time_marks"
    __table_args__ = ()

    organization_id: Mapped[int] = _owner()
    printer_id: Mapped[int] = mapped_column(primary_key=True)
    counted_to: Mapped[int]


class Expense(TenantModel):
    """What the shop paid for something that no order and no spool tells of."""

    __tablename__ = "expenses"
    __table_args__ = (
        Index("ix_expenses_day", "organization_id", "spent_on"),
        {"sqlite_autoincrement": True},
    )

    category: Mapped[ExpenseCategory] = mapped_column(EnumText(ExpenseCategory))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str] = mapped_column(String(500), default="")
    spent_on: Mapped[date] = mapped_column(Date)
    updated_at: Mapped[datetime]
