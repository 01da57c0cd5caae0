"""The host name by which strangers find a shop, where several are installed."""

import re

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.accounts.models import Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict, Invalid

MAX_HOST = 253
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class HostTaken(Conflict):
    code = "shop-host-taken"
    title = "Another shop has this host name"


async def get_host(session: AsyncSession, ctx: Actor) -> str:
    """Empty when none is set."""
    rows = await session.scalars(
        select(Organization.shop_host).where(Organization.id == ctx.organization_id)
    )
    return rows.one() or ""


async def set_host(session: WriteSession, ctx: Actor, text: str) -> None:
    """An empty text takes it away. Raises HostTaken, or Invalid for what is no host name."""
    host = check_host(text) if text.strip() else None
    organization = await session.get_one(Organization, ctx.organization_id)
    if host == organization.shop_host:
        return
    taken = select(Organization.id).where(Organization.shop_host == host)
    if host is not None and await session.scalar(taken) is not None:
        raise HostTaken(f"{host} belongs to another shop of this installation.")
    organization.shop_host = host
    await session.flush()
    audit.record(session, ctx, "organization.host_changed", organization.id, host=host)


def check_host(text: str) -> str:
    """Lower case, without the final dot."""
    host = text.strip().lower().rstrip(".")
    if not 0 < len(host) <= MAX_HOST or not all(LABEL.fullmatch(part) for part in host.split(".")):
        raise Invalid("A host name is like shop.example.com: no https://, no port, no path.")
    return host
