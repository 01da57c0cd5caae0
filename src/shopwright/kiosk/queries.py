"""All SQL of customers' sessions and of the money machines took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update

from shopwright.catalog.devices.models import DeviceModel
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.kiosk import rules
from shopwright.kiosk.models import KioskSession, Machine, MachineTaking
from shopwright.kiosk.states import OPEN, SessionStatus, TakingOutcome, sources_of
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.states import OrderStatus
from shopwright.payments.models import Payment
from shopwright.payments.states import PaymentStatus

AnySession = ReadSession | WriteSession
FRESH: dict[str, Any] = {"populate_existing": True}
BATCH = 200


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session with its machine and, once it is placed, its order."""

    row: KioskSession
    machine: Machine
    order: Order | None


async def find_session(session: AnySession, ctx: Actor, session_id: str) -> FoundSession | None:
    rows = await session.execute(
        select(KioskSession, Machine, Order)
        .join(Machine, Machine.id == KioskSession.machine_id)
        .outerjoin(Order, _its_order(ctx))
        .where(KioskSession.organization_id == ctx.organization_id)
        .where(Machine.organization_id == ctx.organization_id)
        .where(KioskSession.session_id == session_id)
        .execution_options(**FRESH)
    )
    found = rows.first()
    return None if found is None else FoundSession(*found)


async def find_session_id(session: AnySession, ctx: Actor, ref: Ref) -> str | None:
    found: str | None = await session.scalar(
        select(KioskSession.session_id).where(
            KioskSession.organization_id == ctx.organization_id, ref.where(KioskSession)
        )
    )
    return found


async def lock_session(session: WriteSession, ctx: Actor, row_id: int) -> KioskSession | None:
    """The row, which nobody else changes until the commit."""
    found: KioskSession | None = await session.scalar(
        select(KioskSession)
        .where(KioskSession.organization_id == ctx.organization_id, KioskSession.id == row_id)
        .with_for_update()
        .execution_options(**FRESH)
    )
    return found


async def find_by_order(
    session: AnySession, organization_id: int, order_id: int
) -> KioskSession | None:
    found: KioskSession | None = await session.scalar(
        select(KioskSession)
        .where(KioskSession.organization_id == organization_id)
        .where(KioskSession.order_id == order_id)
        .execution_options(**FRESH)
    )
    return found


async def move_session(
    session: WriteSession,
    ctx: Actor,
    row_id: int,
    target: SessionStatus,
    *,
    also: frozenset[SessionStatus] = frozenset(),
    **values: Any,
) -> KioskSession | None:
    """Compare-and-set along the table of states; None when it stands where it may not go from.
    ``also`` are states beyond the table's, to stay where it is."""
    moved: KioskSession | None = await session.scalar(
        update(KioskSession)
        .where(KioskSession.organization_id == ctx.organization_id, KioskSession.id == row_id)
        .where(KioskSession.status.in_(sources_of(target) | also))
        .values(status=target, **values)
        .returning(KioskSession)
        .execution_options(**FRESH)
    )
    return moved


async def change_session(
    session: WriteSession, ctx: Actor, row_id: int, **values: Any
) -> KioskSession | None:
    """Of an open one; None when it is over."""
    changed: KioskSession | None = await session.scalar(
        update(KioskSession)
        .where(KioskSession.organization_id == ctx.organization_id, KioskSession.id == row_id)
        .where(KioskSession.status.in_(OPEN))
        .values(**values)
        .returning(KioskSession)
        .execution_options(**FRESH)
    )
    return changed


async def list_live_ends(
    session: AnySession, ctx: Actor, machine_id: int, now: datetime
) -> list[datetime]:
    """When the machine's open sessions end, the earliest first."""
    rows = await session.scalars(
        select(KioskSession.expires_at)
        .where(KioskSession.organization_id == ctx.organization_id)
        .where(KioskSession.machine_id == machine_id)
        .where(KioskSession.status.in_(OPEN), KioskSession.expires_at > now)
        .order_by(KioskSession.expires_at)
    )
    return list(rows)


async def list_sessions(
    session: AnySession, ctx: Actor, machine_id: int, paging: Paging
) -> tuple[list[tuple[KioskSession, Order | None]], int]:
    """Of one machine, the newest first."""
    where = (
        KioskSession.organization_id == ctx.organization_id,
        KioskSession.machine_id == machine_id,
    )
    rows = await session.execute(
        select(KioskSession, Order)
        .outerjoin(Order, _its_order(ctx))
        .where(*where)
        .order_by(KioskSession.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    total = await session.scalar(select(func.count()).select_from(KioskSession).where(*where))
    return [(row, order) for row, order in rows], total or 0


async def list_over(session: ReadSession, now: datetime) -> list[KioskSession]:
    """Of every organization: open, though their time is over."""
    rows = await session.scalars(
        select(KioskSession)
        .where(KioskSession.status.in_(OPEN), KioskSession.expires_at <= now)
        .order_by(KioskSession.id)
        .limit(BATCH)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def list_handed_on(session: ReadSession, before: datetime) -> list[KioskSession]:
    """Of every organization: paid for before that moment, and in the hands of whoever makes it: the
    manufacturer, who has accepted it, or this shop, where nothing of it is bought outside."""
    rows = await session.scalars(
        select(KioskSession)
        .join(Order, Order.id == KioskSession.order_id)
        .where(KioskSession.status == SessionStatus.PAYMENT_COMPLETED)
        .where(KioskSession.payment_confirmed_at <= before)
        .where(
            or_(
                Order.status.not_in([OrderStatus.PAID, OrderStatus.PENDING]),
                Order.outside_status.not_in(rules.NOT_ACCEPTED),
                ~_is_bought(),
            )
        )
        .order_by(KioskSession.id)
        .limit(BATCH)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


async def list_unpaid(session: ReadSession, now: datetime) -> list[Payment]:
    """Of every organization: payments that were waited for in sessions which are over."""
    rows = await session.scalars(
        select(Payment)
        .join(KioskSession, KioskSession.payment_id == Payment.id)
        .where(KioskSession.status.in_([SessionStatus.EXPIRED, SessionStatus.CANCELLED]))
        .where(Payment.status == PaymentStatus.PENDING, Payment.expires_at <= now)
        .order_by(Payment.id)
        .limit(BATCH)
        .execution_options(**CROSS_TENANT)
    )
    return list(rows)


def _is_bought() -> Any:
    """Some piece of it is made outside."""
    return exists(
        select(PieceStep.id)
        .join(OrderItem, OrderItem.id == PieceStep.order_item_id)
        .where(OrderItem.order_id == Order.id, PieceStep.kind == StepKind.OUTSOURCE)
    )


async def purge(session: WriteSession, before: datetime) -> int:
    """Of every organization: whatever ended before that moment; orders and takings stay."""
    gone = await session.execute(
        delete(KioskSession)
        .where(KioskSession.expires_at < before, KioskSession.status.not_in(OPEN))
        .execution_options(**CROSS_TENANT, synchronize_session=False)
    )
    count: int = getattr(gone, "rowcount", 0)
    return count


async def find_partner_model(
    session: AnySession, ctx: Actor, device_model_id: int | None
) -> str | None:
    """The partner's id of a device model."""
    found: str | None = await session.scalar(
        select(DeviceModel.partner_model_id)
        .where(DeviceModel.organization_id == ctx.organization_id)
        .where(DeviceModel.id == device_model_id)
    )
    return found


async def find_accepted(
    session: AnySession, ctx: Actor, session_row_id: int
) -> MachineTaking | None:
    """The money by which this session was paid, when the machine said it."""
    found: MachineTaking | None = await session.scalar(
        select(MachineTaking)
        .where(MachineTaking.organization_id == ctx.organization_id)
        .where(MachineTaking.session_id == session_row_id)
        .where(MachineTaking.outcome == TakingOutcome.ACCEPTED)
        .limit(1)
    )
    return found


async def find_taking(
    session: AnySession, ctx: Actor, machine_id: int, transaction_id: str
) -> MachineTaking | None:
    found: MachineTaking | None = await session.scalar(
        select(MachineTaking)
        .where(MachineTaking.organization_id == ctx.organization_id)
        .where(MachineTaking.machine_id == machine_id)
        .where(MachineTaking.transaction_id == transaction_id)
        .execution_options(**FRESH)
    )
    return found


async def list_takings(
    session: AnySession, ctx: Actor, machine_id: int, limit: int
) -> Sequence[MachineTaking]:
    rows = await session.scalars(
        select(MachineTaking)
        .where(MachineTaking.organization_id == ctx.organization_id)
        .where(MachineTaking.machine_id == machine_id)
        .order_by(MachineTaking.id.desc())
        .limit(limit)
    )
    return rows.all()


def _its_order(ctx: Actor) -> Any:
    return (Order.id == KioskSession.order_id) & (Order.organization_id == ctx.organization_id)
