"""SQL of recipes. ``is_retired`` moves only here, and only from false to true."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.models import Hardware, RecipeHardware, RecipeStep, Variant
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Base, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.print_files.models import Plate, PrintFile


@dataclass(frozen=True, slots=True)
class PlateRow:
    """A plate that a step may name, with the file version it belongs to."""

    print_file_id: int
    print_file_uuid: str
    file_name: str
    version: int
    number: int

    def is_of(self, ref: Ref) -> bool:
        return ref.id == self.print_file_id or ref.uuid == self.print_file_uuid


@dataclass(frozen=True, slots=True)
class StepFile:
    """The file version a step uses and the newest of the same name."""

    id: int
    uuid: str
    name: str
    version: int
    newest_id: int
    newest_version: int
    has_plate_in_newest: bool


async def list_active_steps(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> list[RecipeStep]:
    rows = await session.scalars(
        select(RecipeStep)
        .where(RecipeStep.organization_id == ctx.organization_id)
        .where(RecipeStep.variant_id.in_(variant_ids), RecipeStep.is_retired.is_(False))
        .order_by(RecipeStep.variant_id, RecipeStep.position, RecipeStep.id)
    )
    return list(rows)


async def list_steps(
    session: AsyncSession, ctx: Actor, step_ids: Collection[int]
) -> list[RecipeStep]:
    """Retired ones too."""
    rows = await session.scalars(
        select(RecipeStep).where(
            RecipeStep.organization_id == ctx.organization_id, RecipeStep.id.in_(step_ids)
        )
    )
    return list(rows)


async def find_step(session: AsyncSession, ctx: Actor, ref: Ref) -> RecipeStep | None:
    step: RecipeStep | None = await session.scalar(
        select(RecipeStep).where(
            RecipeStep.organization_id == ctx.organization_id, ref.where(RecipeStep)
        )
    )
    return step


async def list_variants_using(
    session: AsyncSession, ctx: Actor, file_ids: Collection[int]
) -> list[int]:
    """Variants whose present recipe prints one of these files."""
    rows = await session.scalars(
        select(RecipeStep.variant_id)
        .where(RecipeStep.organization_id == ctx.organization_id)
        .where(RecipeStep.print_file_id.in_(file_ids), RecipeStep.is_retired.is_(False))
        .distinct()
    )
    return list(rows)


async def retire_steps(session: WriteSession, ctx: Actor, step_ids: Collection[int]) -> int:
    """Take steps out of their recipe for good; returns how many still were in it."""
    rows = await session.scalars(
        update(RecipeStep)
        .where(RecipeStep.organization_id == ctx.organization_id, RecipeStep.id.in_(step_ids))
        .where(RecipeStep.is_retired.is_(False))
        .values(is_retired=True)
        .returning(RecipeStep.id)
    )
    return len(rows.all())


async def list_plates(session: AsyncSession, ctx: Actor, files: Collection[Ref]) -> list[PlateRow]:
    """Every plate of the named files."""
    if not files:
        return []
    rows = await session.execute(
        select(PrintFile.id, PrintFile.uuid, PrintFile.name, PrintFile.version, Plate.number)
        .join(Plate, Plate.print_file_id == PrintFile.id)
        .where(PrintFile.organization_id == ctx.organization_id)
        .where(Plate.organization_id == ctx.organization_id)
        .where(or_(*(ref.where(PrintFile) for ref in files)))
    )
    return [PlateRow(*row) for row in rows]


async def list_step_files(
    session: AsyncSession, ctx: Actor, steps: Sequence[RecipeStep]
) -> dict[int, StepFile]:
    """By step: its file version, and whether the newest one of that name still has the plate."""
    ids = [step.id for step in steps]
    newest = (
        select(PrintFile.name, func.max(PrintFile.version).label("version"))
        .where(PrintFile.organization_id == ctx.organization_id)
        .group_by(PrintFile.name)
        .subquery()
    )
    latest = (
        select(PrintFile.id, PrintFile.name, PrintFile.version)
        .join(newest, and_(PrintFile.name == newest.c.name, PrintFile.version == newest.c.version))
        .where(PrintFile.organization_id == ctx.organization_id)
        .subquery()
    )  # fmt: skip
    rows = await session.execute(
        select(
            RecipeStep.id, PrintFile.id, PrintFile.uuid, PrintFile.name, PrintFile.version,
            latest.c.id, latest.c.version, Plate.id.is_not(None),
        )
        .join(PrintFile, PrintFile.id == RecipeStep.print_file_id)
        .join(latest, latest.c.name == PrintFile.name)
        .outerjoin(
            Plate,
            and_(
                Plate.organization_id == ctx.organization_id,
                Plate.print_file_id == latest.c.id,
                Plate.number == RecipeStep.plate_number,
            ),
        )
        .where(RecipeStep.organization_id == ctx.organization_id, RecipeStep.id.in_(ids))
        .where(PrintFile.organization_id == ctx.organization_id)
    )  # fmt: skip
    return {step_id: StepFile(*facts) for step_id, *facts in rows}


async def find_supplier(session: AsyncSession, ctx: Actor, ref: Ref) -> int | None:
    """The table of a higher slice, known here by its name as in a foreign key."""
    suppliers = Base.metadata.tables["suppliers"]
    is_it = suppliers.c.id == ref.id if ref.uuid is None else suppliers.c.uuid == ref.uuid
    supplier_id: int | None = await session.scalar(
        select(suppliers.c.id)
        .where(suppliers.c.organization_id == ctx.organization_id, is_it)
        .where(suppliers.c.is_active)
    )
    return supplier_id


async def find_hardware(session: AsyncSession, ctx: Actor, refs: Collection[Ref]) -> list[Hardware]:
    """Those of the named hardware that exist here."""
    rows = await session.scalars(
        select(Hardware)
        .where(Hardware.organization_id == ctx.organization_id)
        .where(or_(*(ref.where(Hardware) for ref in refs)))
    )
    return list(rows)


async def find_hardware_by_sku(session: AsyncSession, ctx: Actor, sku: str) -> Hardware | None:
    """Hidden ones too: they keep their SKU."""
    hardware: Hardware | None = await session.scalar(
        select(Hardware).where(Hardware.organization_id == ctx.organization_id, Hardware.sku == sku)
    )
    return hardware


async def list_hardware(
    session: AsyncSession, ctx: Actor, variant_ids: Collection[int]
) -> list[tuple[RecipeHardware, Hardware]]:
    """What one unit of each variant takes from the drawer, by SKU."""
    rows = await session.execute(
        select(RecipeHardware, Hardware)
        .join(Hardware, Hardware.id == RecipeHardware.hardware_id)
        .where(RecipeHardware.organization_id == ctx.organization_id)
        .where(Hardware.organization_id == ctx.organization_id)
        .where(RecipeHardware.variant_id.in_(variant_ids))
        .order_by(Hardware.sku)
    )
    return [(line, hardware) for line, hardware in rows]


async def replace_hardware(
    session: WriteSession, ctx: Actor, variant_id: int, quantities: Mapping[int, int]
) -> None:
    await session.execute(
        delete(RecipeHardware)
        .where(RecipeHardware.organization_id == ctx.organization_id)
        .where(RecipeHardware.variant_id == variant_id)
    )
    session.add_all(
        RecipeHardware(
            organization_id=ctx.organization_id,
            variant_id=variant_id,
            hardware_id=hardware_id,
            quantity=quantity,
        )
        for hardware_id, quantity in quantities.items()
    )
    await session.flush()


async def count_uses(session: AsyncSession, ctx: Actor, hardware_id: int) -> int:
    """How many active variants need this hardware."""
    count: int | None = await session.scalar(
        select(func.count())
        .select_from(RecipeHardware)
        .join(Variant, Variant.id == RecipeHardware.variant_id)
        .where(RecipeHardware.organization_id == ctx.organization_id)
        .where(Variant.organization_id == ctx.organization_id, Variant.is_active)
        .where(RecipeHardware.hardware_id == hardware_id)
    )
    return count or 0
