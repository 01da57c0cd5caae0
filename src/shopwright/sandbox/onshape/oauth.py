"""oauth.onshape.com: the consent page, which agrees at once, and the token service."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from shopwright.sandbox.onshape.world import Refused, World


class OAuth:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/oauth/authorize", self.authorize),
            Route("/oauth/token", self.token, methods=["POST"]),
        ]

    async def authorize(self, request: Request) -> Response:
        """A stranger's redirect address gets an error page and no redirect."""
        query, config = request.query_params, self._world.config
        address = query.get("redirect_uri", "")
        if query.get("client_id") != config.client_id or address not in config.redirect_uris:
            return HTMLResponse("<h1>Invalid client or redirect address</h1>", 400)
        answer = {"state": query.get("state", "")}
        if query.get("response_type") != "code":
            answer["error"] = "unsupported_response_type"
        elif query.get("sandbox_decision") == "deny":
            answer["error"] = "access_denied"
        else:
            answer["code"] = self._world.new_code(address)
        separator = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{separator}{urlencode(answer)}", 302)

    async def token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        config = self._world.config
        if (form.get("client_id"), form.get("client_secret")) != (
            config.client_id, config.client_secret,
        ):  # fmt: skip
            return JSONResponse({"error": "invalid_client"}, 401)
        try:
            return JSONResponse(self._grant(form))
        except Refused as refused:
            return JSONResponse(
                {"error": refused.message, "error_description": "The grant is over or was used"},
                refused.status,
            )

    def _grant(self, form: dict[str, str]) -> dict[str, object]:
        if form.get("grant_type") == "authorization_code":
            return self._world.redeem(form.get("code", ""), form.get("redirect_uri", ""))
        if form.get("grant_type") == "refresh_token":
            return self._world.rotate(form.get("refresh_token", ""))
        raise Refused(400, "unsupported_grant_type")
