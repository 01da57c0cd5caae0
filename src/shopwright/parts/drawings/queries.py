"""SQL of drawn pages."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.parts.drawings.models import Drawing, DrawingPage


async def find_drawing(session: AsyncSession, ctx: Actor, sha256: str) -> Drawing | None:
    found: Drawing | None = await session.scalar(
        select(Drawing)
        .where(Drawing.organization_id == ctx.organization_id)
        .where(Drawing.source_sha256 == sha256)
    )
    return found


async def list_pages(session: AsyncSession, ctx: Actor, drawing_id: int) -> Sequence[DrawingPage]:
    rows = await session.scalars(
        select(DrawingPage)
        .where(DrawingPage.organization_id == ctx.organization_id)
        .where(DrawingPage.drawing_id == drawing_id)
        .order_by(DrawingPage.number)
    )
    return rows.all()


async def add_drawing(
    session: WriteSession, ctx: Actor, *, sha256: str, page_count: int, error: str | None
) -> int | None:
    """None when another process was faster with the same content."""
    insert = insert_for(session, Drawing).values(
        organization_id=ctx.organization_id,
        source_sha256=sha256,
        page_count=page_count,
        error=error,
    )
    made: int | None = await session.scalar(
        insert.on_conflict_do_nothing(
            index_elements=["organization_id", "source_sha256"]
        ).returning(Drawing.id)
    )
    return made
