"""All SQL of stored files."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.files.models import StoredFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for


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
