"""Finding orders, and what a person says became of one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.accounts.models import Organization
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.orders import intake, piece_queries, progress, queries, stop
from shopwright.orders.events import OrderPrioritised
from shopwright.orders.models import Order
from shopwright.orders.progress import Declaration
from shopwright.orders.states import OrderStatus, ProductionStatus, check_transition

Statement = Callable[[WriteSession, Actor, Order, Declaration, datetime], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class OrderChange:
    """Only what is not None changes."""

    status: OrderStatus | None = None
    production_status: ProductionStatus | None = None
    notes: str | None = None
    priority: int | None = None
    print_notes: str | None = None
    estimated_print_min: int | None = None
    declaration: Declaration = field(default_factory=Declaration)


async def get_order(session: AsyncSession, ctx: Actor, ref: Ref) -> Order:
    """With its items; raises NotFound, also for another organization's order."""
    order = await queries.find_order(session, ctx, ref)
    if order is None:
        raise NotFound(f"There is no order {ref}.")
    return order


async def get_order_id(session: AsyncSession, ctx: Actor, ref: Ref) -> int:
    """Raises NotFound."""
    order_id = await queries.find_order_id(session, ctx, ref)
    if order_id is None:
        raise NotFound(f"There is no order {ref}.")
    return order_id


async def find_order_id(session: AsyncSession, ctx: Actor, ref: Ref) -> int | None:
    return await queries.find_order_id(session, ctx, ref)


async def get_organization(session: AsyncSession, ctx: Actor) -> Organization:
    """For its currency and time zone."""
    found: Organization = (
        await session.scalars(select(Organization).where(Organization.id == ctx.organization_id))
    ).one()
    return found


async def update_order(
    session: WriteSession, ctx: Actor, *, ref: Ref, change: OrderChange, now: datetime
) -> Order:
    """A person's statement (reference decision 16): it succeeds from any open state.

    Raises IllegalTransition when the order has left or was stopped and cannot become what is said.
    """
    await piece_queries.lock_pieces(session, ctx)
    order = await get_order(session, ctx, ref)
    await _describe(session, ctx, order, change, now)
    if change.production_status is not None:
        await _state_production(session, ctx, order, change.production_status, now)
        order = await get_order(session, ctx, ref)
    if change.status is not None and change.status is not order.status:
        await STATEMENTS[change.status](session, ctx, order, change.declaration, now)
    touch(session, ctx.organization_id, "order", order.id)
    return await get_order(session, ctx, ref)


async def _describe(
    session: WriteSession, ctx: Actor, order: Order, change: OrderChange, now: datetime
) -> None:
    if change.notes is not None:
        order.notes = change.notes
    if change.print_notes is not None:
        order.print_notes = change.print_notes
    if change.estimated_print_min is not None:
        order.estimated_print_min = change.estimated_print_min
    if change.priority is not None and change.priority != order.priority:
        order.priority = change.priority
        audit.record(session, ctx, "order.prioritised", order.id, priority=change.priority)
        await events.publish(
            session, OrderPrioritised(ctx.organization_id, order.id, change.priority)
        )
    order.updated_at = now
    await session.flush()


async def _state_production(
    session: WriteSession, ctx: Actor, order: Order, status: ProductionStatus, now: datetime
) -> None:
    """``completed`` makes the missing pieces good; another word stands until a piece is made.

    The same word again is no news: a failure said twice is one failure.
    """
    if status is order.production_status:
        return
    audit.record(session, ctx, "order.production_stated", order.id, production_status=status)
    if status is ProductionStatus.COMPLETED:
        await _complete(session, ctx, order, Declaration(), now)
    await queries.set_production_status(
        session, ctx, order.id, status, **_consequences(status, now)
    )


def _consequences(status: ProductionStatus, now: datetime) -> dict[str, object]:
    """Begun once, completed the last time, and every failure counted."""
    match status:
        case ProductionStatus.IN_PROGRESS:
            return {"print_started_at": queries.at_first(Order.print_started_at, now)}
        case ProductionStatus.COMPLETED:
            return {"print_completed_at": now}
        case ProductionStatus.FAILED:
            return {"print_failures": Order.print_failures + 1}
        case _:
            return {}


async def _pay(
    session: WriteSession, ctx: Actor, order: Order, _: Declaration, now: datetime
) -> None:
    if order.status is OrderStatus.COMPLETED:
        await _plainly(OrderStatus.PAID)(session, ctx, order, _, now)
        return
    check_transition(order.status, OrderStatus.PAID)
    await intake.pay_order(session, ctx, order=order, now=now)


async def _complete(
    session: WriteSession, ctx: Actor, order: Order, _: Declaration, now: datetime
) -> Order:
    if order.status in {OrderStatus.PENDING_PAYMENT, OrderStatus.PENDING}:
        await intake.pay_order(session, ctx, order=order, now=now)
    return await progress.complete_by_hand(session, ctx, order_id=order.id, now=now)


async def _ship(
    session: WriteSession, ctx: Actor, order: Order, said: Declaration, now: datetime
) -> None:
    completed = await _complete(session, ctx, order, said, now)
    await progress.declare_shipped(session, ctx, order=completed, said=said, now=now)


async def _deliver(
    session: WriteSession, ctx: Actor, order: Order, said: Declaration, now: datetime
) -> None:
    if order.status is not OrderStatus.SHIPPED:
        await _ship(session, ctx, order, said, now)
    await progress.declare_delivered(session, ctx, order_id=order.id, now=now)


async def _cancel(
    session: WriteSession, ctx: Actor, order: Order, _: Declaration, now: datetime
) -> None:
    reason = f"{ctx.name} said so"
    await stop.cancel_order(session, ctx, order=order, reason=reason, now=now)


async def _refund(
    session: WriteSession, ctx: Actor, order: Order, _: Declaration, now: datetime
) -> None:
    check_transition(order.status, OrderStatus.REFUNDED)
    await stop.stop_order(
        session,
        ctx,
        order=order,
        status=OrderStatus.REFUNDED,
        reason=f"{ctx.name} said so",
        now=now,
    )


def _plainly(status: OrderStatus) -> Statement:
    """A word that changes nothing but itself."""

    async def state(
        session: WriteSession, ctx: Actor, order: Order, _: Declaration, now: datetime
    ) -> None:
        check_transition(order.status, status)
        before = order.status
        await queries.change_status(session, ctx, order.id, [before], status, updated_at=now)
        audit.record(session, ctx, f"order.{status}", order.id, before=before)

    return state


STATEMENTS: Mapping[OrderStatus, Statement] = {
    OrderStatus.PENDING_PAYMENT: _plainly(OrderStatus.PENDING_PAYMENT),
    OrderStatus.PENDING: _plainly(OrderStatus.PENDING),
    OrderStatus.PAID: _pay,
    OrderStatus.COMPLETED: _complete,
    OrderStatus.SHIPPED: _ship,
    OrderStatus.DELIVERED: _deliver,
    OrderStatus.CANCELED: _cancel,
    OrderStatus.REFUNDED: _refund,
}
