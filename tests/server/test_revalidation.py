"""A list that has not changed is answered in front of the framework, and lacks nothing for it."""

import pytest
from httpx import AsyncClient, Response
from structlog.testing import capture_logs

from shopwright.kernel.settings import Settings

PATH = "/api/orders"


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
