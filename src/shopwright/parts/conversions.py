"""What becomes of an uploaded model: wanted, claimed by one process, told, settled.

Rows are keyed by content and fineness, so the same file is converted once, whoever uploads it. A
row in work has a heartbeat; when that stands still its process is dead and another takes over.
Whoever settles a row must still hold the attempt it began.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor, system_actor
from shopwright.kernel.db import WriteSession, insert_for
from shopwright.kernel.durable import HEAVY_QUEUE
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict
from shopwright.kernel.live import touch
from shopwright.parts import service
from shopwright.parts.models import CadConversion, CadExport
from shopwright.parts.queries import TOPIC
from shopwright.parts.states import ConversionStatus, FileKind

CONVERT = "parts.convert"  # the durable work's name
LINEAR_UM, ANGULAR_MRAD = 100, 500  # the reference's tolerances: 0.1 mm, 0.5 rad
DEAD_AFTER = timedelta(seconds=30)  # six missed heartbeats
GLB_TYPE, PNG_TYPE = "model/gltf-binary", "image/png"
MAX_ERROR = 500


class ConversionFailed(Conflict):
    code = "conversion-failed"
    title = "This file could not be converted"


class NothingToRetry(Conflict):
    code = "conversion-not-failed"
    title = "There is no failed conversion"


async def want_conversion(
    session: WriteSession, ctx: Actor, *, sha256: str, kind: FileKind
) -> CadConversion:
    """The row of this content; new, it is enqueued in this transaction."""
    insert = insert_for(session, CadConversion).values(
        organization_id=ctx.organization_id,
        source_sha256=sha256,
        kind=kind,
        linear_um=LINEAR_UM,
        angular_mrad=ANGULAR_MRAD,
        status=ConversionStatus.QUEUED,
        phase="waiting",
    )
    unique = ["organization_id", "source_sha256", "kind", "linear_um", "angular_mrad"]
    made: int | None = await session.scalar(
        insert.on_conflict_do_nothing(index_elements=unique).returning(CadConversion.id)
    )
    row = await _get_by_content(session, ctx, sha256, kind)
    if made is not None:
        await _enqueue(session, row)
    return row


async def retry_conversion(session: WriteSession, ctx: Actor, *, ref: Ref) -> CadConversion:
    """Once more what failed, after a limit was raised or a machine had more memory.

    Raises PartMissing, or NothingToRetry.
    """
    found = await service.get_part(session, ctx, ref)
    row = found.conversion
    again = row and await _set(
        session,
        CadConversion.id == row.id,
        CadConversion.organization_id == ctx.organization_id,
        CadConversion.status == ConversionStatus.FAILED,
        values={"status": ConversionStatus.QUEUED, "phase": "waiting", "error": None,
                "progress": 0},
    )  # fmt: skip
    if not again:
        raise NothingToRetry("The conversion of this part's model has not failed.")
    await _enqueue(session, again)
    audit.record(session, ctx, "part.conversion_retried", found.part.id)
    return again


async def find_conversion(
    session: AsyncSession, organization_id: int, conversion_id: int
) -> CadConversion | None:
    row: CadConversion | None = await session.scalar(
        select(CadConversion)
        .where(CadConversion.organization_id == organization_id)
        .where(CadConversion.id == conversion_id)
        .execution_options(populate_existing=True)
    )
    return row


async def claim_conversion(
    session: WriteSession, organization_id: int, conversion_id: int, now: datetime
) -> CadConversion | None:
    """None when it is settled, or a living process has it."""
    is_dead = CadConversion.heartbeat_at < now - DEAD_AFTER
    is_free = or_(
        CadConversion.status == ConversionStatus.QUEUED,
        (CadConversion.status == ConversionStatus.RUNNING) & is_dead,
    )
    return await _set(
        session,
        CadConversion.organization_id == organization_id,
        CadConversion.id == conversion_id,
        is_free,
        values={
            "status": ConversionStatus.RUNNING,
            "phase": "starting",
            "progress": 5,
            "heartbeat_at": now,
            "attempts": CadConversion.attempts + 1,
        },
    )


async def tell_progress(
    session: WriteSession, held: CadConversion, now: datetime, **values: Any
) -> bool:
    """A heartbeat; False when another process has taken over."""
    return await _set_held(session, held, values | {"heartbeat_at": now}) is not None


async def record_model(
    session: WriteSession, held: CadConversion, model: StoredObject, now: datetime
) -> None:
    """The model can be looked at; its measures follow."""
    await _record_files(session, held, model, GLB_TYPE)
    values = {"glb_sha256": model.sha256, "glb_bytes": model.size, "phase": "measuring",
              "progress": 70, "heartbeat_at": now}  # fmt: skip
    await _set_held(session, held, values)


async def settle_done(
    session: WriteSession,
    held: CadConversion,
    facts: Mapping[str, Any],
    picture: StoredObject | None,
    now: datetime,
) -> None:
    if picture is not None:
        await _record_files(session, held, picture, PNG_TYPE)
    size = facts.get("size_mm") or (None, None, None)
    await _set_held(
        session,
        held,
        {
            "status": ConversionStatus.DONE,
            "phase": "done",
            "progress": 100,
            "error": None,
            "preview_sha256": picture.sha256 if picture else None,
            "measure_error": _cut(facts.get("measure_error")),
            "volume_mm3": facts.get("volume_mm3"),
            "area_mm2": facts.get("area_mm2"),
            "size_x_mm": size[0],
            "size_y_mm": size[1],
            "size_z_mm": size[2],
            "body_count": facts.get("body_count"),
            "triangle_count": facts.get("triangle_count"),
            "is_watertight": facts.get("is_watertight"),
            **_ended(held, now),
        },
    )


async def settle_failed(
    session: WriteSession, held: CadConversion, reason: str, now: datetime
) -> None:
    """The upload stays; the row says why there is no model of it."""
    values = {
        "status": ConversionStatus.FAILED,
        "phase": "failed",
        "error": _cut(f"conversion failed: {reason}"),
        **_ended(held, now),
    }
    await _set_held(session, held, values)


async def give_back(session: WriteSession, held: CadConversion) -> None:
    """This process ends before the work does: another one may begin at once."""
    await _set_held(session, held, {"status": ConversionStatus.QUEUED, "phase": "waiting"})


async def find_export(
    session: AsyncSession, ctx: Actor, conversion_id: int, wanted: FileKind
) -> CadExport | None:
    row: CadExport | None = await session.scalar(
        select(CadExport)
        .where(CadExport.organization_id == ctx.organization_id)
        .where(CadExport.conversion_id == conversion_id, CadExport.format == wanted)
    )
    return row


async def add_export(
    session: WriteSession,
    ctx: Actor,
    *,
    conversion_id: int,
    wanted: FileKind,
    stored: StoredObject,
    content_type: str,
) -> None:
    """Whoever was slower made the same file."""
    name = f"model of conversion {conversion_id}"
    await files.record_files(session, ctx, [NewFile(stored, name, content_type)])
    insert = insert_for(session, CadExport).values(
        organization_id=ctx.organization_id,
        conversion_id=conversion_id,
        format=wanted,
        sha256=stored.sha256,
        size_bytes=stored.size,
    )
    await session.execute(insert.on_conflict_do_nothing(index_elements=["conversion_id", "format"]))


async def _get_by_content(
    session: WriteSession, ctx: Actor, sha256: str, kind: FileKind
) -> CadConversion:
    rows = await session.scalars(
        select(CadConversion)
        .where(CadConversion.organization_id == ctx.organization_id)
        .where(CadConversion.source_sha256 == sha256, CadConversion.kind == kind)
        .where(CadConversion.linear_um == LINEAR_UM)
        .where(CadConversion.angular_mrad == ANGULAR_MRAD)
    )
    return rows.one()


async def _enqueue(session: WriteSession, row: CadConversion) -> None:
    durable = session.context.durable
    if durable is not None:
        await durable.enqueue(
            session,
            CONVERT,
            row.organization_id,
            row.id,
            workflow_id=f"{CONVERT}:{row.id}:{row.attempts}",
            queue=HEAVY_QUEUE,
        )


async def _set_held(
    session: WriteSession, held: CadConversion, values: Mapping[str, Any]
) -> CadConversion | None:
    return await _set(
        session,
        CadConversion.organization_id == held.organization_id,
        CadConversion.id == held.id,
        CadConversion.status == ConversionStatus.RUNNING,
        CadConversion.attempts == held.attempts,
        values=values,
    )


async def _set(
    session: WriteSession, *conditions: ColumnElement[bool], values: Mapping[str, Any]
) -> CadConversion | None:
    row: CadConversion | None = await session.scalar(
        update(CadConversion)
        .where(*conditions)
        .values(**values)
        .returning(CadConversion)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    if row is not None and values.keys() != {"heartbeat_at"}:  # a sign of life shows nowhere
        touch(session, row.organization_id, TOPIC)
    return row


async def _record_files(
    session: WriteSession, held: CadConversion, stored: StoredObject, content_type: str
) -> None:
    name = f"{content_type} of conversion {held.id}"
    ctx = system_actor(held.organization_id, "parts")
    await files.record_files(session, ctx, [NewFile(stored, name, content_type)])


def _ended(held: CadConversion, now: datetime) -> dict[str, Any]:
    begun = held.heartbeat_at or now
    return {"finished_at": now, "took_ms": round((now - begun).total_seconds() * 1000)}


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MAX_ERROR]
