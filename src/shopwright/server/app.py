"""The web application: routes of every slice, errors, middleware, documentation."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from shopwright import __version__
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.server import problems, routers
from shopwright.server.middleware import RequestMiddleware

Opener = Callable[[], AbstractAsyncContextManager[Process]]


def create_app(settings: Settings, open_running: Opener) -> FastAPI:
    """The application; its lifespan opens the process (database, loops) and closes it again."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_running() as process:
            app.state.process = process
            yield

    app = FastAPI(
        title="Shopwright",
        version=__version__,
        summary="Runs a shop that makes what it sells.",
        openapi_url="/api/openapi.json",
        docs_url="/docs",
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    problems.install(app)
    routers.include(app)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["ETag", "Retry-After", "X-Request-Id"],
        )
    app.add_middleware(RequestMiddleware, base_path=settings.base_path)
    return app
