"""The web application: routes of every slice, errors, middleware, documentation."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send

from shopwright import __version__
from shopwright.kernel.settings import Settings
from shopwright.server import problems, routers
from shopwright.server.frontend import FrontendMiddleware
from shopwright.server.listing import ListingMiddleware
from shopwright.server.middleware import CrashMiddleware, RequestMiddleware, StartingMiddleware
from shopwright.server.openapi import Application
from shopwright.server.revalidation import RememberMiddleware, Revalidation

Opener = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class ShopApplication(Application):
    """What has not changed is answered before the framework sees the request."""

    revalidation: Revalidation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self.revalidation.answer(self, scope, send):
            await super().__call__(scope, receive, send)


def create_app(settings: Settings, lifespan: Opener) -> FastAPI:
    """The application. ``lifespan`` puts ``process`` on ``app.state``."""
    app = ShopApplication(
        title="Shopwright",
        version=__version__,
        summary="Runs a shop that makes what it sells.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # web.api_docs, without another host
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.revalidation = Revalidation()
    app.state.settings = settings
    problems.install(app)
    routers.include(app)
    app.add_middleware(ListingMiddleware)
    app.add_middleware(CrashMiddleware)
    app.add_middleware(RememberMiddleware, revalidation=app.revalidation)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[
                "ETag",
                "Idempotency-Replayed",
                "Retry-After",
                "X-RateLimit-Limit",
                "X-RateLimit-Remaining",
                "X-RateLimit-Reset",
                "X-Request-Id",
            ],
        )
    app.add_middleware(StartingMiddleware)
    if settings.frontend is not None:
        app.add_middleware(FrontendMiddleware, folder=settings.frontend, routes=app.routes)
    app.add_middleware(
        RequestMiddleware,
        base_path=settings.base_path,
        trusted_proxies=settings.trusted_proxies,
    )
    return app
