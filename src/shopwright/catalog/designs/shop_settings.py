"""How the shop sells: its name, shipping price and taxes."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts.models import Organization
from shopwright.catalog.designs import queries
from shopwright.catalog.designs.models import ShopSettings
from shopwright.kernel.actor import Actor


async def get_settings(session: AsyncSession, ctx: Actor) -> ShopSettings:
    """What the owner set; until then the organization's name and currency, free shipping, no
    tax."""
    stored = await queries.find_settings(session, ctx)
    return stored or await _unset(session, ctx)


async def _unset(session: AsyncSession, ctx: Actor) -> ShopSettings:
    """Not in the session: whoever changes something adds it."""
    rows = await session.execute(
        select(Organization.name, Organization.currency).where(
            Organization.id == ctx.organization_id
        )
    )
    name, currency = rows.one()
    return ShopSettings(
        organization_id=ctx.organization_id,
        shop_name=name,
        tagline="",
        contact_email="",
        terms_url="",
        privacy_url="",
        is_open=True,
        currency=currency,
        shipping_minor=0,
        tax_rate_bp=0,
        prices_include_tax=True,
        countries=[],
    )
