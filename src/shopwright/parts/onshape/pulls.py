"""A part takes what Onshape exports as its next version, now or when the export is done."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.edge import Ref
from shopwright.kernel.live import touch
from shopwright.parts import queries as part_queries
from shopwright.parts import service, versions
from shopwright.parts.models import Part
from shopwright.parts.onshape import exports
from shopwright.parts.onshape.models import OnshapeExport, OnshapePull
from shopwright.parts.onshape.port import Source
from shopwright.parts.onshape.states import ExportStatus
from shopwright.parts.queries import TOPIC
from shopwright.parts.service import PartMissing
from shopwright.parts.states import FileKind
from shopwright.parts.versions import CheckedFile

MAX_NAME = 200
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


async def want_pull(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    source: Source,
    wanted: FileKind,
    now: datetime,
) -> tuple[OnshapePull, OnshapeExport]:
    """Raises PartMissing. Asking twice is one pull; what was exported before is taken at once."""
    part = await service.lock_part(session, ctx, ref)
    export = await exports.want_export(session, ctx, source, wanted)
    insert = insert_for(session, OnshapePull).values(
        organization_id=ctx.organization_id,
        part_id=part.id,
        export_id=export.id,
        file_name=_file_name(part, source, wanted),
        asked_by=ctx.name[:120],
        created_at=now,
    )
    await session.execute(insert.on_conflict_do_nothing())
    if export.status is ExportStatus.DONE:
        await take(session, export, now)
    pull = await _get_pull(session, ctx, part.id, export.id)
    audit.record(session, ctx, "part.onshape_asked", part.id, format=wanted.value)
    touch(session, ctx.organization_id, TOPIC, part.id)
    return pull, export


async def take(session: WriteSession, export: OnshapeExport, now: datetime) -> None:
    """Every part that waits for this export gets its version."""
    rows = await session.scalars(
        select(OnshapePull)
        .where(OnshapePull.organization_id == export.organization_id)
        .where(OnshapePull.export_id == export.id, OnshapePull.version.is_(None))
        .order_by(OnshapePull.id)
    )
    for pull in rows.all():
        version = await _add(session, pull, export, now)
        await session.execute(
            update(OnshapePull)
            .where(OnshapePull.organization_id == pull.organization_id, OnshapePull.id == pull.id)
            .values(version=version)
            .execution_options(synchronize_session=False)
        )
        touch(session, pull.organization_id, TOPIC, pull.part_id)


async def find_latest(
    session: AsyncSession, ctx: Actor, part_id: int
) -> tuple[OnshapePull, OnshapeExport] | None:
    """The part's newest pull, with how far it is."""
    rows = await session.execute(
        _joined(ctx).where(OnshapePull.part_id == part_id).order_by(OnshapePull.id.desc()).limit(1)
    )
    row = rows.first()
    return (row[0], row[1]) if row else None


async def list_latest(
    session: AsyncSession, ctx: Actor, limit: int
) -> Sequence[tuple[OnshapePull, OnshapeExport, Part]]:
    """The organization's, newest first."""
    rows = await session.execute(
        _joined(ctx)
        .add_columns(Part)
        .join(Part, Part.id == OnshapePull.part_id)
        .where(Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))
        .order_by(OnshapePull.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def _add(
    session: WriteSession, pull: OnshapePull, export: OnshapeExport, now: datetime
) -> int:
    """The version it became: the newest one of its kind when that has the same content, 0 when the
    part is gone."""
    ctx = system_actor(pull.organization_id, pull.asked_by)
    newest = await part_queries.find_file(session, ctx, pull.part_id, kinds={export.format})
    if newest is not None and newest.sha256 == export.sha256:
        return newest.version
    stored = StoredObject(str(export.sha256), export.size_bytes or 0)
    checked = CheckedFile(pull.file_name, export.format, stored)
    try:
        added = await versions.add_file(
            session, ctx, ref=Ref(pull.part_id, None), checked=checked, now=now
        )
    except PartMissing:
        return 0
    return added.file.version


async def _get_pull(session: WriteSession, ctx: Actor, part_id: int, export_id: int) -> OnshapePull:
    rows = await session.scalars(
        select(OnshapePull)
        .where(OnshapePull.organization_id == ctx.organization_id)
        .where(OnshapePull.part_id == part_id, OnshapePull.export_id == export_id)
        .order_by(OnshapePull.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return rows.one()


def _joined(ctx: Actor) -> Select[OnshapePull, OnshapeExport]:
    return (
        select(OnshapePull, OnshapeExport)
        .join(OnshapeExport, OnshapeExport.id == OnshapePull.export_id)
        .where(OnshapePull.organization_id == ctx.organization_id)
        .where(OnshapeExport.organization_id == ctx.organization_id)
    )


def _file_name(part: Part, source: Source, wanted: FileKind) -> str:
    """A drawing is called as the reference calls it; a model as its tab."""
    if wanted is FileKind.PDF:
        return f"{part.code}_drawing.pdf"
    stem = _UNFIT.sub("_", source.tab.name).strip(" .")[:MAX_NAME] or part.code
    return f"{stem.removesuffix(f'.{wanted.value}')}.{wanted.value}"
