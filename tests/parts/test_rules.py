"""How parts move, without a database."""

from datetime import timedelta
from typing import Any

import pytest

from shopwright.kernel.errors import Invalid
from shopwright.parts import rules, statistics
from shopwright.parts.queries import Tally
from shopwright.parts.rules import Standing
from shopwright.parts.states import (
    CATEGORY_MOVES,
    STATUSES_OF,
    PartCategory,
    PartMoveForbidden,
    PartStatus,
    PartType,
)
from tests.clock import START


def standing(**changes: Any) -> Standing:
    facts: dict[str, Any] = {
        "type": PartType.HAND,
        "category": PartCategory.HAND,
        "status": PartStatus.REVIEWED,
        "assigned": None,
        "misc_info": {},
    }
    return Standing(**(facts | changes))


def tally(**changes: Any) -> Tally:
    facts: dict[str, Any] = {
        "type": "hand",
        "category": PartCategory.COMPLETED,
        "status": PartStatus.COMPLETED,
        "assigned": "Ada",
        "amount": 1,
        "claimed_at": START,
        "completed_at": START + timedelta(hours=1),
        "updated_at": START,
        "misc_info": {},
    }
    return Tally(**(facts | changes))


def test_every_category_is_reached_and_left() -> None:
    assert set(CATEGORY_MOVES) == set(STATUSES_OF) == set(PartCategory)
    reached = set().union(*CATEGORY_MOVES.values())
    assert reached == set(PartCategory) - {PartCategory.REVIEW}
    assert all(CATEGORY_MOVES.values())


def test_same_worker_twice_in_a_row_is_one_entry() -> None:
    first = rules.assign(standing(), "Ada", START)["misc_info"]
    again = rules.assign(standing(misc_info=first), "ada", START)["misc_info"]
    other = rules.assign(standing(misc_info=again), "Bob", START)["misc_info"]
    assert [entry["name"] for entry in other["handWorkers"]] == ["Ada", "Bob"]


def test_cnc_part_keeps_no_list_of_workers() -> None:
    part = standing(type=PartType.CNC, category=PartCategory.CNC)
    assert rules.assign(part, "Ada", START)["misc_info"] == {}


def test_workers_written_by_a_client_in_any_form_do_no_harm() -> None:
    part = standing(misc_info={"handWorkers": "Ada"})
    assert len(rules.assign(part, "Bob", START)["misc_info"]["handWorkers"]) == 1
    strange = tally(misc_info={"handWorkers": ["Zoe", {"name": None}, 5]})
    assert {s.name: s.score for s in statistics.rank_people([strange])} == {
        "Ada": 1.0, "Zoe": 0.5, "5": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("action", [rules.unclaim, rules.revert])
def test_cancelled_part_stays_where_it_is(action: Any) -> None:
    with pytest.raises(PartMoveForbidden):
        action(standing(status=PartStatus.CANCELLED))


def test_put_replaces_but_keeps_what_we_wrote() -> None:
    existing = {"reviewer": "Grace", "handWorkers": [{"name": "Ada"}], "storage": "A1"}
    assert rules.replaced(existing, {"storage": "B2", "note": None}) == {
        "reviewer": "Grace",
        "handWorkers": [{"name": "Ada"}],
        "storage": "B2",
    }


def test_endless_misc_info_is_refused() -> None:
    with pytest.raises(Invalid, match="more than 20,000 characters"):
        rules.checked_misc_info({"storage": "x" * 20_001})


def test_hours_count_once_per_piece_and_unclaimed_parts_not_at_all() -> None:
    long = tally(amount=2, completed_at=START + timedelta(hours=30))
    counted = statistics.count_in_detail([tally(), long, tally(claimed_at=None)])
    assert counted["average_completion_time"] == 20.33
    assert counted["completion_time_distribution"] == {
        "<1h": 0, "1-4h": 1, "4-8h": 0, "8-24h": 0, ">24h": 2,
    }  # fmt: skip


def test_nothing_made_has_no_average() -> None:
    assert statistics.count_in_detail([])["average_completion_time"] is None


def test_incorrect_part_costs_two_points() -> None:
    wrong = tally(misc_info={"completedIncorrectly": True})
    assert [(s.name, s.score) for s in statistics.rank_people([wrong])] == [("Ada", -1.0)]
