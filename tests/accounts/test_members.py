"""Invitations, roles, removal, keys and the audit log over HTTP."""

import asyncio

from httpx import AsyncClient
from sqlalchemy import func, select

from shopwright.accounts.models import ApiKey, Membership, Organization, User
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from tests import factories
from tests.clock import FixedClock
from tests.conftest import ClientAs

PASSWORD = "correct horse battery"


async def membership_of(database: Database, actor: Actor) -> int:
    async with database.read() as session:
        return (
            await session.execute(
                select(Membership.id).where(
                    Membership.organization_id == actor.organization_id,
                    Membership.user_id == actor.user_id,
                )
            )
        ).scalar_one()


async def role_of(database: Database, actor: Actor) -> Role | None:
    async with database.read() as session:
        role: Role | None = await session.scalar(
            select(Membership.role).where(
                Membership.organization_id == actor.organization_id,
                Membership.user_id == actor.user_id,
            )
        )
        return role


async def test_an_invited_stranger_becomes_a_member(
    client: AsyncClient, anonymous: AsyncClient, organization: Organization
) -> None:
    made = await client.post(
        "/api/members/invitations", json={"email": "New@Shop.test", "role": "user"}
    )
    assert made.status_code == 201
    invitation = made.json()
    assert (invitation["email"], invitation["role"]) == ("new@shop.test", "member")
    assert invitation["expires_at"] == "2026-03-09T09:00:00Z"
    listed = (await client.get("/api/members/invitations")).json()
    assert [i["id"] for i in listed["invitations"]] == [invitation["id"]]
    assert "token" not in listed["invitations"][0]

    body = {"token": invitation["token"], "password": PASSWORD, "first_name": "Nia"}
    joined = await anonymous.post("/api/auth/invitations/accept", json=body)
    assert joined.status_code == 201
    assert joined.json()["user"]["organization_id"] == organization.uuid
    again = await anonymous.post("/api/auth/invitations/accept", json=body)
    assert again.status_code == 410
    members = (await client.get("/api/members")).json()
    assert [(m["first_name"], m["role"]) for m in members["members"]] == [
        ("Owner", "owner"),
        ("Nia", "member"),
    ]
    assert (members["total"], members["pages"]) == (2, 1)


async def test_an_invitation_ends_after_a_week_or_when_revoked(
    client: AsyncClient, anonymous: AsyncClient, clock: FixedClock
) -> None:
    one = (await client.post("/api/members/invitations", json={"email": "a@shop.test"})).json()
    two = (await client.post("/api/members/invitations", json={"email": "b@shop.test"})).json()
    gone = await client.delete(f"/api/members/invitations/{one['uuid']}")
    assert gone.json() == {"message": "Invitation revoked"}
    body = {"token": one["token"], "password": PASSWORD}
    assert (await anonymous.post("/api/auth/invitations/accept", json=body)).status_code == 410
    clock.advance(days=7)
    body = {"token": two["token"], "password": PASSWORD}
    assert (await anonymous.post("/api/auth/invitations/accept", json=body)).status_code == 410
    body = {"token": "made up", "password": PASSWORD}
    assert (await anonymous.post("/api/auth/invitations/accept", json=body)).status_code == 404


async def test_somebody_with_an_account_gives_its_password(
    client: AsyncClient, anonymous: AsyncClient, database: Database, stranger: Actor
) -> None:
    async with database.read() as session:
        email = (await session.get_one(User, stranger.user_id)).email
    made = (await client.post("/api/members/invitations", json={"email": email})).json()
    body = {"token": made["token"], "password": PASSWORD}
    refused = await anonymous.post("/api/auth/invitations/accept", json=body)
    assert refused.status_code == 401
    async with database.read() as session:
        assert await session.scalar(select(func.count(User.id))) == 2


async def test_nobody_gives_a_role_above_their_own(
    client_as: ClientAs, database: Database, admin: Actor, owner: Actor, member: Actor
) -> None:
    as_admin = await client_as(admin)
    body = {"email": "x@shop.test", "role": "owner"}
    assert (await as_admin.post("/api/members/invitations", json=body)).status_code == 403
    where = f"/api/members/{await membership_of(database, owner)}"
    assert (await as_admin.put(where, json={"role": "viewer"})).status_code == 403
    assert (await as_admin.delete(where)).status_code == 403
    as_member = await client_as(member)
    assert (await as_member.post("/api/members/invitations", json=body)).status_code == 403
    where = f"/api/members/{await membership_of(database, admin)}"
    assert (await as_member.delete(where)).status_code == 403
    assert await role_of(database, owner) is Role.OWNER
    assert await role_of(database, admin) is Role.ADMIN


async def test_the_last_owner_stays(client: AsyncClient, database: Database, owner: Actor) -> None:
    where = f"/api/members/{await membership_of(database, owner)}"
    for answer in (
        await client.put(where, json={"role": "admin"}),
        await client.delete(where),
    ):
        assert answer.status_code == 409
        assert answer.json()["code"] == "last-owner"
    assert await role_of(database, owner) is Role.OWNER


async def test_two_owners_cannot_demote_each_other(
    client_as: ClientAs, database: Database, organization: Organization, owner: Actor
) -> None:
    async with database.write() as session:
        second = await factories.make_member(session, organization, Role.OWNER, "second")
    one, two = await client_as(owner), await client_as(second)
    answers = await asyncio.gather(
        one.put(f"/api/members/{await membership_of(database, second)}", json={"role": "member"}),
        two.put(f"/api/members/{await membership_of(database, owner)}", json={"role": "member"}),
    )
    roles = {await role_of(database, owner), await role_of(database, second)}
    assert sorted(a.status_code for a in answers) in ([200, 403], [200, 409])
    assert roles == {Role.OWNER, Role.MEMBER}


async def test_a_removed_member_is_out_at_once(
    client: AsyncClient, client_as: ClientAs, database: Database, member: Actor
) -> None:
    theirs = await client_as(member)
    assert (await theirs.get("/api/members")).status_code == 200
    removed = await client.delete(f"/api/members/{await membership_of(database, member)}")
    assert removed.json() == {"message": "Member removed"}
    assert (await theirs.get("/api/members")).status_code == 403


async def test_a_viewer_may_leave(
    client_as: ClientAs, database: Database, viewer: Actor, owner: Actor
) -> None:
    theirs = await client_as(viewer)
    left = await theirs.delete(f"/api/members/{await membership_of(database, viewer)}")
    assert left.status_code == 200
    assert await role_of(database, viewer) is None


async def test_a_key_is_shown_once_and_works_until_revoked(
    client: AsyncClient, anonymous: AsyncClient, database: Database
) -> None:
    made = await client.post("/api/keys", json={"name": "till", "scopes": ["account"]})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith("sk_")
    assert made.json()["prefix"] == key[:9]
    assert key not in (await client.get("/api/keys")).text
    headers = {"X-API-Key": key}
    assert (await anonymous.get("/api/members", headers=headers)).status_code == 200
    assert (await anonymous.get("/api/audit", headers=headers)).status_code == 403
    revoked = await client.delete(f"/api/keys/{made.json()['id']}")
    assert revoked.json() == {"message": "Key revoked"}
    assert (await anonymous.get("/api/members", headers=headers)).status_code == 401
    async with database.read() as session:
        stored = await session.scalar(select(ApiKey.key_hash).where(ApiKey.organization_id > 0))
    assert stored is not None
    assert key not in stored


async def test_a_key_dies_with_its_makers_membership(
    client: AsyncClient, client_as: ClientAs, database: Database, admin: Actor
) -> None:
    theirs = await client_as(admin)
    key = (await theirs.post("/api/keys", json={"name": "bot", "role": "admin"})).json()["key"]
    assert (await theirs.post("/api/keys", json={"name": "x", "role": "owner"})).status_code == 403
    nobody = await client_as(None)
    headers = {"X-API-Key": key}
    assert (await nobody.get("/api/keys", headers=headers)).status_code == 200
    made = await nobody.post("/api/keys", json={"name": "more"}, headers=headers)
    assert made.json()["error"] == "Keys are made by people, not by keys."
    await client.delete(f"/api/members/{await membership_of(database, admin)}")
    assert (await nobody.get("/api/keys", headers=headers)).status_code == 401


async def test_unknown_scopes_are_named(client: AsyncClient) -> None:
    refused = await client.post("/api/keys", json={"name": "till", "scopes": ["everything"]})
    assert refused.status_code == 400
    assert refused.json()["error"].startswith("Unknown scopes: everything. Known: account, agent,")


async def test_the_audit_log_tells_who_did_what(client: AsyncClient, owner: Actor) -> None:
    await client.post("/api/keys", json={"name": "till"})
    await client.post("/api/members/invitations", json={"email": "a@shop.test"})
    answer = (await client.get("/api/audit?limit=1")).json()
    assert (answer["total"], answer["limit"], answer["pages"]) == (2, 1, 2)
    assert answer["entries"][0]["action"] == "member.invited"
    assert answer["entries"][0]["user_id"] == owner.user_id
    assert answer["entries"][0]["facts"] == {"email": "a@shop.test", "role": "member"}
    keys = (await client.get("/api/audit?subject=api_key&envelope=data")).json()
    assert [e["action"] for e in keys["data"]] == ["api_key.created"]
