"""What changed in the catalogue, told to higher slices in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeMapped:
    """From now on ``code`` means this variant, as its SKU or as an alias."""

    organization_id: int
    code: str
    variant_id: int


@dataclass(frozen=True, slots=True)
class VariantCreated:
    organization_id: int
    variant_id: int
    sku: str


@dataclass(frozen=True, slots=True)
class RecipeChanged:
    """New work follows the new steps; pieces keep pointing at those they were planned with."""

    organization_id: int
    variant_id: int
