"""The files of a part: every upload is a new version, the older ones stay."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound
from shopwright.kernel.live import touch
from shopwright.parts import conversions, queries, service
from shopwright.parts.file_checks import CONTENT_TYPES
from shopwright.parts.models import CadConversion, PartFile
from shopwright.parts.queries import TOPIC
from shopwright.parts.states import SOLID, FileKind

MAX_NAME = 255


class PartFileMissing(NotFound):
    code = "part-file-missing"
    title = "The part has no such file"


class VersionIsNewest(Conflict):
    code = "version-is-newest"
    title = "This version is the newest one"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """Its bytes lie in the store."""

    name: str
    kind: FileKind
    stored: StoredObject


@dataclass(frozen=True, slots=True)
class AddedFile:
    file: PartFile
    conversion: CadConversion | None


async def add_file(
    session: WriteSession, ctx: Actor, *, ref: Ref, checked: CheckedFile, now: datetime
) -> AddedFile:
    """The part's next version. A model is converted after the commit, unless this content was
    converted before."""
    part = await service.lock_part(session, ctx, ref)
    stored = NewFile(checked.stored, checked.name, CONTENT_TYPES[checked.kind])
    await files.record_files(session, ctx, [stored])
    conversion = None
    if checked.kind in SOLID:
        conversion = await conversions.want_conversion(
            session, ctx, sha256=checked.stored.sha256, kind=checked.kind
        )
    file = PartFile(
        organization_id=ctx.organization_id,
        part_id=part.id,
        version=part.version + 1,
        name=checked.name,
        kind=checked.kind,
        sha256=checked.stored.sha256,
        size_bytes=checked.stored.size,
        uploaded_by=ctx.name[:120],
        conversion_id=conversion.id if conversion else None,
        created_at=now,
    )
    session.add(file)
    newest = {"version": file.version, "file_name": file.name, "updated_at": now}
    if conversion is not None:
        newest["conversion_id"] = conversion.id
    await queries.set_file(session, ctx, part.id, newest)
    await session.flush()
    audit.record(
        session, ctx, "part.file_uploaded", part.id, name=file.name, version=file.version,
        sha256=file.sha256,
    )  # fmt: skip
    touch(session, ctx.organization_id, TOPIC, part.id)
    return AddedFile(file, conversion)


async def restore_file(
    session: WriteSession, ctx: Actor, *, ref: Ref, version: int, now: datetime
) -> AddedFile:
    """An older version becomes the newest once more, as a version of its own.

    Raises PartMissing, PartFileMissing, or VersionIsNewest.
    """
    file = await get_file(session, ctx, ref, version=version)
    kinds = SOLID if file.kind in SOLID else frozenset({file.kind})
    newest = await get_file(session, ctx, ref, kinds=kinds)
    if newest.sha256 == file.sha256:
        raise VersionIsNewest(f"Version {newest.version} has this content and is the newest.")
    checked = CheckedFile(file.name, file.kind, StoredObject(file.sha256, file.size_bytes))
    return await add_file(session, ctx, ref=ref, checked=checked, now=now)


async def list_files(session: AsyncSession, ctx: Actor, ref: Ref) -> list[PartFile]:
    """Newest first; raises PartMissing."""
    found = await service.get_part(session, ctx, ref)
    return list(await queries.list_files(session, ctx, found.part.id))


async def get_file(
    session: AsyncSession,
    ctx: Actor,
    ref: Ref,
    *,
    version: int | None = None,
    kinds: frozenset[FileKind] = frozenset(FileKind),
) -> PartFile:
    """The newest one of these kinds, or that version; raises PartMissing or PartFileMissing."""
    found = await service.get_part(session, ctx, ref)
    file = await queries.find_file(session, ctx, found.part.id, version=version, kinds=kinds)
    if file is None:
        raise PartFileMissing(_what_is_missing(version, kinds))
    return file


def _what_is_missing(version: int | None, kinds: frozenset[FileKind]) -> str:
    if version is not None:
        return f"This part has no version {version} of such a file."
    if kinds == {FileKind.PDF}:
        return "This part has no drawing. Upload a PDF."
    if kinds == SOLID:
        return "This part has no model. Upload a STEP file."
    return "No file is associated with this part. Upload one first."
