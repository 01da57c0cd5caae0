"""Parts, as the part-management document prints them."""

from typing import Any

import pytest

from tests.clock import FixedClock
from tests.contracts.part_management.documented import (
    PART,
    assert_documented,
    covers,
    zulu_time,
)
from tests.contracts.part_management.team import GEAR, Team


@covers("POST /api/parts")
async def test_part_is_created_and_waits_for_review(team: Team) -> None:
    made = assert_documented(
        await team.post("/", **GEAR),
        PART
        | GEAR
        | {
            "status": "Pending",
            "category": "review",
            "assigned": None,
            "claimedDate": None,
            "createdAt": "2026-03-02T09:00:00Z",
            "amount": 1,
        },
        201,
    )
    assert made["partId"] == made["uuid"].replace("-", "")[-8:]


async def test_snake_case_is_read_and_camel_case_is_answered(team: Team) -> None:
    made = await team.part(
        onshape_url="https://cad.onshape.com/documents/2",
        onshapeUrl=None,
        material_thickness="3 mm",
        misc_info={"storage": "shelf 2", "empty": None},
        id=77,
        partId="mine",
        createdAt="2020-01-01T00:00:00Z",
        unknown="ignored",
    )
    assert made["materialThickness"] == "3 mm"
    assert made["miscInfo"] == {"storage": "shelf 2"}
    assert made["partId"] != "mine"
    assert made["createdAt"] == "2026-03-02T09:00:00Z"


async def test_only_what_the_document_prints_is_needed(team: Team) -> None:
    made = assert_documented(await team.post("/"), {"name": str, "category": "review"}, 201)
    assert made["name"] == f"Part {made['partId']}"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"type": "laser"}, "must be one of cnc, hand, misc, not 'laser'"),
        ({"category": "welding"}, "must be one of review, cnc, hand, misc, completed"),
        ({"status": "Nearly"}, "must be one of Pending, Reviewed, Approved, In Progress"),
        ({"amount": 0}, "greater than or equal to 1"),
        ({"amount": "many"}, "valid integer"),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"onshapeUrl": "javascript:alert(1)"}, "must begin with https://"),
        ({"miscInfo": [1]}, "valid dictionary"),
        ({"miscInfo": {"a": {"b": {"c": {"d": {}}}}}}, "nested 4 deep"),
        ({"notes": "a\u0000b"}, "NUL"),
    ],
)
async def test_impossible_parts_are_refused_and_not_stored(
    team: Team, body: dict[str, Any], says: str
) -> None:
    answer = await team.post("/", **(GEAR | body))
    assert answer.status_code == 400, answer.text
    assert says in answer.json()["error"]
    assert (await team.get("/")).json()["total"] == 0


@covers("GET /api/parts")
async def test_parts_are_listed_searched_sorted_and_paged(team: Team) -> None:
    for name, assigned in (("Bracket", "Ada"), ("axle", None), ("Cover", "bob")):
        await team.part(name=name, assigned=assigned, material="Polycarb")

    page = assert_documented(
        await team.get("/"), {"parts": [PART], "total": 3, "limit": int, "offset": 0}
    )
    assert [row["name"] for row in page["parts"]] == ["Cover", "axle", "Bracket"]
    by_name = (await team.get("/", sort_by="name", sort_order="asc")).json()
    assert [row["name"] for row in by_name["parts"]] == ["axle", "Bracket", "Cover"]
    by_person = (await team.get("/", sort_by="assigned", sort_order="asc")).json()
    assert [row["assigned"] for row in by_person["parts"]] == ["Ada", "bob", None]
    second = (await team.get("/", sort_by="name", sort_order="asc", limit=1, offset=1)).json()
    assert [row["name"] for row in second["parts"]] == ["Bracket"]
    assert (second["total"], second["limit"], second["offset"]) == (3, 1, 1)
    assert (second["page"], second["pages"]) == (2, 3)


@pytest.mark.parametrize(
    ("word", "found"),
    [("drive gear", 1), ("tooth", 1), ("TURRET", 1), ("ada", 1), ("polyc", 1), ("100%", 0)],
)
async def test_search_looks_into_every_named_field(team: Team, word: str, found: int) -> None:
    await team.part(subsystem="turret", assigned="Ada", material="Polycarb")
    await team.part(name="Bolt", notes="", subsystem="hopper", material="Steel")
    assert (await team.get("/", search=word)).json()["total"] == found


async def test_search_finds_the_part_id(team: Team) -> None:
    part = await team.part()
    assert (await team.get("/", search=part["partId"])).json()["total"] == 1


@pytest.mark.parametrize(
    "asked",
    [{"category": "x"}, {"sort_by": "weight"}, {"sort_order": "up"}, {"limit": 0}, {"offset": -1}],
)
async def test_impossible_questions_are_refused(team: Team, asked: dict[str, Any]) -> None:
    answer = await team.get("/", **asked)
    assert answer.status_code == 400, answer.text


@covers("GET /api/parts/categories/{category}")
async def test_parts_of_a_category(team: Team) -> None:
    await team.part(name="waits")
    await team.part("approve", name="approved")

    found = assert_documented(await team.get("/categories/cnc"), {"parts": [PART], "total": 1})
    assert [row["name"] for row in found["parts"]] == ["approved"]
    assert (await team.get("/", category="review")).json()["parts"][0]["name"] == "waits"
    assert (await team.get("/categories/misc")).json()["total"] == 0
    assert (await team.get("/categories/nothing")).status_code == 400


@covers("GET /api/parts/{id}")
async def test_one_part_is_read_by_id_and_by_uuid(team: Team) -> None:
    part = await team.part()
    assert_documented(await team.get(f"/{part['id']}"), PART | {"id": part["id"]})
    assert (await team.get(f"/{part['uuid']}/")).json()["id"] == part["id"]
    missing = await team.get("/999999")
    assert (missing.status_code, missing.json()["code"]) == (404, "part-missing")


async def test_nothing_is_sent_again_that_has_not_changed(team: Team) -> None:
    part = await team.part()
    first = await team.get(f"/{part['id']}")
    team.shop.client.headers["if-none-match"] = first.headers["etag"]
    assert (await team.get(f"/{part['id']}")).status_code == 304
    await team.put(f"/{part['id']}", notes="new")
    changed = await team.get(f"/{part['id']}")
    assert (changed.status_code, changed.json()["notes"]) == (200, "new")


@covers("PUT /api/parts/{id}")
async def test_part_is_updated_and_clients_may_send_back_what_they_read(
    team: Team, clock: FixedClock
) -> None:
    part = await team.part("approve", "assign")
    clock.advance(minutes=5)

    same = assert_documented(await team.put(f"/{part['id']}", **part), PART)
    assert same | {"updatedAt": ""} == part | {"updatedAt": ""}
    changed = (await team.put(f"/{part['id']}", amount="4", materialThickness=6)).json()
    assert (changed["amount"], changed["materialThickness"]) == (4, "6")
    assert (changed["assigned"], changed["updatedAt"]) == ("John Doe", "2026-03-02T09:05:00Z")
    assert (await team.put("/999999", name="x")).status_code == 404


@covers("DELETE /api/parts/{id}")
async def test_deleted_part_is_gone_from_every_list(team: Team) -> None:
    part = await team.part()
    assert_documented(await team.delete(f"/{part['id']}"), {"message": str})
    assert (await team.get(f"/{part['id']}")).status_code == 404
    assert (await team.delete(f"/{part['id']}")).status_code == 404
    assert (await team.get("/")).json()["total"] == 0
    assert (await team.get("/stats")).json()["total"] == 0


@covers("GET /api/parts/auth/check", "GET /health")
async def test_key_is_checked_every_two_seconds(team: Team, clock: FixedClock) -> None:
    clock.advance(hours=1)
    good = await team.get("/auth/check")
    assert_documented(
        good, {"status": "authenticated", "message": "API key is valid", "timestamp": zulu_time}
    )
    assert "no-store" in good.headers["cache-control"]
    clock.advance(seconds=1)
    early = await team.get("/auth/check")
    assert (early.status_code, early.json()["retry_after"]) == (429, 1.0)
    clock.advance(seconds=1)
    assert (await team.get("/auth/check")).status_code == 200
    health = await team.shop.client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "healthy")


@covers("GET /api/parts/stats")
async def test_stats_count_by_category_and_status(team: Team) -> None:
    await team.part()
    await team.part("approve", "assign")
    await team.part("approve", "assign", "complete", type="hand")

    assert (await team.get("/stats")).json() == {
        "by_category": {"review": 1, "cnc": 1, "hand": 0, "misc": 0, "completed": 1},
        "by_status": {"pending": 1, "in_progress": 1, "completed": 1},
        "assignment": {"assigned": 2, "unassigned": 1},
        "total": 3,
    }


@covers("GET /api/parts/stats/detailed")
async def test_detailed_stats_count_pieces_and_hours(team: Team, clock: FixedClock) -> None:
    part = await team.part("approve", "assign", amount=3)
    clock.advance(hours=2)
    await team.post(f"/{part['id']}/complete")
    await team.part("approve", "assign", amount=2, type="hand")

    assert (await team.get("/stats/detailed")).json() == {
        "total_parts": 5,
        "completed_parts": 3,
        "in_progress_parts": 2,
        "average_completion_time": 2.0,
        "completion_time_distribution": {
            "<1h": 0, "1-4h": 3, "4-8h": 0, "8-24h": 0, ">24h": 0,
        },
        "by_type": {"cnc": 3, "hand": 2, "misc": 0},
        "by_category": {"review": 0, "cnc": 0, "hand": 2, "misc": 0, "completed": 3},
        "top_contributors": [{"name": "John Doe", "count": 3}],
    }  # fmt: skip


@covers("GET /api/parts/leaderboard")
async def test_leaderboard_gives_points(team: Team) -> None:
    part = await team.part("approve", "assign", "unclaim", type="hand")
    await team.post(f"/{part['id']}/assign", assigned="Ada")
    await team.post(f"/{part['id']}/complete")
    wrong = await team.part("approve", "assign", type="cnc")
    await team.post(f"/{wrong['id']}/complete", miscInfo={"completedIncorrectly": True})

    assert (await team.get("/leaderboard")).json() == {
        "leaderboard": [{"name": "Ada", "score": 1.0}, {"name": "John Doe", "score": -0.5}]
    }
