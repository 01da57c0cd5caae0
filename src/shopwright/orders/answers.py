"""One order as an answer. Only an order with a photo carries a link, which no ETag may promise."""

import json
from datetime import datetime

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shopwright.files import service as files
from shopwright.kernel import revisions
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process, get_process
from shopwright.orders import list_queries
from shopwright.orders.list_queries import REVISION, OneOrder

NO_STORE = {"cache-control": "no-store"}


async def read_order(
    request: Request, session: AsyncSession, ctx: Actor, order_id: int
) -> Response:
    found = await list_queries.find_order_json(session, ctx, order_id)
    if found.photo_sha256 is not None:
        request.state.validity = None
        return json_answer(await _with_photo(request, session, ctx, found), headers=NO_STORE)
    etag = revisions.vouch(request, ctx, REVISION, found.revision)
    return json_answer(_joined(found, None), headers=revisions.cache_headers(etag))


async def changed_order(
    request: Request, session: AsyncSession, ctx: Actor, order_id: int, status: int = 200
) -> Response:
    """What a change made of it."""
    await session.flush()
    found = await list_queries.find_order_json(session, ctx, order_id)
    return json_answer(await _with_photo(request, session, ctx, found), status=status)


def json_answer(text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status, headers, "application/json")


async def make_photo_link(
    process: Process, session: AsyncSession, ctx: Actor, sha256: str, now: datetime
) -> str:
    """For somebody without an account, for an hour."""
    link, _ = files.make_link(process, await files.get_file(session, ctx, sha256), now=now)
    return link


async def _with_photo(request: Request, session: AsyncSession, ctx: Actor, found: OneOrder) -> str:
    if found.photo_sha256 is None:
        return _joined(found, None)
    process = get_process(request)
    now = process.clock.now()
    return _joined(found, await make_photo_link(process, session, ctx, found.photo_sha256, now))


def _joined(found: OneOrder, photo_url: str | None) -> str:
    return f'{found.json[:-1]},"photo_url":{json.dumps(photo_url)}}}'
