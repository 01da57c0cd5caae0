"""A list that has not changed is answered in front of the framework, and lacks nothing for it."""

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import delete, update
from structlog.testing import capture_logs

from shopwright.accounts.identities import forget_after_commit
from shopwright.accounts.models import Membership, Organization
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from tests.workshop import place

PATH = "/api/orders"
ALIKE = {
    "etag", "cache-control", "vary", "content-type", "content-security-policy",
    "x-content-type-options", "x-frame-options", "referrer-policy", "x-ratelimit-limit",
}  # fmt: skip


@pytest.fixture
async def tag(client: AsyncClient) -> dict[str, str]:
    first = await client.get(PATH)
    assert first.status_code == 200
    return {"If-None-Match": first.headers["etag"]}


async def unchanged(client: AsyncClient, headers: dict[str, str]) -> Response:
    answer = await client.get(PATH, headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    return answer


async def test_it_carries_what_every_answer_carries(
    client: AsyncClient, tag: dict[str, str]
) -> None:
    whole = await client.get(PATH)
    short = await unchanged(client, {**tag, "X-Request-Id": "mine-1"})
    assert short.headers["x-request-id"] == "mine-1"
    for name in ("etag", "cache-control", "vary", "content-security-policy", "x-frame-options"):
        assert short.headers[name] == whole.headers[name], name


async def test_it_is_counted_against_the_limit(
    client: AsyncClient, tag: dict[str, str], settings: Settings
) -> None:
    first = await unchanged(client, tag)
    second = await unchanged(client, tag)
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in (first, second)]
    assert left[0] - left[1] == 1
    assert int(first.headers["x-ratelimit-limit"]) == settings.rate_limit_per_hour


async def test_it_is_logged_with_its_route(client: AsyncClient, tag: dict[str, str]) -> None:
    with capture_logs() as lines:
        await unchanged(client, {**tag, "X-Request-Id": "mine-2"})
    (line,) = (line for line in lines if line["event"] == "request")
    assert (line["status"], line["route"], line["request_id"]) == (304, PATH, "mine-2")


async def test_a_token_that_was_given_back_gets_nothing(
    client: AsyncClient, tag: dict[str, str]
) -> None:
    await unchanged(client, tag)
    assert (await client.post("/api/auth/logout")).status_code == 200
    assert (await client.get(PATH, headers=tag)).status_code == 401


async def test_another_token_does_not_profit(
    client: AsyncClient, anonymous: AsyncClient, tag: dict[str, str]
) -> None:
    await unchanged(client, tag)
    assert (await anonymous.get(PATH, headers=tag)).status_code == 401
    forged = {**tag, "Authorization": "Bearer nobody"}
    assert (await anonymous.get(PATH, headers=forged)).status_code == 401


async def test_the_same_question_again_is_answered_from_the_database(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    """In front of the framework, and with nothing kept of the last answer."""
    first = await client.get(PATH)
    with capture_logs() as lines:
        again = await client.get(PATH, headers={"X-Request-Id": "mine-3"})
    assert again.json() == first.json()
    assert {name: again.headers[name] for name in again.headers if name in ALIKE} == {
        name: first.headers[name] for name in first.headers if name in ALIKE
    }
    assert again.headers["x-request-id"] == "mine-3"
    (line,) = (line for line in lines if line["event"] == "request")
    assert (line["status"], line["route"], line["request_id"]) == (200, PATH, "mine-3")
    async with database.write() as session:
        order = await place(session, owner, (None, 1))
    moved = await client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert [one["id"] for one in moved.json()["orders"]] == [order.id]
    assert moved.headers["etag"] != first.headers["etag"]
    assert (await client.get(PATH, headers={"If-None-Match": moved.headers["etag"]})).content == b""


async def test_whoever_may_less_than_before_takes_the_whole_way(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    assert (await client.get(PATH)).status_code == 200
    assert (await client.get(PATH)).status_code == 200
    async with database.write() as session:
        await session.execute(
            delete(Membership).where(Membership.organization_id == owner.organization_id)
        )
        forget_after_commit(session)
    assert (await client.get(PATH)).status_code == 403


async def test_beyond_the_limit_the_route_refuses(client: AsyncClient, process: Process) -> None:
    await client.get(PATH)
    process.settings = process.settings.model_copy(update={"rate_limit_per_hour": 1})
    refused = await client.get(PATH)
    assert refused.status_code == 429
    assert "requests per hour" in refused.json()["detail"]


async def test_days_are_read_in_the_zone_of_the_shop_as_it_is_now(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        await place(session, owner, (None, 1))  # 9:00 UTC on 2 March
    days = {"start_date": "2026-03-02"}
    assert (await client.get(PATH, params=days)).json()["total"] == 1
    async with database.write() as session:
        await session.execute(
            update(Organization)
            .values(time_zone="Pacific/Pago_Pago")  # where it was still the 1st
            .where(Organization.id == owner.organization_id)
        )
    assert (await client.get(PATH, params=days)).json()["total"] == 0
