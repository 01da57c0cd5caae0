"""The photo of a finished order."""

from collections.abc import Sequence

from starlette.requests import Request

from shopwright.accounts import audit
from shopwright.files import photos
from shopwright.files import service as files
from shopwright.files.access import drop_bytes
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref, get_process, writing
from shopwright.kernel.live import touch
from shopwright.orders import queries, service


async def take_photo(request: Request, ctx: Actor, ref: Ref) -> int:
    """Take in the request's photo; returns the order's id.

    No transaction is open while it arrives and is drawn. Raises NotFound before anything is read.
    """
    process = get_process(request)
    async with process.database.read() as session:
        order_id = await service.get_order_id(session, ctx, ref)
    photo = await photos.receive_photo(request)
    async with writing(request) as session:
        gone = await _keep(session, ctx, order_id, photo)
    await drop_bytes(process, gone)
    return order_id


async def _keep(session: WriteSession, ctx: Actor, order_id: int, photo: NewFile) -> Sequence[str]:
    """The hash of the photo before, where nobody has it any more."""
    await files.record_files(session, ctx, [photo])
    before = await queries.lock_photo(session, ctx, order_id)
    await queries.set_photo(session, ctx, order_id, photo.stored.sha256)
    audit.record(session, ctx, "order.photo_taken", order_id)
    touch(session, ctx.organization_id, "order", order_id)
    if before in {None, photo.stored.sha256}:
        return []
    return [before] if await files.forget_file(session, ctx, before) else []
