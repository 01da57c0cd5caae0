"""All SQL of stored files."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.files.models import StoredFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Base, WriteSession, insert_for
from shopwright.kernel.tenancy import CROSS_TENANT


async def add_files(session: WriteSession, rows: Sequence[dict[str, Any]]) -> None:
    """Note which objects an organization has; those noted before stay as they are."""
    await session.execute(
        insert_for(session, StoredFile).on_conflict_do_nothing(
            index_elements=["organization_id", "sha256"]
        ),
        list(rows),
    )


async def find_files(
    session: AsyncSession, ctx: Actor, hashes: Collection[str]
) -> dict[str, StoredFile]:
    rows = await session.scalars(
        select(StoredFile)
        .where(StoredFile.organization_id == ctx.organization_id)
        .where(StoredFile.sha256.in_(hashes))
    )
    return {row.sha256: row for row in rows}


async def delete_file(session: WriteSession, ctx: Actor, sha256: str) -> None:
    await session.execute(
        delete(StoredFile)
        .where(StoredFile.organization_id == ctx.organization_id, StoredFile.sha256 == sha256)
        .execution_options(synchronize_session=False)
    )


async def is_used(session: AsyncSession, sha256: str, organization_id: int | None = None) -> bool:
    """Whether any row, or any of an organization, names this object.

    A column that does is called ``sha256`` or ``…_sha256``; that is how they are found.
    """
    uses = [
        exists().where(column == sha256, *_of_organization(column.table, organization_id))
        for column in _columns_naming_files()
    ]
    if not uses:
        return False
    found = select(or_(*uses)).execution_options(**CROSS_TENANT)
    return bool(await session.scalar(found))


def _columns_naming_files() -> list[Column[Any]]:
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if table.name != StoredFile.__tablename__
        and (column.name == "sha256" or column.name.endswith("_sha256"))
    ]


def _of_organization(table: Any, organization_id: int | None) -> list[Any]:
    return [] if organization_id is None else [table.c.organization_id == organization_id]
