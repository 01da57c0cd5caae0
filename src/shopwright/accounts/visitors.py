"""Strangers in the shop: buyers at the storefront and people at a kiosk, who sign in nowhere.

Which shop they are in, the host name says, else ``DEFAULT_ORGANIZATION``, else it is the only one
(reference decision 3). What they may see of their own they show a token for; the context here
gives no right by itself.
"""

from typing import Annotated

from fastapi import Depends, Request

from shopwright.accounts import queries
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import get_process, principal_of
from shopwright.kernel.errors import NotFound

VISITOR = "visitor"


class ShopNotHere(NotFound):
    code = "shop-not-here"
    title = "No shop answers here"


async def find_shop(request: Request) -> Actor:
    """The visitor of a public route, counted by address; raises ShopNotHere or TooMany."""
    limits.charge(request, limits.PUBLIC, principal_of(request))
    return await visitor_of(request)


async def visitor_of(request: Request) -> Actor:
    """The same, uncounted: for pages and pictures, which have their own wide limit."""
    process = get_process(request)
    async with process.database.read() as session:
        shop = await queries.find_organization_by_host(session, request.url.hostname or "")
        if shop is None:
            slug = process.settings.default_organization
            shop = await queries.find_default_organization(session, slug)
    if shop is None:
        raise ShopNotHere(
            "Several shops are here and none has this host name. "
            "Set its shop host, or DEFAULT_ORGANIZATION."
        )
    return Actor(shop.id, Role.VIEWER, VISITOR, scopes=frozenset())


VisitorCtx = Annotated[Actor, Depends(find_shop)]
