"""Products, variants and recipes; print files and their pictures."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.catalog import products, service
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.profile_rules import suggest_price_of
from shopwright.catalog.profile_schemas import ProfileRead
from shopwright.files.access import Files
from shopwright.files.serving import send_picture
from shopwright.inventory import pricing
from shopwright.kernel.edge import Read, Ref, Write, path_ref
from shopwright.kernel.errors import NotFound
from shopwright.print_files.uploads import receive_print_file
from shopwright.suppliers import queries as suppliers
from shopwright.web.amounts import read_price
from shopwright.web.page import PageCtx, done, go
from shopwright.web.reads import catalog, listings
from shopwright.web.recipe_forms import RecipeForm, plate_step

router = APIRouter(include_in_schema=False)

ProductRef = Annotated[Ref, path_ref("product")]
VariantRef = Annotated[Ref, path_ref("variant")]
PlateRef = Annotated[Ref, path_ref("plate")]


@router.get("/catalog")
async def show_catalog(
    page: PageCtx, session: Read, search: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    mine = page.organization_id
    return page.render(
        "catalog.html",
        active="catalog",
        topics="catalog",
        products=await catalog.list_products(session, mine, search.strip()),
        plates=await catalog.list_plates(session, mine),
        search=search,
        reading=await listings.find_reading(session, mine),
        has_shop=await listings.has_shop(session, mine),
    )


@router.post("/catalog")
async def create_product(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    name: Annotated[str, Form(min_length=1, max_length=200)],
    sku: Annotated[str, Form(min_length=1, max_length=100)],
    plate: Annotated[str, Form(max_length=60)] = "",
    price: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """A product with one variant, and its recipe when a plate was chosen."""
    product = await products.create_product(session, ctx, spec=ProductSpec(name=name))
    spec = VariantSpec(sku=sku, price=read_price(price))
    variant = await products.create_variant(session, ctx, product=Ref(product.id, None), spec=spec)
    if plate:
        await service.change_recipe(
            session, ctx, variant_id=variant.id, steps=[plate_step(plate, 1)]
        )
    return go(request, f"/catalog/{product.id}")


@router.get("/catalog/{product}")
async def show_product(page: PageCtx, session: Read, product: ProductRef) -> Response:
    found = await products.get_product(session, page.actor, product)
    mine = page.organization_id
    return page.render(
        "product.html",
        active="catalog",
        topics=f"product:{found.id}",
        product=found,
        variants=await catalog.list_variants(session, mine, found.id),
        profile=ProfileRead.of(found).model_dump(),
        price=await pricing.calculate(session, page.actor, found),
        documented_minor=suggest_price_of(found),
        listings=await listings.list_listings(session, mine, found.id),
        plates=await catalog.list_plates(session, mine),
        templates=await catalog.list_templates(session, mine),
        suppliers=await suppliers.list_suppliers(session, page.actor, is_active=True),
    )


@router.post("/catalog/{product}/variants")
async def create_variant(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    product: ProductRef,
    sku: Annotated[str, Form(min_length=1, max_length=100)],
    name: Annotated[str, Form(max_length=200)] = "",
    price: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    spec = VariantSpec(sku=sku, name=name, price=read_price(price))
    await products.create_variant(session, ctx, product=product, spec=spec)
    return done(request, f"{sku} is sellable now.", to=f"/catalog/{product}")


@router.post("/catalog/variants/{variant}/recipe")
async def change_recipe(
    request: Request,
    ctx: MemberCtx,
    session: Write,
    variant: VariantRef,
    form: Annotated[RecipeForm, Form()],
) -> Response:
    """What makes one unit; orders already planned keep theirs."""
    found = await service.get_variant(session, ctx, variant)
    steps = form.steps()
    needed = (await service.list_recipe_hardware(session, ctx, [found.id])).get(found.id, {})
    hardware = [(Ref(hardware_id, None), quantity) for hardware_id, quantity in needed.items()]
    await service.change_recipe(session, ctx, variant_id=found.id, steps=steps, hardware=hardware)
    return done(request, f"{found.sku} has a new recipe.", to=f"/catalog/{found.product_id}")


@router.post("/catalog/files")
async def upload_file(request: Request, ctx: MemberCtx) -> Response:
    """A sliced file; the same name again is a new version."""
    added = await receive_print_file(request, ctx)
    file = added.print_file
    words = (
        f"version {file.version} is stored" if added.is_new else "this version was there already"
    )
    return done(request, f"{file.name}: {words}.", to="/catalog")


@router.get("/plates/{plate}/thumbnail")
async def show_thumbnail(
    request: Request, ctx: ViewerCtx, session: Read, files: Files, plate: PlateRef
) -> Response:
    """The plate's picture, drawn by us."""
    sha256 = await catalog.find_thumbnail(session, ctx.organization_id, plate.id or 0)
    if sha256 is None:
        raise NotFound("This plate has no picture.")
    return await send_picture(request, files, sha256)
