"""Bodies of the catalogue routes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from shopwright.accounts.schemas import Body
from shopwright.catalog.models import (
    Hardware,
    Product,
    RecipeHardware,
    RecipeStep,
    SkuAlias,
    Variant,
)
from shopwright.catalog.products import ProductSpec, VariantSpec
from shopwright.catalog.recipe_queries import StepFile
from shopwright.catalog.rules import PartDesign, Purchase, StepSpec
from shopwright.catalog.states import StepKind
from shopwright.kernel.edge import BodyRef
from shopwright.kernel.money import Money
from shopwright.kernel.times import ZuluTime
from shopwright.parts.states import PartType

MAX_OPTIONS = 30
Name = Annotated[str, Field(min_length=1, max_length=200)]
OptionText = Annotated[str, Field(max_length=200)]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]


class ProductWrite(Body):
    name: Name
    description: Annotated[str, Field(max_length=20_000)] = ""
    category: Annotated[str, Field(max_length=100)] = ""
    is_active: bool = True

    def spec(self) -> ProductSpec:
        return ProductSpec(self.name, self.description, self.category, self.is_active)


class VariantWrite(Body):
    """``price`` in units of ``currency``, by default the organization's."""

    sku: Annotated[str, Field(max_length=200)]
    name: Annotated[str, Field(max_length=200)] = ""
    options: dict[OptionText, OptionText] = Field(default_factory=dict, max_length=MAX_OPTIONS)
    price: Price | None = None
    currency: Annotated[str, Field(min_length=3, max_length=3)] | None = None
    is_active: bool = True

    def spec(self) -> VariantSpec:
        return VariantSpec(
            sku=self.sku,
            name=self.name,
            options=self.options,
            price=self.price,
            currency=self.currency,
            is_active=self.is_active,
        )


class PartDesignWrite(Body):
    """What the workshop makes for one unit: ``amount`` parts, with the files of the template part.

    ``is_approved`` lets them go to the workshop of their type without a review;
    ``template_version`` is the newest when it is left out.
    """

    type: PartType
    material: Annotated[str, Field(max_length=200)] | None = None
    thickness: Annotated[str, Field(max_length=50)] | None = None
    notes: Annotated[str, Field(max_length=20_000)] | None = None
    amount: Annotated[int, Field(ge=1, le=1000)] = 1
    is_approved: bool = False
    template_part_id: BodyRef | None = None
    template_version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    def design(self) -> PartDesign:
        return PartDesign(
            type=self.type,
            material=self.material,
            thickness=self.thickness,
            notes=self.notes,
            amount=self.amount,
            is_approved=self.is_approved,
            template=self.template_part_id,
            template_version=self.template_version,
        )


class StepWrite(Body):
    """``print``: one run of the plate makes ``yields`` copies. ``fabricate``: ``part`` says what
    the workshop makes. ``outsource``: a manufacturer makes it, from the picture of the order's
    design where it has one."""

    kind: StepKind = StepKind.PRINT
    name: Annotated[str, Field(max_length=200)] = ""
    print_file_id: BodyRef | None = None
    plate: Annotated[int, Field(ge=1, le=1000)] | None = None
    yields: Annotated[int, Field(ge=1, le=1000)] = 1
    part: PartDesignWrite | None = None
    supplier_id: BodyRef | None = None
    supplier_sku: Annotated[str, Field(max_length=100)] | None = None

    def spec(self) -> StepSpec:
        has_purchase = self.supplier_id is not None or self.supplier_sku is not None
        return StepSpec(
            print_file=self.print_file_id,
            plate=self.plate,
            yields=self.yields,
            name=self.name,
            kind=self.kind,
            part=self.part.design() if self.part else None,
            purchase=Purchase(self.supplier_id, self.supplier_sku) if has_purchase else None,
        )


class HardwareLineWrite(Body):
    hardware_id: BodyRef
    quantity: Annotated[int, Field(ge=1, le=10_000)]


class RecipeWrite(Body):
    """The whole recipe of one unit; an empty one lets orders wait in the inbox."""

    steps: Annotated[list[StepWrite], Field(max_length=50)]
    hardware: list[HardwareLineWrite] = Field(default_factory=list, max_length=100)


class AliasWrite(Body):
    code: Annotated[str, Field(max_length=200)]
    variant_id: BodyRef


class VariantRead(BaseModel):
    id: int
    uuid: str
    product_id: int
    sku: str
    name: str
    options: dict[str, str]
    price: float | None
    currency: str | None
    is_active: bool
    created_at: ZuluTime

    @classmethod
    def of(cls, variant: Variant) -> "VariantRead":
        return cls(
            id=variant.id,
            uuid=variant.uuid,
            product_id=variant.product_id,
            sku=variant.sku,
            name=variant.name,
            options=variant.options,
            price=_price_of(variant),
            currency=variant.currency,
            is_active=variant.is_active,
            created_at=variant.created_at,
        )


class ProductRead(BaseModel):
    id: int
    uuid: str
    name: str
    description: str
    category: str
    is_active: bool
    created_at: ZuluTime
    variants: list[VariantRead]

    @classmethod
    def of(cls, product: Product) -> "ProductRead":
        return cls(
            id=product.id,
            uuid=product.uuid,
            name=product.name,
            description=product.description,
            category=product.category,
            is_active=product.is_active,
            created_at=product.created_at,
            variants=[VariantRead.of(variant) for variant in product.variants],
        )


class ProductPage(BaseModel):
    products: list[ProductRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


class PartDesignRead(BaseModel):
    type: PartType
    material: str | None
    thickness: str | None
    notes: str | None
    amount: int
    is_approved: bool
    template_part_id: int | None
    template_version: int | None

    @classmethod
    def of(cls, step: RecipeStep) -> "PartDesignRead | None":
        if step.part_type is None:
            return None
        return cls(
            type=step.part_type,
            material=step.part_material,
            thickness=step.part_thickness,
            notes=step.part_notes,
            amount=step.part_amount,
            is_approved=step.is_approved,
            template_part_id=step.template_part_id,
            template_version=step.template_version,
        )


class StepRead(BaseModel):
    """``notice`` says when a newer version of the file exists and why the step does not use it."""

    id: int
    uuid: str
    position: int
    kind: StepKind
    name: str
    print_file_id: int | None
    print_file_uuid: str | None
    print_file_name: str | None
    print_file_version: int | None
    plate: int | None
    yields: int
    part: PartDesignRead | None
    supplier_id: int | None
    supplier_sku: str | None
    notice: str | None

    @classmethod
    def of(cls, step: RecipeStep, file: StepFile | None) -> "StepRead":
        return cls(
            id=step.id,
            uuid=step.uuid,
            position=step.position,
            kind=step.kind,
            name=step.name,
            print_file_id=step.print_file_id,
            print_file_uuid=file.uuid if file else None,
            print_file_name=file.name if file else None,
            print_file_version=file.version if file else None,
            plate=step.plate_number,
            yields=step.yields,
            part=PartDesignRead.of(step),
            supplier_id=step.supplier_id,
            supplier_sku=step.supplier_sku,
            notice=_notice_of(step, file) if file else None,
        )


class HardwareLineRead(BaseModel):
    hardware_id: int
    sku: str
    name: str
    quantity: int

    @classmethod
    def of(cls, line: RecipeHardware, hardware: Hardware) -> "HardwareLineRead":
        return cls(
            hardware_id=hardware.id, sku=hardware.sku, name=hardware.name, quantity=line.quantity
        )


class RecipeRead(BaseModel):
    variant_id: int
    steps: list[StepRead]
    hardware: list[HardwareLineRead]

    @classmethod
    def of(
        cls,
        variant_id: int,
        steps: Sequence[RecipeStep],
        files: Mapping[int, StepFile],
        hardware: Sequence[tuple[RecipeHardware, Hardware]],
    ) -> "RecipeRead":
        return cls(
            variant_id=variant_id,
            steps=[StepRead.of(step, files.get(step.id)) for step in steps],
            hardware=[HardwareLineRead.of(line, each) for line, each in hardware],
        )


class AliasRead(BaseModel):
    id: int
    uuid: str
    code: str
    variant_id: int
    sku: str
    created_at: ZuluTime

    @classmethod
    def of(cls, alias: SkuAlias, sku: str) -> "AliasRead":
        return cls(
            id=alias.id,
            uuid=alias.uuid,
            code=alias.code,
            variant_id=alias.variant_id,
            sku=sku,
            created_at=alias.created_at,
        )


class AliasPage(BaseModel):
    sku_aliases: list[AliasRead]
    total: int
    limit: int
    offset: int
    page: int
    pages: int


def _price_of(variant: Variant) -> float | None:
    if variant.price_minor is None or variant.currency is None:
        return None
    return float(Money(variant.price_minor, variant.currency).decimal)


def _notice_of(step: RecipeStep, file: StepFile) -> str | None:
    if file.newest_id == file.id:
        return None
    newer = f"Version {file.newest_version} of {file.name}"
    if file.has_plate_in_newest:
        return f"{newer} is there; this step prints version {file.version}."
    return f"{newer} has no plate {step.plate_number}; this step keeps version {file.version}."
