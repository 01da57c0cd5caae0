"""How the suggested price of a product comes about."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from shopwright.accounts.access import ViewerCtx
from shopwright.catalog import profiles
from shopwright.catalog.models import Product
from shopwright.catalog.profile_rules import BASIS_POINTS, suggest_price_of
from shopwright.inventory import pricing, rules
from shopwright.inventory.pricing import Calculation
from shopwright.kernel.edge import Read, Ref, path_ref, problems
from shopwright.kernel.errors import NotFound
from shopwright.kernel.money import Money
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["inventory"], route_class=RepeatableRoute)

ProfileRef = Annotated[Ref, path_ref("product")]


class PriceRead(BaseModel):
    """``suggested_price`` is the profile's (material + overhead) × (1 + margin);
    ``calculated_price`` counts filament at the price on the shelf, and labour."""

    product_id: int
    currency: str
    suggested_price: float | None
    calculated_price: float
    calculated_cost: float
    filament: str | None
    filament_grams: int | float
    filament_price_per_gram: float | None
    filament_cost: float
    labor_minutes: int
    labor_cost_per_hour: float | None
    labor_cost: float
    overhead_cost: float
    target_margin_pct: float
    missing: list[str]

    @classmethod
    def of(cls, product: Product, found: Calculation) -> "PriceRead":
        filament = found.filament
        return cls(
            product_id=product.id,
            currency=found.currency,
            suggested_price=_units(suggest_price_of(product), product.cost_currency),
            calculated_price=_amount(found.suggested_minor, found),
            calculated_cost=_amount(found.cost_minor, found),
            filament=filament.name if filament else None,
            filament_grams=rules.to_grams(product.standard_filament_mg or 0),
            filament_price_per_gram=filament.per_gram_micros / rules.MICROS if filament else None,
            filament_cost=_amount(found.filament_minor, found),
            labor_minutes=product.labor_minutes or 0,
            labor_cost_per_hour=_units(found.labor_per_hour_minor, found.currency),
            labor_cost=_amount(found.labor_minor, found),
            overhead_cost=_amount(found.overhead_minor, found),
            target_margin_pct=(product.target_margin_bp or 0) * 100 / BASIS_POINTS,
            missing=list(found.missing),
        )


@router.get("/product-profiles/{product}/price", responses=problems(NotFound))
async def read_price(product: ProfileRef, ctx: ViewerCtx, session: Read) -> PriceRead:
    """The suggested price and its parts, with filament at the price of what lies on the shelf."""
    found = await profiles.get_profile(session, ctx, product)
    return PriceRead.of(found, await pricing.calculate(session, ctx, found))


def _amount(minor: int, found: Calculation) -> float:
    return float(Money(minor, found.currency).decimal)


def _units(minor: int | None, currency: str | None) -> float | None:
    return None if minor is None or currency is None else float(Money(minor, currency).decimal)
