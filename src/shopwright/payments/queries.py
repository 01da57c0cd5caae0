"""All SQL of payments, refunds and accounts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.payments.models import Payment, PaymentAccount, Refund
from shopwright.payments.states import COUNTED, OPEN, PaymentStatus, RefundStatus

TOPIC = "payment"


async def find_payment(session: AsyncSession, ctx: Actor, ref: Ref) -> Payment | None:
    found: Payment | None = await session.scalar(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, ref.where(Payment))
        .execution_options(populate_existing=True)
    )
    return found


async def lock_payment(session: WriteSession, ctx: Actor, payment_id: int) -> Payment:
    """Whoever else settles it waits until the commit."""
    rows = await session.scalars(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.one()


async def find_by_key(session: AsyncSession, ctx: Actor, provider: str, key: str) -> Payment | None:
    found: Payment | None = await session.scalar(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id)
        .where(Payment.provider == provider, Payment.key == key)
        .execution_options(populate_existing=True)
    )
    return found


async def find_by_provider_ids(
    session: AsyncSession, ctx: Actor, provider: str, names: Collection[str]
) -> Payment | None:
    """By the provider's id of the session or of the money, whichever is known."""
    found: Payment | None = await session.scalar(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.provider == provider)
        .where(or_(Payment.provider_id.in_(names), Payment.provider_payment_id.in_(names)))
        .order_by(Payment.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return found


async def find_open(session: AsyncSession, ctx: Actor, order_id: int) -> Payment | None:
    found: Payment | None = await session.scalar(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.order_id == order_id)
        .where(Payment.status.in_(OPEN))
        .execution_options(populate_existing=True)
    )
    return found


async def list_of_order(session: AsyncSession, ctx: Actor, order_id: int) -> list[Payment]:
    """Every attempt, oldest first."""
    rows = await session.scalars(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.order_id == order_id)
        .order_by(Payment.attempt)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def take_attempt(session: WriteSession, ctx: Actor, order_id: int) -> int:
    last = await session.scalar(
        select(func.max(Payment.attempt)).where(
            Payment.organization_id == ctx.organization_id, Payment.order_id == order_id
        )
    )
    return (last or 0) + 1


async def move_payment(
    session: WriteSession,
    ctx: Actor,
    payment_id: int,
    sources: Collection[PaymentStatus],
    target: PaymentStatus,
    **values: Any,
) -> Payment | None:
    """Compare-and-set; None when it was in none of ``sources`` any more."""
    moved: Payment | None = await session.scalar(
        update(Payment)
        .where(Payment.id == payment_id, Payment.organization_id == ctx.organization_id)
        .where(Payment.status.in_(sources))
        .values(status=target, **values)
        .returning(Payment)
        .execution_options(populate_existing=True)
    )
    return moved


async def note_payment(session: WriteSession, ctx: Actor, payment_id: int, **values: Any) -> None:
    await session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.organization_id == ctx.organization_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


async def note_released(
    session: WriteSession, ctx: Actor, order_id: int, released_at: datetime
) -> None:
    """Its unpaid order was given up; money that comes now takes it up again."""
    await session.execute(
        update(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.order_id == order_id)
        .values(released_at=released_at)
        .execution_options(synchronize_session=False)
    )


async def list_to_ask(session: AsyncSession, now: datetime, limit: int) -> Sequence[Payment]:
    """Of every organization: those whose time to ask the provider has come."""
    rows = await session.scalars(
        select(Payment)
        .where(Payment.next_ask_at <= now)
        .order_by(Payment.next_ask_at)
        .limit(limit)
        .execution_options(**CROSS_TENANT)
    )
    return rows.all()


async def list_in_doubt(session: AsyncSession, ctx: Actor) -> list[Payment]:
    rows = await session.scalars(
        select(Payment)
        .where(Payment.organization_id == ctx.organization_id, Payment.problem.is_not(None))
        .order_by(Payment.id)
    )
    return list(rows)


async def find_refund(session: AsyncSession, ctx: Actor, ref: Ref) -> Refund | None:
    found: Refund | None = await session.scalar(
        select(Refund)
        .where(Refund.organization_id == ctx.organization_id, ref.where(Refund))
        .execution_options(populate_existing=True)
    )
    return found


async def find_refund_by_name(
    session: AsyncSession, ctx: Actor, key: str | None, provider_id: str
) -> Refund | None:
    """By our key, else by the provider's id."""
    found: Refund | None = await session.scalar(
        select(Refund)
        .where(Refund.organization_id == ctx.organization_id)
        .where(or_(Refund.key == (key or provider_id), Refund.provider_id == provider_id))
        .order_by(Refund.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return found


async def list_refunds(
    session: AsyncSession, ctx: Actor, payment_ids: Collection[int]
) -> list[Refund]:
    rows = await session.scalars(
        select(Refund)
        .where(Refund.organization_id == ctx.organization_id, Refund.payment_id.in_(payment_ids))
        .order_by(Refund.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def sum_refunds(session: AsyncSession, ctx: Actor, payment_id: int) -> int:
    """What was given back, is under way or may have been."""
    total = await session.scalar(
        select(func.sum(Refund.amount_minor))
        .where(Refund.organization_id == ctx.organization_id, Refund.payment_id == payment_id)
        .where(Refund.status.in_(COUNTED))
    )
    return int(total or 0)


async def sum_given_back(session: AsyncSession, ctx: Actor, payment_id: int) -> int:
    """What the provider has taken off the payment: also what is still on its way to the buyer."""
    total = await session.scalar(
        select(func.sum(Refund.amount_minor))
        .where(Refund.organization_id == ctx.organization_id, Refund.payment_id == payment_id)
        .where(
            or_(
                Refund.status == RefundStatus.SUCCEEDED,
                and_(Refund.status == RefundStatus.PENDING, Refund.provider_id.is_not(None)),
            )
        )
    )
    return int(total or 0)


async def move_refund(
    session: WriteSession,
    ctx: Actor,
    refund_id: int,
    sources: Collection[RefundStatus],
    target: RefundStatus,
    **values: Any,
) -> Refund | None:
    """Compare-and-set; None when it was in none of ``sources`` any more."""
    moved: Refund | None = await session.scalar(
        update(Refund)
        .where(Refund.id == refund_id, Refund.organization_id == ctx.organization_id)
        .where(Refund.status.in_(sources))
        .values(status=target, **values)
        .returning(Refund)
        .execution_options(populate_existing=True)
    )
    return moved


async def find_account(session: AsyncSession, ctx: Actor, provider: str) -> PaymentAccount | None:
    found: PaymentAccount | None = await session.scalar(
        select(PaymentAccount)
        .where(PaymentAccount.organization_id == ctx.organization_id)
        .where(PaymentAccount.provider == provider)
        .execution_options(populate_existing=True)
    )
    return found


async def save_account(
    session: WriteSession, ctx: Actor, provider: str, values: dict[str, Any]
) -> None:
    insert = insert_for(session, PaymentAccount).values(
        organization_id=ctx.organization_id, provider=provider, **values
    )
    await session.execute(
        insert.on_conflict_do_update(index_elements=["organization_id", "provider"], set_=values)
    )
