"""Tokens made elsewhere with the shared secret, as the document describes them."""

from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import select

from shopwright.accounts import access_tokens
from shopwright.accounts.models import Organization, User
from tests.clock import START
from tests.conftest import ClientAs
from tests.contracts.printpro3d.backend import Backend

LATER = int((START + timedelta(hours=1)).timestamp())


async def answer_to(
    backend: Backend, client_as: ClientAs, claims: dict[str, Any], algorithm: str = "HS256"
) -> httpx.Response:
    process = backend.shop.process
    key = access_tokens.signing_key(process.settings, process.context.vault)
    keys: dict[str, Any] = {"HS512": key * 2, "none": ""}  # HS512 wants a longer one
    token = jwt.encode(claims, keys.get(algorithm, key), algorithm)
    client = await client_as(None)
    return await client.get(
        "/api/printer-commands",
        params={"organizationId": backend.organization},
        headers={"Authorization": f"Bearer {token}"},
    )


async def uuid_of(backend: Backend) -> str:
    async with backend.shop.process.database.read() as session:
        found = await session.scalar(select(User.uuid).where(User.id == backend.shop.owner.user_id))
    return str(found)


@pytest.mark.parametrize("name", ["userId", "sub", "id"])
async def test_user_may_be_named_in_three_ways(
    backend: Backend, client_as: ClientAs, name: str
) -> None:
    claims = {name: await uuid_of(backend), "email": "x@y.test", "exp": LATER}
    assert (await answer_to(backend, client_as, claims)).status_code == 200
    named = claims | {"organizationId": backend.organization}
    assert (await answer_to(backend, client_as, named)).status_code == 200


async def test_role_of_the_token_is_not_believed_and_its_organization_needs_membership(
    backend: Backend, client_as: ClientAs, other_organization: Organization
) -> None:
    claims = {"sub": await uuid_of(backend), "exp": LATER, "role": "owner"}
    strange = claims | {"organizationId": other_organization.uuid}
    assert (await answer_to(backend, client_as, strange)).status_code == 200  # the query names ours
    client = await client_as(None)
    process = backend.shop.process
    key = access_tokens.signing_key(process.settings, process.context.vault)
    token = jwt.encode(strange, key, "HS256")
    refused = await client.get("/api/printers", headers={"Authorization": f"Bearer {token}"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("changes", "algorithm"),
    [
        ({"exp": None}, "HS256"),
        ({"exp": int(START.timestamp())}, "HS256"),
        ({"sub": "01900000-0000-7000-8000-000000000000"}, "HS256"),
        ({}, "HS512"),
        ({}, "none"),
    ],
)
async def test_other_tokens_are_refused(
    backend: Backend, client_as: ClientAs, changes: dict[str, Any], algorithm: str
) -> None:
    claims = {"sub": await uuid_of(backend), "exp": LATER} | changes
    told = {name: value for name, value in claims.items() if value is not None}
    assert (await answer_to(backend, client_as, told, algorithm)).status_code == 401
