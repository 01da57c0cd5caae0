"""A connected shop as the channel shows it now; five minutes old at most."""

import asyncio

from shopwright.channels import connect
from shopwright.channels.adapters import Adapters
from shopwright.channels.models import Connection
from shopwright.channels.port import AccessDenied, ChannelError, ShopProfile
from shopwright.channels.runs import ReconnectFirst
from shopwright.channels.service import get_connection
from shopwright.channels.tokens import DatabaseTokens
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import Unavailable

ANSWER_S = 20.0  # a person waits; the adapter alone would wait out a rate limit


async def read_shop(process: Process, ctx: Actor, ref: Ref) -> ShopProfile:
    """Raises NotFound, ReconnectFirst, ChannelNotSetUp, or what the channel's refusal is here."""
    async with process.database.read() as session:
        connection = await get_connection(session, ctx, ref)
    if not connection.tokens:
        raise ReconnectFirst(f"{connection.name} is not connected. Connect it again first.")
    try:
        return await _ask(process, ctx, connection)
    except TimeoutError as err:
        raise Unavailable(
            f"{connection.channel.title()} takes too long to answer. Try again in a minute.",
            retry_after_s=60,
        ) from err
    except AccessDenied as err:
        raise connect.ChannelNotSetUp(err.sentence) from err
    except ChannelError as err:
        raise connect.refusal_of(err) from err


async def _ask(process: Process, ctx: Actor, connection: Connection) -> ShopProfile:
    tokens = DatabaseTokens(process.database, ctx, connection.id)
    adapters = process.context.keep(Adapters)
    adapter = adapters.make(
        process.settings, connection.channel, tokens, connection.external_shop_id
    )
    async with asyncio.timeout(ANSWER_S), adapter:
        return await adapter.shop()
