"""Signing in with Etsy over HTTP: who comes in, what else happens, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlalchemy import func, select, update

from shopwright.accounts import members
from shopwright.accounts.models import LoginSession, Membership, Organization, User
from shopwright.channels.models import Connection
from shopwright.channels.states import ConnectionStatus
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.sandbox.etsy.server import EtsySandbox
from tests import factories
from tests.channels.conftest import (
    Stage,
    connect_shop,
    consent_at,
    use_patient_adapters,
)
from tests.clock import FixedClock
from tests.conftest import ClientAs

SELLER, OTHER_SELLER, BUYER = 700123, 700124, 55


@pytest.fixture(autouse=True)
def patient(process: Process) -> None:
    use_patient_adapters(process)


@pytest.fixture
def change_settings(process: Process) -> Callable[..., None]:
    def change(**changes: Any) -> None:
        process.settings = process.settings.model_copy(update=changes)

    return change


async def begin(client: AsyncClient) -> dict[str, str]:
    """What the client sends back after the person agreed at Etsy."""
    begun = (await client.get("/api/auth/login")).json()
    code, state = await consent_at(begun["auth_url"])
    return {"code": code, "state": state, "code_verifier": begun["code_verifier"]}


async def come_back(client: AsyncClient, **more: str) -> Response:
    return await client.post("/api/auth/callback", json={**await begin(client), **more})


async def counts(database: Database) -> dict[str, int]:
    """How many rows a sign-in could have made."""
    models = (Organization, User, Membership, LoginSession, Connection)
    async with database.read() as session:
        return {
            model.__name__: await session.scalar(
                select(func.count()).select_from(model), execution_options=CROSS_TENANT
            )
            or 0
            for model in models
        }


async def know(database: Database, actor: Actor, account: int = SELLER) -> None:
    async with database.write() as session:
        await session.execute(
            update(User).where(User.id == actor.user_id).values(etsy_user_id=str(account))
        )


async def connections(database: Database) -> list[Connection]:
    async with database.read() as session:
        found = await session.scalars(
            select(Connection).order_by(Connection.id), execution_options=CROSS_TENANT
        )
        return list(found)


async def test_first_person_founds_the_shop_with_its_connection(
    anonymous: AsyncClient, database: Database
) -> None:
    answer = await come_back(anonymous)
    assert answer.status_code == 200, answer.text
    user = answer.json()["user"]
    assert (user["etsy_user_id"], user["shop_id"]) == ("700123", "500321")
    assert (user["username"], user["first_name"]) == ("AtelierSandbox", "Sam")
    assert user["shop_name"] == "AtelierSandbox"
    me = await anonymous.get(
        "/api/auth/user", headers={"Authorization": f"Bearer {answer.json()['token']}"}
    )
    assert (me.json()["role"], me.json()["email"]) == ("owner", "seller700123@etsy.example")
    (connection,) = await connections(database)
    assert (connection.status, connection.external_user_id) == ("connected", "700123")
    again = await come_back(anonymous)
    assert again.json()["user"]["id"] == user["id"]
    assert (await counts(database))["Connection"] == 1


async def test_stranger_is_turned_away_and_nothing_is_written(
    anonymous: AsyncClient, owner: Actor, database: Database
) -> None:
    before = await counts(database)
    refused = await come_back(anonymous)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-invited")
    assert refused.json()["detail"].startswith("This Etsy account belongs to nobody here. Ask the")
    assert await counts(database) == before


async def test_with_open_sign_up_a_stranger_founds_a_shop_of_their_own(
    anonymous: AsyncClient,
    owner: Actor,
    organization: Organization,
    etsy: EtsySandbox,
    change_settings: Callable[..., None],
) -> None:
    change_settings(allow_signup=True)
    etsy.world.signed_in_user_id = BUYER
    answer = await come_back(anonymous)
    assert answer.status_code == 200, answer.text
    user = answer.json()["user"]
    assert (user["shop_id"], user["shop_name"]) == (None, "Shop of Sam")
    assert user["organization_id"] != organization.uuid


async def test_invited_person_joins_once(
    anonymous: AsyncClient, owner: Actor, database: Database, clock: FixedClock
) -> None:
    async with database.write() as session:
        invited = await members.invite(
            session, owner, email="anna@shop.test", role=Role.MEMBER, now=clock.now()
        )
    answer = await come_back(anonymous, invitation=invited.token)
    assert answer.status_code == 200, answer.text
    user = answer.json()["user"]
    assert (user["email"], user["etsy_user_id"]) == ("anna@shop.test", "700123")
    assert await connections(database) == []  # a member connects no shop
    assert (await come_back(anonymous)).json()["user"]["id"] == user["id"]
    again = await come_back(anonymous, invitation=invited.token)
    assert (again.status_code, again.json()["code"]) == (410, "invitation-over")


async def test_invitation_to_an_address_somebody_has_needs_their_password(
    anonymous: AsyncClient, owner: Actor, database: Database, clock: FixedClock
) -> None:
    async with database.write() as session:
        known = await factories.make_user(session, "anna")
        invited = await members.invite(
            session, owner, email=known.email, role=Role.MEMBER, now=clock.now()
        )
    before = await counts(database)
    refused = await come_back(anonymous, invitation=invited.token)
    assert (refused.status_code, refused.json()["code"]) == (409, "address-taken")
    assert "Sign in with its password and link the Etsy account" in refused.json()["detail"]
    assert await counts(database) == before


async def test_former_member_and_deactivated_user_stay_out(
    anonymous: AsyncClient, owner: Actor, member: Actor, database: Database
) -> None:
    await know(database, member)
    async with database.write() as session:
        await session.execute(update(User).where(User.id == member.user_id).values(is_active=False))
    refused = await come_back(anonymous)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    async with database.write() as session:
        user = await session.get_one(User, member.user_id)
        user.is_active = True
        membership = await session.scalar(
            select(Membership).where(
                Membership.organization_id == member.organization_id,
                Membership.user_id == member.user_id,
            )
        )
        await session.delete(membership)
    refused = await come_back(anonymous)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-invited")


async def test_state_counts_once_for_its_verifier_and_ten_minutes(
    anonymous: AsyncClient, owner: Actor, database: Database, clock: FixedClock
) -> None:
    await know(database, owner)
    first, second, third = [await begin(anonymous) for _ in range(3)]
    tried = [
        {**second, "state": first["state"]},
        {**second, "state": "mine"},
        {**second, "state": second["state"][:-1] + "!"},
        {**second, "state": "é.1.é"},
    ]
    for body in tried:
        refused = await anonymous.post("/api/auth/callback", json=body)
        assert refused.status_code == 400
        assert refused.json()["error"] == "This state belongs to another sign-in. Begin again."
    assert (await anonymous.post("/api/auth/callback", json=first)).status_code == 200
    again = {**first, "code": second["code"]}
    refused = await anonymous.post("/api/auth/callback", json=again)
    assert refused.json()["error"] == "This state was used before. Begin again."
    clock.advance(minutes=10)
    refused = await anonymous.post("/api/auth/callback", json=third)
    assert refused.json()["error"] == "This sign-in was begun over ten minutes ago. Begin again."


async def test_wrong_verifier_and_used_code_are_refused(
    anonymous: AsyncClient, owner: Actor, database: Database
) -> None:
    await know(database, owner)
    one, other = await begin(anonymous), await begin(anonymous)
    bodies = [
        {"code": one["code"], "code_verifier": other["code_verifier"]},
        {"code": "never given", "code_verifier": one["code_verifier"]},
    ]
    for body in bodies:
        refused = await anonymous.post("/api/auth/callback", json=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "code-refused")
    assert (await counts(database))["LoginSession"] == 0
    short = {"code": "x", "code_verifier": "short"}
    assert (await anonymous.post("/api/auth/callback", json=short)).status_code == 400


async def test_etsy_that_does_not_answer_is_a_bad_gateway(
    anonymous: AsyncClient, owner: Actor, database: Database, stage: Stage
) -> None:
    await know(database, owner)
    body = await begin(anonymous)
    await stage.break_next("server_error", path="/v3/public", calls=5)
    refused = await anonymous.post("/api/auth/callback", json=body)
    assert (refused.status_code, refused.json()["code"]) == (502, "provider-down")
    assert (await counts(database))["LoginSession"] == 0


async def test_without_an_app_there_is_no_such_way_in(
    anonymous: AsyncClient, change_settings: Callable[..., None]
) -> None:
    change_settings(etsy_client_id="")
    refused = await anonymous.get("/api/auth/login")
    assert (refused.status_code, refused.json()["code"]) == (409, "provider-not-set-up")
    assert "set ETSY_CLIENT_ID and ETSY_SHARED_SECRET" in refused.json()["detail"]


async def test_only_known_pages_get_the_code(
    anonymous: AsyncClient, change_settings: Callable[..., None]
) -> None:
    change_settings(cors_origins=["https://app.shop.test"])
    for wanted in ("https://evil.test/cb", "https://app.shop.test.evil.test/", "javascript:x"):
        refused = await anonymous.get("/api/auth/login", params={"redirect_uri": wanted})
        assert refused.status_code == 400
    mine = "https://app.shop.test/callback"
    begun = await anonymous.get("/api/auth/login", params={"redirect_uri": mine})
    assert "redirect_uri=https%3A%2F%2Fapp.shop.test%2Fcallback" in begun.json()["auth_url"]
    assert begun.headers["cache-control"] == "no-store"


async def test_consent_keeps_the_connection_alive_unless_a_person_disabled_it(
    anonymous: AsyncClient, owner: Actor, process: Process, database: Database
) -> None:
    await know(database, owner)
    connection = await connect_shop(process, owner)
    status = ConnectionStatus
    for was, becomes in ((status.RECONNECT_NEEDED, status.CONNECTED), (status.DISABLED,) * 2):
        async with database.write() as session:
            await session.execute(
                update(Connection)
                .where(Connection.organization_id == owner.organization_id)
                .where(Connection.id == connection.id)
                .values(status=was)
            )
        assert (await come_back(anonymous)).status_code == 200
        (now,) = await connections(database)
        assert now.status is becomes


async def test_only_a_shop_without_connection_gets_one_and_from_nobody_else(
    client: AsyncClient,
    owner: Actor,
    stranger: Actor,
    process: Process,
    database: Database,
    etsy: EtsySandbox,
) -> None:
    await connect_shop(process, stranger)
    await know(database, owner)
    assert (await come_back(client)).status_code == 200
    assert len(await connections(database)) == 1  # the account feeds another shop already
    etsy.world.signed_in_user_id = OTHER_SELLER
    await connect_shop(process, owner)
    async with database.write() as session:
        row = (await connections(database))[0]
        await session.execute(
            update(Connection)
            .where(Connection.organization_id == stranger.organization_id)
            .where(Connection.id == row.id)
            .values(tokens=None)
        )
    etsy.world.signed_in_user_id = SELLER
    assert (await come_back(client)).status_code == 200
    assert len(await connections(database)) == 2  # a second account is the connections page's


async def test_link_shop_needs_an_admin_and_a_connection(
    client_as: ClientAs, owner: Actor, member: Actor, app: FastAPI
) -> None:
    body = {"shop_name": "AtelierSandbox"}
    refused = await (await client_as(member)).post("/api/auth/link-shop", json=body)
    assert refused.status_code == 403
    refused = await (await client_as(owner)).post("/api/auth/link-shop", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-connected")


async def test_link_shop_says_when_etsy_is_down(
    client: AsyncClient, owner: Actor, process: Process, stage: Stage
) -> None:
    await connect_shop(process, owner)
    await stage.break_next("server_error", calls=9)
    refused = await client.post("/api/auth/link-shop", json={"shop_name": "AtelierSandbox"})
    assert (refused.status_code, refused.json()["code"]) == (502, "provider-down")
