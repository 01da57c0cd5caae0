"""Bodies of the product profiles: grams, percent and millimetres at the edge, integers inside."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, Field

from shopwright.accounts.schemas import Body
from shopwright.catalog import profile_rules
from shopwright.catalog.models import Product
from shopwright.catalog.profiles import ProfileChange
from shopwright.kernel.money import Money
from shopwright.kernel.times import PlainTime

HUNDRED = 100
THOUSAND = 1000
T = TypeVar("T")

# Columns by the documented member; those with a factor are kept as integers of so many parts.
TEXTS = {
    "product_name": "name",
    "description": "description",
    "preferred_material": "preferred_material",
    "preferred_color": "preferred_color",
    "notes": "notes",
    "category": "category",
    "support_settings": "support_settings",
}
NUMBERS: dict[str, tuple[str, int]] = {
    "standard_filament_amount": ("standard_filament_mg", THOUSAND),
    "print_time_minutes": ("print_time_minutes", 1),
    "nozzle_temp_c": ("nozzle_temp_c", 1),
    "bed_temp_c": ("bed_temp_c", 1),
    "print_speed_mms": ("print_speed_mms", 1),
    "infill_percent": ("infill_bp", HUNDRED),
    "layer_height_mm": ("layer_height_um", THOUSAND),
    "labor_minutes": ("labor_minutes", 1),
    "target_margin_pct": ("target_margin_bp", HUNDRED),
}
COSTS = ("material_cost", "overhead_cost")


def _blank_is_none(value: Any) -> Any:
    """Forms send an empty text for a number that nobody gave."""
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_blank_is_none)
Cost = Annotated[Annotated[Decimal, Field(ge=0, le=1_000_000_000)] | None, Blank]
Minutes = Annotated[Annotated[int, Field(ge=0, le=1_000_000)] | None, Blank]
Celsius = Annotated[Annotated[int, Field(ge=0, le=600)] | None, Blank]
Percent = Annotated[Annotated[Decimal, Field(ge=0, le=100)] | None, Blank]


class ProfileUpdate(BaseModel):
    """Only what is sent changes; members that a client read and may not change are ignored."""

    product_name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Annotated[str, Field(max_length=20_000)] | None = None
    standard_filament_amount: Annotated[
        Annotated[Decimal, Field(ge=0, le=1_000_000)] | None, Blank
    ] = None
    preferred_material: Annotated[str, Field(max_length=40)] | None = None
    preferred_color: Annotated[str, Field(max_length=60)] | None = None
    print_time_minutes: Minutes = None
    notes: Annotated[str, Field(max_length=20_000)] | None = None
    category: Annotated[str, Field(max_length=100)] | None = None
    nozzle_temp_c: Celsius = None
    bed_temp_c: Celsius = None
    print_speed_mms: Annotated[Annotated[int, Field(ge=0, le=10_000)] | None, Blank] = None
    support_settings: Annotated[str, Field(max_length=500)] | None = None
    infill_percent: Percent = None
    layer_height_mm: Annotated[Annotated[Decimal, Field(ge=0, le=10)] | None, Blank] = None
    material_cost: Cost = None
    labor_minutes: Minutes = None
    overhead_cost: Cost = None
    target_margin_pct: Annotated[Annotated[Decimal, Field(ge=-100, le=100_000)] | None, Blank] = (
        None
    )

    def change(self) -> ProfileChange:
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        texts = {TEXTS[name]: value or "" for name, value in sent.items() if name in TEXTS}
        if not texts.get("name", "x"):
            del texts["name"]  # null leaves the name; an empty one was refused already
        numbers = {
            NUMBERS[name][0]: _whole(value, NUMBERS[name][1])
            for name, value in sent.items()
            if name in NUMBERS
        }
        return ProfileChange(texts | numbers, {name: sent[name] for name in COSTS if name in sent})


class ProfileCreate(ProfileUpdate):
    product_name: Annotated[str, Field(min_length=1, max_length=200)]


class ProfileRead(BaseModel):
    """``suggested_price`` is (material + overhead) × (1 + margin / 100), null without any cost."""

    id: int
    uuid: str
    product_name: str
    description: str
    standard_filament_amount: int | float
    preferred_material: str
    preferred_color: str
    print_time_minutes: int | None
    notes: str
    category: str
    nozzle_temp_c: int | None
    bed_temp_c: int | None
    print_speed_mms: int | None
    support_settings: str
    infill_percent: int | float | None
    layer_height_mm: int | float | None
    material_cost: float | None
    labor_minutes: int | None
    overhead_cost: float | None
    target_margin_pct: int | float | None
    suggested_price: float | None
    currency: str | None
    manyfold_model_id: str | None
    manyfold_model_url: str | None
    created_at: PlainTime
    updated_at: PlainTime

    @classmethod
    def of(cls, product: Product) -> "ProfileRead":
        texts = {name: getattr(product, column) for name, column in TEXTS.items()}
        numbers = {
            name: _parts(getattr(product, column), factor)
            for name, (column, factor) in NUMBERS.items()
        }
        numbers["standard_filament_amount"] = numbers["standard_filament_amount"] or 0
        currency = product.cost_currency
        return cls(
            id=product.id,
            uuid=product.uuid,
            material_cost=_units(product.material_cost_minor, currency),
            overhead_cost=_units(product.overhead_cost_minor, currency),
            suggested_price=_units(profile_rules.suggest_price_of(product), currency),
            currency=currency,
            manyfold_model_id=product.manyfold_model_id,
            manyfold_model_url=product.manyfold_model_url,
            created_at=product.created_at,
            updated_at=product.updated_at or product.created_at,
            **texts,
            **numbers,
        )


class ProfilePage(BaseModel):
    profiles: list[ProfileRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class PricingWrite(Body):
    """What an hour of the shop's own work costs, in the organization's currency."""

    labor_cost_per_hour: Annotated[Decimal, Field(ge=0, le=1_000_000)]


class PricingRead(BaseModel):
    labor_cost_per_hour: float | None
    currency: str | None

    @classmethod
    def of(cls, rate: Money | None) -> "PricingRead":
        return cls(
            labor_cost_per_hour=float(rate.decimal) if rate else None,
            currency=rate.currency if rate else None,
        )


def _whole(value: Decimal | int | None, factor: int) -> int | None:
    if value is None:
        return None
    return int((Decimal(value) * factor).to_integral_value(ROUND_HALF_EVEN))


def _parts(value: int | None, factor: int) -> int | float | None:
    """A whole number where it is one."""
    if value is None:
        return None
    return value // factor if value % factor == 0 else value / factor


def _units(minor: int | None, currency: str | None) -> float | None:
    if minor is None or currency is None:
        return None
    return float(Money(minor, currency).decimal)
