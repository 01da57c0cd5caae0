"""Customers' pictures: taken in as pixels, named, linked to, and forgotten when their time is over.

A link is signed for one file name. Its longest life depends on whom it is for (``files.links``).
"""

import io
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import queries, studio
from shopwright.artwork.models import Design, DesignImage
from shopwright.artwork.states import ImageKind
from shopwright.files import service as files
from shopwright.files.access import files_of
from shopwright.files.links import (
    DEFAULT_LIFE,
    LONGEST_LIFE,
    FileLinkInvalid,
    LinkFor,
    read_bound_link,
    sign_bound_link,
)
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, Invalid, NotFound

LINK_PURPOSE = "image-links"
MAX_UPLOAD_MB = 10
MAX_IMAGES = 40  # per design
COUNTED = frozenset({ImageKind.UPLOADED})  # a generated one is counted before it is paid
MAX_BYTES = 80_000_000  # of a picture that we drew
LOOSE_LASTS = timedelta(hours=48)  # a picture that belongs to no design
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}
REFERENCE = re.compile(r"[^A-Za-z0-9_-]+")
MAX_REFERENCE = 40


class ImageMissing(NotFound):
    code = "image-missing"
    title = "There is no such picture"


class TooManyImages(Conflict):
    code = "too-many-images"
    title = "This design has enough pictures"


class LifeTooLong(Invalid):
    code = "link-life-too-long"
    title = "A link of this kind ends earlier"


@dataclass(frozen=True, slots=True)
class NewImage:
    """A redrawn picture that lies in the store; nobody has it yet."""

    drawn: studio.Drawn
    stored: StoredObject

    @property
    def file(self) -> NewFile:
        name = f"picture.{EXTENSIONS[self.drawn.content_type]}"
        return NewFile(self.stored, name, self.drawn.content_type)


async def take_in(
    process: Process, path: Path, *, is_lossless: bool = False, max_side_px: int = 4096
) -> NewImage:
    """Redraw a stranger's file and store it. Raises PictureRefused or DrawingFailed."""
    drawn = await studio.redraw(process, path, is_lossless=is_lossless, max_side_px=max_side_px)
    return await keep(process, drawn)


async def keep(process: Process, drawn: studio.Drawn) -> NewImage:
    stored = await files_of(process).put(io.BytesIO(drawn.content), max_bytes=MAX_BYTES)
    return NewImage(drawn, stored)


async def add_image(
    session: WriteSession,
    ctx: Actor,
    *,
    image: NewImage,
    kind: ImageKind,
    now: datetime,
    design: Design | None = None,
    reference: str | None = None,
    **values: Any,
) -> DesignImage:
    """Note the picture; raises TooManyImages. Without a design it lives two days."""
    if design is not None and kind in COUNTED:
        await check_count(session, ctx, design)
    await files.record_files(session, ctx, [image.file])
    session_name = reference or (design.uuid[-12:] if design else "web")
    row = DesignImage(
        organization_id=ctx.organization_id,
        design_id=design.id if design else None,
        kind=kind,
        filename=new_filename(session_name, kind, image.drawn.content_type, now),
        sha256=image.stored.sha256,
        content_type=image.drawn.content_type,
        width_px=image.drawn.width,
        height_px=image.drawn.height,
        order_ref=reference,
        created_at=now,
        expires_at=None if design else now + LOOSE_LASTS,
        **values,
    )
    session.add(row)
    await session.flush()
    return row


async def check_count(session: AsyncSession, ctx: Actor, design: Design) -> None:
    """Raises TooManyImages."""
    if await queries.count_images_of(session, ctx, design.id) >= MAX_IMAGES:
        raise TooManyImages(
            f"A design has at most {MAX_IMAGES} pictures. Go on with those, or begin a new one."
        )


def new_filename(session_name: str, kind: ImageKind, content_type: str, now: datetime) -> str:
    """The documented form ``order-{session}-{type}-{time}-{random}``; nobody guesses one."""
    safe = REFERENCE.sub("", session_name)[:MAX_REFERENCE] or "web"
    moment = f"{now:%Y%m%d%H%M%S}"
    return f"order-{safe}-{kind.value}-{moment}-{secrets.token_hex(8)}.{EXTENSIONS[content_type]}"


def link_token(
    process: Process, image: DesignImage, audience: LinkFor, life: timedelta | None, now: datetime
) -> tuple[str, datetime]:
    """A token for this one picture and when it ends; raises LifeTooLong."""
    longest = LONGEST_LIFE[audience]
    wanted = DEFAULT_LIFE[audience] if life is None else life
    if not timedelta(0) < wanted <= longest:
        raise LifeTooLong(
            f"A link for {audience.value} lasts at most "
            f"{int(longest.total_seconds() // 3600)} hours."
        )
    expires_at = now + wanted
    keys = process.context.vault.subkeys(LINK_PURPOSE)
    return sign_bound_link(keys, _bound_to(image), audience, expires_at), expires_at


def image_url(
    process: Process,
    image: DesignImage,
    *,
    now: datetime,
    audience: LinkFor = LinkFor.END_USER,
    life: timedelta | None = None,
) -> str:
    """The whole address, for the manufacturer and other programs."""
    token, _ = link_token(process, image, audience, life, now)
    return url_with(process, image, token)


def image_path(process: Process, image: DesignImage, *, now: datetime) -> str:
    """For pages of our own, whatever address the browser knows us by."""
    token, _ = link_token(process, image, LinkFor.END_USER, None, now)
    return process.settings.base_path + _path(image, token)


def url_with(process: Process, image: DesignImage, token: str) -> str:
    return process.settings.base_url + _path(image, token)


def _path(image: DesignImage, token: str) -> str:
    return f"/image/{quote(image.filename)}?token={quote(token, safe=':')}"


async def open_image(
    session: AsyncSession, process: Process, filename: str, token: str, *, now: datetime
) -> tuple[DesignImage, LinkFor, datetime]:
    """The picture that the token was signed for, of whatever shop.

    Raises FileLinkInvalid, also for a name that nobody has, or FileLinkExpired.
    """
    image = await queries.find_image_of_any(session, filename)
    bound_to = _bound_to(image) if image is not None else f"nobody/{filename}"
    keys = process.context.vault.subkeys(LINK_PURPOSE)
    audience, expires_at = read_bound_link(keys, token, bound_to, now=now)
    if image is None or (image.expires_at is not None and image.expires_at <= now):
        raise FileLinkInvalid("This picture is gone.")
    return image, audience, expires_at


async def get_image(session: AsyncSession, ctx: Actor, filename: str) -> DesignImage:
    """For the shop's own people; raises ImageMissing."""
    image = await queries.find_image(session, ctx, filename)
    if image is None:
        raise ImageMissing(f"There is no picture {filename[:100]!r}.")
    return image


async def forget_design(session: WriteSession, ctx: Actor, design_id: int) -> list[str]:
    """The design with its pictures; the hashes that nobody has any more."""
    hashes = await queries.hashes_of_design(session, ctx, design_id)
    await queries.delete_design(session, ctx, design_id)
    return await _forget(session, ctx, hashes)


async def forget_images(
    session: WriteSession, ctx: Actor, images: Sequence[DesignImage]
) -> list[str]:
    hashes = {image.sha256 for image in images}
    await queries.delete_images(session, ctx, [image.id for image in images])
    return await _forget(session, ctx, hashes)


async def _forget(session: WriteSession, ctx: Actor, hashes: set[str]) -> list[str]:
    return [sha256 for sha256 in sorted(hashes) if await files.forget_file(session, ctx, sha256)]


def _bound_to(image: DesignImage) -> str:
    return f"{image.organization_id}/{image.filename}"
