"""A product that the demo's workshop makes by hand and by CNC, and what customers ordered of it."""

from datetime import date, timedelta
from decimal import Decimal

from shopwright.catalog import products
from shopwright.catalog import service as catalog
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.rules import PartDesign, StepSpec
from shopwright.catalog.states import StepKind
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.orders import intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.states import OrderStatus
from shopwright.parts.states import PartType

NAME, SKU, PRICE = "Engraved jewellery box", "BOX-OAK", Decimal(49)
LID = PartDesign(PartType.CNC, "Oak", "6 mm", "Sand after engraving, oil twice", is_approved=True)
HINGES = PartDesign(PartType.HAND, "Brass", "1.5 mm", "Round the corners", amount=2)
STEPS = tuple(
    StepSpec(None, None, name=name, kind=StepKind.FABRICATE, part=design)
    for name, design in (("Engraved lid", LID), ("Hinge", HINGES))
)
# Who ordered how many, for when, with which words.
ORDERS = (
    ("Ada Winter", 1, 2, (("Engraving", "For Grandma Åse ♥"), ("Font", "Serif"))),
    ("Jon Falk", 3, 6, (("Engraving", "Oak & Iron"), ("Font", "Script"))),
)


async def fit_workshop(process: Process, ctx: Actor) -> None:
    """The product, and the orders that fill the part board."""
    async with process.database.write() as session:
        product = await products.create_product(
            session, ctx, spec=ProductSpec(NAME, "An oak box with your words in its lid.")
        )
        variant = await products.create_variant(
            session, ctx, product=Ref(product.id, None), spec=VariantSpec(SKU, price=PRICE)
        )
        await catalog.change_recipe(session, ctx, variant_id=variant.id, steps=STEPS)
        for buyer, quantity, days, words in ORDERS:
            due_on = (process.clock.now() + timedelta(days=days)).date()
            await _order(session, ctx, process, buyer, quantity, due_on, words)


async def _order(
    session: WriteSession,
    ctx: Actor,
    process: Process,
    buyer: str,
    quantity: int,
    due_on: date,
    words: tuple[tuple[str, str], ...],
) -> None:
    now = process.clock.now()
    item = ItemDraft(NAME, quantity, sku=SKU, price_minor=int(PRICE * 100), personalisation=words)
    draft = OrderDraft(
        status=OrderStatus.PAID,
        currency=process.settings.currency,
        placed_at=now,
        items=(item,),
        subtotal_minor=item.price_minor * quantity,
        total_minor=item.price_minor * quantity,
        buyer_name=buyer,
        promised_on=due_on,
    )
    await intake.place_order(session, ctx, draft=draft, now=now)
