"""Whether the sign-in behind an open stream still holds, with the role it began with."""

import time

from fastapi import Request

from shopwright.accounts import credentials, identities
from shopwright.accounts.identities import IdentityCache
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Unauthenticated

RECHECK_S = 60.0  # log-outs and changes of role in other processes


class Standing:
    """Of one stream; asked every few seconds, it rarely asks the database."""

    def __init__(self, process: Process, request: Request, actor: Actor) -> None:
        self._process, self._actor = process, actor
        self._credential = credentials.find_credential(request)
        self._cache = process.context.keep(IdentityCache)
        self._generation = self._cache.generation
        self._checked_at = time.monotonic()

    async def holds(self) -> bool:
        now = time.monotonic()
        if self._generation == self._cache.generation and now < self._checked_at + RECHECK_S:
            return True
        self._generation, self._checked_at = self._cache.generation, now
        try:
            return await self._has_role()
        except Unauthenticated:
            return False

    async def _has_role(self) -> bool:
        if self._credential is None:
            return False
        identity = await identities.identify(self._process, self._credential)
        place = identity.places.get(self._actor.organization_id)
        return place is not None and place.role is self._actor.role
