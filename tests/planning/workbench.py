"""Products that the workshop makes, and orders for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select

from shopwright.catalog import service as catalog
from shopwright.catalog.models import Variant
from shopwright.catalog.rules import PartDesign, StepSpec
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.orders import intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.models import Order
from shopwright.orders.states import OrderStatus, StepStatus
from shopwright.parts import service as parts
from shopwright.parts.models import Part
from shopwright.parts.states import PartType
from tests.clock import START
from tests.factories import make_variant
from tests.workshop import list_steps

LID = PartDesign(PartType.CNC, "Oak", "12 mm", "Sand it", is_approved=True)
ENGRAVED = (("Name", "Anna"), ("Font", "Serif"))


async def make_product(
    session: WriteSession,
    ctx: Actor,
    sku: str = "BOX",
    design: PartDesign = LID,
    others: Sequence[StepSpec] = (),
) -> Variant:
    """One unit of it owes a lid, and what ``others`` make."""
    variant = await make_variant(session, ctx, sku)
    lid = StepSpec(None, None, name="Lid", kind=StepKind.FABRICATE, part=design)
    await catalog.change_recipe(session, ctx, variant_id=variant.id, steps=[lid, *others])
    return variant


async def order_boxes(
    session: WriteSession,
    ctx: Actor,
    quantity: int = 1,
    *,
    sku: str = "BOX",
    personal: tuple[tuple[str, str], ...] = (),
    promised_on: date | None = None,
) -> Order:
    item = ItemDraft("Box", quantity, sku=sku, personalisation=personal)
    draft = OrderDraft(
        status=OrderStatus.PAID, currency="EUR", placed_at=START, items=(item,),
        promised_on=promised_on,
    )  # fmt: skip
    return await intake.place_order(session, ctx, draft=draft, now=START)


async def list_parts(session: WriteSession, ctx: Actor) -> list[Part]:
    """Those that nobody deleted."""
    rows = await session.scalars(
        select(Part)
        .where(Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))
        .order_by(Part.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def complete(
    session: WriteSession, ctx: Actor, part: Part | int, amount: int | None = None
) -> Part:
    part_id = part if isinstance(part, int) else part.id
    found = await parts.complete_part(
        session, ctx, ref=Ref(part_id, None), misc_info={}, now=START, amount=amount
    )
    return found.part


async def statuses(session: WriteSession, ctx: Actor) -> dict[StepStatus, int]:
    """How many piece steps stand where."""
    found: dict[StepStatus, int] = {}
    for step in await list_steps(session, ctx):
        found[step.status] = found.get(step.status, 0) + 1
    return found


def with_amount(amount: int) -> PartDesign:
    return replace(LID, amount=amount)
