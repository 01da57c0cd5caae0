"""Products with their variants and recipes, and print files."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.models import Product, RecipeStep, SkuAlias, Variant
from shopwright.catalog.states import StepKind
from shopwright.inventory.models import StepStock
from shopwright.parts.models import Part
from shopwright.parts.states import PartType
from shopwright.print_files.models import Plate, PrintFile
from shopwright.suppliers.models import Supplier

MAX_PRODUCTS = 500
MAX_FILES = 300
MADE = {PartType.CNC: "by CNC", PartType.HAND: "by hand", PartType.MISC: "made another way"}


@dataclass(frozen=True, slots=True)
class ProductRow:
    id: int
    name: str
    category: str
    is_active: bool
    variants: int
    without_recipe: int


@dataclass(frozen=True, slots=True)
class StepRow:
    name: str
    kind: StepKind
    yields: int
    file_name: str | None
    file_version: int | None
    printer_model: str | None
    plate_number: int | None
    time_s: int | None
    total_mg: int | None
    plate_id: int | None
    thumbnail: str | None
    print_file_id: int | None
    on_hand: int
    part_type: PartType | None
    part_amount: int
    part_material: str | None
    part_thickness: str | None
    part_notes: str | None
    is_approved: bool
    template_part_id: int | None
    template_version: int | None
    template_name: str | None
    supplier_id: int | None
    supplier_name: str | None
    supplier_sku: str | None

    @property
    def choice(self) -> str:
        """As ``FileChoice.value``."""
        return f"{self.print_file_id}:{self.plate_number}"

    @property
    def words(self) -> str:
        """How it is made, for what no plate makes."""
        if self.kind is StepKind.OUTSOURCE:
            by = self.supplier_name or "whoever offers it"
            return f"bought from {by}" + (f", {self.supplier_sku}" if self.supplier_sku else "")
        made = MADE[self.part_type or PartType.HAND]
        amount = f"{self.part_amount} for each" if self.part_amount > 1 else ""
        files = f"files of {self.template_name}" if self.template_name else ""
        review = "" if self.is_approved else "looked at first"
        facts = (made, amount, self.part_material, self.part_thickness, files, review)
        return " · ".join(fact for fact in facts if fact)


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """A part with files that new parts may take."""

    id: int
    name: str
    version: int


@dataclass(slots=True)
class VariantView:
    id: int
    sku: str
    name: str
    options: dict[str, Any]
    price_minor: int | None
    currency: str | None
    is_active: bool
    steps: list[StepRow] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileChoice:
    """One plate of the newest version of a print file."""

    print_file_id: int
    name: str
    plate_number: int
    printer_model: str | None
    time_s: int

    @property
    def value(self) -> str:
        return f"{self.print_file_id}:{self.plate_number}"


async def list_products(
    session: AsyncSession, organization_id: int, search: str
) -> list[ProductRow]:
    mine = and_(
        Variant.product_id == Product.id,
        Variant.organization_id == organization_id,
        Variant.is_active.is_(True),
    )
    recipe = (
        select(RecipeStep.id)
        .where(RecipeStep.variant_id == Variant.id, RecipeStep.organization_id == organization_id)
        .where(RecipeStep.is_retired.is_(False))
        .exists()
    )
    variants = select(func.count()).select_from(Variant).where(mine).scalar_subquery()
    without = select(func.count()).select_from(Variant).where(mine, ~recipe).scalar_subquery()
    statement = (
        select(
            Product.id, Product.name, Product.category, Product.is_active, variants, without
        )
        .where(Product.organization_id == organization_id)
        .order_by(Product.is_active.desc(), Product.name, Product.id)
        .limit(MAX_PRODUCTS)
    )  # fmt: skip
    if search:
        sku = select(Variant.id).where(mine, Variant.sku.icontains(search, autoescape=True))
        statement = statement.where(
            or_(Product.name.icontains(search, autoescape=True), sku.exists())
        )
    return [ProductRow(*row) for row in await session.execute(statement)]


async def list_variants(
    session: AsyncSession, organization_id: int, product_id: int
) -> list[VariantView]:
    """With the present recipe of each and the codes that mean it."""
    rows = await session.execute(
        select(
            Variant.id, Variant.sku, Variant.name, Variant.options, Variant.price_minor,
            Variant.currency, Variant.is_active,
        )
        .where(Variant.organization_id == organization_id, Variant.product_id == product_id)
        .order_by(Variant.is_active.desc(), Variant.id)
    )  # fmt: skip
    variants = {row[0]: VariantView(*row) for row in rows}
    for variant_id, step in await _list_steps(session, organization_id, list(variants)):
        variants[variant_id].steps.append(step)
    aliases = await session.execute(
        select(SkuAlias.variant_id, SkuAlias.code)
        .where(SkuAlias.organization_id == organization_id)
        .where(SkuAlias.variant_id.in_(list(variants)))
        .order_by(SkuAlias.code)
    )
    for variant_id, code in aliases:
        variants[variant_id].aliases.append(code)
    return list(variants.values())


async def _list_steps(
    session: AsyncSession, organization_id: int, variant_ids: list[int]
) -> list[tuple[int, StepRow]]:
    rows = await session.execute(
        select(
            RecipeStep.variant_id, RecipeStep.name, RecipeStep.kind, RecipeStep.yields,
            PrintFile.name, PrintFile.version, PrintFile.printer_model, RecipeStep.plate_number,
            Plate.time_s, Plate.total_mg, Plate.id, Plate.thumbnail_sha256,
            RecipeStep.print_file_id, func.coalesce(StepStock.on_hand, 0),
            RecipeStep.part_type, RecipeStep.part_amount, RecipeStep.part_material,
            RecipeStep.part_thickness, RecipeStep.part_notes, RecipeStep.is_approved,
            RecipeStep.template_part_id, RecipeStep.template_version, Part.name,
            RecipeStep.supplier_id, Supplier.name, RecipeStep.supplier_sku,
        )
        .outerjoin(
            Part,
            and_(
                Part.id == RecipeStep.template_part_id, Part.organization_id == organization_id
            ),
        )
        .outerjoin(
            Supplier,
            and_(
                Supplier.id == RecipeStep.supplier_id, Supplier.organization_id == organization_id
            ),
        )
        .outerjoin(
            PrintFile,
            and_(
                PrintFile.id == RecipeStep.print_file_id,
                PrintFile.organization_id == organization_id,
            ),
        )
        .outerjoin(
            Plate,
            and_(
                Plate.print_file_id == RecipeStep.print_file_id,
                Plate.number == RecipeStep.plate_number,
                Plate.organization_id == organization_id,
            ),
        )
        .outerjoin(
            StepStock,
            and_(
                StepStock.recipe_step_id == RecipeStep.id,
                StepStock.organization_id == organization_id,
            ),
        )
        .where(RecipeStep.organization_id == organization_id)
        .where(RecipeStep.variant_id.in_(variant_ids), RecipeStep.is_retired.is_(False))
        .order_by(RecipeStep.variant_id, RecipeStep.position)
    )  # fmt: skip
    return [(variant_id, StepRow(*facts)) for variant_id, *facts in rows]


async def list_plates(session: AsyncSession, organization_id: int) -> list[FileChoice]:
    """Every plate a recipe may print: those of each file's newest version."""
    newest = (
        select(PrintFile.name, func.max(PrintFile.version).label("version"))
        .where(PrintFile.organization_id == organization_id)
        .group_by(PrintFile.name)
        .subquery()
    )
    rows = await session.execute(
        select(PrintFile.id, PrintFile.name, Plate.number, PrintFile.printer_model, Plate.time_s)
        .join(
            newest,
            and_(newest.c.name == PrintFile.name, newest.c.version == PrintFile.version),
        )
        .join(
            Plate,
            and_(Plate.print_file_id == PrintFile.id, Plate.organization_id == organization_id),
        )
        .where(PrintFile.organization_id == organization_id)
        .order_by(PrintFile.name, Plate.number)
        .limit(MAX_FILES)
    )
    return [FileChoice(*row) for row in rows]


async def list_templates(session: AsyncSession, organization_id: int) -> list[TemplateChoice]:
    """Parts of the workshop's own that have files."""
    rows = await session.execute(
        select(Part.id, Part.name, Part.version)
        .where(Part.organization_id == organization_id, Part.deleted_at.is_(None))
        .where(Part.version > 0, Part.order_item_id.is_(None))
        .order_by(Part.name, Part.id)
        .limit(MAX_FILES)
    )
    return [TemplateChoice(*row) for row in rows]


async def find_thumbnail(session: AsyncSession, organization_id: int, plate_id: int) -> str | None:
    sha256: str | None = await session.scalar(
        select(Plate.thumbnail_sha256).where(
            Plate.organization_id == organization_id, Plate.id == plate_id
        )
    )
    return sha256
