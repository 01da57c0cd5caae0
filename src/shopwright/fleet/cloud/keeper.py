"""Looks at each cloud account now and then: are its printers the same, does its log-in last?"""

import asyncio

import structlog

from shopwright.fleet.cloud import accounts as cloud_accounts
from shopwright.fleet.cloud import queries
from shopwright.fleet.cloud.port import CloudLogInAgain
from shopwright.fleet.models import CloudAccount
from shopwright.kernel.actor import system_actor
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.errors import ShopError

log = structlog.get_logger()

ROUND_S = 3600.0


class CloudKeeper:
    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(ROUND_S)

    async def look(self) -> None:
        """At every account that is logged in, once; one that fails does not keep the others."""
        async with self._process.database.read() as session:
            accounts = await queries.list_connected(session)
        for account in accounts:
            await self._look_at(account)

    async def _look_at(self, account: CloudAccount) -> None:
        ctx = system_actor(account.organization_id, "fleet")
        try:
            await cloud_accounts.refresh_account(self._process, ctx, ref=Ref(account.id, None))
        except CloudLogInAgain as err:
            log.warning("a cloud account must log in again", account_id=account.id, why=err.detail)
        except ShopError as err:
            log.info("a cloud account was not read", account_id=account.id, why=err.detail)
