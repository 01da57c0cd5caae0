"""What the demo shop has made outside: cases by a manufacturer, and one lamp that it could buy."""

from decimal import Decimal
from io import BytesIO

from shopwright.catalog import products
from shopwright.catalog import service as catalog
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.rules import StepSpec
from shopwright.catalog.states import StepKind
from shopwright.files import service as files
from shopwright.files.access import files_of
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process, Ref
from shopwright.orders import intake
from shopwright.orders.drafts import ItemDraft, OrderDraft
from shopwright.orders.states import OrderStatus
from shopwright.server.demo.goods import ARTICLES
from shopwright.server.demo.pictures import SKETCHES, draw
from shopwright.suppliers import connections, offers, queries
from shopwright.suppliers.offers import OfferSpec

SKU = "CASE-WAVES"
TITLE = "Phone case Waves"
PRICE = Decimal("35.00")
PRICE_MINOR = 3500
COST_MINOR, LEAD_DAYS = 1250, 5
MODEL, SHELL = "MM20250301000001", "MS20250301000001"  # the stand-in's
MAX_PICTURE = 1_000_000
KNOBS = '{"walks_every_s": 9}'  # what its machine does next, while somebody looks
LOOPBACK = "127.0.0.1"


async def buy_outside(process: Process, ctx: Actor) -> None:
    """A manufacturer with two offers, and an order for what it makes."""
    picture = draw(next(iter(SKETCHES)), "0A6CA5")
    stored = await files_of(process).put(BytesIO(picture), max_bytes=MAX_PICTURE)
    now = process.clock.now()
    async with process.database.write() as session:
        await files.record_files(session, ctx, [NewFile(stored, "waves.png", "image/png")])
        await connections.ensure_supplier(session, ctx)
        (supplier, *_) = await queries.list_suppliers(session, ctx)
        case_id = await _add_case(session, ctx)
        await _offer(session, ctx, supplier.id, case_id, stored.sha256, process)
        printed = await catalog.find_variants_by_code(session, ctx, {ARTICLES[0].choices[0].sku})
        for variant in printed.values():
            await _offer(session, ctx, supplier.id, variant.id, stored.sha256, process)
        item = ItemDraft(title=TITLE, quantity=2, sku=SKU, price_minor=PRICE_MINOR)
        draft = OrderDraft(
            status=OrderStatus.PAID,
            currency=supplier.currency,
            placed_at=now,
            items=(item,),
            buyer_name="Ines Castro",
            subtotal_minor=2 * PRICE_MINOR,
            total_minor=2 * PRICE_MINOR,
        )
        await intake.place_order(session, ctx, draft=draft, now=now)


async def _add_case(session: WriteSession, ctx: Actor) -> int:
    spec = ProductSpec("Phone case Waves", "Printed on a case, by a manufacturer.", "Cases")
    product = await products.create_product(session, ctx, spec=spec)
    variant = await products.create_variant(
        session,
        ctx,
        product=Ref(product.id, None),
        spec=VariantSpec(SKU, "iPhone 15 Pro", {}, PRICE),
    )
    bought = StepSpec(None, None, name="Case", kind=StepKind.OUTSOURCE)
    await catalog.change_recipe(session, ctx, variant_id=variant.id, steps=[bought])
    return variant.id


async def _offer(
    session: WriteSession,
    ctx: Actor,
    supplier_id: int,
    variant_id: int,
    picture_sha256: str,
    process: Process,
) -> None:
    spec = OfferSpec(
        variant=Ref(variant_id, None),
        partner_model_id=MODEL,
        partner_shell_id=SHELL,
        cost_minor=COST_MINOR,
        lead_days=LEAD_DAYS,
        picture_sha256=picture_sha256,
    )
    await offers.create_offer(session, ctx, Ref(supplier_id, None), spec, process.clock.now())
