"""Fabricated steps become parts: one per order item and recipe step, for all its pieces."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from shopwright.catalog import service as catalog
from shopwright.catalog.models import RecipeStep
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.orders import part_needs, pieces, queries
from shopwright.orders.models import Order, OrderItem, PieceStep
from shopwright.orders.states import WorkKind
from shopwright.parts import order_parts as parts
from shopwright.parts.order_parts import Design, OrderFacts
from shopwright.parts.states import PartType


async def find_personal(
    session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]
) -> Collection[int]:
    """Those of the steps that are made or bought for one customer: no stock covers them."""
    own = [step for step in steps if step.kind is not StepKind.PRINT]
    items = await _list_items(session, ctx, own)
    return {step.id for step in own if part_needs.is_personal(items[step.order_item_id])}


async def make_parts(
    session: WriteSession, ctx: Actor, steps: Sequence[PieceStep], now: datetime
) -> None:
    """A part per item and recipe step, with what the customer wants and until when."""
    if not steps:
        return
    items = await _list_items(session, ctx, steps)
    orders = await queries.list_orders_by_id(session, ctx, {i.order_id for i in items.values()})
    recipe = await catalog.list_steps(session, ctx, {step.recipe_step_id for step in steps})
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for step in steps:
        groups[(step.order_item_id, step.recipe_step_id)].append(step.id)
    part_of_step: dict[int, int] = {}
    for (item_id, recipe_step_id), step_ids in groups.items():
        item = items[item_id]
        part_id = await parts.want_part(
            session,
            ctx,
            facts=_facts_of(orders[item.order_id], item),
            design=_design_of(recipe[recipe_step_id]),
            pieces=len(step_ids),
            now=now,
        )
        part_of_step |= dict.fromkeys(step_ids, part_id)
    await pieces.allocate(session, ctx, kind=WorkKind.PART, work_ids=part_of_step)


async def _list_items(
    session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]
) -> dict[int, OrderItem]:
    if not steps:
        return {}
    found = await queries.list_items(session, ctx, {step.order_item_id for step in steps})
    return {item.id: item for item in found}


def _facts_of(order: Order, item: OrderItem) -> OrderFacts:
    return OrderFacts(
        order_id=order.id,
        order_item_id=item.id,
        order_number=order.number,
        title=item.title,
        due_on=item.promised_on or order.promised_on,
        personalisation=item.personalisation,
    )


def _design_of(step: RecipeStep) -> Design:
    return Design(
        recipe_step_id=step.id,
        name=step.name,
        type=step.part_type or PartType.HAND,
        material=step.part_material,
        thickness=step.part_thickness,
        notes=step.part_notes,
        amount=step.part_amount,
        is_approved=step.is_approved,
        template_id=step.template_part_id,
        template_version=step.template_version,
    )
