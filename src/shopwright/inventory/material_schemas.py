"""Bodies of the material routes: grams at the edge, milligrams inside."""

from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field

from shopwright.inventory import rules, slots
from shopwright.inventory.materials import Material, MaterialSpec
from shopwright.kernel.times import PlainTime

GRAMS_PER_KG = 1000

Text = Annotated[str, Field(max_length=60)]
Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]


class MaterialChange(BaseModel):
    """What a client read and sends back is fine: members it may not change are ignored."""

    material_type: Annotated[
        Word | None, Field(validation_alias=AliasChoices("material_type", "material"))
    ] = None
    color: Text | None = None
    weight_grams: Annotated[Decimal, Field(gt=0, le=rules.MAX_GRAMS)] | None = None
    remaining_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    vendor: Annotated[str, Field(max_length=100)] | None = None
    cost_per_kg: Annotated[Decimal, Field(ge=0, le=1_000_000)] | None = None

    def spec(self) -> MaterialSpec:
        price = self.cost_per_kg
        return MaterialSpec(
            material=self.material_type,
            color=self.color,
            vendor=self.vendor,
            cost_per_gram_micros=None if price is None else rules.to_micros(price / GRAMS_PER_KG),
            full_mg=rules.to_mg(self.weight_grams) if self.weight_grams else None,
            remaining_pct=self.remaining_pct,
        )


class MaterialCreate(MaterialChange):
    """A new roll; full, of 1000 g, unless something else is said."""

    slot: Annotated[int, Field(ge=0, le=slots.MAX_SLOT)]
    material_type: Annotated[
        Word, Field(validation_alias=AliasChoices("material_type", "material"))
    ]


class MaterialRead(BaseModel):
    """``remaining_grams`` is ``weight_grams`` × ``remaining_pct`` / 100."""

    id: int
    printer_id: int
    slot: int
    is_external: bool
    material_type: str | None
    color: str | None
    weight_grams: int | float | None
    remaining_pct: int | float | None
    remaining_grams: int | float | None
    vendor: str | None
    cost_per_kg: float | None
    loaded_at: PlainTime | None
    last_synced: PlainTime | None
    spool_id: int | None
    filament_id: int | None

    @classmethod
    def of(cls, material: Material) -> "MaterialRead":
        price = material.cost_per_gram_micros
        return cls(
            id=material.id,
            printer_id=material.printer_id,
            slot=material.slot,
            is_external=material.slot == 0,
            material_type=material.material,
            color=material.color,
            weight_grams=_grams(material.full_mg),
            remaining_pct=material.remaining_pct,
            remaining_grams=_grams(material.remaining_mg),
            vendor=material.vendor,
            cost_per_kg=None if price is None else price * GRAMS_PER_KG / rules.MICROS,
            loaded_at=material.loaded_at,
            last_synced=material.synced_at,
            spool_id=material.spool_id,
            filament_id=material.filament_id,
        )


def _grams(mg: int | None) -> int | float | None:
    return None if mg is None else rules.to_grams(mg)
