"""What a piece of a product costs and should cost, part by part, with filament at its price."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog import profile_queries, profile_rules, profiles
from shopwright.catalog.models import Product
from shopwright.inventory import rules
from shopwright.inventory.models import Filament, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.money import Money, exponent

MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True)
class FilamentPrice:
    """Of one gram, in millionths of a unit of the organization's currency."""

    name: str
    per_gram_micros: int


@dataclass(frozen=True, slots=True)
class StockedFilament:
    color_name: str
    per_gram_micros: int
    remaining_mg: int


@dataclass(frozen=True, slots=True)
class Calculation:
    """All amounts in minor units of ``currency``; ``missing`` are sentences about parts that nobody
    has said, which count as nothing."""

    currency: str
    filament: FilamentPrice | None
    labor_per_hour_minor: int | None
    filament_minor: int
    labor_minor: int
    overhead_minor: int
    suggested_minor: int
    missing: tuple[str, ...]

    @property
    def cost_minor(self) -> int:
        return self.filament_minor + self.labor_minor + self.overhead_minor


async def calculate(session: AsyncSession, ctx: Actor, product: Product) -> Calculation:
    """(filament + labour + overhead) × (1 + margin), from what lies on the shelf."""
    currency = await profile_queries.get_currency(session, ctx)
    stocked = await _list_stocked(session, ctx, product.preferred_material)
    rate = await profiles.get_labor_rate(session, ctx)
    return compute(product, currency, choose_price(product, stocked), rate)


def choose_price(product: Product, stocked: Sequence[StockedFilament]) -> FilamentPrice | None:
    """The mean price of the preferred colour, weighed by what is left; else of the material."""
    wanted = product.preferred_color.strip().casefold()
    same = [row for row in stocked if wanted and row.color_name.casefold() == wanted]
    rows = same or list(stocked)
    if not rows:
        return None
    weight = sum(row.remaining_mg for row in rows)
    if weight:
        total = sum(row.per_gram_micros * row.remaining_mg for row in rows)
        mean = total // weight
    else:
        mean = sum(row.per_gram_micros for row in rows) // len(rows)
    name = product.preferred_material + (f" {product.preferred_color}" if same else "")
    return FilamentPrice(name, mean)


def compute(
    product: Product, currency: str, filament: FilamentPrice | None, rate: Money | None
) -> Calculation:
    """Pure; a part in another currency counts as not said."""
    per_hour = rate.minor if rate and rate.currency == currency else None
    overhead = product.overhead_cost_minor if product.cost_currency == currency else None
    filament_minor = _filament_cost(product.standard_filament_mg or 0, filament, currency)
    labor_minor = _round(Decimal((per_hour or 0) * (product.labor_minutes or 0)) / MINUTES_PER_HOUR)
    cost = filament_minor + labor_minor + (overhead or 0)
    return Calculation(
        currency=currency,
        filament=filament,
        labor_per_hour_minor=per_hour,
        filament_minor=filament_minor,
        labor_minor=labor_minor,
        overhead_minor=overhead or 0,
        suggested_minor=profile_rules.with_margin(cost, product.target_margin_bp),
        missing=tuple(_missing(product, filament, per_hour)),
    )


def _missing(product: Product, filament: FilamentPrice | None, per_hour: int | None) -> list[str]:
    sentences = []
    if not product.standard_filament_mg:
        sentences.append("Nobody said how much filament a piece takes.")
    elif not product.preferred_material:
        sentences.append("Nobody said which material it is printed in.")
    elif filament is None:
        sentences.append(f"No {product.preferred_material} on the shelf has a price.")
    if product.labor_minutes and per_hour is None:
        sentences.append("Nobody said what an hour of work costs.")
    return sentences


def _filament_cost(used_mg: int, price: FilamentPrice | None, currency: str) -> int:
    if price is None:
        return 0
    units = Decimal(used_mg) / rules.MG_PER_G * price.per_gram_micros / rules.MICROS
    return _round(units.scaleb(exponent(currency)))


def _round(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_EVEN))


async def _list_stocked(session: AsyncSession, ctx: Actor, material: str) -> list[StockedFilament]:
    """Filaments of a material with a price, and what is left of each."""
    left = (
        select(func.coalesce(func.sum(Spool.remaining_mg), 0))
        .where(Spool.organization_id == ctx.organization_id, Spool.filament_id == Filament.id)
        .where(Spool.is_empty.is_(False))
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Filament.color_name, Filament.cost_per_gram_micros, left)
        .where(Filament.organization_id == ctx.organization_id, Filament.is_hidden.is_(False))
        .where(func.lower(Filament.material) == material.strip().lower())
        .where(Filament.cost_per_gram_micros > 0)
        .order_by(Filament.id)
    )
    return [StockedFilament(color, price, int(remaining)) for color, price, remaining in rows]
