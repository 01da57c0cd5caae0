"""The fleet board: printers with their job, order, slots and the last thing the device said."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Integer, and_, case, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.fleet.maintenance.queries import list_holds
from shopwright.fleet.models import Printer, PrinterSlot
from shopwright.fleet.states import Activity, ConnectionState, ControlAccess, Gate
from shopwright.inventory.models import SlotSpool, Spool
from shopwright.kernel.actor import system_actor
from shopwright.orders.models import Order
from shopwright.print_files.models import Plate
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import ACTIVE, OPEN_ATTEMPTS, JobStatus
from shopwright.telemetry.latest import LatestSnapshots, Snapshot
from shopwright.web.formats import ready_at
from shopwright.web.pips import Pip, printer_pip

RUNNING = frozenset({Activity.PREPARING, Activity.PRINTING, Activity.PAUSED})
BAR_TONES = {Activity.PAUSED: "amber", Activity.ERROR: "red"}
LOW_PERCENT = 10


@dataclass(frozen=True, slots=True)
class PrinterRow:
    """One printer with its active job and that job's order; the columns of ``_BOARD`` in order."""

    id: int
    name: str
    model: str | None
    brand: str
    location: str
    serial: str | None
    host: str
    nozzle_um: int
    connection: ConnectionState
    activity: Activity
    gate: Gate
    gate_reason: str | None
    control: ControlAccess
    firmware: str | None
    trouble: str | None
    faults: list[Any]
    last_seen_at: datetime | None
    job_id: int | None
    job_name: str | None
    job_status: JobStatus | None
    attempt_percent: int | None
    order_id: int | None
    order_number: int | None
    buyer_name: str | None
    promised_on: date | None
    plate_id: int | None
    thumbnail: str | None

    @property
    def pip(self) -> Pip:
        return printer_pip(self.connection, self.activity, self.gate)

    @property
    def job_title(self) -> str:
        """The job's name without the order number that stands beside it."""
        return (self.job_name or "").removeprefix(f"#{self.order_number} ")


@dataclass(frozen=True, slots=True)
class SlotRow:
    printer_id: int
    number: int
    is_external: bool
    is_loaded: bool
    material: str | None
    color: str | None
    remaining_percent: int | None
    humidity: int | None
    spool_percent: int | None = None

    @property
    def percent(self) -> int | None:
        """Of the shop's own spool when it knows which; a device guesses 0 for its external one."""
        if self.spool_percent is not None:
            return self.spool_percent
        return None if self.is_external else self.remaining_percent

    @property
    def is_low(self) -> bool:
        return self.percent is not None and self.percent <= LOW_PERCENT


@dataclass(frozen=True, slots=True)
class HarvestRow:
    """A finished plate that nobody has judged yet."""

    job_id: int
    printer_id: int
    name: str
    yields: int


@dataclass(frozen=True, slots=True)
class Live:
    """What moves by the second: progress and temperatures."""

    printer_id: int
    is_running: bool
    tone: str
    percent: int | None = None
    layer: int | None = None
    layers: int | None = None
    remaining_s: int | None = None
    ready_at: datetime | None = None
    stage: str | None = None
    nozzle: float | None = None
    nozzle_target: float | None = None
    bed: float | None = None
    bed_target: float | None = None
    chamber: float | None = None
    is_light_on: bool | None = None
    wifi_dbm: int | None = None


@dataclass(frozen=True, slots=True)
class FaultView:
    sentence: str
    code: str | None
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything one card of the board shows."""

    row: PrinterRow
    live: Live
    slots: tuple[SlotRow, ...]
    faults: tuple[FaultView, ...]
    harvest: HarvestRow | None
    why_idle: str

    @property
    def quiet_sentence(self) -> str:
        """What a printer without a job has to say: what lies on it, or why it does nothing."""
        if self.harvest is not None:
            return f"Finished: {self.harvest.name}"
        return self.why_idle or self.row.gate_reason or ""

    @property
    def sort_key(self) -> tuple[int, float, str]:
        """Errors first, then what needs a person, then the soonest finish, then the idle."""
        rank = {"red": 0, "amber": 1, "blue": 2, "green": 3, "grey": 4}[self.row.pip.tone]
        remaining = self.live.remaining_s
        return rank, float("inf") if remaining is None else remaining, self.row.name.lower()


@dataclass(frozen=True, slots=True)
class Summary:
    ready: int
    running: int
    waiting: int
    trouble: int
    offline: int
    next_free: Card | None


_BOARD = (
    Printer.id, Printer.name, Printer.model, Printer.brand, Printer.location, Printer.serial,
    Printer.host, Printer.nozzle_um, Printer.connection, Printer.activity, Printer.gate,
    Printer.gate_reason, Printer.control, Printer.firmware, Printer.trouble, Printer.faults,
    Printer.last_seen_at, PrintJob.id, PrintJob.name, PrintJob.status, Attempt.percent, Order.id,
    Order.number, Order.buyer_name, Order.promised_on, Plate.id, Plate.thumbnail_sha256,
)  # fmt: skip


async def list_printers(
    session: AsyncSession, organization_id: int, printer_ids: Collection[int] | None = None
) -> list[PrinterRow]:
    """All active printers by name, or only those named."""
    mine = Printer.organization_id == organization_id
    statement = (
        select(*_BOARD)
        .select_from(Printer)
        .outerjoin(
            PrintJob,
            and_(
                PrintJob.printer_id == Printer.id,
                PrintJob.organization_id == organization_id,
                PrintJob.status.in_(ACTIVE),
            ),
        )
        .outerjoin(
            Attempt,
            and_(
                Attempt.print_job_id == PrintJob.id,
                Attempt.organization_id == organization_id,
                Attempt.status.in_(OPEN_ATTEMPTS),
            ),
        )
        .outerjoin(
            Order, and_(Order.id == PrintJob.order_id, Order.organization_id == organization_id)
        )
        .outerjoin(
            Plate,
            and_(
                Plate.print_file_id == PrintJob.print_file_id,
                Plate.number == PrintJob.plate_number,
                Plate.organization_id == organization_id,
            ),
        )
        .where(mine, Printer.is_active.is_(True))
        .order_by(Printer.name, Printer.id)
    )
    if printer_ids is not None:
        statement = statement.where(Printer.id.in_(printer_ids))
    return [PrinterRow(*row) for row in await session.execute(statement)]


async def list_slots(
    session: AsyncSession, organization_id: int, printer_ids: Collection[int] | None = None
) -> dict[int, tuple[SlotRow, ...]]:
    """By printer; the external spool (0) last."""
    spool_percent = case((Spool.initial_mg > 0, 100 * Spool.remaining_mg / Spool.initial_mg))
    statement = (
        select(
            PrinterSlot.printer_id,
            PrinterSlot.number,
            PrinterSlot.is_external,
            PrinterSlot.is_loaded,
            PrinterSlot.material,
            PrinterSlot.color,
            PrinterSlot.remaining_percent,
            PrinterSlot.humidity,
            cast(spool_percent, Integer),
        )
        .outerjoin(
            SlotSpool,
            and_(
                SlotSpool.printer_id == PrinterSlot.printer_id,
                SlotSpool.slot == PrinterSlot.number,
                SlotSpool.organization_id == organization_id,
            ),
        )
        .outerjoin(
            Spool,
            and_(Spool.id == SlotSpool.spool_id, Spool.organization_id == organization_id),
        )
        .where(PrinterSlot.organization_id == organization_id)
        .order_by(PrinterSlot.printer_id, PrinterSlot.is_external, PrinterSlot.number)
    )
    if printer_ids is not None:
        statement = statement.where(PrinterSlot.printer_id.in_(printer_ids))
    slots: dict[int, list[SlotRow]] = defaultdict(list)
    for row in await session.execute(statement):
        slots[row[0]].append(SlotRow(*row))
    return {printer_id: tuple(rows) for printer_id, rows in slots.items()}


async def list_harvests(session: AsyncSession, organization_id: int) -> dict[int, HarvestRow]:
    """By printer: the finished job whose plate is still to be judged."""
    rows: Any = await session.execute(
        select(PrintJob.id, PrintJob.printer_id, PrintJob.name, PrintJob.yields)
        .where(PrintJob.organization_id == organization_id)
        .where(PrintJob.status == JobStatus.COMPLETED, PrintJob.harvested_at.is_(None))
        .where(PrintJob.printer_id.is_not(None))
        .order_by(PrintJob.id)
    )
    harvests = [HarvestRow(*row) for row in rows]
    return {harvest.printer_id: harvest for harvest in harvests}


async def read_cards(
    session: AsyncSession,
    organization_id: int,
    snapshots: LatestSnapshots,
    *,
    queued: int,
    printer_ids: Collection[int] | None = None,
) -> list[Card]:
    """The cards, in the order of the board."""
    rows = await list_printers(session, organization_id, printer_ids)
    slots = await list_slots(session, organization_id, printer_ids)
    harvests: dict[int, HarvestRow] = {}
    if any(row.gate is Gate.NEEDS_CLEARING for row in rows):
        harvests = await list_harvests(session, organization_id)
    holds = await list_holds(session, system_actor(organization_id, "fleet"))
    cards = [
        Card(
            row=row,
            live=live_now(row, snapshots.get(row.id)),
            slots=slots.get(row.id, ()),
            faults=faults_of(row),
            harvest=harvests.get(row.id),
            why_idle=why_idle(row, queued, holds.get(row.id)),
        )
        for row in rows
    ]
    return sorted(cards, key=lambda card: card.sort_key)


def live_now(row: PrinterRow, snapshot: Snapshot | None) -> Live:
    """From memory while the link is up, else what the database last knew."""
    if snapshot is not None and row.connection is ConnectionState.ONLINE:
        return live_of(row.id, snapshot)
    return Live(
        printer_id=row.id,
        is_running=row.activity in RUNNING,
        tone=BAR_TONES.get(row.activity, "blue"),
        percent=row.attempt_percent if row.job_id is not None else None,
    )


def live_of(printer_id: int, snapshot: Snapshot) -> Live:
    activity = Activity(snapshot.activity)
    is_running = activity in RUNNING or (
        activity is Activity.ERROR and snapshot.percent is not None
    )
    return Live(
        printer_id=printer_id,
        is_running=is_running,
        tone=BAR_TONES.get(activity, "blue"),
        percent=None if snapshot.percent is None else int(snapshot.percent),
        layer=snapshot.layer,
        layers=snapshot.layers,
        remaining_s=snapshot.remaining_s if is_running else None,
        ready_at=ready_at(snapshot.at, snapshot.remaining_s) if is_running else None,
        stage=snapshot.stage,
        nozzle=snapshot.nozzle,
        nozzle_target=snapshot.nozzle_target,
        bed=snapshot.bed,
        bed_target=snapshot.bed_target,
        chamber=snapshot.chamber,
        is_light_on=snapshot.is_light_on,
        wifi_dbm=snapshot.wifi_dbm,
    )


def faults_of(row: PrinterRow) -> tuple[FaultView, ...]:
    """What is wrong, in words; the link's trouble first."""
    found = [FaultView(row.trouble, None, ())] if row.trouble else []
    for fault in row.faults or []:
        if isinstance(fault, str):
            found.append(FaultView(fault, None, ()))
        else:
            actions = tuple(fault.get("actions", ()))
            found.append(FaultView(str(fault.get("sentence")), fault.get("code"), actions))
    return tuple(found)


def why_idle(row: PrinterRow, queued: int, held: str | None = None) -> str:
    """One sentence for a printer that could work and does not; empty where others say it."""
    if row.job_id is not None or row.activity in RUNNING or row.gate is Gate.NEEDS_CLEARING:
        return ""
    if row.connection is not ConnectionState.ONLINE:
        return "" if row.trouble else "Not connected."
    if row.gate is Gate.MAINTENANCE or held:
        return _why_shut(row, held)
    if row.control is ControlAccess.BLOCKED:
        return "The firmware takes no commands from us; switch on Developer Mode."
    if row.control is ControlAccess.WATCHED:
        return "Only watched through Bambu's cloud; it prints once its LAN address is entered."
    return _nothing_fits(queued) if row.activity is Activity.IDLE else ""


def _why_shut(row: PrinterRow, held: str | None) -> str:
    if row.gate is Gate.MAINTENANCE:
        return row.gate_reason or "Taken out for maintenance."
    return f"Held back: {held}."


def _nothing_fits(queued: int) -> str:
    return "Nothing waits in the queue." if queued == 0 else "No waiting job fits; see the queue."


def summarize(cards: Sequence[Card]) -> Summary:
    tones = Counter(card.row.pip.tone for card in cards)
    running = [card for card in cards if card.live.remaining_s is not None]
    return Summary(
        ready=tones["green"],
        running=tones["blue"],
        waiting=tones["amber"],
        trouble=tones["red"],
        offline=tones["grey"],
        next_free=min(running, key=lambda card: card.live.remaining_s or 0, default=None),
    )


def matches(card: Card, search: str, tone: str) -> bool:
    """Whether a card stays when the board is searched or filtered by state."""
    row = card.row
    if tone and row.pip.tone != tone:
        return False
    text = " ".join(
        filter(None, (row.name, row.model, row.location, row.serial, row.job_name, row.pip.word,
                      f"#{row.order_number}" if row.order_number else None))
    )  # fmt: skip
    return search.strip().lower() in text.lower()
