"""Keys that stand in the query or in the body, where a reference's clients send them so.

Only routes that take these contexts look there (reference decisions 7); a header still decides
first. An answer to a key in the query is not to be kept or told on by anybody.
"""

import json
from typing import Annotated

from fastapi import Depends, Request

from shopwright.accounts.access import Requires
from shopwright.accounts.credentials import KEY_HEADER
from shopwright.kernel.actor import Actor, Role

KEY_NAME = "api_key"
BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
UNKEPT = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


class RequiresOpen(Requires):
    """The same door, which also takes ``?api_key=`` and a JSON body's ``api_key``."""

    async def __call__(self, request: Request) -> Actor:
        if not request.headers.get("authorization") and not request.headers.get(KEY_HEADER):
            request.state.open_key = await _find_open_key(request)
        return await super().__call__(request)


OpenViewerCtx = Annotated[Actor, Depends(RequiresOpen(Role.VIEWER))]
OpenMemberCtx = Annotated[Actor, Depends(RequiresOpen(Role.MEMBER))]


def is_open(request: Request) -> bool:
    """Whether the key stood in the URL; such an answer carries no ETag."""
    return KEY_NAME in request.query_params


async def _find_open_key(request: Request) -> str | None:
    asked = request.query_params.get(KEY_NAME)
    if asked:
        request.scope.setdefault("state", {}).setdefault("extra_headers", {}).update(UNKEPT)
        return asked.strip()
    return await _told_in_body(request) if request.method in BODY_METHODS else None


async def _told_in_body(request: Request) -> str | None:
    """A multipart body is streamed later; whatever else is wrong its own validation says."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.startswith("multipart/"):
        return None
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    told = body.get(KEY_NAME) if isinstance(body, dict) else None
    return told.strip() or None if isinstance(told, str) else None
