"""Revalidation: an ETag that moves with every commit of a topic, read together with the rows.

It covers the database's epoch (a restore starts a new one), our build, the organization, its
topics' revisions, the caller's role and the query. Never for live values or signed links.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import Select, String, bindparam, cast, func, or_, select
from starlette.responses import Response

from shopwright import __version__
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, Installation, Revision

VARY = "Authorization, X-API-Key, Cookie"

Reader = Callable[[], Awaitable[tuple[str, str]]]  # a JSON text and the revision it belongs to


def revision_of(*topics: str) -> Any:
    """A scalar sub-select of epoch and revisions, for statements with the parameter
    ``organization_id``.

    Revisions only grow, so their sum moves whenever one of them does.
    """
    moved = (
        select(func.coalesce(func.sum(Revision.value), 0))
        .where(Revision.organization_id == bindparam("organization_id"))
        .where(or_(*(Revision.topic == topic for topic in topics)))
        .scalar_subquery()
    )
    return (
        select(Installation.epoch.concat("/").concat(cast(moved, String)))
        .limit(1)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What an ETag covers besides the revision."""

    organization_id: int
    role: str
    path: str
    query: str

    def tag(self, revision: str) -> str:
        parts = (
            __version__, str(self.organization_id), self.role, revision, self.path, self.query,
        )  # fmt: skip
        return f'"{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Validity:
    """What an answer's ETag rests on: while ``statement`` still gives ``revision``, it holds.

    ``read`` reads the answer anew; None when only the route can.
    """

    statement: Select[Any]
    asked: Asked
    revision: str
    etag: str
    read: Reader | None = None


def vouch(
    request: Request,
    ctx: Actor,
    statement: Select[Any],
    revision: str,
    read: Reader | None = None,
) -> str:
    """The ETag of this answer; its validity is left on the request for ``server.revalidation``."""
    asked = Asked(ctx.organization_id, ctx.role, request.url.path, request.url.query)
    etag = asked.tag(revision)
    request.state.validity = Validity(statement, asked, revision, etag, read)
    return etag


async def answer(
    request: Request, database: Database, ctx: Actor, statement: Select[Any], read: Reader
) -> Response:
    """304 when the caller has this revision already, else what ``read`` gives.

    The same request is answered by ``read`` alone the next time. So it may rest on the caller, the
    address and the database, and on nothing that was looked up for this request.
    """
    unchanged = await find_unchanged(request, database, ctx, statement, read)
    if unchanged is not None:
        return unchanged
    text, revision = await read()
    etag = vouch(request, ctx, statement, revision, read)
    return Response(text, 200, cache_headers(etag), "application/json")


async def find_unchanged(
    request: Request,
    database: Database,
    ctx: Actor,
    statement: Select[Any],
    read: Reader | None = None,
) -> Response | None:
    """304 when the caller has this revision already; ``statement`` selects only the revision."""
    known = request.headers.get("if-none-match")
    if known is None:
        return None
    row = await database.fetch_shared_row(statement, {"organization_id": ctx.organization_id})
    etag = vouch(request, ctx, statement, str(row[0] if row else None), read)
    if etag not in tags_of(known):
        return None
    return Response(status_code=304, headers=cache_headers(etag))


def cache_headers(etag: str) -> dict[str, str]:
    return {"etag": etag, "cache-control": "private, no-cache", "vary": VARY}


def tags_of(header: str) -> Sequence[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
