"""Who gets in: credentials in their order, roles, scopes, organizations."""

from collections.abc import AsyncIterator
from datetime import timedelta

import jwt
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlalchemy import update

from shopwright.accounts import access_tokens, credentials, identities
from shopwright.accounts.access import AdminCtx, MemberCtx, ViewerCtx
from shopwright.accounts.models import ApiKey, LoginSession, Membership, Organization, User
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.secrets import token_hash
from shopwright.server import problems
from tests.clock import FOREVER, START, FixedClock
from tests.conftest import bearer


def make_app(process: Process) -> FastAPI:
    """Four routes that tell who came in."""
    app = FastAPI()
    problems.install(app)
    app.state.process = process

    async def tell(ctx: ViewerCtx) -> dict[str, str | int]:
        return {"name": ctx.name, "role": ctx.role, "organization": ctx.organization_id}

    async def tell_member(ctx: MemberCtx) -> dict[str, str | int]:
        return {"name": ctx.name}

    async def tell_admin(ctx: AdminCtx) -> dict[str, str | int]:
        return {"name": ctx.name}

    app.get("/api/orders")(tell)
    app.post("/api/orders")(tell_member)
    app.get("/api/members")(tell_admin)
    app.get("/orders")(tell)
    app.post("/orders")(tell_member)
    return app


@pytest.fixture
async def web(process: Process) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(make_app(process))
    async with AsyncClient(transport=transport, base_url="http://shop.test") as client:
        yield client


async def add_key(database: Database, actor: Actor, secret: str, **columns: object) -> None:
    async with database.write() as session:
        session.add(
            ApiKey(
                organization_id=actor.organization_id,
                name="till",
                shown_prefix=secret[:8],
                key_hash=token_hash(secret),
                role=columns.pop("role", Role.MEMBER),
                made_by_user_id=actor.user_id,
                **columns,
            )
        )


async def add_cookie(database: Database, actor: Actor, secret: str) -> None:
    async with database.write() as session:
        session.add(
            LoginSession(
                user_id=actor.user_id,
                current_organization_id=actor.organization_id,
                token_hash=token_hash(secret),
                created_at=START,
                expires_at=START + timedelta(days=1),
            )
        )


async def test_nobody_is_told_to_sign_in(web: AsyncClient) -> None:
    answer = await web.get("/api/orders")
    assert answer.status_code == 401
    assert answer.json()["error"] == "Sign in: send a Bearer token or an X-API-Key."


async def test_a_token_names_person_role_and_organization(
    web: AsyncClient, process: Process, owner: Actor
) -> None:
    answer = await web.get("/api/orders", headers=await bearer(process, owner))
    assert answer.json() == {
        "name": "Owner",
        "role": "owner",
        "organization": owner.organization_id,
    }


async def test_a_viewer_may_look_and_not_touch(
    web: AsyncClient, process: Process, viewer: Actor
) -> None:
    headers = await bearer(process, viewer)
    assert (await web.get("/api/orders", headers=headers)).status_code == 200
    refused = await web.post("/api/orders", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This needs the role member; you are viewer here."


async def test_a_bad_token_is_not_rescued_by_a_good_key(
    web: AsyncClient, database: Database, owner: Actor
) -> None:
    await add_key(database, owner, "sk_good")
    headers = {"Authorization": "Bearer nonsense", "X-API-Key": "sk_good"}
    assert (await web.get("/api/orders", headers=headers)).status_code == 401
    assert (await web.get("/api/orders", headers={"X-API-Key": "sk_good"})).status_code == 200


async def test_a_token_ends_when_its_time_is_over(
    web: AsyncClient, process: Process, owner: Actor, clock: FixedClock
) -> None:
    headers = await bearer(process, owner)
    clock.advance(hours=23, minutes=59)
    assert (await web.get("/api/orders", headers=headers)).status_code == 200
    clock.advance(minutes=1)
    refused = await web.get("/api/orders", headers=headers)
    assert refused.status_code == 401
    assert refused.json()["error"] == "This sign-in has expired. Sign in again."


def outside_token(process: Process, algorithm: str = "HS256", **claims: object) -> dict[str, str]:
    key = access_tokens.signing_key(process.settings, process.context.vault)
    token = jwt.encode({"exp": int(FOREVER.timestamp()), **claims}, key * 2, algorithm)
    if algorithm == "HS256":
        token = jwt.encode({"exp": int(FOREVER.timestamp()), **claims}, key, algorithm)
    return {"Authorization": f"Bearer {token}"}


async def user_of(database: Database, actor: Actor) -> User:
    async with database.write() as session:
        return await session.get_one(User, actor.user_id)


@pytest.mark.parametrize("claim", ["userId", "sub", "id"])
async def test_a_token_from_outside_names_a_known_user(
    web: AsyncClient, process: Process, viewer: Actor, claim: str
) -> None:
    user = await user_of(process.database, viewer)
    headers = outside_token(process, **{claim: user.uuid, "role": "owner"})
    answer = await web.get("/api/orders", headers=headers)
    assert answer.json()["role"] == "viewer"


async def test_a_token_from_outside_may_name_a_verified_address(
    web: AsyncClient, process: Process, viewer: Actor
) -> None:
    user = await user_of(process.database, viewer)
    headers = outside_token(process, sub="someone-elsewhere", email=user.email.upper())
    assert (await web.get("/api/orders", headers=headers)).status_code == 200
    async with process.database.write() as session:
        await session.execute(
            update(User).where(User.id == user.id).values(is_email_verified=False)
        )
        identities.forget_after_commit(session)
    assert (await web.get("/api/orders", headers=headers)).status_code == 401


async def test_tokens_without_end_or_of_other_algorithms_are_refused(
    web: AsyncClient, process: Process, viewer: Actor
) -> None:
    user = await user_of(process.database, viewer)
    key = access_tokens.signing_key(process.settings, process.context.vault)
    endless = jwt.encode({"sub": user.uuid}, key, "HS256")
    unsigned = jwt.encode({"sub": user.uuid, "exp": 9999999999}, "", "none")
    stronger = outside_token(process, "HS512", sub=user.uuid)["Authorization"].split()[1]
    for token in (endless, unsigned, stronger):
        answer = await web.get("/api/orders", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_a_key_counts_in_either_header_until_revoked(
    web: AsyncClient, database: Database, owner: Actor
) -> None:
    await add_key(database, owner, "sk_one")
    assert (await web.get("/api/orders", headers={"X-API-Key": "sk_one"})).status_code == 200
    as_bearer = {"Authorization": "Bearer sk_one"}
    assert (await web.get("/api/orders", headers=as_bearer)).json()["name"] == "key till"
    async with database.write() as session:
        await session.execute(
            update(ApiKey)
            .where(ApiKey.organization_id == owner.organization_id)
            .values(revoked_at=START)
        )
        identities.forget_after_commit(session)
    assert (await web.get("/api/orders", headers=as_bearer)).status_code == 401


async def test_a_key_has_at_most_its_makers_role(
    web: AsyncClient, database: Database, admin: Actor
) -> None:
    await add_key(database, admin, "sk_boss", role=Role.ADMIN)
    headers = {"X-API-Key": "sk_boss"}
    assert (await web.get("/api/members", headers=headers)).status_code == 200
    async with database.write() as session:
        await session.execute(
            update(Membership)
            .where(Membership.organization_id == admin.organization_id)
            .values(role=Role.MEMBER)
        )
        identities.forget_after_commit(session)
    refused = await web.get("/api/members", headers=headers)
    assert refused.json()["error"] == "This needs the role admin; you are member here."


async def test_a_limited_key_opens_its_scope_only(
    web: AsyncClient, database: Database, owner: Actor
) -> None:
    await add_key(database, owner, "sk_orders", scopes=["orders"])
    await add_key(database, owner, "sk_parts", scopes=["parts"])
    assert (await web.get("/api/orders", headers={"X-API-Key": "sk_orders"})).status_code == 200
    refused = await web.get("/api/orders", headers={"X-API-Key": "sk_parts"})
    assert (refused.status_code, refused.json()["error"]) == (
        403,
        "This key has no scope 'orders'.",
    )
    assert (await web.get("/orders", headers={"X-API-Key": "sk_orders"})).status_code == 403


async def test_another_organization_needs_membership(
    web: AsyncClient, process: Process, member: Actor, other_organization: Organization
) -> None:
    headers = await bearer(process, member)
    where = f"/api/orders?organizationId={other_organization.uuid}"
    refused = await web.get(where, headers=headers)
    assert refused.status_code == 403
    assert refused.json()["error"] == "You are not a member of this organization."
    async with process.database.write() as session:
        session.add(
            Membership(
                organization_id=other_organization.id, user_id=member.user_id, role=Role.VIEWER
            )
        )
        identities.forget_after_commit(session)
    answer = await web.get(where, headers=headers)
    assert (answer.json()["organization"], answer.json()["role"]) == (
        other_organization.id,
        "viewer",
    )


async def test_a_page_cookie_counts_on_api_routes_only_with_its_csrf_token(
    web: AsyncClient, process: Process, owner: Actor
) -> None:
    await add_cookie(process.database, owner, "cookie-secret")
    web.cookies.set(credentials.PLAIN_COOKIE, "cookie-secret")
    assert (await web.get("/orders")).status_code == 200
    assert (await web.get("/api/orders")).status_code == 401
    token = credentials.csrf_token(process.context.vault, "cookie-secret")
    assert (await web.get("/api/orders", headers={"X-CSRF-Token": token})).status_code == 200
    other = credentials.csrf_token(process.context.vault, "other-secret")
    assert (await web.get("/api/orders", headers={"X-CSRF-Token": other})).status_code == 401


async def test_a_form_of_another_site_is_refused(
    web: AsyncClient, process: Process, owner: Actor
) -> None:
    await add_cookie(process.database, owner, "cookie-secret")
    web.cookies.set(credentials.PLAIN_COOKIE, "cookie-secret")
    assert (await web.post("/orders")).status_code == 403
    evil = await web.post("/orders", headers={"Origin": "http://evil.test"})
    assert evil.status_code == 403
    ours = await web.post("/orders", headers={"Origin": "http://shop.test"})
    assert ours.status_code == 200


async def test_an_ended_session_ends_its_tokens(
    web: AsyncClient, process: Process, owner: Actor
) -> None:
    headers = await bearer(process, owner)
    assert (await web.get("/api/orders", headers=headers)).status_code == 200
    async with process.database.write() as session:
        await session.execute(update(LoginSession).values(revoked_at=START))
        identities.forget_after_commit(session)
    refused = await web.get("/api/orders", headers=headers)
    assert refused.json()["error"] == "This sign-in is over. Sign in again."


async def test_the_shared_key_opens_parts_only(process: Process, owner: Actor) -> None:
    process.settings = process.settings.model_copy(
        update={"secret_key": SecretStr("the shop's shared key, 32 characters")}
    )
    credential = credentials.Credential(
        credentials.CredentialKind.KEY, "the shop's shared key, 32 characters"
    )
    identity = await identities.identify(process, credential)
    assert identity.scopes == frozenset({"parts"})
    assert identity.organization_id == owner.organization_id


async def test_a_look_up_that_rights_overtook_is_not_remembered(
    process: Process, owner: Actor
) -> None:
    cache = identities.IdentityCache()
    credential = credentials.Credential(credentials.CredentialKind.KEY, "sk_x")
    identity = identities.Identity(name="x", places={}, organization_id=None)
    generation = cache.generation
    cache.forget_all()
    cache.remember(credential, identity, generation)
    assert cache.find(credential) is None
