"""All SQL of brands and device models."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.catalog.devices.models import Brand, DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import MAX_INTEGER


async def find_brand(session: AsyncSession, ctx: Actor, text: str) -> Brand | None:
    """By code, id, uuid, display name or the partner's id (reference decision 41); hidden ones
    too."""
    rows = await session.scalars(
        select(Brand).where(
            Brand.organization_id == ctx.organization_id, _means(Brand, text, Brand.partner_id)
        )
    )
    found: Brand | None = _best(list(rows), text)
    return found


async def find_model(
    session: AsyncSession, ctx: Actor, text: str, brand_id: int | None = None
) -> DeviceModel | None:
    """The same for a device model, among those of a brand when one is named."""
    statement = select(DeviceModel).where(
        DeviceModel.organization_id == ctx.organization_id,
        _means(DeviceModel, text, DeviceModel.partner_model_id),
    )
    if brand_id is not None:
        statement = statement.where(DeviceModel.brand_id == brand_id)
    found: DeviceModel | None = _best(list(await session.scalars(statement)), text)
    return found


async def find_brand_by_code(session: AsyncSession, ctx: Actor, code: str) -> Brand | None:
    found: Brand | None = await session.scalar(
        select(Brand).where(Brand.organization_id == ctx.organization_id, Brand.code == code)
    )
    return found


async def find_model_by_code(session: AsyncSession, ctx: Actor, code: str) -> DeviceModel | None:
    found: DeviceModel | None = await session.scalar(
        select(DeviceModel).where(
            DeviceModel.organization_id == ctx.organization_id, DeviceModel.code == code
        )
    )
    return found


async def get_brand_of(session: AsyncSession, ctx: Actor, model: DeviceModel) -> Brand:
    rows = await session.scalars(
        select(Brand).where(
            Brand.organization_id == ctx.organization_id, Brand.id == model.brand_id
        )
    )
    return rows.one()


async def list_brands(
    session: AsyncSession, ctx: Actor, *, is_available: bool | None = None
) -> list[Brand]:
    """In the shop's order; those that strangers may choose, or all of them."""
    statement = select(Brand).where(Brand.organization_id == ctx.organization_id)
    if is_available is not None:
        statement = statement.where(Brand.is_available.is_(is_available))
    return list(await session.scalars(statement.order_by(Brand.display_order, Brand.id)))


async def list_models(
    session: AsyncSession,
    ctx: Actor,
    *,
    brand_id: int | None = None,
    is_offered: bool = False,
) -> list[DeviceModel]:
    """Featured ones first, then in the shop's order, newest of equal ones first."""
    statement = select(DeviceModel).where(DeviceModel.organization_id == ctx.organization_id)
    if brand_id is not None:
        statement = statement.where(DeviceModel.brand_id == brand_id)
    if is_offered:
        statement = statement.where(
            DeviceModel.is_available, DeviceModel.width_um > 0, DeviceModel.height_um > 0
        )
    rows = await session.scalars(
        statement.order_by(
            DeviceModel.is_featured.desc(),
            DeviceModel.display_order,
            func.coalesce(DeviceModel.release_year, 0).desc(),
            DeviceModel.display_name,
            DeviceModel.id,
        )
    )
    return list(rows)


def _means(model: Any, text: str, partner_id: Any) -> Any:
    word = text.strip()
    ways = [model.code == word.lower(), model.uuid == word.lower(), partner_id == word]
    if word.isascii() and word.isdigit() and int(word) <= MAX_INTEGER:
        ways.append(model.id == int(word))
    return or_(*ways, model.display_name.ilike(_literal(word), escape="\\"))


def _literal(word: str) -> str:
    """As a pattern that matches only itself, in any case."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _best(rows: Sequence[Any], text: str) -> Any:
    """One text may be the name of one row and the code of another: ids go before names."""
    word = text.strip().lower()
    return min(rows, key=lambda row: (word not in {row.code, row.uuid}, row.id), default=None)
