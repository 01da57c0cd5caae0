"""How the shop sells, for its owner to set and for everybody to see."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from shopwright.accounts import shop_hosts
from shopwright.accounts.access import AdminCtx, OwnerCtx
from shopwright.accounts.schemas import Body
from shopwright.accounts.shop_hosts import HostTaken
from shopwright.catalog.designs import shop_settings
from shopwright.catalog.designs.models import ShopSettings
from shopwright.catalog.designs.shop_settings import ShopSpec
from shopwright.catalog.devices.schemas import Name, Price, Text
from shopwright.kernel.edge import Read, Write, problems
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money, UnknownCurrency
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api/admin", tags=["webstore"], route_class=RepeatableRoute)

Address = Annotated[str, Field(max_length=500)]
Percent = Annotated[Decimal, Field(ge=0, le=100)]
Country = Annotated[str, Field(max_length=10)]


class ShopWrite(Body):
    """The whole of it; ``free_shipping_from`` null: never free."""

    shop_name: Name
    currency: Annotated[str, Field(min_length=3, max_length=3)]
    tagline: Text = ""
    contact_email: Annotated[str, Field(max_length=254)] = ""
    terms_url: Address = ""
    privacy_url: Address = ""
    is_open: bool = True
    shipping: Price = Decimal(0)
    free_shipping_from: Price | None = None
    tax_percent: Percent = Decimal(0)
    prices_include_tax: bool = True
    countries: Annotated[list[Country], Field(max_length=250)] = Field(default_factory=list)
    shop_host: Annotated[str, Field(max_length=253)] = ""

    def spec(self) -> ShopSpec:
        return ShopSpec(**self.model_dump())


class ShopRead(BaseModel):
    shop_name: str
    currency: str
    tagline: str
    contact_email: str
    terms_url: str
    privacy_url: str
    is_open: bool
    shipping: float
    free_shipping_from: float | None
    tax_percent: float
    prices_include_tax: bool
    countries: list[str]
    shop_host: str

    @classmethod
    def of(cls, settings: ShopSettings, host: str) -> "ShopRead":
        free_from = settings.free_shipping_from_minor
        return cls(
            shop_name=settings.shop_name,
            currency=settings.currency,
            tagline=settings.tagline,
            contact_email=settings.contact_email,
            terms_url=settings.terms_url,
            privacy_url=settings.privacy_url,
            is_open=settings.is_open,
            shipping=_units(settings.shipping_minor, settings.currency),
            free_shipping_from=None if free_from is None else _units(free_from, settings.currency),
            tax_percent=settings.tax_rate_bp / 100,
            prices_include_tax=settings.prices_include_tax,
            countries=settings.countries,
            shop_host=host,
        )


@router.get("/shop-settings")
async def read_settings(ctx: AdminCtx, session: Read) -> ShopRead:
    """Name, host, shipping price and taxes of the webstore."""
    settings = await shop_settings.get_settings(session, ctx)
    return ShopRead.of(settings, await shop_hosts.get_host(session, ctx))


@router.put("/shop-settings", responses=problems(Invalid, UnknownCurrency, HostTaken))
async def save_settings(ctx: OwnerCtx, body: ShopWrite, session: Write) -> ShopRead:
    """Orders placed before keep their prices."""
    settings = await shop_settings.save_settings(session, ctx, body.spec())
    return ShopRead.of(settings, await shop_hosts.get_host(session, ctx))


def _units(minor: int, currency: str) -> float:
    return float(Money(minor, currency).decimal)
