"""What the statistics and the leaderboard say, as the reference defines them. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shopwright.parts.report_queries import HOUR_S, Group, Helped, Maker, Times
from shopwright.parts.rules import worker_name
from shopwright.parts.states import PartCategory, PartStatus, PartType

TOP = 5


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    score: float


def count_parts(groups: Sequence[Group]) -> dict[str, Any]:
    counted = (PartStatus.PENDING, PartStatus.IN_PROGRESS, PartStatus.COMPLETED)
    total = sum(group.parts for group in groups)
    assigned = sum(group.parts for group in groups if group.is_assigned)
    return {
        "by_category": {
            category.value: sum(g.parts for g in groups if g.category is category)
            for category in PartCategory
        },
        "by_status": {
            status.value: sum(g.parts for g in groups if g.status is status) for status in counted
        },
        "assignment": {"assigned": assigned, "unassigned": total - assigned},
        "total": total,
    }


def count_in_detail(
    groups: Sequence[Group], times: Times, makers: Sequence[Maker]
) -> dict[str, Any]:
    """Pieces, not rows: a part made four times counts four times."""
    by_status, by_type, by_category = _pieces_by(groups)
    return {
        "total_parts": by_status.total(),
        "completed_parts": by_status[PartStatus.COMPLETED],
        "in_progress_parts": by_status[PartStatus.IN_PROGRESS],
        "average_completion_time": _average(times),
        "completion_time_distribution": times.by_span,
        "by_type": {kind.value: by_type[kind] for kind in PartType},
        "by_category": {category.value: by_category[category] for category in PartCategory},
        "top_contributors": _contributors(makers),
    }


def rank_people(makers: Sequence[Maker], helped: Sequence[Helped]) -> list[Score]:
    """A completed part gives its maker a point and each earlier one of another name half of it;
    one that was completed incorrectly takes two from its maker."""
    halves: Counter[str] = Counter()  # half points, so that they stay whole numbers
    for maker in makers:
        halves[maker.name] += 2 * maker.parts - 4 * maker.wrong
    for part in helped:
        for name in map(worker_name, part.workers):
            if name and name != part.maker:
                halves[name] += 1
    ranked = sorted(halves.items(), key=lambda entry: (-entry[1], entry[0].casefold()))
    return [Score(name, count / 2) for name, count in ranked]


def _pieces_by(
    groups: Sequence[Group],
) -> tuple["Counter[PartStatus]", "Counter[PartType | None]", "Counter[PartCategory]"]:
    by_status: Counter[PartStatus] = Counter()
    by_type: Counter[PartType | None] = Counter()
    by_category: Counter[PartCategory] = Counter()
    for group in groups:
        by_status[group.status] += group.pieces
        by_type[group.type] += group.pieces
        by_category[group.category] += group.pieces
    return by_status, by_type, by_category


def _average(times: Times) -> float | None:
    """In hours."""
    return round(times.seconds / HOUR_S / times.pieces, 2) if times.pieces else None


def _contributors(makers: Sequence[Maker]) -> list[dict[str, Any]]:
    top = sorted(makers, key=lambda maker: (-maker.pieces, maker.name.casefold()))[:TOP]
    return [{"name": maker.name, "count": maker.pieces} for maker in top]
