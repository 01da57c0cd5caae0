"""Approve, assign, unclaim, complete, revert, as the part-management document names them."""

import asyncio
from typing import Any

import pytest

from tests.clock import FixedClock
from tests.contracts.part_management.documented import PART, assert_documented, covers
from tests.contracts.part_management.team import Team


@covers("POST /api/parts/{id}/approve")
@pytest.mark.parametrize(
    ("kind", "category"), [("cnc", "cnc"), ("Hand", "hand"), ("misc", "misc"), (None, "hand")]
)
async def test_approved_part_goes_where_its_type_is_made(
    team: Team, kind: str | None, category: str
) -> None:
    part = await team.part(type=kind)
    moved = assert_documented(
        await team.post(f"/{part['id']}/approve", reviewer="Grace", miscInfo={"storage": "A1"}),
        PART | {"type": str | None, "category": category, "status": "Reviewed"},
    )
    assert moved["miscInfo"] == {"reviewer": "Grace", "storage": "A1"}
    again = await team.post(f"/{part['id']}/approve")
    assert (again.status_code, again.json()["error"]) == (
        409, f"This part is not in review any more; it is in {category}.",
    )  # fmt: skip


@covers("POST /api/parts/{id}/assign")
async def test_assigned_part_is_in_progress_and_has_its_claim_date(team: Team) -> None:
    part = await team.part("approve", type="hand")
    moved = assert_documented(
        await team.post(f"/{part['id']}/assign", assigned="John Doe"),
        PART
        | {
            "assigned": "John Doe",
            "status": "In Progress",
            "category": "hand",
            "claimedDate": "2026-03-02T09:00:00Z",
        },
    )
    assert moved["miscInfo"]["handWorkers"] == [
        {"name": "John Doe", "timestamp": "2026-03-02T09:00:00Z"}
    ]
    nobody = await team.post(f"/{part['id']}/assign")
    assert (nobody.status_code, nobody.json()["code"]) == (400, "assigned-missing")


async def test_second_one_is_told_who_has_the_part(team: Team, clock: FixedClock) -> None:
    part = await team.part("approve", "assign")
    clock.advance(minutes=1)

    late = await team.post(f"/{part['id']}/assign", assigned="Mary")
    assert (late.status_code, late.json()["error"]) == (
        409,
        "John Doe has this part since 2026-03-02T09:00:00Z. It can be taken once it is given back.",
    )
    assert late.json()["assigned"] == "John Doe"
    again = (await team.post(f"/{part['id']}/assign", assigned="john doe")).json()
    assert again["claimedDate"] == "2026-03-02T09:00:00Z"
    assert (await team.get(f"/{part['id']}")).json()["assigned"] == "john doe"


async def test_of_many_at_once_one_wins(team: Team) -> None:
    part = await team.part("approve")
    names = [f"Worker {number}" for number in range(8)]
    answers = await asyncio.gather(
        *(team.post(f"/{part['id']}/assign", assigned=name) for name in names)
    )
    won = [answer.json()["assigned"] for answer in answers if answer.status_code == 200]
    told = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(won) == 1
    assert {(entry["code"], entry["assigned"]) for entry in told} == {("part-taken", won[0])}
    assert len(told) == 7
    assert (await team.get(f"/{part['id']}")).json()["assigned"] == won[0]


@covers("POST /api/parts/{id}/unclaim")
async def test_unclaimed_part_is_free_and_stays_begun(team: Team) -> None:
    part = await team.part("approve", "assign")
    assert_documented(
        await team.post(f"/{part['id']}/unclaim"),
        PART | {"assigned": None, "claimedDate": None, "status": "Already Started"},
    )
    taken = await team.post(f"/{part['id']}/assign", assigned="Mary")
    assert (taken.status_code, taken.json()["status"]) == (200, "In Progress")


async def test_review_is_not_forgotten_when_nobody_had_begun(team: Team) -> None:
    part = await team.part("approve")
    assert (await team.post(f"/{part['id']}/unclaim")).json()["status"] == "Reviewed"


@covers("POST /api/parts/{id}/complete")
async def test_completed_part_keeps_its_maker(team: Team, clock: FixedClock) -> None:
    part = await team.part("approve", "assign")
    clock.advance(hours=1)
    moved = assert_documented(
        await team.post(f"/{part['id']}/complete", miscInfo={"storage": "shelf 3"}),
        PART | {"status": "Completed", "category": "completed", "assigned": "John Doe"},
    )
    assert moved["miscInfo"] == {"storage": "shelf 3", "completed_at": "2026-03-02T10:00:00Z"}
    assert moved["completedDate"] == "2026-03-02T10:00:00Z"
    again = await team.post(f"/{part['id']}/complete")
    assert (again.status_code, again.json()["error"]) == (
        409, "A part in completed cannot be completed.",
    )  # fmt: skip


@covers("POST /api/parts/{id}/revert")
@pytest.mark.parametrize(
    ("kind", "status"), [("cnc", "In Progress"), ("hand", "In Progress"), ("misc", "Reviewed")]
)
async def test_reverted_part_goes_back_to_its_list(team: Team, kind: str, status: str) -> None:
    part = await team.part("approve", "assign", "complete", type=kind)
    moved = assert_documented(
        await team.post(f"/{part['id']}/revert"), PART | {"category": kind, "status": status}
    )
    assert "completed_at" in moved["miscInfo"]
    again = await team.post(f"/{part['id']}/revert")
    assert (again.status_code, again.json()["code"]) == (409, "part-move-forbidden")


@pytest.mark.parametrize("action", ["assign", "unclaim", "complete", "revert"])
async def test_part_in_review_is_not_worked_on(team: Team, action: str) -> None:
    part = await team.part()
    answer = await team.post(f"/{part['id']}/{action}", assigned="Mary")
    assert answer.status_code == 409, answer.text
    assert (await team.get(f"/{part['id']}")).json() == part


@pytest.mark.parametrize("action", ["approve", "assign", "unclaim", "complete", "revert"])
async def test_part_that_is_not_there(team: Team, action: str) -> None:
    assert (await team.post(f"/999999/{action}", assigned="Mary")).status_code == 404


@pytest.mark.parametrize(
    ("actions", "change", "after"),
    [
        ((), {"category": "cnc"}, ("cnc", "Reviewed")),
        (("approve",), {"status": "In Progress"}, ("cnc", "In Progress")),
        (("approve",), {"status": "cancelled"}, ("cnc", "Cancelled")),
        (("approve",), {"category": "completed"}, ("completed", "Completed")),
        (("approve", "complete"), {"category": "cnc"}, ("cnc", "In Progress")),
    ],
)
async def test_put_moves_along_the_declared_moves(
    team: Team, actions: tuple[str, ...], change: dict[str, str], after: tuple[str, str]
) -> None:
    part = await team.part(*actions)
    moved = (await team.put(f"/{part['id']}", **(part | change))).json()
    assert (moved["category"], moved["status"]) == after


@pytest.mark.parametrize(
    ("actions", "change", "says"),
    [
        ((), {"category": "completed"}, "A part in review cannot go to completed."),
        ((), {"category": "hand"},
         "A part of type cnc goes to cnc, not to hand. Change its type first."),
        ((), {"status": "In Progress"}, "A part in review cannot be In Progress."),
        (("approve",), {"category": "review"}, "A part in cnc cannot go to review."),
        (("approve",), {"status": "Completed"}, "A part in cnc cannot be Completed."),
        (("approve", "complete"), {"status": "Pending"},
         "A part that is Completed cannot become Pending."),
    ],
)  # fmt: skip
async def test_put_cannot_leave_the_declared_moves(
    team: Team, actions: tuple[str, ...], change: dict[str, Any], says: str
) -> None:
    part = await team.part(*actions)
    refused = await team.put(f"/{part['id']}", **change)
    assert (refused.status_code, refused.json()["error"]) == (409, says)
    assert (await team.get(f"/{part['id']}")).json() == part


async def test_misc_part_is_completed_where_it_is(team: Team) -> None:
    part = await team.part("approve", type="misc")
    moved = (await team.put(f"/{part['id']}", status="Completed")).json()
    assert (moved["category"], moved["status"]) == ("misc", "Completed")
