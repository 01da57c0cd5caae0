"""What people change about themselves."""

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from shopwright.accounts.models import AuditEntry, User
from shopwright.accounts.passwords import HASHER
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.web.conftest import HTML, OWN_ORIGIN, open_cookie

PASSWORD = "correct horse battery"
HASH = HASHER.hash(PASSWORD)


@pytest.fixture
async def with_password(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        user = await session.get_one(User, owner.user_id)
        user.password_hash = HASH


async def address_of(database: Database, actor: Actor) -> str:
    async with database.read() as session:
        return (await session.get_one(User, actor.user_id)).email


async def test_names_change_at_once(client: AsyncClient) -> None:
    answer = await client.put("/api/auth/user", json={"first_name": " Ada ", "username": "ada"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["first_name"], answer.json()["username"]) == ("Ada", "ada")
    assert (await client.get("/api/auth/user")).json()["first_name"] == "Ada"
    refused = await client.put("/api/auth/user", json={"username": " "})
    assert refused.status_code == 400


@pytest.mark.usefixtures("with_password")
async def test_address_changes_only_with_the_password(
    client: AsyncClient, owner: Actor, admin: Actor, database: Database
) -> None:
    before, taken = await address_of(database, owner), await address_of(database, admin)
    for password in ("", "wrong password"):
        body = {"email": "ada@shop.test", "current_password": password}
        assert (await client.put("/api/auth/user", json=body)).status_code == 401
    body = {"email": taken, "current_password": PASSWORD}
    refused = await client.put("/api/auth/user", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "address-taken")
    assert await address_of(database, owner) == before
    body = {"email": "Ada@Shop.test", "current_password": PASSWORD}
    assert (await client.put("/api/auth/user", json=body)).json()["email"] == "ada@shop.test"
    async with database.read() as session:
        user = await session.get_one(User, owner.user_id)
        assert user.is_email_verified is False
        facts = await session.scalar(
            select(AuditEntry.facts).where(
                AuditEntry.organization_id == owner.organization_id,
                AuditEntry.action == "user.address_changed",
            )
        )
    assert facts == {"before": before, "after": "ada@shop.test"}


async def test_page_changes_name_and_address(
    anonymous: AsyncClient, owner: Actor, database: Database
) -> None:
    anonymous.headers.update(HTML | OWN_ORIGIN)
    anonymous.cookies.set("shopwright", await open_cookie(database, owner))
    typed = {"first_name": "Ada", "email": "ada@shop.test"}
    answer = await anonymous.post("/account/profile", data=typed)
    assert answer.status_code == 303, answer.text
    page = (await anonymous.get("/account")).text
    assert 'value="Ada"' in page
    assert 'value="ada@shop.test"' in page
    refused = await anonymous.post("/account/profile", data={"email": "nobody"})
    assert refused.status_code == 400
    assert "no e-mail address" in refused.text
