"""The shipping label of an order: bought elsewhere, noted here, and put onto its parcel."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.orders import piece_queries, queries, service
from shopwright.orders.models import Order, OrderLabel
from shopwright.orders.states import STOPPED, LabelStatus


class LabelNotNeeded(Conflict):
    code = "label-not-needed"
    title = "This order needs no label"


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """Only what is not None changes; a new label is ``created`` unless told."""

    provider: str | None = None
    status: LabelStatus | None = None
    label_url: str | None = None
    tracking_number: str | None = None


async def set_label(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: LabelSpec, now: datetime
) -> Order:
    """Note the label; the first purchase is when the order counts as shipped out.

    Raises LabelNotNeeded when one is bought for a stopped order.
    """
    await piece_queries.lock_pieces(session, ctx)
    order = await service.get_order(session, ctx, ref)
    if spec.status is LabelStatus.PURCHASED and order.status in STOPPED:
        raise LabelNotNeeded(f"Order {order.number} is {order.status}: no label is bought for it.")
    label = await find_label(session, ctx, order.id) or _new_label(ctx, order)
    _describe(label, spec, now)
    session.add(label)
    await session.flush()
    if label.status is LabelStatus.PURCHASED:
        await _note_departure(session, ctx, order.id, now)
    audit.record(session, ctx, "order.label_set", order.id, status=label.status)
    touch(session, ctx.organization_id, "order", order.id)
    return order


async def find_label(session: AsyncSession, ctx: Actor, order_id: int) -> OrderLabel | None:
    label: OrderLabel | None = await session.scalar(
        select(OrderLabel).where(
            OrderLabel.organization_id == ctx.organization_id, OrderLabel.order_id == order_id
        )
    )
    return label


def _new_label(ctx: Actor, order: Order) -> OrderLabel:
    return OrderLabel(
        organization_id=ctx.organization_id, order_id=order.id, status=LabelStatus.CREATED
    )


def _describe(label: OrderLabel, spec: LabelSpec, now: datetime) -> None:
    if spec.provider is not None:
        label.provider = spec.provider.strip()
    if spec.status is not None:
        label.status = spec.status
    if spec.label_url is not None:
        label.label_url = spec.label_url.strip() or None
    if spec.tracking_number is not None:
        label.tracking_number = spec.tracking_number.strip() or None
    label.updated_at = now


async def _note_departure(session: WriteSession, ctx: Actor, order_id: int, now: datetime) -> None:
    """Once; the day it really leaves overwrites it."""
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .values(shipped_at=queries.at_first(Order.shipped_at, now))
        .execution_options(synchronize_session=False)
    )
