"""What every call to ``/v3/application`` passes: key, fault, rate limit, token, scope, shop."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shopwright.sandbox.etsy.faults import Faults
from shopwright.sandbox.etsy.limits import RateLimits
from shopwright.sandbox.etsy.refusals import Refusal
from shopwright.sandbox.etsy.world import App, Grant, Json, Shop, World

KEY_PARTS = 2


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted call."""

    world: World
    request: Request
    app: App
    grant: Grant | None

    def number(self, name: str) -> int:
        return int(self.request.path_params[name])

    def own_shop(self) -> Shop:
        """The shop in the path, if the token's user owns it."""
        shop = self.any_shop()
        if self.grant is None or shop.user_id != self.grant.user_id:
            raise Refusal(403, f"User does not own Shop {shop.shop_id}")
        return shop

    def any_shop(self) -> Shop:
        shop_id = self.number("shop_id")
        if shop_id not in self.world.shops:
            raise Refusal(404, f"Could not find a shop with shop_id = {shop_id}")
        return self.world.shops[shop_id]

    def receipt(self) -> Json:
        receipts = self.own_shop().receipts
        receipt_id = self.number("receipt_id")
        if receipt_id not in receipts:
            raise Refusal(404, f"Could not find a receipt with receipt_id = {receipt_id}")
        return receipts[receipt_id]


Handler = Callable[[Call], Awaitable[Json]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Gate:
    def __init__(self, world: World, limits: RateLimits, faults: Faults) -> None:
        self._world = world
        self._limits = limits
        self._faults = faults

    def guard(self, handler: Handler, scope: str | None = None) -> Endpoint:
        """The handler behind all checks; ``scope`` None needs the app key only."""

        async def endpoint(request: Request) -> Response:
            app = self._check_key(request)
            headers = self._limits.book(app.keystring, self._world.clock.now())

            async def answer() -> Response:
                grant = self._check_token(request, app, scope) if scope else None
                return JSONResponse(await handler(Call(self._world, request, app, grant)))

            try:
                response = await self._faults.apply(self._faults.take(request), answer)
            except Refusal as err:
                response = err.response()
            response.headers.update({**headers, **response.headers})
            return response

        return endpoint

    def _check_key(self, request: Request) -> App:
        key = request.headers.get("x-api-key", "")
        parts = key.split(":")
        if key in self._world.apps:
            raise Refusal(403, "Shared secret is required in x-api-key header.")
        if len(parts) != KEY_PARTS or not all(parts):
            text = "Invalid API key: should be in the format 'keystring:shared_secret'"
            raise Refusal(403, text)
        app = self._world.apps.get(parts[0])
        if app is None or app.shared_secret != parts[1]:
            raise Refusal(403, "Invalid API key")
        return app

    def _check_token(self, request: Request, app: App, scope: str) -> Grant:
        word, _, token = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "bearer" or not token.partition(".")[0].isdecimal():
            raise Refusal(403, "No user was provided as part of the bearer token.")
        grant = self._world.access.get(token)
        if grant is None or grant.client_id != app.keystring:
            raise Refusal(401, "invalid_token", "access token is invalid")
        if self._world.clock.now() >= grant.expires_at:
            raise Refusal(401, "invalid_token", "access token is expired")
        if scope not in grant.scopes:
            raise Refusal(403, "insufficient_scope", f"The scope {scope} is missing.")
        return grant
