"""All SQL of orders and their items. Piece rows are in ``piece_queries``."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from shopwright.accounts.models import Organization
from shopwright.kernel import bulk
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.orders.models import Customer, Hold, Order, OrderItem
from shopwright.orders.states import HoldSubject, OrderStatus, ProductionStatus

AnySession = AsyncSession
PLANNED = ("variant_id", "waiting_code", "waiting_reason")


async def take_order_numbers(session: WriteSession, ctx: Actor, count: int) -> range:
    """Reserve ``count`` consecutive order numbers of the organization."""
    after = await session.scalar(
        update(Organization)
        .where(Organization.id == ctx.organization_id)
        .values(next_order_number=Organization.next_order_number + count)
        .returning(Organization.next_order_number)
    )
    if after is None:
        raise LookupError(f"organization {ctx.organization_id} is gone")
    return range(after - count, after)


async def find_order(session: AnySession, ctx: Actor, ref: Ref) -> Order | None:
    order: Order | None = await session.scalar(
        select(Order)
        .where(Order.organization_id == ctx.organization_id, ref.where(Order))
        .options(selectinload(Order.items))
        .execution_options(populate_existing=True, cross_tenant=True)
    )
    return order


async def find_order_id(session: AnySession, ctx: Actor, ref: Ref) -> int | None:
    order_id: int | None = await session.scalar(
        select(Order.id).where(Order.organization_id == ctx.organization_id, ref.where(Order))
    )
    return order_id


async def find_orders_by_external(
    session: WriteSession, ctx: Actor, connection_id: int | None, external_ids: Collection[str]
) -> dict[str, Order]:
    rows = await session.scalars(
        select(Order)
        .where(Order.organization_id == ctx.organization_id)
        .where(Order.connection_id == connection_id)
        .where(bulk.among(session, Order.external_id, external_ids))
    )
    return {str(order.external_id): order for order in rows}


async def list_items(session: AnySession, ctx: Actor, item_ids: Collection[int]) -> list[OrderItem]:
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(bulk.among(session, OrderItem.id, item_ids))
        .order_by(OrderItem.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def list_order_items(session: AnySession, ctx: Actor, order_id: int) -> list[OrderItem]:
    rows = await session.scalars(
        select(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id, OrderItem.order_id == order_id)
        .order_by(OrderItem.position)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def store_plans(session: WriteSession, ctx: Actor, items: Collection[OrderItem]) -> None:
    """Write what planning set on these items: few statements, as most of a page say the same."""
    alike: dict[tuple[Any, ...], list[OrderItem]] = defaultdict(list)
    for item in items:
        if session.is_modified(item):
            alike[tuple(getattr(item, name) for name in PLANNED)].append(item)
    for values, group in alike.items():  # else the first statement would flush them one by one
        for item, (name, value) in product(group, zip(PLANNED, values, strict=True)):
            set_committed_value(item, name, value)
    for values, group in alike.items():
        await session.execute(
            update(OrderItem)
            .where(OrderItem.organization_id == ctx.organization_id)
            .where(bulk.among(session, OrderItem.id, [item.id for item in group]))
            .values(dict(zip(PLANNED, values, strict=True)))
            .execution_options(synchronize_session=False)
        )


async def list_waiting_items(
    session: AnySession, ctx: Actor, codes: Collection[str] | None = None
) -> list[OrderItem]:
    """Items in the SKU inbox, oldest first; only those with one of ``codes`` when given."""
    statement = (
        select(OrderItem)
        .where(OrderItem.organization_id == ctx.organization_id)
        .where(OrderItem.waiting_code.is_not(None), OrderItem.is_cancelled.is_(False))
        .order_by(OrderItem.id)
        .execution_options(populate_existing=True)
    )
    if codes is not None:
        statement = statement.where(OrderItem.sku.in_(codes))
    return list(await session.scalars(statement))


async def list_orders_by_id(
    session: AnySession, ctx: Actor, order_ids: Collection[int]
) -> dict[int, Order]:
    rows = await session.scalars(
        select(Order)
        .where(Order.organization_id == ctx.organization_id)
        .where(bulk.among(session, Order.id, order_ids))
        .execution_options(populate_existing=True)
    )
    return {order.id: order for order in rows}


async def change_status(
    session: WriteSession,
    ctx: Actor,
    order_id: int,
    sources: Collection[OrderStatus],
    target: OrderStatus,
    **values: Any,
) -> Order | None:
    """Compare-and-set; None when the order was in none of ``sources`` any more."""
    order: Order | None = await session.scalar(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .where(Order.status.in_(sources))
        .values(status=target, **values)
        .returning(Order)
        .execution_options(populate_existing=True)
    )
    return order


async def ship_order(
    session: WriteSession, ctx: Actor, order_id: int, now: datetime
) -> Order | None:
    """Compare-and-set; None unless the order is complete and not held."""
    order: Order | None = await session.scalar(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .where(Order.status == OrderStatus.COMPLETED, Order.is_held.is_(False))
        .values(status=OrderStatus.SHIPPED, shipped_at=now, updated_at=now)
        .returning(Order)
        .execution_options(populate_existing=True)
    )
    return order


async def set_production_status(
    session: WriteSession,
    ctx: Actor,
    order_id: int,
    status: ProductionStatus,
    **values: Any,
) -> None:
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .values(production_status=status, **values)
        .execution_options(synchronize_session=False)
    )


async def lock_photo(session: WriteSession, ctx: Actor, order_id: int) -> str | None:
    """The photo that the order has; two that come at once come one after the other."""
    found: str | None = await session.scalar(
        select(Order.photo_sha256)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .with_for_update()
    )
    return found


async def set_photo(session: WriteSession, ctx: Actor, order_id: int, sha256: str) -> None:
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .values(photo_sha256=sha256)
        .execution_options(synchronize_session=False)
    )


def at_first(column: Any, now: datetime) -> ColumnElement[datetime]:
    """What stands there, else now."""
    return func.coalesce(column, literal(now, column.type))


async def count_failures(session: WriteSession, ctx: Actor, item_ids: Collection[int]) -> None:
    """A plate of these items failed."""
    order_ids = select(OrderItem.order_id).where(
        OrderItem.organization_id == ctx.organization_id, OrderItem.id.in_(item_ids)
    )
    await session.execute(
        update(Order)
        .where(Order.organization_id == ctx.organization_id, Order.id.in_(order_ids))
        .values(print_failures=Order.print_failures + 1)
        .execution_options(synchronize_session=False)
    )


async def upsert_customers(session: WriteSession, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Customers known by a channel's buyer id: id by external id."""
    if not rows:
        return {}
    insert = insert_for(session, Customer)
    statement = insert.on_conflict_do_update(
        index_elements=["organization_id", "channel", "external_id"],
        set_={
            "name": insert.excluded.name,
            "email": func.coalesce(insert.excluded.email, Customer.email),
            "email_key": func.coalesce(insert.excluded.email_key, Customer.email_key),
        },
    ).returning(Customer.external_id, Customer.id)
    found = await session.execute(statement, list(rows))
    return {str(external_id): customer_id for external_id, customer_id in found}


async def list_open_holds(session: AnySession, ctx: Actor, order_id: int) -> list[Hold]:
    rows = await session.scalars(
        select(Hold)
        .where(Hold.organization_id == ctx.organization_id)
        .where(Hold.order_id == order_id, Hold.released_at.is_(None))
        .order_by(Hold.id)
    )
    return list(rows)


async def release_hold(
    session: WriteSession, ctx: Actor, hold_id: int, now: datetime
) -> Hold | None:
    hold: Hold | None = await session.scalar(
        update(Hold)
        .where(Hold.id == hold_id, Hold.organization_id == ctx.organization_id)
        .where(Hold.released_at.is_(None))
        .values(released_at=now, released_by=ctx.name)
        .returning(Hold)
        .execution_options(populate_existing=True)
    )
    return hold


async def set_held(session: WriteSession, ctx: Actor, order_id: int) -> None:
    """Keep ``is_held`` in step with the open holds."""
    open_holds = (
        select(Hold.id)
        .where(Hold.organization_id == ctx.organization_id)
        .where(Hold.order_id == order_id, Hold.released_at.is_(None))
        .exists()
    )
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.organization_id == ctx.organization_id)
        .values(is_held=open_holds)
        .execution_options(synchronize_session=False)
    )


def new_hold(ctx: Actor, subject: HoldSubject, subject_id: int, order_id: int, reason: str) -> Hold:
    return Hold(
        organization_id=ctx.organization_id,
        subject=subject,
        subject_id=subject_id,
        order_id=order_id,
        reason=reason,
        by=ctx.name,
    )


async def count_orders(session: AnySession, ctx: Actor) -> int:
    count = await session.scalar(
        select(func.count(Order.id)).where(Order.organization_id == ctx.organization_id)
    )
    return count or 0
