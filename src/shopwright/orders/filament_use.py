"""Filament that a person used for orders: written down, or assigned by the profiles of the items.

Stock moves with it, down to zero at most. What machines print is booked by their attempts, so items
that a machine makes are never assigned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.catalog import profiles
from shopwright.catalog.models import Product
from shopwright.catalog.profiles import ItemName
from shopwright.inventory import filament_queries, filaments
from shopwright.inventory.filament_queries import FilamentFilter, FilamentStock
from shopwright.inventory.rules import to_grams
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import Invalid
from shopwright.kernel.live import touch
from shopwright.orders import filament_use_queries as queries
from shopwright.orders import piece_queries, service
from shopwright.orders.models import FilamentUsage, Order, OrderItem

MADE_BY_MACHINE = "its prints book their filament themselves"
ASSIGNED = "it has its filament already"
NO_PROFILE = "no product profile with a material and an amount fits it"


class NothingAssigned(Invalid):
    code = "nothing-assigned"
    title = "No filament could be assigned"


@dataclass(frozen=True, slots=True)
class Assignment:
    item: OrderItem
    usage: FilamentUsage
    filament: FilamentStock


async def record_usage(
    session: WriteSession,
    ctx: Actor,
    *,
    filament: Ref,
    amount_mg: int,
    order: Ref | None,
    description: str,
    now: datetime,
) -> queries.UsageRow:
    """Raises NotFound when filament or order is not there."""
    stock = await filaments.get_filament(session, ctx, filament)
    order_id = None if order is None else await service.get_order_id(session, ctx, order)
    usage = _usage(ctx, stock, amount_mg, order_id, None, description, now)
    booked = await _book(session, ctx, usage, now)
    return queries.UsageRow(booked, stock.filament.material, stock.filament.color_name)


async def list_usages(
    session: AsyncSession, ctx: Actor, order: Ref, paging: Paging
) -> tuple[list[queries.UsageRow], int]:
    """Of one order, the oldest first; raises NotFound."""
    order_id = await service.get_order_id(session, ctx, order)
    return await queries.list_usages(session, ctx, order_id, paging)


async def assign_filament(
    session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime
) -> tuple[Order, list[Assignment]]:
    """Each item once: material, colour and grams of its profile, from a filament that has enough.

    Raises NothingAssigned with the reason for every item when none could be.
    """
    await piece_queries.lock_pieces(session, ctx)
    order = await service.get_order(session, ctx, ref)
    items = [item for item in order.items if not item.is_cancelled]
    reasons = await _exempt(session, ctx, items)
    made: list[Assignment] = []
    open_items = [item for item in items if item.id not in reasons]
    for item, profile in await _with_profiles(session, ctx, open_items):
        outcome = await _assign(session, ctx, order, item, profile, now)
        if isinstance(outcome, Assignment):
            made.append(outcome)
        else:
            reasons[item.id] = outcome
    if not made:
        raise NothingAssigned(_why_nothing(order, items, reasons))
    return order, made


def sentence_of(made: Sequence[Assignment]) -> str:
    total = sum(each.usage.amount_mg for each in made)
    return f"{to_grams(total)} g assigned to {len(made)} item{'s' if len(made) > 1 else ''}."


async def _exempt(session: WriteSession, ctx: Actor, items: Sequence[OrderItem]) -> dict[int, str]:
    item_ids = [item.id for item in items]
    by_machine = await queries.list_made_by_machine(session, ctx, item_ids)
    assigned = await queries.list_assigned(session, ctx, item_ids)
    return dict.fromkeys(by_machine, MADE_BY_MACHINE) | dict.fromkeys(assigned, ASSIGNED)


async def _with_profiles(
    session: WriteSession, ctx: Actor, items: Sequence[OrderItem]
) -> list[tuple[OrderItem, Product | None]]:
    names = {item.id: ItemName(item.title, item.variant_id) for item in items}
    found: Mapping[ItemName, Product] = {}
    if items:
        found = await profiles.match_profiles(session, ctx, list(names.values()))
    return [(item, found.get(names[item.id])) for item in items]


async def _assign(
    session: WriteSession,
    ctx: Actor,
    order: Order,
    item: OrderItem,
    profile: Product | None,
    now: datetime,
) -> Assignment | str:
    """The assignment, or why there is none."""
    if profile is None or not profile.preferred_material or not profile.standard_filament_mg:
        return NO_PROFILE
    needed = profile.standard_filament_mg * item.quantity
    stock = await _choose(session, ctx, profile, needed)
    if stock is None:
        color = f" {profile.preferred_color}" if profile.preferred_color else ""
        return f"no {profile.preferred_material}{color} has {to_grams(needed)} g left"
    description = f"{item.quantity} × {item.title}"[:300]
    usage = _usage(ctx, stock, needed, order.id, item.id, description, now)
    return Assignment(item, await _book(session, ctx, usage, now), stock)


async def _choose(
    session: WriteSession, ctx: Actor, profile: Product, needed_mg: int
) -> FilamentStock | None:
    """The preferred colour, else any of the material; only with enough left."""
    material = profile.preferred_material
    wishes = [FilamentFilter(material)]
    if profile.preferred_color:
        wishes.insert(0, FilamentFilter(material, profile.preferred_color))
    for wish in wishes:
        found = await filament_queries.find_with(session, ctx, wish, needed_mg)
        if found is not None:
            return found
    return None


def _usage(
    ctx: Actor,
    stock: FilamentStock,
    amount_mg: int,
    order_id: int | None,
    item_id: int | None,
    description: str,
    now: datetime,
) -> FilamentUsage:
    return FilamentUsage(
        organization_id=ctx.organization_id,
        order_id=order_id,
        order_item_id=item_id,
        filament_id=stock.filament.id,
        amount_mg=amount_mg,
        description=description,
        by=ctx.name,
        created_at=now,
    )


async def _book(
    session: WriteSession, ctx: Actor, usage: FilamentUsage, now: datetime
) -> FilamentUsage:
    session.add(usage)
    await session.flush()
    await filaments.record_usage(
        session,
        ctx,
        filament_id=usage.filament_id,
        amount_mg=usage.amount_mg,
        order_id=usage.order_id,
        note=usage.description,
        now=now,
    )
    grams = to_grams(usage.amount_mg)
    audit.record(session, ctx, "filament.used", usage.filament_id, grams=grams)
    if usage.order_id is not None:
        audit.record(session, ctx, "order.filament_used", usage.order_id, grams=grams)
        touch(session, ctx.organization_id, "order", usage.order_id)
    return usage


def _why_nothing(order: Order, items: Sequence[OrderItem], reasons: Mapping[int, str]) -> str:
    if not items:
        return f"Order {order.number} has no items."
    told = "; ".join(f"“{item.title[:60]}”: {reasons[item.id]}" for item in items[:5])
    return f"Nothing was assigned to order {order.number}. {told}."
