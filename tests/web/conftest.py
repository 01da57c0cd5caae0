"""A filled shop, and browsers signed in to it."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from shopwright.accounts.models import LoginSession
from shopwright.files.access import files_of
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.secrets import token_hash
from shopwright.telemetry.latest import LatestSnapshots
from tests.clock import FOREVER, START
from tests.conftest import ClientAs
from tests.web import rows
from tests.web.rows import Shop

HTML = {"Accept": "text/html"}
OWN_ORIGIN = {"Origin": "http://shop.test"}
BrowserAs = Callable[[Actor | None], Awaitable[AsyncClient]]


@pytest.fixture
async def shop(process: Process, owner: Actor) -> Shop:
    """Printers, orders and jobs of the owner's organization; see rows.fill_shop."""
    async with process.database.write() as session:
        made = await rows.fill_shop(session, owner, files_of(process))
    rows.report_fleet(process.context.keep(LatestSnapshots), owner, made)
    return made


async def open_cookie(database: Database, actor: Actor) -> str:
    """The cookie of a fresh sign-in, without the cost of a password."""
    cookie = ids.new_token()
    async with database.write() as session:
        session.add(
            LoginSession(
                user_id=actor.user_id,
                current_organization_id=actor.organization_id,
                token_hash=token_hash(cookie),
                created_at=START,
                expires_at=FOREVER,
            )
        )
    return cookie


@pytest.fixture
def browser_as(client_as: ClientAs, database: Database) -> BrowserAs:
    """`await browser_as(member)`: a client with a page cookie that asks for HTML."""

    async def open_browser(actor: Actor | None) -> AsyncClient:
        client = await client_as(None)
        client.headers.update(HTML | OWN_ORIGIN)
        if actor is not None:
            client.cookies.set("shopwright", await open_cookie(database, actor))
        return client

    return open_browser
