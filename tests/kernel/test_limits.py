"""Rate limits: counted per principal or address, told in headers, refused with Retry-After."""

import pytest
from httpx import AsyncClient

from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.server.middleware import RequestMiddleware
from tests.clock import START, FixedClock
from tests.conftest import ClientAs


def limit(process: Process, **settings: int) -> None:
    process.settings = process.settings.model_copy(update=settings)


async def test_answers_tell_the_standing(client: AsyncClient) -> None:
    first = await client.get("/api/members")
    second = await client.get("/api/members")
    assert first.headers["x-ratelimit-limit"] == "1000"
    assert first.headers["x-ratelimit-remaining"] == "999"
    assert second.headers["x-ratelimit-remaining"] == "998"
    assert second.headers["x-ratelimit-reset"] == str(int(START.timestamp()) + 3600)


async def test_beyond_the_limit_is_429_until_the_window_ends(
    client: AsyncClient, process: Process, clock: FixedClock
) -> None:
    limit(process, rate_limit_per_hour=2)
    for _ in range(2):
        assert (await client.get("/api/members")).status_code == 200
    clock.advance(minutes=20)
    refused = await client.get("/api/members")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "2400"
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.json()["error"] == "At most 2 requests per hour. Try again in 2400 seconds."
    clock.advance(minutes=40)
    assert (await client.get("/api/members")).status_code == 200


async def test_each_principal_is_counted_alone(
    client: AsyncClient, client_as: ClientAs, process: Process, viewer: Actor
) -> None:
    limit(process, rate_limit_per_hour=1)
    assert (await client.get("/api/members")).status_code == 200
    assert (await client.get("/api/members")).status_code == 429
    assert (await (await client_as(viewer)).get("/api/members")).status_code == 200


async def test_public_routes_are_counted_by_address(
    anonymous: AsyncClient, process: Process
) -> None:
    limit(process, rate_limit_public_per_minute=1)
    body = {"refresh_token": "made up"}
    assert (await anonymous.post("/api/auth/refresh", json=body)).status_code == 401
    assert (await anonymous.post("/api/auth/refresh", json=body)).status_code == 429


async def test_zero_lifts_a_limit(client: AsyncClient, process: Process) -> None:
    limit(process, rate_limit_per_hour=0)
    answer = await client.get("/api/members")
    assert "x-ratelimit-limit" not in answer.headers


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.0.2.9", "203.0.113.7", "192.0.2.9"),
    ],
)
async def test_only_trusted_proxies_name_the_client(
    peer: str, forwarded: str, expected: str
) -> None:
    seen: list[str] = []

    async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        seen.append(scope["client"][0])

    middleware = RequestMiddleware(app, trusted_proxies=["10.0.0.0/8"])
    headers = [(b"x-forwarded-for", forwarded.encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": (peer, 1)}
    await middleware(scope, None, None)  # type: ignore[arg-type]
    assert seen == [expected]
