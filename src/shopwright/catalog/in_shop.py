"""Which ordinary products the shop's own pages sell, and the picture they show."""

from typing import Any

from shopwright.accounts import audit
from shopwright.catalog.changes import TOPIC
from shopwright.catalog.models import Product
from shopwright.files import service as files
from shopwright.files.service import NewFile
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.live import touch


async def show_in_shop(
    session: WriteSession, ctx: Actor, product: Product, *, is_in_shop: bool
) -> None:
    """Strangers can buy its variants that have a price; orders placed before stay."""
    product.is_in_shop = is_in_shop
    await session.flush()
    _note(session, ctx, product, is_in_shop=is_in_shop)


async def set_picture(
    session: WriteSession, ctx: Actor, product: Product, picture: NewFile
) -> None:
    """The picture lies in the store already."""
    await files.record_files(session, ctx, [picture])
    product.picture_sha256 = picture.stored.sha256
    await session.flush()
    _note(session, ctx, product, picture=picture.stored.sha256)


def _note(session: WriteSession, ctx: Actor, product: Product, **facts: Any) -> None:
    audit.record(session, ctx, "product.updated", product.id, **facts)
    touch(session, ctx.organization_id, "product", product.id)
    touch(session, ctx.organization_id, TOPIC)
