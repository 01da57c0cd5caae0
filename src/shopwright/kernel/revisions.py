"""Revalidation: an ETag that moves with every commit of a topic, read together with the rows.

It covers the database's epoch (a restore starts a new one), our build, the organization, its
topics' revisions, the caller's role and the query. Never for live values or signed links.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import Select, String, bindparam, cast, func, or_, select
from starlette.responses import Response

from shopwright import __version__
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database, Installation, Revision

VARY = "Authorization, X-API-Key, Cookie"


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
class Validity:
    """What an answer's ETag rests on: while ``statement`` still gives ``revision``, it holds."""

    statement: Select[Any]
    organization_id: int
    revision: str
    etag: str


def vouch(request: Request, ctx: Actor, statement: Select[Any], revision: str) -> str:
    """The ETag of this answer; its validity is left on the request for ``server.revalidation``."""
    etag = make_etag(request, ctx, revision)
    request.state.validity = Validity(statement, ctx.organization_id, revision, etag)
    return etag


def make_etag(request: Request, ctx: Actor, revision: str) -> str:
    parts = (
        __version__,
        str(ctx.organization_id),
        ctx.role,
        revision,
        request.url.path,
        request.url.query,
    )
    return f'"{hashlib.sha256(chr(10).join(parts).encode()).hexdigest()[:32]}"'


async def find_unchanged(
    request: Request, database: Database, ctx: Actor, statement: Select[Any]
) -> Response | None:
    """304 when the caller has this revision already; ``statement`` selects only the revision."""
    known = request.headers.get("if-none-match")
    if known is None:
        return None
    row = await database.fetch_shared_row(statement, {"organization_id": ctx.organization_id})
    etag = vouch(request, ctx, statement, str(row[0] if row else None))
    if etag not in tags_of(known):
        return None
    return Response(status_code=304, headers=cache_headers(etag))


def cache_headers(etag: str) -> dict[str, str]:
    return {"etag": etag, "cache-control": "private, no-cache", "vary": VARY}


def tags_of(header: str) -> Sequence[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
