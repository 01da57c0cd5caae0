"""How the shop sells: its name, host, shipping price and taxes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import shop_hosts
from shopwright.accounts.models import Organization
from shopwright.catalog.changes import note
from shopwright.catalog.designs import queries
from shopwright.catalog.designs.models import ShopSettings, Template
from shopwright.catalog.devices import queries as device_queries
from shopwright.catalog.devices.models import DeviceModel
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Invalid
from shopwright.kernel.money import Money, check_currency

COUNTRY = re.compile(r"[A-Z]{2}")
HUNDRED = 100
MAX_TAX_PERCENT = 100


@dataclass(frozen=True, slots=True)
class ShopSpec:
    """Prices in units of ``currency``; ``free_shipping_from`` None: never free. ``shop_host`` is
    where strangers find this shop when several are installed, empty for none."""

    shop_name: str
    currency: str
    tagline: str = ""
    contact_email: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    is_open: bool = True
    shipping: Decimal = Decimal(0)
    free_shipping_from: Decimal | None = None
    tax_percent: Decimal = Decimal(0)
    prices_include_tax: bool = True
    countries: Sequence[str] = ()
    shop_host: str = ""


async def get_settings(session: AsyncSession, ctx: Actor) -> ShopSettings:
    """What the owner set; until then the organization's name and currency, free shipping, no
    tax."""
    stored = await queries.find_settings(session, ctx)
    return stored or await _unset(session, ctx)


async def save_settings(session: WriteSession, ctx: Actor, spec: ShopSpec) -> ShopSettings:
    """Orders placed before keep their prices; another currency keeps the numbers of the
    catalogue's. Raises HostTaken or Invalid."""
    settings = await get_settings(session, ctx)
    before = settings.currency
    _describe(settings, spec)
    if settings.currency != before:
        await _keep_numbers(session, ctx, before, settings.currency)
    session.add(settings)
    await shop_hosts.set_host(session, ctx, spec.shop_host)
    await session.flush()
    note(session, ctx, "shop_settings.updated", settings.id, is_open=settings.is_open)
    return settings


async def _keep_numbers(session: WriteSession, ctx: Actor, before: str, currency: str) -> None:
    """35.00 stays 35.00: prices follow the shop's currency, and are written in its minor unit."""
    priced: list[Template | DeviceModel] = [
        *await queries.list_templates(session, ctx, is_active=None),
        *await device_queries.list_models(session, ctx),
    ]
    for row in priced:
        if row.currency == before:
            amount = Money(row.price_minor, before).decimal
            row.price_minor, row.currency = Money.from_decimal(amount, currency).minor, currency


def _describe(settings: ShopSettings, spec: ShopSpec) -> None:
    currency = check_currency(spec.currency)
    settings.shop_name = _named(spec.shop_name)
    settings.tagline = spec.tagline.strip()
    settings.contact_email = spec.contact_email.strip()
    settings.terms_url = _address(spec.terms_url, "terms")
    settings.privacy_url = _address(spec.privacy_url, "privacy notice")
    settings.is_open = spec.is_open
    settings.currency = currency
    settings.shipping_minor = _minor(spec.shipping, currency)
    free_from = spec.free_shipping_from
    settings.free_shipping_from_minor = None if free_from is None else _minor(free_from, currency)
    settings.tax_rate_bp = _tax(spec.tax_percent)
    settings.prices_include_tax = spec.prices_include_tax
    settings.countries = _countries(spec.countries)


def _named(text: str) -> str:
    if not text.strip():
        raise Invalid("The shop has a name.")
    return text.strip()


def _address(text: str, what: str) -> str:
    address = text.strip()
    if address and not address.startswith(("https://", "http://", "/")):
        raise Invalid(f"The address of the {what} begins with https://.")
    return address


def _minor(amount: Decimal, currency: str) -> int:
    minor = Money.from_decimal(amount, currency).minor
    if minor < 0:
        raise Invalid("A shipping price is 0 or more.")
    return minor


def _tax(percent: Decimal) -> int:
    if not 0 <= percent <= MAX_TAX_PERCENT:
        raise Invalid("A tax rate is 0 to 100 percent.")
    return round(percent * HUNDRED)


def _countries(codes: Sequence[str]) -> list[str]:
    found = [code.strip().upper() for code in codes if code.strip()]
    wrong = next((code for code in found if not COUNTRY.fullmatch(code)), None)
    if wrong is not None:
        raise Invalid(f"{wrong[:10]!r} is no country code. Write two letters, like DE or GB.")
    return sorted(set(found))


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
        shop_name=name[:100],
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
