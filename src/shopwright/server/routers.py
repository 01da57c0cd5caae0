"""Which router answers where."""

from fastapi import FastAPI

from shopwright.accounts import routes as accounts
from shopwright.server import health


def include(app: FastAPI) -> None:
    app.include_router(health.router)
    app.include_router(accounts.auth)
    app.include_router(accounts.router)
