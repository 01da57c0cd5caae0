"""The print-ready picture of a supplier order, and the link by which it is fetched."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.artwork import printing
from shopwright.artwork import service as artwork
from shopwright.files import service as files
from shopwright.files.links import FileLink, sign_file_link
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.suppliers import queries
from shopwright.suppliers.models import SupplierOrder

MANUFACTURER_LINK = timedelta(hours=48)  # reference-facts d.10
BATCH_LINK = timedelta(hours=24)


async def find_picture(session: AsyncSession, ctx: Actor, order: SupplierOrder) -> str | None:
    """The hash of what is to be printed: the line's own design, else the offer's picture; None
    while the design is still drawn, or when there is neither."""
    if order.design_id is not None:
        return (await artwork.get_design(session, ctx, order.design_id)).print_sha256
    if order.offer_id is None:
        return None
    offer = await queries.find_offer(session, ctx, Ref(order.offer_id, None))
    return offer.picture_sha256 if offer else None


async def make_link(
    process: Process, ctx: Actor, order: SupplierOrder, *, is_plain: bool = False
) -> str:
    """Whoever has it may fetch this one picture for 48 hours. A plain one has no query: some
    machines refuse a link that has."""
    if order.design_id is not None and not is_plain:
        async with process.database.read() as session:
            design = await artwork.get_design(session, ctx, order.design_id)
        return await printing.print_link(process, design, MANUFACTURER_LINK)
    async with process.database.read() as session:
        sha256 = order.picture_sha256 or ""
        stored = await files.get_file(session, ctx, sha256)
    link = link_of(process, sha256, stored.content_type, f"{order.key}.png", MANUFACTURER_LINK)
    return link if is_plain else f"{link}?order={order.key}"


def link_of(
    process: Process, sha256: str, content_type: str, filename: str, lasts: timedelta
) -> str:
    ends = process.clock.now() + lasts
    keys = process.context.vault.subkeys(files.LINK_PURPOSE)
    token = sign_file_link(keys, FileLink(sha256, filename, content_type, ends))
    return f"{process.settings.base_url}/files/{token}"
