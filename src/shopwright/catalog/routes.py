"""Products, variants, recipes and SKU aliases over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.catalog import products, queries, service
from shopwright.catalog.products import SkuTaken
from shopwright.catalog.queries import ProductFilter
from shopwright.catalog.schemas import (
    AliasPage,
    AliasRead,
    AliasWrite,
    ProductPage,
    ProductRead,
    ProductWrite,
    RecipeRead,
    RecipeWrite,
    VariantRead,
    VariantWrite,
)
from shopwright.catalog.service import CodeTaken, Recipe
from shopwright.kernel.edge import Paging, Read, Ref, Write, listed, page_of, path_ref, problems
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["catalog"], route_class=RepeatableRoute)

ProductRef = Annotated[Ref, path_ref("product")]
VariantRef = Annotated[Ref, path_ref("variant")]
AliasRef = Annotated[Ref, path_ref("alias")]
Page = Annotated[Paging, page_of(50)]


@router.get("/products", response_model=ProductPage)
async def list_products(
    ctx: ViewerCtx,
    session: Read,
    paging: Page,
    search: Annotated[str | None, Query(max_length=200)] = None,
    include_hidden: bool = False,
) -> JSONResponse:
    """Products with their variants; ``search`` looks into names, categories and SKUs."""
    wanted = ProductFilter(search, None if include_hidden else True)
    rows, total = await queries.list_products(session, ctx, wanted, paging)
    return listed("products", [ProductRead.of(row) for row in rows], total, paging)


@router.post("/products", status_code=201, responses=problems(Invalid))
async def create_product(body: ProductWrite, ctx: MemberCtx, session: Write) -> ProductRead:
    """A product without variants yet."""
    return ProductRead.of(await products.create_product(session, ctx, spec=body.spec()))


@router.get("/products/{product}", responses=problems(NotFound))
async def read_product(product: ProductRef, ctx: ViewerCtx, session: Read) -> ProductRead:
    """One product with all its variants."""
    return ProductRead.of(await products.get_product(session, ctx, product))


@router.put("/products/{product}", responses=problems(NotFound, Invalid))
async def update_product(
    product: ProductRef, body: ProductWrite, ctx: MemberCtx, session: Write
) -> ProductRead:
    """Describe it anew, hide it with its variants, or show them again."""
    await products.update_product(session, ctx, ref=product, spec=body.spec())
    return ProductRead.of(await products.get_product(session, ctx, product))


@router.delete("/products/{product}", responses=problems(NotFound))
async def hide_product(product: ProductRef, ctx: MemberCtx, session: Write) -> Message:
    """Hide a product: new orders do not find it, what is owed is still made."""
    await products.hide_product(session, ctx, ref=product)
    return Message(message="Product hidden")


@router.get("/products/{product}/variants", response_model=list[VariantRead])
async def list_variants(product: ProductRef, ctx: ViewerCtx, session: Read) -> list[VariantRead]:
    """All variants of a product, hidden ones too."""
    found = await products.get_product(session, ctx, product)
    return [VariantRead.of(variant) for variant in found.variants]


@router.post(
    "/products/{product}/variants", status_code=201, responses=problems(NotFound, Invalid, SkuTaken)
)
async def create_variant(
    product: ProductRef, body: VariantWrite, ctx: MemberCtx, session: Write
) -> VariantRead:
    """A sellable choice with its own SKU; orders that wait for the SKU are planned."""
    variant = await products.create_variant(session, ctx, product=product, spec=body.spec())
    return VariantRead.of(variant)


@router.get("/variants/{variant}", responses=problems(NotFound))
async def read_variant(variant: VariantRef, ctx: ViewerCtx, session: Read) -> VariantRead:
    """One variant."""
    return VariantRead.of(await service.get_variant(session, ctx, variant))


@router.put("/variants/{variant}", responses=problems(NotFound, Invalid, SkuTaken))
async def update_variant(
    variant: VariantRef, body: VariantWrite, ctx: MemberCtx, session: Write
) -> VariantRead:
    """Describe it anew; orders that wait for a new SKU are planned."""
    return VariantRead.of(
        await products.update_variant(session, ctx, ref=variant, spec=body.spec())
    )


@router.delete("/variants/{variant}", responses=problems(NotFound))
async def hide_variant(variant: VariantRef, ctx: MemberCtx, session: Write) -> Message:
    """Hide a variant: orders with its SKU wait in the inbox from now on."""
    await products.hide_variant(session, ctx, ref=variant)
    return Message(message="Variant hidden")


@router.get("/variants/{variant}/recipe", responses=problems(NotFound))
async def read_recipe(variant: VariantRef, ctx: ViewerCtx, session: Read) -> RecipeRead:
    """What one unit is made of at present."""
    found = await service.get_variant(session, ctx, variant)
    return _recipe_of(await service.get_recipe(session, ctx, found.id))


@router.put("/variants/{variant}/recipe", responses=problems(NotFound, Invalid))
async def change_recipe(
    variant: VariantRef, body: RecipeWrite, ctx: MemberCtx, session: Write
) -> RecipeRead:
    """Replace the whole recipe; pieces already planned keep theirs."""
    found = await service.get_variant(session, ctx, variant)
    await service.change_recipe(
        session,
        ctx,
        variant_id=found.id,
        steps=[step.spec() for step in body.steps],
        hardware=[(line.hardware_id, line.quantity) for line in body.hardware],
    )
    return _recipe_of(await service.get_recipe(session, ctx, found.id))


@router.get("/sku-aliases", response_model=AliasPage)
async def list_aliases(ctx: ViewerCtx, session: Read, paging: Page) -> JSONResponse:
    """Codes of channels and the SKUs they mean."""
    rows, total = await queries.list_aliases(session, ctx, paging)
    return listed("sku_aliases", [AliasRead.of(*row) for row in rows], total, paging)


@router.post("/sku-aliases", status_code=201, responses=problems(NotFound, Invalid, CodeTaken))
async def map_code(body: AliasWrite, ctx: MemberCtx, session: Write) -> AliasRead:
    """Let a code mean a variant; every order that waits for it is planned."""
    variant = await service.get_variant(session, ctx, body.variant_id)
    alias = await service.map_code(session, ctx, code=body.code, variant_id=variant.id)
    return AliasRead.of(alias, variant.sku)


@router.delete("/sku-aliases/{alias}", responses=problems(NotFound))
async def unmap_code(alias: AliasRef, ctx: MemberCtx, session: Write) -> Message:
    """Forget a code; new orders with it wait in the inbox."""
    await service.unmap_code(session, ctx, alias)
    return Message(message="SKU alias deleted")


def _recipe_of(recipe: Recipe) -> RecipeRead:
    return RecipeRead.of(recipe.variant_id, recipe.steps, recipe.files, recipe.hardware)
