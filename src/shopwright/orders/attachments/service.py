"""Files kept with customers and orders: a sketch, a model, an invoice."""

import asyncio
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from shopwright.accounts import audit
from shopwright.files import service as files
from shopwright.files.access import files_of, incoming_folder
from shopwright.files.service import NewFile
from shopwright.files.storage import StoredObject
from shopwright.files.uploads import Upload, receive_upload
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref, get_process, parse_ref, writing
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.orders import service
from shopwright.orders.attachments import queries
from shopwright.orders.attachments.checks import Kind, check_content
from shopwright.orders.customers import service as customers
from shopwright.orders.customers.requests import order_of
from shopwright.orders.models import Attachment, Customer

MAX_MB = 100
MAX_DESCRIPTION = 10_000


@dataclass(frozen=True, slots=True)
class Owners:
    """Whom a file is kept with; a file may be kept with nobody."""

    customer: Ref | None = None
    order: Ref | None = None


async def receive_attachment(request: Request, ctx: Actor, owners: Owners) -> Attachment:
    """Take in the request's file, its fields saying what it is; for routes that let the caller in.

    A refused file leaves no row and no bytes. No transaction is open while it arrives.
    """
    process = get_process(request)
    max_mb = min(MAX_MB, process.settings.max_upload_mb)
    async with receive_upload(request, incoming_folder(process.settings), max_mb=max_mb) as upload:
        owners = _read_owners(upload, owners)
        description = _read_description(upload)
        kind = await asyncio.to_thread(check_content, upload.path, upload.filename)
        async with process.database.read() as session:
            await _resolve(session, ctx, owners)  # before anything is stored
        stored = await files_of(process).put(upload.path, max_bytes=upload.size)
        async with writing(request) as session:
            attachment = await add_attachment(
                session, ctx,
                upload=upload, kind=kind, stored=stored, owners=owners, description=description,
            )  # fmt: skip
        if not await files_of(process).exists(stored.sha256):  # its last copy was removed meanwhile
            await files_of(process).put(upload.path, max_bytes=upload.size)
        return attachment


async def add_attachment(
    session: WriteSession,
    ctx: Actor,
    *,
    upload: Upload,
    kind: Kind,
    stored: StoredObject,
    owners: Owners,
    description: str,
) -> Attachment:
    """Raises NotFound, or OrderOfAnother when customer and order do not belong together."""
    customer_id, order_id = await _resolve(session, ctx, owners)
    await files.record_files(session, ctx, [NewFile(stored, upload.filename, kind.content_type)])
    attachment = Attachment(
        organization_id=ctx.organization_id,
        name=upload.filename,
        sha256=stored.sha256,
        size_bytes=stored.size,
        file_type=kind.file_type,
        content_type=kind.content_type,
        description=description,
        customer_id=customer_id,
        order_id=order_id,
        uploaded_by=ctx.name[:120],
    )
    session.add(attachment)
    await session.flush()
    audit.record(
        session, ctx, "attachment.added", attachment.id,
        customer_id=customer_id, kept_with_order=order_id,
    )  # fmt: skip
    _touch(session, ctx, attachment)
    return attachment


async def get_attachment(session: AsyncSession, ctx: Actor, ref: Ref) -> Attachment:
    """Raises NotFound."""
    found = await queries.find_attachment(session, ctx, ref)
    if found is None:
        raise NotFound(f"There is no file {ref}.")
    return found


async def remove_attachment(session: WriteSession, ctx: Actor, *, ref: Ref) -> list[str]:
    """The hashes that nobody has any more, for ``drop_bytes`` after the commit."""
    attachment = await get_attachment(session, ctx, ref)
    await session.delete(attachment)
    audit.record(session, ctx, "attachment.removed", attachment.id)
    _touch(session, ctx, attachment)
    is_gone = await files.forget_file(session, ctx, attachment.sha256)
    return [attachment.sha256] if is_gone else []


async def remove_of_customer(
    session: WriteSession, ctx: Actor, *, customer: Ref, ref: Ref
) -> tuple[Customer, list[str]]:
    """The same for a file of this customer or of an order of theirs; raises NotFound for others."""
    owner = await customers.get_customer(session, ctx, customer)
    if not await queries.is_of_customer(session, ctx, ref, owner.id):
        raise NotFound(f"{owner.name} has no file {ref}.")
    return owner, await remove_attachment(session, ctx, ref=ref)


async def _resolve(
    session: AsyncSession, ctx: Actor, owners: Owners
) -> tuple[int | None, int | None]:
    customer_id = None
    if owners.customer is not None:
        customer_id = (await customers.get_customer(session, ctx, owners.customer)).id
    if owners.order is None:
        return customer_id, None
    if customer_id is None:
        found = await service.get_order(session, ctx, owners.order)
        return found.customer_id, found.id
    return customer_id, await order_of(session, ctx, customer_id, owners.order)


def _read_owners(upload: Upload, owners: Owners) -> Owners:
    """Those of the page, else those of the form's fields; raises Invalid for what is no id."""
    return Owners(
        owners.customer or _read_ref(upload, "customer_id"),
        owners.order or _read_ref(upload, "order_id"),
    )


def _read_ref(upload: Upload, name: str) -> Ref | None:
    text = upload.fields.get(name, "").strip()
    if not text:
        return None
    try:
        return parse_ref(text)
    except NotFound as err:
        raise Invalid(f"{name} must be an id, not {text[:40]!r}.") from err


def _read_description(upload: Upload) -> str:
    text = upload.fields.get("description", "").strip()
    if len(text) > MAX_DESCRIPTION:
        raise Invalid(
            f"The description has {len(text):,} characters; at most {MAX_DESCRIPTION:,} are kept."
        )
    return text


def _touch(session: WriteSession, ctx: Actor, attachment: Attachment) -> None:
    if attachment.customer_id is not None:
        touch(session, ctx.organization_id, "customer", attachment.customer_id)
    if attachment.order_id is not None:
        touch(session, ctx.organization_id, "order", attachment.order_id)
