"""Owed steps become supplier orders: rows, placed after the commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shopwright.accounts import audit
from shopwright.catalog.models import RecipeStep
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch
from shopwright.orders import pieces
from shopwright.orders.models import PieceStep
from shopwright.orders.states import StepStatus, WorkKind
from shopwright.suppliers import queries, rules
from shopwright.suppliers.connections import SupplierDefaults, ensure_supplier
from shopwright.suppliers.keys import KeyKind, new_key
from shopwright.suppliers.models import SupplierOrder
from shopwright.suppliers.queries import Line
from shopwright.suppliers.rules import Source, Wanted

TRIES_FOR_KEY = 20


async def order_steps(session: WriteSession, ctx: Actor, steps: Sequence[PieceStep]) -> int:
    owed = [
        step for step in steps if step.kind is StepKind.OUTSOURCE and step.status is StepStatus.OWED
    ]
    lines = await queries.list_lines(session, ctx, {step.order_item_id for step in owed})
    sources = await find_sources(session, ctx, owed, lines)
    if not sources:
        return 0
    now = session.context.clock.now()
    work_ids = {}
    for step in owed:
        if step.id in sources:
            line = lines[step.order_item_id]
            order = await _add_order(session, ctx, step, line, sources[step.id], now)
            work_ids[step.id] = order.id
    await pieces.allocate(session, ctx, kind=WorkKind.SUPPLIER_ORDER, work_ids=work_ids)
    return len(work_ids)


async def find_sources(
    session: WriteSession, ctx: Actor, steps: Sequence[PieceStep], lines: Mapping[int, Line]
) -> dict[int, Source]:
    """Who makes which of these steps; those that nobody makes are not in the answer."""
    open_steps = [step for step in steps if step.order_item_id in lines]
    if not open_steps:
        return {}
    await ensure_supplier(session, ctx)
    recipe = await queries.list_recipe_steps(
        session, ctx, {step.recipe_step_id for step in open_steps}
    )
    wanted = {
        step.id: _wanted(lines[step.order_item_id], recipe[step.recipe_step_id])
        for step in open_steps
    }
    suppliers = await queries.list_suppliers(session, ctx, is_active=True)
    offers = await queries.list_offers(
        session,
        ctx,
        variant_ids={one.variant_id for one in wanted.values() if one.variant_id},
        device_model_ids={one.device_model_id for one in wanted.values() if one.device_model_id},
        skus={one.sku for one in wanted.values() if one.sku},
    )
    found = {step_id: rules.choose(one, suppliers, offers) for step_id, one in wanted.items()}
    return {step_id: source for step_id, source in found.items() if source is not None}


def wanted_of(line: Line, supplier_id: int | None = None, sku: str | None = None) -> Wanted:
    device = line.device
    return Wanted(
        variant_id=line.item.variant_id,
        device_model_id=line.item.device_model_id,
        model_id=device.partner_model_id if device else None,
        shell_id=device.partner_shell_id if device else None,
        supplier_id=supplier_id,
        sku=sku,
    )


async def mint_key(session: WriteSession, kind: KeyKind, now: datetime) -> str:
    """A key nobody used yet. Two at the same moment: the index refuses the second, which is tried
    anew with its transaction."""
    for _ in range(TRIES_FOR_KEY):
        key = new_key(kind, now)
        if not await queries.is_key_used(session, key):
            return key
    raise RuntimeError(f"no free {kind} key was found for {now:%Y-%m-%d}")


def _wanted(line: Line, recipe: RecipeStep) -> Wanted:
    return wanted_of(line, recipe.supplier_id, recipe.supplier_sku)


async def _add_order(
    session: WriteSession,
    ctx: Actor,
    step: PieceStep,
    line: Line,
    source: Source,
    now: datetime,
) -> SupplierOrder:
    defaults = session.context.keep(SupplierDefaults)
    is_kiosk = line.machine is not None
    payment_key = line.payment_key or await mint_key(session, KeyKind.PAYMENT, now)
    order = SupplierOrder(
        organization_id=ctx.organization_id,
        supplier_id=source.supplier.id,
        offer_id=source.offer.id if source.offer else None,
        order_id=line.order.id,
        order_item_id=line.item.id,
        piece_step_id=step.id,
        design_id=line.item.design_id,
        key=await mint_key(session, KeyKind.ORDER, now),
        payment_key=payment_key,
        is_payment_ours=line.payment_key is None,
        pay_type=defaults.pay_type_kiosk if is_kiosk else defaults.pay_type_web,
        amount_minor=line.item.price_minor or source.cost_minor or 0,
        cost_minor=source.cost_minor,
        cost_currency=source.currency if source.cost_minor is not None else None,
        currency=line.order.currency,
        partner_model_id=source.model_id,
        partner_shell_id=source.shell_id,
        device_id=line.machine or "",
        next_look_at=now,
        created_at=now,
        updated_at=now,
    )
    session.add(order)
    await session.flush()
    audit.record(session, ctx, "supplier_order.created", order.id, order_id=line.order.id)
    touch(session, ctx.organization_id, queries.TOPIC, order.id)
    touch(session, ctx.organization_id, "order", line.order.id)
    return order
