"""What the part-management document prints besides its endpoints: the part, keys, settings."""

import json
from pathlib import Path

import httpx
import pytest

from shopwright.kernel.settings import Environment, Settings
from tests.contracts.part_management.documented import PART, assert_documented
from tests.contracts.part_management.team import Team

# As printed under "Part Data Structure".
PRINTED = {
    "id": 1,
    "type": "cnc",
    "name": "Drive Gear",
    "subsystem": "Drive System",
    "assigned": "John Doe",
    "status": "In Progress",
    "notes": "Check tooth profile",
    "file": "gear.stl",
    "onshapeUrl": "https://...",
    "claimedDate": "2024-01-15T10:30:00Z",
    "category": "cnc",
    "createdAt": "2024-01-10T08:00:00Z",
    "updatedAt": "2024-01-15T10:30:00Z",
}
READ_ONLY = {"id", "claimedDate", "createdAt", "updatedAt"}
CONFIG = {
    "DATABASE_URL": "sqlite:///parts_prod.db",
    "SECRET_KEY": "your-secure-secret-key-here",
    "FLASK_ENV": "production",
}


async def test_the_printed_part_is_taken_and_answered_as_it_is(team: Team) -> None:
    written = {name: value for name, value in PRINTED.items() if name not in READ_ONLY}
    made = assert_documented(await team.post("/", **PRINTED), PART | written, 201)
    read = assert_documented(await team.get(f"/{made['id']}"), PART | written)
    assert set(PRINTED) <= set(read)
    back = assert_documented(await team.put(f"/{made['id']}", **read), PART | written)
    assert (back["id"], back["createdAt"]) == (made["id"], made["createdAt"])


async def test_what_an_order_adds_stands_behind_the_printed_members(team: Team) -> None:
    made = await team.part()
    assert list(made)[: len(PRINTED) + 2] == [
        "id", "uuid", "partId", "type", "name", "subsystem", "assigned", "status", "notes", "file",
        "onshapeUrl", "claimedDate", "category", "createdAt", "updatedAt",
    ]  # fmt: skip
    assert (made["order"], made["dueOn"], made["personalisation"]) == (None, None, [])


@pytest.mark.parametrize("way", ["header", "query", "body"])
async def test_a_part_is_made_with_the_key_sent_each_way(
    team: Team, nobody: httpx.AsyncClient, way: str
) -> None:
    sent = {"name": "Bracket"} | ({"api_key": team.key} if way == "body" else {})
    answer = await nobody.post(
        "/api/parts/",
        headers={"X-API-Key": team.key} if way == "header" else {},
        params={"api_key": team.key} if way == "query" else {},
        json=sent,
    )
    assert (answer.status_code, answer.json()["name"]) == (201, "Bracket")
    assert team.key not in answer.text


async def test_the_documentation_and_the_health_need_no_key(nobody: httpx.AsyncClient) -> None:
    page = await nobody.get("/api/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await nobody.get("/health")).json()["status"] == "healthy"
    refused = await nobody.get("/api/parts/")
    assert refused.status_code == 401
    assert refused.json()["error"]


def test_the_printed_settings_are_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = CONFIG | {"SECRET_KEY": CONFIG["SECRET_KEY"].ljust(32, "-")}
    (tmp_path / "config.json").write_text(json.dumps(config))
    read = Settings()
    assert (read.environment, read.database_url) == (Environment.PRODUCTION, CONFIG["DATABASE_URL"])
    for name, value in (
        ("FLASK_ENV", "development"), ("PORT", "5000"), ("BASE_PATH", "/part-management-system"),
        ("CORS_ORIGINS", "https://yourdomain.com"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    named = Settings()
    assert (named.environment, named.port, named.base_path, named.cors_origins) == (
        Environment.DEVELOPMENT, 5000, "/part-management-system", ["https://yourdomain.com"],
    )  # fmt: skip
    assert named.database_url == CONFIG["DATABASE_URL"]
