"""Runs the web server of one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from shopwright.kernel.settings import Settings
from shopwright.server import logs
from shopwright.server.app import create_app
from shopwright.server.running import Roles, open_running


def build(settings: Settings, roles: Roles) -> FastAPI:
    """The application with the process's life as its lifespan."""

    @asynccontextmanager
    async def open_all(app: FastAPI) -> AsyncIterator[None]:
        async with open_running(settings, roles) as running:
            app.state.process = running.process
            app.state.files = running.files
            app.state.telemetry = running.telemetry
            yield

    return create_app(settings, open_all)


def serve(settings: Settings, roles: Roles) -> None:
    """Until a signal ends it. Streams get two seconds to close."""
    logs.configure(settings)
    uvicorn.run(
        build(settings, roles),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        forwarded_allow_ips="",
    )
