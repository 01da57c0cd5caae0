"""The event stream: one per browser, shared by its tabs; ends with its sign-in."""

import re
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import StreamingResponse

from shopwright.accounts.access import requires
from shopwright.accounts.standing import Standing
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Process, ProcessDep
from shopwright.kernel.errors import Invalid
from shopwright.web.rooms import LiveRooms, event

router = APIRouter(include_in_schema=False)

TOPIC = re.compile(r"[a-z]{2,20}(:[0-9]{1,18})?")
MAX_TOPICS = 60
LOOK_S = 2.0  # how soon a log-out elsewhere in this process ends the stream
HEARTBEAT_S = 15.0  # below the idle time-outs of common proxies
RETRY_MS = 2000
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("/live")
async def stream_changes(
    request: Request,
    process: ProcessDep,
    actor: Annotated[Actor, Depends(requires(Role.VIEWER))],
    topics: Annotated[str, Query(max_length=1500)],
) -> StreamingResponse:
    """Changes of the named topics (comma between them) until the sign-in ends."""
    standing = Standing(process, request, actor)
    changes = follow(process, actor, standing, parse_topics(topics))
    return StreamingResponse(changes, media_type="text/event-stream", headers=HEADERS)


def parse_topics(text: str) -> frozenset[str]:
    """Raises Invalid for what is no topic."""
    topics = frozenset(filter(None, text.split(",")))
    if len(topics) > MAX_TOPICS or not all(TOPIC.fullmatch(topic) for topic in topics):
        raise Invalid(f"topics must be at most {MAX_TOPICS} names like nav or order:17.")
    return topics


async def follow(
    process: Process, actor: Actor, standing: Standing, topics: frozenset[str]
) -> AsyncIterator[str]:
    """Events as text: ``hello`` with what was seen, fragments and notices, ``bye`` at the end."""
    rooms = LiveRooms.of(process)
    with rooms.join(actor.organization_id, actor.role, topics) as subscriber:
        yield f"retry: {RETRY_MS}\n" + event("hello", rooms.seen(actor.organization_id))
        spoke_at = time.monotonic()
        while await standing.holds():
            text = await subscriber.wait(LOOK_S)
            if subscriber.is_over:
                return
            if not text and time.monotonic() < spoke_at + HEARTBEAT_S:
                continue
            spoke_at = time.monotonic()
            yield text or ": still here\n\n"
        yield event("bye", "signed out")
