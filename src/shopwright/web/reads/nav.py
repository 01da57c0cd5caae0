"""What every page shows: the shop, and how much waits behind each entry of the navigation."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.channels.models import ChannelReject, Connection
from shopwright.channels.states import ConnectionStatus
from shopwright.fleet.models import Printer
from shopwright.fleet.states import Activity, ConnectionState, Gate
from shopwright.kernel.effects import Effect
from shopwright.orders.models import Order, OrderItem
from shopwright.orders.states import OPEN, WORKABLE, ProductionStatus
from shopwright.print_jobs.models import Attempt, PrintJob
from shopwright.print_jobs.states import AttemptStatus, JobStatus
from shopwright.web.reads.connections import open_rejects, undecided_pushes


@dataclass(frozen=True, slots=True)
class Shop:
    name: str
    currency: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Counts:
    """``attention`` is what a person must do now, over all screens."""

    printers: int
    printing: int
    trouble: int
    to_clear: int
    queued: int
    pending: int
    unknown: int
    orders: int
    held: int
    to_pack: int
    inbox: int
    reconnects: int
    rejects: int
    pushes: int

    @property
    def channels(self) -> int:
        """Connected shops, orders of theirs and parcels to tell them that need a person."""
        return self.reconnects + self.rejects + self.pushes

    @property
    def attention(self) -> int:
        return (
            self.trouble + self.to_clear + self.pending + self.unknown + self.held
            + self.to_pack + self.inbox + self.channels
        )  # fmt: skip

    @property
    def badges(self) -> dict[str, tuple[int, str]]:
        """Number and tone beside each entry of the navigation."""
        return {
            "attention": (self.attention, "amber"),
            "trouble": (self.trouble, "red"),
            "queue": (self.queued, "violet"),
            "orders": (self.orders, "grey"),
            "inbox": (self.inbox, "amber"),
            "channels": (self.channels, "amber"),
        }


IN_TROUBLE = or_(
    Printer.connection == ConnectionState.AUTH_FAILED,
    and_(Printer.connection == ConnectionState.OFFLINE, Printer.last_seen_at.is_not(None)),
    Printer.activity == Activity.ERROR,
    Printer.trouble.is_not(None),
)
READY_TO_PACK = and_(
    Order.status.in_(WORKABLE),
    Order.production_status == ProductionStatus.COMPLETED,
    Order.is_held.is_(False),
    Order.pieces_total > 0,
)


async def read_nav(session: AsyncSession, organization_id: int) -> tuple[Shop, Counts]:
    """The shop and its counters in one statement."""
    row = (
        await session.execute(
            select(
                Organization.name,
                Organization.currency,
                Organization.time_zone,
                *_counters(organization_id),
            ).where(Organization.id == organization_id)
        )
    ).one()
    name, currency, time_zone, *counts = tuple(row)
    return Shop(name, currency, time_zone), Counts(*counts)


async def read_shop(session: AsyncSession, organization_id: int) -> Shop:
    row = await session.execute(
        select(Organization.name, Organization.currency, Organization.time_zone).where(
            Organization.id == organization_id
        )
    )
    return Shop(*row.one())


def _counters(organization_id: int) -> list[ColumnElement[int]]:
    def count(model: type, *conditions: ColumnElement[bool]) -> ColumnElement[int]:
        mine = model.organization_id == organization_id  # type: ignore[attr-defined]  # a TenantModel
        return select(func.count()).select_from(model).where(mine, *conditions).scalar_subquery()

    printer = Printer.is_active.is_(True)
    return [
        count(Printer, printer),
        count(
            Printer, printer, Printer.activity.in_([Activity.PRINTING, Activity.PREPARING]),
            Printer.connection == ConnectionState.ONLINE,
        ),
        count(Printer, printer, IN_TROUBLE),
        count(Printer, printer, Printer.gate == Gate.NEEDS_CLEARING),
        count(PrintJob, PrintJob.status == JobStatus.QUEUED),
        count(PrintJob, PrintJob.status == JobStatus.PENDING),
        count(Attempt, Attempt.status == AttemptStatus.UNKNOWN),
        count(Order, Order.status.in_(OPEN)),
        count(Order, Order.status.in_(OPEN), Order.is_held.is_(True)),
        count(Order, READY_TO_PACK),
        count(OrderItem, OrderItem.waiting_code.is_not(None), OrderItem.is_cancelled.is_(False)),
        count(Connection, Connection.status == ConnectionStatus.RECONNECT_NEEDED),
        count(ChannelReject, *open_rejects(organization_id)),
        count(Effect, *undecided_pushes(organization_id)),
    ]  # fmt: skip
