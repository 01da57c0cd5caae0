"""The event stream: one per browser, shared by its tabs; ends with its sign-in."""

import re
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from shopwright.accounts import credentials, identities
from shopwright.accounts.access import requires
from shopwright.accounts.identities import IdentityCache
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Process, ProcessDep
from shopwright.kernel.errors import Invalid, Unauthenticated
from shopwright.web.rooms import LiveRooms, event

router = APIRouter(include_in_schema=False)

TOPIC = re.compile(r"[a-z]{2,20}(:[0-9]{1,18})?")
MAX_TOPICS = 60
LOOK_S = 2.0  # how soon a log-out elsewhere in this process ends the stream
RECHECK_S = 60.0  # log-outs and changes of role in other processes
HEARTBEAT_S = 15.0  # below the idle time-outs of common proxies
RETRY_MS = 2000
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Membership:
    """Whether the sign-in behind an open stream still holds, with the role it began with."""

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


@router.get("/live")
async def stream_changes(
    request: Request,
    process: ProcessDep,
    actor: Annotated[Actor, Depends(requires(Role.VIEWER))],
    topics: Annotated[str, Query(max_length=1500)],
) -> StreamingResponse:
    """Changes of the named topics (comma between them) until the sign-in ends."""
    membership = Membership(process, request, actor)
    changes = follow(process, actor, membership, parse_topics(topics))
    return StreamingResponse(changes, media_type="text/event-stream", headers=HEADERS)


def parse_topics(text: str) -> frozenset[str]:
    """Raises Invalid for what is no topic."""
    topics = frozenset(filter(None, text.split(",")))
    if len(topics) > MAX_TOPICS or not all(TOPIC.fullmatch(topic) for topic in topics):
        raise Invalid(f"topics must be at most {MAX_TOPICS} names like nav or order:17.")
    return topics


async def follow(
    process: Process, actor: Actor, membership: Membership, topics: frozenset[str]
) -> AsyncIterator[str]:
    """Events as text: ``hello`` with what was seen, fragments and notices, ``bye`` at the end."""
    rooms = LiveRooms.of(process)
    with rooms.join(actor.organization_id, actor.role, topics) as subscriber:
        yield f"retry: {RETRY_MS}\n" + event("hello", rooms.seen(actor.organization_id))
        spoke_at = time.monotonic()
        while await membership.holds():
            text = await subscriber.wait(LOOK_S)
            if subscriber.is_over:
                return
            if not text and time.monotonic() < spoke_at + HEARTBEAT_S:
                continue
            spoke_at = time.monotonic()
            yield text or ": still here\n\n"
        yield event("bye", "signed out")
