"""The filament on the shelf and in the printers, and the slots a spool can go into."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.fleet.models import Printer, PrinterSlot
from shopwright.inventory import filament_queries, low_stock
from shopwright.inventory.low_stock import Outlook
from shopwright.inventory.models import Filament, Reservation, SlotSpool, Spool
from shopwright.kernel.actor import Actor

EXTERNAL_SLOT = 0
UNUSED = Outlook(0, None, should_reorder=False)
USUAL_SLOTS = (1, 2, 3, 4)  # of a printer that has not said what it has


@dataclass(frozen=True, slots=True)
class SpoolRow:
    id: int
    initial_mg: int
    remaining_mg: int
    reserved_mg: int
    location: str
    printer_id: int | None
    printer_name: str | None
    slot: int | None

    @property
    def remaining_g(self) -> str:
        return f"{self.remaining_mg / 1000:g}"

    @property
    def place(self) -> str:
        return slot_words(self.slot) if self.slot is not None else self.location or "on the shelf"


@dataclass(slots=True)
class FilamentView:
    """A filament and its rolls that were not thrown away."""

    id: int
    vendor: str
    material: str
    color_name: str
    color: str | None
    threshold_mg: int
    cost_per_gram_micros: int
    created_at: datetime
    spools: list[SpoolRow] = field(default_factory=list)
    outlook: Outlook = UNUSED

    @property
    def name(self) -> str:
        return f"{self.material} {self.color_name}"

    @property
    def remaining_mg(self) -> int:
        return sum(spool.remaining_mg for spool in self.spools)

    @property
    def is_low(self) -> bool:
        return self.remaining_mg <= self.threshold_mg

    @property
    def threshold_g(self) -> str:
        return f"{self.threshold_mg / 1000:g}"

    @property
    def price_per_kg(self) -> str:
        """Empty where nobody said it."""
        return f"{self.cost_per_gram_micros / 1000:g}" if self.cost_per_gram_micros else ""

    def tone(self, spool: SpoolRow) -> str:
        return "amber" if spool.remaining_mg <= self.threshold_mg else "green"


@dataclass(frozen=True, slots=True)
class SlotChoice:
    printer_id: int
    printer_name: str
    slot: int

    @property
    def value(self) -> str:
        return f"{self.printer_id}:{self.slot}"

    @property
    def label(self) -> str:
        return f"{self.printer_name}, {slot_words(self.slot)}"


def slot_words(slot: int) -> str:
    return "external spool" if slot == EXTERNAL_SLOT else f"slot {slot}"


async def list_filaments(session: AsyncSession, organization_id: int) -> list[FilamentView]:
    """By material and colour; those without a roll too."""
    reserved = (
        select(func.coalesce(func.sum(Reservation.amount_mg), 0))
        .where(Reservation.spool_id == Spool.id, Reservation.organization_id == organization_id)
        .scalar_subquery()
    )
    rows: Any = await session.execute(
        select(
            Filament.id, Filament.vendor, Filament.material, Filament.color_name, Filament.color,
            Filament.low_stock_threshold_mg, Filament.cost_per_gram_micros, Filament.created_at,
            Spool.id, Spool.initial_mg, Spool.remaining_mg, reserved, Spool.location,
            Printer.id, Printer.name, SlotSpool.slot,
        )
        .outerjoin(
            Spool,
            and_(
                Spool.filament_id == Filament.id,
                Spool.organization_id == organization_id,
                Spool.is_empty.is_(False),
            ),
        )
        .outerjoin(
            SlotSpool,
            and_(SlotSpool.spool_id == Spool.id, SlotSpool.organization_id == organization_id),
        )
        .outerjoin(
            Printer,
            and_(Printer.id == SlotSpool.printer_id, Printer.organization_id == organization_id),
        )
        .where(Filament.organization_id == organization_id, Filament.is_hidden.is_(False))
        .order_by(Filament.material, Filament.color_name, Filament.id, Spool.id)
    )  # fmt: skip
    views: dict[int, FilamentView] = {}
    for row in rows:
        view = views.setdefault(row[0], FilamentView(*row[:8]))
        if row[8] is not None:
            view.spools.append(SpoolRow(*row[8:]))
    return list(views.values())


async def add_outlooks(
    session: AsyncSession, ctx: Actor, views: list[FilamentView], now: datetime
) -> None:
    """How long each lasts, by what was used lately."""
    since = now - timedelta(days=low_stock.USAGE_DAYS)
    used = await filament_queries.sum_usage(session, ctx, [view.id for view in views], since)
    for view in views:
        view.outlook = low_stock.foresee(
            view.remaining_mg,
            used.get(view.id, 0),
            age=now - view.created_at,
            is_low=view.is_low,
        )


async def list_slots(session: AsyncSession, organization_id: int) -> list[SlotChoice]:
    """Every slot of every printer, as it reported them; the usual four where it did not."""
    printers = await session.execute(
        select(Printer.id, Printer.name)
        .where(Printer.organization_id == organization_id, Printer.is_active.is_(True))
        .order_by(Printer.name, Printer.id)
    )
    known: dict[int, list[int]] = defaultdict(list)
    rows = await session.execute(
        select(PrinterSlot.printer_id, PrinterSlot.number)
        .where(PrinterSlot.organization_id == organization_id)
        .where(PrinterSlot.number != EXTERNAL_SLOT)
        .order_by(PrinterSlot.number)
    )
    for printer_id, number in rows:
        known[printer_id].append(number)
    return [
        SlotChoice(printer_id, name, slot)
        for printer_id, name in printers
        for slot in [*(known.get(printer_id) or USUAL_SLOTS), EXTERNAL_SLOT]
    ]
