"""Pictures of a part from eight sides, as clients draw them."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import NotFound
from shopwright.kernel.live import touch
from shopwright.parts import queries, service
from shopwright.parts.models import PartView
from shopwright.parts.queries import TOPIC

COUNT = 8
PNG = "image/png"


class ViewMissing(NotFound):
    code = "part-view-missing"
    title = "There is no such picture of this part"


def number_of(name: str) -> int | None:
    """``view_3`` is 3; None for anything else."""
    found = re.fullmatch(r"view_([0-7])", name)
    return int(found[1]) if found else None


async def put_views(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    stored: Mapping[int, StoredObject],
    now: datetime,
) -> None:
    """New pictures instead of older ones of the same sides; raises PartMissing."""
    part = await service.lock_part(session, ctx, ref)
    await files.record_files(
        session,
        ctx,
        [NewFile(one, f"view {number} of part {part.id}", PNG) for number, one in stored.items()],
    )
    for number, one in stored.items():
        await queries.put_view(session, ctx, part.id, number, one.sha256, now)
    audit.record(session, ctx, "part.views_uploaded", part.id, views=sorted(stored))
    touch(session, ctx.organization_id, TOPIC, part.id)


async def list_views(session: AsyncSession, ctx: Actor, ref: Ref) -> tuple[int, list[PartView]]:
    """The part's id and its pictures; raises PartMissing."""
    found = await service.get_part(session, ctx, ref)
    return found.part.id, list(await queries.list_views(session, ctx, found.part.id))


async def get_view(session: AsyncSession, ctx: Actor, ref: Ref, number: int) -> PartView:
    """Raises PartMissing or ViewMissing."""
    _, views = await list_views(session, ctx, ref)
    for view in views:
        if view.number == number:
            return view
    raise ViewMissing(f"There is no view {number} of this part.")
