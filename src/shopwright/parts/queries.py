"""All SQL of parts, their files and views."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import locks as accounts
from shopwright.kernel import tenancy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.revisions import revision_of
from shopwright.parts.models import CadConversion, Part, PartFile, PartView
from shopwright.parts.states import FileKind, PartCategory

TOPIC = "part"
REVISION = tenancy.checked(select(revision_of(TOPIC)))


class SortBy(StrEnum):
    NAME = "name"
    STATUS = "status"
    ASSIGNED = "assigned"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    CATEGORY = "category"
    MATERIAL = "material"
    SUBSYSTEM = "subsystem"
    DUE_ON = "due_on"


@dataclass(frozen=True, slots=True)
class PartFilter:
    category: PartCategory | None = None
    text: str | None = None
    sort_by: SortBy = SortBy.CREATED_AT
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class FoundPart:
    """With what was made of its newest model."""

    part: Part
    conversion: CadConversion | None


async def list_parts(
    session: AsyncSession, ctx: Actor, wanted: PartFilter, paging: Paging
) -> tuple[list[FoundPart], int]:
    """One page in the wanted order, and how many there are in all."""
    conditions = matching(ctx, wanted)
    total = await session.scalar(select(func.count()).select_from(Part).where(*conditions))
    rows = await session.execute(
        _found(ctx)
        .where(*conditions)
        .order_by(*_order(wanted))
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return [FoundPart(part, conversion) for part, conversion in rows], total or 0


async def find_part(session: AsyncSession, ctx: Actor, ref: Ref) -> FoundPart | None:
    rows = await session.execute(
        _found(ctx).where(*_mine(ctx), ref.where(Part)).execution_options(populate_existing=True)
    )
    row = rows.one_or_none()
    return FoundPart(row[0], row[1]) if row else None


async def lock_work(session: WriteSession, ctx: Actor, ref: Ref) -> None:
    """Before the row of a part that an order owes: whoever plans or stops orders has this lock
    first, too."""
    item_id = None
    if not session.is_sqlite:
        item_id = await session.scalar(
            select(Part.order_item_id).where(*_mine(ctx), ref.where(Part))
        )
    if item_id is not None:
        await accounts.lock_work(session, ctx)


async def lock_part(session: WriteSession, ctx: Actor, ref: Ref) -> Part | None:
    """Nobody else changes it until the commit; SQLite has one writer anyway."""
    part: Part | None = await session.scalar(
        select(Part)
        .where(*_mine(ctx), ref.where(Part))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return part


async def move_part(session: WriteSession, ctx: Actor, part: Part, changes: dict[str, Any]) -> bool:
    """False when the part was moved by somebody else since ``part`` was read."""
    moved: int | None = await session.scalar(
        update(Part)
        .where(*_mine(ctx), Part.id == part.id)
        .where(Part.category == part.category, Part.status == part.status)
        .where(Part.made == part.made)
        .values(**changes)
        .returning(Part.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


async def claim_part(
    session: WriteSession, ctx: Actor, part: Part, changes: dict[str, Any]
) -> bool:
    """False when somebody of another name has the part."""
    claimed: int | None = await session.scalar(
        update(Part)
        .where(*_mine(ctx), Part.id == part.id, Part.category == part.category)
        .where(
            or_(
                Part.claimed_at.is_(None),
                Part.assigned.is_(None),
                Part.assigned == part.assigned if _is_same(part, changes) else false(),
            )
        )
        .values(**changes)
        .returning(Part.id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


async def set_file(session: WriteSession, ctx: Actor, part_id: int, newest: dict[str, Any]) -> None:
    """What a new file changes of its part, whose row the caller holds."""
    await session.execute(
        update(Part)
        .where(*_mine(ctx), Part.id == part_id)
        .values(**newest)
        .execution_options(synchronize_session=False)
    )


async def list_files(session: AsyncSession, ctx: Actor, part_id: int) -> Sequence[PartFile]:
    """Newest first."""
    rows = await session.scalars(
        select(PartFile)
        .where(PartFile.organization_id == ctx.organization_id, PartFile.part_id == part_id)
        .order_by(PartFile.version.desc())
    )
    return rows.all()


async def find_file(
    session: AsyncSession,
    ctx: Actor,
    part_id: int,
    *,
    version: int | None = None,
    kinds: Collection[FileKind] = frozenset(FileKind),
) -> PartFile | None:
    """The newest of these kinds, or that very version."""
    wanted = [PartFile.version == version] if version is not None else []
    file: PartFile | None = await session.scalar(
        select(PartFile)
        .where(PartFile.organization_id == ctx.organization_id, PartFile.part_id == part_id)
        .where(PartFile.kind.in_(kinds), *wanted)
        .order_by(PartFile.version.desc())
        .limit(1)
    )
    return file


async def list_views(session: AsyncSession, ctx: Actor, part_id: int) -> Sequence[PartView]:
    rows = await session.scalars(
        select(PartView)
        .where(PartView.organization_id == ctx.organization_id, PartView.part_id == part_id)
        .order_by(PartView.number)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def put_view(
    session: WriteSession, ctx: Actor, part_id: int, number: int, sha256: str, now: datetime
) -> None:
    """The picture of this side, instead of an older one."""
    insert = insert_for(session, PartView).values(
        organization_id=ctx.organization_id,
        part_id=part_id,
        number=number,
        sha256=sha256,
        updated_at=now,
    )
    await session.execute(
        insert.on_conflict_do_update(
            index_elements=["part_id", "number"], set_={"sha256": sha256, "updated_at": now}
        )
    )


def _found(ctx: Actor) -> Select[Part, CadConversion]:
    of_part = and_(
        CadConversion.id == Part.conversion_id,
        CadConversion.organization_id == ctx.organization_id,
    )
    return select(Part, CadConversion).outerjoin(CadConversion, of_part)


def _mine(ctx: Actor) -> tuple[ColumnElement[bool], ...]:
    return (Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))


def matching(ctx: Actor, wanted: PartFilter) -> list[ColumnElement[bool]]:
    """The organization's living parts of that category that mention the text."""
    conditions = list(_mine(ctx))
    if wanted.category is not None:
        conditions.append(Part.category == wanted.category)
    if wanted.text:
        searched = (
            Part.name, Part.notes, Part.subsystem, Part.assigned, Part.material, Part.code
        )  # fmt: skip
        conditions.append(or_(*(c.icontains(wanted.text, autoescape=True) for c in searched)))
    return conditions


def _order(wanted: PartFilter) -> list[Any]:
    """Ends with the id, so that pages do not overlap; what is empty comes last."""
    column = getattr(Part, wanted.sort_by.value)
    is_text = wanted.sort_by not in {SortBy.CREATED_AT, SortBy.UPDATED_AT, SortBy.DUE_ON}
    key = func.lower(column) if is_text else column
    down = wanted.is_descending
    return [
        column.is_(None),
        key.desc() if down else key.asc(),
        Part.id.desc() if down else Part.id.asc(),
    ]


def _is_same(part: Part, changes: dict[str, Any]) -> bool:
    return (part.assigned or "").casefold() == str(changes["assigned"]).casefold()
