"""Counts over all parts, as the reference's statistics and leaderboard define them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shopwright.parts.queries import Tally
from shopwright.parts.rules import HAND_WORKERS, worker_name
from shopwright.parts.states import PartCategory, PartStatus, PartType

COMPLETED_INCORRECTLY = "completedIncorrectly"
TOP = 5
HOUR_S = 3600
# Upper bounds in hours, and the name of what takes no longer.
SPANS = ((1, "<1h"), (4, "1-4h"), (8, "4-8h"), (24, "8-24h"))
LONGEST = ">24h"


@dataclass(frozen=True, slots=True)
class Score:
    name: str
    score: float


def count_parts(tallies: Sequence[Tally]) -> dict[str, Any]:
    categories = Counter(tally.category for tally in tallies)
    statuses = Counter(tally.status for tally in tallies)
    assigned = sum(1 for tally in tallies if tally.assigned)
    counted = (PartStatus.PENDING, PartStatus.IN_PROGRESS, PartStatus.COMPLETED)
    return {
        "by_category": {category.value: categories[category] for category in PartCategory},
        "by_status": {status.value: statuses[status] for status in counted},
        "assignment": {"assigned": assigned, "unassigned": len(tallies) - assigned},
        "total": len(tallies),
    }


def count_in_detail(tallies: Sequence[Tally]) -> dict[str, Any]:
    """Pieces, not rows: a part made four times counts four times."""
    taken = [(_hours_of(tally), tally.amount) for tally in tallies if _is_timed(tally)]
    return {
        "total_parts": _pieces(tallies),
        "completed_parts": _pieces(t for t in tallies if _is_completed(t)),
        "in_progress_parts": _pieces(t for t in tallies if t.status is PartStatus.IN_PROGRESS),
        "average_completion_time": _average(taken),
        "completion_time_distribution": _distribution(taken),
        "by_type": {kind.value: _pieces(t for t in tallies if t.type == kind) for kind in PartType},
        "by_category": {
            category.value: _pieces(t for t in tallies if t.category is category)
            for category in PartCategory
        },
        "top_contributors": _contributors(tallies),
    }


def rank_people(tallies: Sequence[Tally]) -> list[Score]:
    """A completed part gives its maker a point and each earlier one of another name half of it;
    one that was completed incorrectly takes two from its maker."""
    scores: Counter[str] = Counter()
    for tally in tallies:
        if _is_completed(tally):
            _score(scores, tally)
    ranked = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0].casefold()))
    return [Score(name, score / 2) for name, score in ranked]


def _score(scores: "Counter[str]", tally: Tally) -> None:
    """In half points, so that they stay whole numbers."""
    maker = tally.assigned
    if maker:
        scores[maker] += 2
        if tally.misc_info.get(COMPLETED_INCORRECTLY) in (True, 1, "true", "True"):
            scores[maker] -= 4
    workers = tally.misc_info.get(HAND_WORKERS)
    for entry in workers if isinstance(workers, list) else ():
        name = worker_name(entry)
        if name and name != maker:
            scores[name] += 1


def _is_completed(tally: Tally) -> bool:
    """A misc part may be completed where it is."""
    return tally.status is PartStatus.COMPLETED


def _pieces(tallies: Iterable[Tally]) -> int:
    return sum(tally.amount for tally in tallies)


def _is_timed(tally: Tally) -> bool:
    """Nobody knows how long a part took that nobody claimed."""
    return _is_completed(tally) and tally.claimed_at is not None


def _hours_of(tally: Tally) -> float:
    ended = tally.completed_at or tally.updated_at
    begun = tally.claimed_at or ended
    return max(0.0, (ended - begun).total_seconds() / HOUR_S)


def _average(taken: Sequence[tuple[float, int]]) -> float | None:
    pieces = sum(amount for _, amount in taken)
    return round(sum(hours * amount for hours, amount in taken) / pieces, 2) if pieces else None


def _distribution(taken: Sequence[tuple[float, int]]) -> dict[str, int]:
    counts = {name: 0 for _, name in SPANS} | {LONGEST: 0}
    for hours, amount in taken:
        counts[next((name for limit, name in SPANS if hours < limit), LONGEST)] += amount
    return counts


def _contributors(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for tally in tallies:
        if _is_completed(tally) and tally.assigned:
            counts[tally.assigned] += tally.amount
    top = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0].casefold()))[:TOP]
    return [{"name": name, "count": count} for name, count in top]
