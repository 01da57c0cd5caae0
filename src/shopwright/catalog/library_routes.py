"""Manyfold: its settings, its models and creators, and which product is which model."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.catalog import library
from shopwright.catalog.library import LibraryChange, LibraryNotSetUp
from shopwright.catalog.models import ManyfoldSettings
from shopwright.catalog.port import LibraryPage, LibraryUnreachable, ModelWish
from shopwright.catalog.profile_schemas import ProfileRead
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Now, ProcessDep, Read, Ref, Write, path_ref, problems
from shopwright.kernel.egress import AddressRefused, EgressPolicy, check_reachable, check_url
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["catalog"], route_class=RepeatableRoute)

ProductRef = Annotated[Ref, path_ref("product")]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
Filter = Annotated[str | None, Query(max_length=200)]


class ManyfoldWrite(BaseModel):
    """Without ``client_secret`` the stored one stays."""

    base_url: Annotated[str, Field(min_length=1, max_length=500)]
    client_id: Annotated[str, Field(min_length=1, max_length=200)]
    client_secret: Annotated[SecretStr, Field(max_length=500)] | None = None


class ManyfoldRead(BaseModel):
    """The secret is never told, only whether there is one."""

    user_id: int | None
    base_url: str | None
    client_id: str | None
    has_client_secret: bool

    @classmethod
    def of(cls, settings: ManyfoldSettings | None, ctx: Actor) -> "ManyfoldRead":
        return cls(
            user_id=ctx.user_id,
            base_url=settings.base_url if settings else None,
            client_id=settings.client_id if settings else None,
            has_client_secret=settings is not None,
        )


class EntryRead(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(serialization_alias="@id")
    name: str


class CollectionRead(BaseModel):
    """In Manyfold's own words."""

    total: int = Field(serialization_alias="totalItems")
    member: list[EntryRead]
    view: dict[str, str]

    @classmethod
    def of(cls, page: LibraryPage) -> "CollectionRead":
        return cls(
            total=page.total,
            member=[EntryRead(id=entry.id, name=entry.name) for entry in page.entries],
            view=page.links,
        )


class ModelLink(BaseModel):
    manyfold_model_id: Annotated[str, Field(min_length=1, max_length=100)]
    manyfold_model_url: Annotated[str, Field(max_length=500)] | None = None


@router.get("/integrations/manyfold/settings")
async def read_manyfold(ctx: ViewerCtx, session: Read) -> ManyfoldRead:
    """Where the shop's Manyfold is."""
    return ManyfoldRead.of(await library.find_settings(session, ctx), ctx)


@router.put("/integrations/manyfold/settings", responses=problems(Invalid, AddressRefused))
async def update_manyfold(body: ManyfoldWrite, ctx: AdminCtx, process: ProcessDep) -> ManyfoldRead:
    """Say where it is; the address must be one that this server may call."""
    policy = EgressPolicy.for_servers(process.settings)
    url = await check_reachable(body.base_url, policy)
    secret = body.client_secret.get_secret_value() if body.client_secret else None
    change = LibraryChange(url, body.client_id.strip(), secret)
    async with process.database.write() as session:
        return ManyfoldRead.of(await library.update_settings(session, ctx, change=change), ctx)


@router.get(
    "/integrations/manyfold/models", responses=problems(LibraryNotSetUp, LibraryUnreachable)
)
async def list_models(
    ctx: ViewerCtx,
    process: ProcessDep,
    page: PageNumber = 1,
    creator: Filter = None,
    collection: Filter = None,
    order: Filter = None,
) -> CollectionRead:
    """One page of the library's models."""
    async with library.open_library(process, ctx) as models:
        wish = ModelWish(page, creator, collection, order)
        return CollectionRead.of(await models.list_models(wish))


@router.get(
    "/integrations/manyfold/creators", responses=problems(LibraryNotSetUp, LibraryUnreachable)
)
async def list_creators(
    ctx: ViewerCtx, process: ProcessDep, page: PageNumber = 1
) -> CollectionRead:
    """One page of who made the library's models."""
    async with library.open_library(process, ctx) as models:
        return CollectionRead.of(await models.list_creators(page))


@router.post("/products/{product}/link-manyfold", responses=problems(NotFound, Invalid))
async def link_model(
    product: ProductRef, body: ModelLink, ctx: MemberCtx, session: Write, now: Now
) -> ProfileRead:
    """Say which model the product is made from."""
    url = check_url(body.manyfold_model_url) if body.manyfold_model_url else None
    return ProfileRead.of(
        await library.link_model(
            session, ctx, ref=product, model_id=body.manyfold_model_id, model_url=url, now=now
        )
    )


@router.delete("/products/{product}/link-manyfold", responses=problems(NotFound))
async def unlink_model(
    product: ProductRef, ctx: MemberCtx, session: Write, now: Now
) -> ProfileRead:
    """Take the link away."""
    return ProfileRead.of(
        await library.link_model(session, ctx, ref=product, model_id=None, model_url=None, now=now)
    )
