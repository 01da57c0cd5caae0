"""Saying by its name which shop of the connected account is ours."""

import asyncio

from shopwright.accounts import audit, people
from shopwright.accounts.outside import ProviderDown
from shopwright.channels import identity_queries, queries
from shopwright.channels.adapters import ETSY, Adapters
from shopwright.channels.connect import ChannelNotSetUp, ConsentRefused
from shopwright.channels.identity import ANSWER_S
from shopwright.channels.models import Connection
from shopwright.channels.port import (
    AccessDenied,
    ChannelError,
    OrderNotThere,
    ReconnectNeeded,
    ShopProfile,
)
from shopwright.channels.tokens import DatabaseTokens
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict, Forbidden, NotFound, ShopError
from shopwright.kernel.live import touch


class NothingConnected(Conflict):
    code = "nothing-connected"
    title = "No account is connected"


async def link_shop(process: Process, ctx: Actor, name: str) -> ShopProfile:
    """Raises NothingConnected, NotFound, Forbidden for somebody else's shop, or ProviderDown."""
    async with process.database.read() as session:
        connections = await identity_queries.list_usable(session, ctx, ETSY)
    if not connections:
        raise NothingConnected("Connect the shop's Etsy account first, or sign in with it.")
    shop = await _find_shop(process, ctx, connections[0], name)
    mine = [one for one in connections if one.external_user_id == shop.owner_user_id]
    if not mine:
        raise Forbidden(f"The Etsy account that is connected here does not own {shop.name}.")
    await _remember(process, ctx, mine[0].id, shop)
    return shop


async def _find_shop(
    process: Process, ctx: Actor, connection: Connection, name: str
) -> ShopProfile:
    tokens = DatabaseTokens(process.database, ctx, connection.id)
    try:
        adapter = process.context.keep(Adapters).make(process.settings, ETSY, tokens)
        async with asyncio.timeout(ANSWER_S), adapter:
            shop = await adapter.find_shop(name)
    except OrderNotThere:
        shop = None
    except TimeoutError as err:
        raise ProviderDown("Etsy takes too long to answer. Try again in a minute.") from err
    except ChannelError as err:
        raise _refusal_of(err) from err
    if shop is None:
        raise NotFound(f"Etsy has no shop called {name}. Write it as in the shop's address.")
    return shop


async def _remember(process: Process, ctx: Actor, connection_id: int, shop: ShopProfile) -> None:
    async with process.database.write() as session:
        await queries.change_connected(
            session,
            ctx,
            connection_id,
            external_shop_id=shop.external_id,
            name=shop.name[:200],
            currency=shop.currency,
            url=shop.url,
        )
        await people.set_etsy_shop(session, ctx.organization_id, shop.external_id, shop.name)
        audit.record(session, ctx, "connection.shop_linked", connection_id, shop=shop.external_id)
        touch(session, ctx.organization_id, "connection", connection_id)


def _refusal_of(error: ChannelError) -> ShopError:
    if isinstance(error, ReconnectNeeded):
        return ConsentRefused(error.sentence)
    if isinstance(error, AccessDenied):
        return ChannelNotSetUp(error.sentence)
    return ProviderDown(error.sentence)
