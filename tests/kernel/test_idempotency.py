"""The same request twice does its work once, whatever happens in between."""

import asyncio
import io

import pytest
from httpx import AsyncClient
from PIL import Image
from sqlalchemy import func, select

from shopwright.accounts.models import ApiKey, Invitation, Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.idempotency import IdempotencyRecord
from tests.clock import FixedClock
from tests.conftest import ClientAs

INVITE = "/api/members/invitations"
BODY = {"email": "a@shop.test"}


async def count_invitations(database: Database) -> int:
    async with database.read() as session:
        count = select(func.count(Invitation.id)).where(Invitation.organization_id > 0)
        return await session.scalar(count) or 0


async def test_a_repetition_gets_the_first_answer_without_its_secret(
    client: AsyncClient, database: Database
) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await client.post(INVITE, json=BODY, headers=headers)
    second = await client.post(INVITE, json=BODY, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["idempotency-replayed"] == "true"
    shown = {k: v for k, v in first.json().items() if k not in {"token", "link"}}
    assert second.json() == shown
    assert await count_invitations(database) == 1
    async with database.read() as session:
        kept = await session.scalar(select(IdempotencyRecord.answer))
    assert kept is not None
    assert first.json()["token"] not in kept


async def test_another_body_with_the_same_key_is_refused(
    client: AsyncClient, database: Database
) -> None:
    headers = {"Idempotency-Key": "one"}
    await client.post(INVITE, json=BODY, headers=headers)
    refused = await client.post(INVITE, json={"email": "b@shop.test"}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency-key-reused")
    assert await count_invitations(database) == 1


async def test_a_refusal_is_not_kept(client: AsyncClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    bad = {"name": "till", "scopes": ["everything"]}
    assert (await client.post("/api/keys", json=bad, headers=headers)).status_code == 400
    good = {"name": "till", "scopes": ["orders"]}
    assert (await client.post("/api/keys", json=good, headers=headers)).status_code == 201
    async with database.read() as session:
        assert await session.scalar(select(func.count(IdempotencyRecord.id))) == 1


async def test_eight_at_once_do_it_once(client: AsyncClient, database: Database) -> None:
    headers = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(
        *(client.post(INVITE, json=BODY, headers=headers) for _ in range(8))
    )
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert sum("token" in a.json() for a in answers) == 1
    assert await count_invitations(database) == 1


async def test_a_key_is_forgotten_after_a_day(
    client: AsyncClient, anonymous: AsyncClient, database: Database, clock: FixedClock
) -> None:
    made = await client.post("/api/keys", json={"name": "till", "role": "admin"})
    headers = {"Idempotency-Key": "one", "X-API-Key": made.json()["key"]}
    for hours, count in ((0, 1), (24, 1), (1, 2)):
        clock.advance(hours=hours)
        answer = await anonymous.post(INVITE, json=BODY, headers=headers)
        assert answer.status_code == 201
        assert await count_invitations(database) == count


async def test_keys_are_each_principals_own(
    client: AsyncClient, client_as: ClientAs, database: Database, admin: Actor
) -> None:
    headers = {"Idempotency-Key": "one"}
    await client.post("/api/keys", json={"name": "till"}, headers=headers)
    theirs = await client_as(admin)
    await theirs.post("/api/keys", json={"name": "till"}, headers=headers)
    async with database.read() as session:
        count = select(func.count(ApiKey.id)).where(ApiKey.organization_id > 0)
        assert await session.scalar(count) == 2


async def test_somebody_who_may_not_do_it_gets_no_stored_answer(
    client: AsyncClient, anonymous: AsyncClient
) -> None:
    headers = {"Idempotency-Key": "one"}
    await client.post(INVITE, json=BODY, headers=headers)
    assert (await anonymous.post(INVITE, json=BODY, headers=headers)).status_code == 401


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
async def test_a_key_that_is_none_is_refused(client: AsyncClient, key: str) -> None:
    refused = await client.post(INVITE, json=BODY, headers={"Idempotency-Key": key})
    assert refused.status_code == 400


async def test_strangers_behind_one_address_never_get_each_others_files(
    anonymous: AsyncClient, organization: Organization
) -> None:
    assert organization.id
    headers = {"Idempotency-Key": "1"}
    pictures = [png_of("red"), png_of("lime")]
    assert len(pictures[0]) == len(pictures[1])
    answers = [
        await anonymous.post("/upload/design", files={"file": ("a.png", picture)}, headers=headers)
        for picture in pictures
    ]
    assert [one.status_code for one in answers] == [200, 200], [one.text for one in answers]
    assert "idempotency-replayed" not in answers[1].headers
    assert answers[0].json()["filename"] != answers[1].json()["filename"]


def png_of(color: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (64, 64), color).save(target, "PNG")
    return target.getvalue()
