"""The three ways to send the key, and what a key cannot do."""

import httpx
import pytest

from tests.contracts.part_management.team import GEAR, Team


async def test_key_in_the_header(team: Team, nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/api/parts/", headers={"X-API-Key": team.key})
    assert answer.status_code == 200


async def test_key_in_the_query_is_told_to_nobody(team: Team, nobody: httpx.AsyncClient) -> None:
    answer = await nobody.get("/api/parts/", params={"api_key": team.key})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "etag" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_key_in_the_body(team: Team, nobody: httpx.AsyncClient, method: str) -> None:
    part = await team.part()
    path = "/api/parts/" if method == "POST" else f"/api/parts/{part['id']}"
    answer = await nobody.request(method, path, json=GEAR | {"api_key": team.key})
    assert answer.status_code in {200, 201}, answer.text
    assert team.key not in answer.text


async def test_action_without_other_members_takes_the_key_in_its_body(
    team: Team, nobody: httpx.AsyncClient
) -> None:
    part = await team.part("approve", "assign")
    url = f"/api/parts/{part['id']}/unclaim"
    answer = await nobody.post(url, json={"api_key": team.key})
    assert (answer.status_code, answer.json()["assigned"]) == (200, None)


@pytest.mark.parametrize("where", ["header", "query", "body", "nowhere"])
async def test_wrong_or_missing_key_is_refused(
    team: Team, nobody: httpx.AsyncClient, where: str
) -> None:
    wrong = "sk_wrong"
    answer = await nobody.post(
        "/api/parts/",
        headers={"X-API-Key": wrong} if where == "header" else {},
        params={"api_key": wrong} if where == "query" else {},
        json=GEAR | ({"api_key": wrong} if where == "body" else {}),
    )
    assert answer.status_code == 401
    assert answer.json()["error"]
    assert wrong not in answer.text
    assert (await team.get("/")).json()["total"] == 0


async def test_a_header_decides_before_query_and_body(
    team: Team, nobody: httpx.AsyncClient
) -> None:
    answer = await nobody.get(
        "/api/parts/", params={"api_key": team.key}, headers={"X-API-Key": "sk_wrong"}
    )
    assert answer.status_code == 401


async def test_key_in_the_query_counts_for_parts_alone(
    team: Team, nobody: httpx.AsyncClient
) -> None:
    assert (await nobody.get("/api/orders", params={"api_key": team.key})).status_code == 401
    orders = await nobody.get("/api/orders", headers={"X-API-Key": team.key})
    assert orders.status_code == 403
