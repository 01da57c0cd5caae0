"""All SQL of print files, their plates and filaments."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.print_files.models import Plate, PrintFile

_WHOLE = selectinload(PrintFile.plates).selectinload(Plate.filaments)


@dataclass(frozen=True, slots=True)
class PrintFileFilter:
    text: str | None = None  # in the name or the printer model
    printer_model: str | None = None


@dataclass(frozen=True, slots=True)
class ListedFile:
    """The newest version of a name, with how many there are and what its plates sum up to."""

    file: PrintFile
    version_count: int
    plate_count: int
    time_s: int
    total_mg: int
    first_picture: tuple[int, str] | None  # plate number and hash


async def lock_name(session: WriteSession, ctx: Actor, name: str) -> None:
    """Until the commit nobody else adds a version of this name; SQLite has one writer anyway."""
    if not session.is_sqlite:
        key = func.hashtextextended(f"print_files/{ctx.organization_id}/{name}", 0)
        await session.execute(select(func.pg_advisory_xact_lock(key)))


async def list_versions(session: AsyncSession, ctx: Actor, name: str) -> list[PrintFile]:
    """Newest first."""
    rows = await session.scalars(
        _files(ctx).where(PrintFile.name == name).order_by(PrintFile.version.desc())
    )
    return list(rows)


async def find_print_file(session: AsyncSession, ctx: Actor, ref: Ref) -> PrintFile | None:
    """With its plates and their filaments."""
    found: PrintFile | None = await session.scalar(
        _files(ctx)
        .where(ref.where(PrintFile))
        .options(_WHOLE)
        .execution_options(populate_existing=True)
    )
    return found


async def list_print_files(
    session: AsyncSession, ctx: Actor, wanted: PrintFileFilter, paging: Paging
) -> tuple[list[ListedFile], int]:
    """One page of names, each with its newest version, by name; and how many there are in all."""
    newest = _newest(ctx)
    statement = (
        select(PrintFile, newest.c.version_count)
        .join(
            newest,
            and_(PrintFile.name == newest.c.name, PrintFile.version == newest.c.version),
        )
        .where(PrintFile.organization_id == ctx.organization_id, *_conditions(wanted))
    )
    total = await session.scalar(statement.with_only_columns(func.count()))
    rows = await session.execute(
        statement.order_by(func.lower(PrintFile.name), PrintFile.id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    found = [(file, count) for file, count in rows]
    plates = await list_plates(session, ctx, [file.id for file, _ in found])
    return [_listed(file, count, plates.get(file.id, [])) for file, count in found], total or 0


async def list_plates(
    session: AsyncSession, ctx: Actor, print_file_ids: Collection[int]
) -> dict[int, list[Plate]]:
    """By file, in order of their numbers, with their filaments."""
    plates: dict[int, list[Plate]] = {}
    rows = await session.scalars(
        select(Plate)
        .where(Plate.organization_id == ctx.organization_id)
        .where(Plate.print_file_id.in_(print_file_ids))
        .order_by(Plate.print_file_id, Plate.number)
        .options(selectinload(Plate.filaments))
    )
    for plate in rows:
        plates.setdefault(plate.print_file_id, []).append(plate)
    return plates


async def find_plate(session: AsyncSession, ctx: Actor, condition: Any) -> Plate | None:
    """The plate that fits a condition on plates joined with their files."""
    plate: Plate | None = await session.scalar(
        select(Plate)
        .join(PrintFile, PrintFile.id == Plate.print_file_id)
        .where(Plate.organization_id == ctx.organization_id)
        .where(PrintFile.organization_id == ctx.organization_id, condition)
    )
    return plate


def _files(ctx: Actor) -> Select[PrintFile]:
    return select(PrintFile).where(PrintFile.organization_id == ctx.organization_id)


def _newest(ctx: Actor) -> Subquery:
    return (
        select(
            PrintFile.name,
            func.max(PrintFile.version).label("version"),
            func.count().label("version_count"),
        )
        .where(PrintFile.organization_id == ctx.organization_id)
        .group_by(PrintFile.name)
        .subquery()
    )


def _conditions(wanted: PrintFileFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.text:
        conditions.append(
            or_(
                PrintFile.name.icontains(wanted.text, autoescape=True),
                PrintFile.printer_model.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.printer_model:
        conditions.append(func.lower(PrintFile.printer_model) == wanted.printer_model.lower())
    return conditions


def _listed(file: PrintFile, version_count: int, plates: list[Plate]) -> ListedFile:
    pictures = [(p.number, p.thumbnail_sha256) for p in plates if p.thumbnail_sha256]
    return ListedFile(
        file=file,
        version_count=version_count,
        plate_count=len(plates),
        time_s=sum(plate.time_s for plate in plates),
        total_mg=sum(plate.total_mg for plate in plates),
        first_picture=pictures[0] if pictures else None,
    )
