"""Which shop a stranger is in."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from shopwright.accounts.models import Organization
from shopwright.accounts.visitors import ShopNotHere, visitor_of
from shopwright.kernel.db import Database
from tests import factories


def request_to(app: FastAPI, host: str) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "scheme": "https",
        "headers": [(b"host", host.encode())],
        "app": app,
    }
    return Request(scope)


async def test_the_only_shop_needs_no_name(app: FastAPI, organization: Organization) -> None:
    visitor = await visitor_of(request_to(app, "anything.example"))
    assert visitor.organization_id == organization.id
    assert visitor.scopes == frozenset()


async def test_the_host_name_says_which_of_several(
    app: FastAPI, organization: Organization, database: Database
) -> None:
    async with database.write() as session:
        other = await factories.make_organization(session, "other")
        other.shop_host = "other.example"
    visitor = await visitor_of(request_to(app, "Other.Example:8443"))
    assert visitor.organization_id == other.id != organization.id
    with pytest.raises(ShopNotHere, match="none has this host name"):
        await visitor_of(request_to(app, "stranger.example"))
