"""Passwords, sessions, refresh tokens, switching, logging out."""

import time
from typing import Any

import jwt
import pytest
from httpx import AsyncClient
from pydantic import SecretStr
from sqlalchemy import func, select, update

from shopwright.accounts import (
    access_tokens,
    bootstrap,
    credentials,
    identities,
    passwords,
    sign_in,
)
from shopwright.accounts.models import LoginSession, Membership, Organization, User
from shopwright.accounts.passwords import HASHER
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from tests import factories
from tests.clock import FixedClock

PASSWORD = "correct horse battery"
HASH = HASHER.hash(PASSWORD)


@pytest.fixture
async def user(database: Database, organization: Organization) -> User:
    async with database.write() as session:
        person = await factories.make_user(session, "anna", HASH)
        session.add(Membership(organization_id=organization.id, user_id=person.id, role=Role.ADMIN))
        return person


async def log_in(client: AsyncClient, user: User, password: str = PASSWORD) -> dict[str, Any]:
    answer = await client.post("/api/auth/login", json={"email": user.email, "password": password})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def as_bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_sign_in_answers_like_the_documented_callback(
    anonymous: AsyncClient, user: User, organization: Organization
) -> None:
    answer = await log_in(anonymous, user)
    assert set(answer) == {"token", "refresh_token", "token_type", "expires_in", "user"}
    assert answer["expires_in"] == 86400
    assert answer["user"] == {
        "id": user.id,
        "etsy_user_id": None,
        "username": user.username,
        "first_name": "Anna",
        "shop_id": None,
        "shop_name": organization.name,
        "uuid": user.uuid,
        "email": user.email,
        "organization_id": organization.uuid,
    }
    me = await anonymous.get("/api/auth/user", headers=as_bearer(answer["token"]))
    assert me.json()["created_at"] == "2026-03-02T09:00:00"
    assert me.json()["role"] == "admin"


async def test_wrong_password_and_unknown_address_answer_alike(
    anonymous: AsyncClient, user: User
) -> None:
    bodies = []
    for email in (user.email, "nobody@shop.test"):
        refused = await anonymous.post(
            "/api/auth/login", json={"email": email, "password": "wrong password"}
        )
        assert refused.status_code == 401
        bodies.append({k: v for k, v in refused.json().items() if k != "request_id"})
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("is_known", [True, False])
async def test_five_failures_pause_for_fifteen_minutes(
    anonymous: AsyncClient, user: User, clock: FixedClock, is_known: bool
) -> None:
    email = user.email if is_known else "nobody@shop.test"
    body = {"email": email, "password": "wrong password"}
    for _ in range(5):
        assert (await anonymous.post("/api/auth/login", json=body)).status_code == 401
    paused = await anonymous.post("/api/auth/login", json={**body, "password": PASSWORD})
    assert paused.status_code == 429
    assert paused.headers["retry-after"] == "900"
    assert paused.json()["error"] == "Too many failed attempts. Try again in 15 minutes."
    clock.advance(minutes=15)
    again = await anonymous.post("/api/auth/login", json={**body, "password": PASSWORD})
    assert again.status_code == (200 if is_known else 401)


async def test_unknown_addresses_cost_as_much_as_wrong_passwords() -> None:
    keeper = passwords.Passwords()
    started = time.perf_counter()
    assert await keeper.verify(HASH, "wrong password") is False
    known = time.perf_counter() - started
    started = time.perf_counter()
    assert await keeper.verify(None, "wrong password") is False
    assert time.perf_counter() - started > known / 5


async def test_an_inactive_user_stays_out(
    anonymous: AsyncClient, database: Database, user: User
) -> None:
    async with database.write() as session:
        await session.execute(update(User).where(User.id == user.id).values(is_active=False))
    refused = await anonymous.post(
        "/api/auth/login", json={"email": user.email, "password": PASSWORD}
    )
    assert refused.status_code == 401


async def test_refreshing_gives_a_new_pair(anonymous: AsyncClient, user: User) -> None:
    first = await log_in(anonymous, user)
    answer = await anonymous.post(
        "/api/auth/refresh", json={"refresh_token": first["refresh_token"]}
    )
    assert answer.status_code == 200
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    me = await anonymous.get("/api/auth/user", headers=as_bearer(second["token"]))
    assert me.json()["id"] == user.id


async def test_a_used_refresh_token_ends_its_family(anonymous: AsyncClient, user: User) -> None:
    first = await log_in(anonymous, user)
    second = (
        await anonymous.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    ).json()
    assert (
        await anonymous.get("/api/auth/user", headers=as_bearer(second["token"]))
    ).status_code == 200

    stolen = await anonymous.post(
        "/api/auth/refresh", json={"refresh_token": first["refresh_token"]}
    )
    assert stolen.status_code == 401
    for token in (first["token"], second["token"]):
        me = await anonymous.get("/api/auth/user", headers=as_bearer(token))
        assert me.status_code == 401
    last = await anonymous.post(
        "/api/auth/refresh", json={"refresh_token": second["refresh_token"]}
    )
    assert last.status_code == 401


@pytest.mark.parametrize(("body", "status"), [({}, 400), ({"refresh_token": "made up"}, 401)])
async def test_refreshing_needs_a_token_of_ours(
    anonymous: AsyncClient, body: dict[str, str], status: int
) -> None:
    assert (await anonymous.post("/api/auth/refresh", json=body)).status_code == status


async def test_a_refresh_token_lasts_thirty_days(
    anonymous: AsyncClient, user: User, clock: FixedClock
) -> None:
    first = await log_in(anonymous, user)
    clock.advance(days=30)
    late = await anonymous.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert late.status_code == 401


async def test_logging_out_ends_every_token_of_the_session(
    anonymous: AsyncClient, user: User
) -> None:
    here, elsewhere = await log_in(anonymous, user), await log_in(anonymous, user)
    out = await anonymous.post("/api/auth/logout", headers=as_bearer(here["token"]))
    assert out.json() == {"message": "Logged out successfully"}
    over = await anonymous.get("/api/auth/user", headers=as_bearer(here["token"]))
    assert over.status_code == 401
    refused = await anonymous.post(
        "/api/auth/refresh", json={"refresh_token": here["refresh_token"]}
    )
    assert refused.status_code == 401
    still = await anonymous.get("/api/auth/user", headers=as_bearer(elsewhere["token"]))
    assert still.status_code == 200


async def test_switching_names_another_organization_of_mine(
    anonymous: AsyncClient, database: Database, user: User, other_organization: Organization
) -> None:
    first = await log_in(anonymous, user)
    body = {"organization_id": other_organization.id}
    refused = await anonymous.post("/api/auth/switch", json=body, headers=as_bearer(first["token"]))
    assert refused.status_code == 403
    async with database.write() as session:
        session.add(
            Membership(organization_id=other_organization.id, user_id=user.id, role=Role.VIEWER)
        )
        identities.forget_after_commit(session)

    switched = (
        await anonymous.post("/api/auth/switch", json=body, headers=as_bearer(first["token"]))
    ).json()
    assert switched["user"]["organization_id"] == other_organization.uuid
    assert switched["refresh_token"] is None
    refreshed = (
        await anonymous.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    ).json()
    assert refreshed["user"]["organization_id"] == other_organization.uuid
    places = await anonymous.get("/api/organizations", headers=as_bearer(refreshed["token"]))
    assert [(p["id"], p["role"]) for p in places.json()["organizations"]] == [
        (user.last_organization_id or places.json()["organizations"][0]["id"], "admin"),
        (other_organization.id, "viewer"),
    ]


async def test_a_new_password_ends_the_other_sign_ins(anonymous: AsyncClient, user: User) -> None:
    here, elsewhere = await log_in(anonymous, user), await log_in(anonymous, user)
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    changed = await anonymous.post(
        "/api/auth/password", json=body, headers=as_bearer(here["token"])
    )
    assert changed.status_code == 200
    for token, status in ((here["token"], 200), (elsewhere["token"], 401)):
        me = await anonymous.get("/api/auth/user", headers=as_bearer(token))
        assert me.status_code == status
    await log_in(anonymous, user, "another long password")


async def test_the_first_owner_comes_from_the_settings_once(process: Process) -> None:
    process.settings = process.settings.model_copy(
        update={"owner_email": "Boss@Shop.test", "owner_password": SecretStr(PASSWORD)}
    )
    founded = await bootstrap.found_from_settings(process)
    assert founded is not None
    assert (founded.owner.email, founded.organization.slug) == ("boss@shop.test", "my-shop")
    assert await bootstrap.found_from_settings(process) is None
    async with process.database.read() as session:
        assert await session.scalar(select(func.count(User.id))) == 1
        assert await session.scalar(select(func.count(Organization.id))) == 1


async def test_a_page_session_lets_its_cookie_in(
    anonymous: AsyncClient, process: Process, user: User
) -> None:
    cookie = await sign_in.sign_in_page(process, user.email, PASSWORD)
    anonymous.cookies.set(credentials.PLAIN_COOKIE, cookie)
    headers = {"X-CSRF-Token": credentials.csrf_token(process.context.vault, cookie)}
    assert (await anonymous.get("/api/auth/user", headers=headers)).json()["id"] == user.id
    out = await anonymous.post("/api/auth/logout", headers=headers)
    assert "shopwright=" in out.headers["set-cookie"]
    async with process.database.read() as session:
        assert await session.scalar(select(LoginSession.revoked_at)) is not None


async def test_a_token_from_outside_can_be_logged_out(
    anonymous: AsyncClient, process: Process, owner: Actor
) -> None:
    async with process.database.read() as session:
        uuid = (await session.get_one(User, owner.user_id)).uuid
    key = access_tokens.signing_key(process.settings, process.context.vault)
    headers = as_bearer(jwt.encode({"sub": uuid, "exp": 4000000000}, key, "HS256"))
    assert (await anonymous.get("/api/auth/user", headers=headers)).status_code == 200
    assert (await anonymous.post("/api/auth/logout", headers=headers)).status_code == 200
    assert (await anonymous.get("/api/auth/user", headers=headers)).status_code == 401
