"""Which router answers where."""

from fastapi import FastAPI

from shopwright.server import health


def include(app: FastAPI) -> None:
    app.include_router(health.router)
