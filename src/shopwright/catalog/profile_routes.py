"""Product profiles as the shop manager's clients know them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.catalog import products, profile_queries, profiles
from shopwright.catalog.profile_queries import ProfileFilter
from shopwright.catalog.profile_schemas import (
    PricingRead,
    PricingWrite,
    ProfileCreate,
    ProfilePage,
    ProfileRead,
    ProfileUpdate,
)
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["catalog"], route_class=RepeatableRoute)

ProfileRef = Annotated[Ref, path_ref("product")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("/product-profiles", response_model=ProfilePage)
async def list_profiles(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    search: Annotated[str | None, Query(max_length=200)] = None,
    category: Annotated[str | None, Query(max_length=100)] = None,
) -> JSONResponse:
    """How each product is usually printed, and what it should cost."""
    wanted = ProfileFilter(search, category)
    rows, total = await profile_queries.list_profiles(session, ctx, wanted, paging)
    return listed("profiles", [ProfileRead.of(row) for row in rows], total, paging)


@router.post("/product-profiles", status_code=201, responses=problems(Invalid))
async def create_profile(
    body: ProfileCreate, ctx: MemberCtx, session: Write, now: Now
) -> ProfileRead:
    """A product with its profile; variants and a recipe are added in the catalogue."""
    return ProfileRead.of(
        await profiles.create_profile(
            session, ctx, name=body.product_name, change=body.change(), now=now
        )
    )


@router.get("/product-profiles/{product}", responses=problems(NotFound))
async def read_profile(product: ProfileRef, ctx: ViewerCtx, session: Read) -> ProfileRead:
    """One profile; its id is the product's."""
    return ProfileRead.of(await profiles.get_profile(session, ctx, product))


@router.put("/product-profiles/{product}", responses=problems(NotFound, Invalid))
async def update_profile(
    product: ProfileRef, body: ProfileUpdate, ctx: MemberCtx, session: Write, now: Now
) -> ProfileRead:
    """Change what is sent; null empties a number."""
    return ProfileRead.of(
        await profiles.update_profile(session, ctx, ref=product, change=body.change(), now=now)
    )


@router.delete("/product-profiles/{product}", responses=problems(NotFound))
async def delete_profile(product: ProfileRef, ctx: MemberCtx, session: Write) -> Message:
    """Hide the product with its profile; what is owed is still made."""
    found = await profiles.get_profile(session, ctx, product)
    await products.hide_product(session, ctx, ref=Ref(found.id, None))
    return Message(message="Product profile deleted")


@router.get("/pricing-settings")
async def read_pricing(ctx: ViewerCtx, session: Read) -> PricingRead:
    """What an hour of work costs in suggested prices; null until somebody says."""
    return PricingRead.of(await profiles.get_labor_rate(session, ctx))


@router.put("/pricing-settings", responses=problems(Invalid))
async def update_pricing(body: PricingWrite, ctx: AdminCtx, session: Write) -> PricingRead:
    """Say what an hour of work costs."""
    return PricingRead.of(await profiles.set_labor_rate(session, ctx, body.labor_cost_per_hour))
