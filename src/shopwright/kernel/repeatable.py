"""The route class of every router: answers a repeated request with its first answer."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from shopwright.kernel.edge import get_process
from shopwright.kernel.idempotency import Claim, Repeated, claim_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RepeatableRoute(APIRoute):
    """``APIRouter(..., route_class=RepeatableRoute)`` gives its POST routes ``Idempotency-Key``."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return handler

        async def handle(request: Request) -> Response:
            claim = await claim_of(request)
            if claim is None:
                return await handler(request)
            return await _handle_claimed(handler, request, claim)

        return handle


async def _handle_claimed(handler: Handler, request: Request, claim: Claim) -> Response:
    request.state.claim = claim  # edge.writing enters it
    try:
        response = await handler(request)
    except Repeated as repeated:
        return repeated.response
    # FastAPI closes the route's dependencies after this returns, so a `Write` is still open here.
    if claim.session is not None:
        await claim.store(claim.session, response)
    elif claim.record_id is not None:
        async with get_process(request).database.write() as session:
            await claim.store(session, response)
    return response
