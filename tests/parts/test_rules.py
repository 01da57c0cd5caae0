"""How parts move, without a database."""

from typing import Any

import pytest

from shopwright.kernel.errors import Invalid
from shopwright.parts import rules, statistics
from shopwright.parts.report_queries import Helped, Maker, Times
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
    strange = Helped("Ada", ["Zoe", {"name": None}, 5])
    ranked = statistics.rank_people([Maker("Ada", parts=1, pieces=1, wrong=0)], [strange])
    assert {s.name: s.score for s in ranked} == {"Ada": 1.0, "Zoe": 0.5, "5": 0.5}


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


def test_nothing_made_has_no_average() -> None:
    nothing = Times(pieces=0, seconds=0, by_span={})
    assert statistics.count_in_detail([], nothing, [])["average_completion_time"] is None


def test_incorrect_part_costs_two_points() -> None:
    wrong = Maker("Ada", parts=1, pieces=1, wrong=1)
    assert [(s.name, s.score) for s in statistics.rank_people([wrong], [])] == [("Ada", -1.0)]
