"""What the rest of the house asks the files: note what is stored, and links for outsiders."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.files import queries
from shopwright.files.links import FileLink, read_file_link, sign_file_link
from shopwright.files.models import StoredFile
from shopwright.files.storage import StoredFileMissing, StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process

LINK_PURPOSE = "file-links"
LINK_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewFile:
    """An object that lies in the store already."""

    stored: StoredObject
    name: str
    content_type: str


async def record_files(session: WriteSession, ctx: Actor, files: Sequence[NewFile]) -> None:
    """Note that the organization has these objects; the same content again keeps its first name."""
    await queries.add_files(
        session,
        [
            {
                "organization_id": ctx.organization_id,
                "sha256": file.stored.sha256,
                "size_bytes": file.stored.size,
                "content_type": file.content_type,
                "name": file.name,
            }
            for file in files
        ],
    )


async def get_file(session: AsyncSession, ctx: Actor, sha256: str) -> StoredFile:
    """Raises StoredFileMissing when the organization has no such object."""
    found = await queries.find_files(session, ctx, [sha256])
    if sha256 not in found:
        raise StoredFileMissing(f"There is no file {sha256[:12]}… here.", sha256=sha256)
    return found[sha256]


async def find_files(
    session: AsyncSession, ctx: Actor, hashes: Collection[str]
) -> dict[str, StoredFile]:
    """Those that the organization has, by hash."""
    return await queries.find_files(session, ctx, hashes)


async def forget_file(session: WriteSession, ctx: Actor, sha256: str) -> bool:
    """For whoever has just deleted the row that named it. The organization has the object no
    longer, unless another row of it names it; True when nobody has, and its bytes may go after the
    commit."""
    await session.flush()
    if await queries.is_used(session, sha256, ctx.organization_id):
        return False
    await queries.delete_file(session, ctx, sha256)
    return not await queries.is_used(session, sha256)


async def is_used(session: AsyncSession, sha256: str) -> bool:
    """Whether anybody's row names this object."""
    return await queries.is_used(session, sha256)


def make_link(
    process: Process, file: StoredFile, *, now: datetime, filename: str | None = None
) -> tuple[str, datetime]:
    """A URL by which anybody may fetch this one file for an hour, and when it ends."""
    link = FileLink(file.sha256, filename or file.name, file.content_type, now + LINK_LASTS)
    token = sign_file_link(process.context.vault.subkeys(LINK_PURPOSE), link)
    return f"{process.settings.base_path}/files/{token}", link.expires_at


def open_link(process: Process, token: str) -> FileLink:
    """Raises FileLinkInvalid or FileLinkExpired."""
    keys = process.context.vault.subkeys(LINK_PURPOSE)
    return read_file_link(keys, token, now=process.clock.now())
