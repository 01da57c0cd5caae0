"""All SQL of brands and device models."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select
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
