"""SQL of signing in with a channel's account, and of naming the shop."""

from sqlalchemy import select

from shopwright.channels.models import Connection
from shopwright.channels.states import ConnectionStatus
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.tenancy import CROSS_TENANT

AnySession = ReadSession | WriteSession


async def has_connection(session: AnySession, ctx: Actor, channel: str) -> bool:
    found = await session.scalar(
        select(Connection.id)
        .where(Connection.organization_id == ctx.organization_id, Connection.channel == channel)
        .limit(1)
    )
    return found is not None


async def is_linked_elsewhere(
    session: AnySession, ctx: Actor, channel: str, external_user_id: str
) -> bool:
    """Whether another organization lives off this account's consent."""
    found = await session.scalar(
        select(Connection.id)
        .where(Connection.channel == channel, Connection.external_user_id == external_user_id)
        .where(Connection.organization_id != ctx.organization_id, Connection.tokens.is_not(None))
        .limit(1)
        .execution_options(**CROSS_TENANT)
    )
    return found is not None


async def list_usable(session: AnySession, ctx: Actor, channel: str) -> list[Connection]:
    rows = await session.scalars(
        select(Connection)
        .where(Connection.organization_id == ctx.organization_id, Connection.channel == channel)
        .where(Connection.status == ConnectionStatus.CONNECTED)
        .order_by(Connection.id)
    )
    return list(rows)
