"""What an action makes of a part, worked out without the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopwright.kernel.errors import Invalid
from shopwright.kernel.times import zulu
from shopwright.parts.states import (
    WORKSHOP,
    PartCategory,
    PartMoveForbidden,
    PartStatus,
    PartType,
    check_category,
)

MAX_MISC_INFO = 20_000  # characters of its JSON
MAX_MISC_DEPTH = 4
MAX_HAND_WORKERS = 200  # the oldest fall out
HAND_WORKERS, REVIEWER, COMPLETED_AT = "handWorkers", "reviewer", "completed_at"
KEPT = (HAND_WORKERS, REVIEWER, COMPLETED_AT)  # written by us; a client that omits them keeps them

Changes = dict[str, Any]
MiscInfo = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rules look at."""

    type: PartType | None
    category: PartCategory
    status: PartStatus
    assigned: str | None
    misc_info: MiscInfo
    cancelled_reason: str | None = None


def workshop_of(kind: PartType | None) -> PartCategory:
    """Where a part of this type is made; by hand unless it says otherwise."""
    return PartCategory((kind or PartType.HAND).value)


def approve(part: Standing, reviewer: str | None, misc_info: MiscInfo) -> Changes:
    """Raises PartMoveForbidden unless the part waits for review."""
    if part.category is not PartCategory.REVIEW:
        raise PartMoveForbidden(f"This part is not in review any more; it is in {part.category}.")
    if part.status is PartStatus.CANCELLED:
        raise PartMoveForbidden(f"{_cancelled(part)} Set it to Pending first.")
    added = {REVIEWER: reviewer} if reviewer else {}
    return {
        "category": workshop_of(part.type),
        "status": PartStatus.REVIEWED,
        "misc_info": merged(part.misc_info, misc_info, added),
    }


def assign(part: Standing, name: str, now: datetime) -> Changes:
    """Raises PartMoveForbidden unless the part is in the workshop."""
    _check_in_workshop(part, "taken")
    return {
        "assigned": name,
        "status": PartStatus.IN_PROGRESS,
        "claimed_at": now,
        "misc_info": with_worker(part, name, now),
    }


def unclaim(part: Standing) -> Changes:
    """What was begun stays marked as begun; a review is not forgotten."""
    _check_in_workshop(part, "given back")
    is_begun = part.status is PartStatus.IN_PROGRESS
    status = PartStatus.ALREADY_STARTED if is_begun else part.status
    return {"assigned": None, "status": status, "claimed_at": None}


def check_progress(part: Standing, made: int, amount: int, more: int) -> int:
    """How many are there with ``more`` of them; raises Invalid beyond what is to be made."""
    _check_in_workshop(part, "worked on")
    if made + more > amount:
        left = amount - made
        raise Invalid(f"Only {left} of {amount} {'is' if left == 1 else 'are'} left to be made.")
    return made + more


def complete(part: Standing, misc_info: MiscInfo, now: datetime) -> Changes:
    _check_in_workshop(part, "completed")
    return {
        "category": PartCategory.COMPLETED,
        "status": PartStatus.COMPLETED,
        "completed_at": now,
        "misc_info": merged(part.misc_info, misc_info, {COMPLETED_AT: zulu(now)}),
    }


def revert(part: Standing) -> Changes:
    """Back to where it was made; raises PartMoveForbidden unless it is completed."""
    if part.category is not PartCategory.COMPLETED:
        raise PartMoveForbidden(f"Only a completed part is reverted; this one is {part.category}.")
    category = workshop_of(part.type)
    is_misc = category is PartCategory.MISC
    return {
        "category": category,
        "status": PartStatus.REVIEWED if is_misc else PartStatus.IN_PROGRESS,
        "completed_at": None,
    }


def move_category(part: Standing, target: PartCategory, now: datetime) -> Changes:
    """What a client's PUT of another category means: the action that leads there."""
    check_category(part.category, target)
    if target is PartCategory.COMPLETED:
        return complete(part, {}, now)
    if target is not workshop_of(part.type):
        raise PartMoveForbidden(
            f"A part of type {part.type or PartType.HAND} goes to {workshop_of(part.type)}, "
            f"not to {target}. Change its type first."
        )
    return approve(part, None, {}) if part.category is PartCategory.REVIEW else revert(part)


def with_worker(part: Standing, name: str, now: datetime) -> dict[str, Any]:
    """Who worked on a hand part is kept in order; the same name twice in a row counts once."""
    misc_info = dict(part.misc_info)
    if workshop_of(part.type) is not PartCategory.HAND:
        return misc_info
    workers = misc_info.get(HAND_WORKERS)
    workers = list(workers) if isinstance(workers, list) else []
    if not workers or worker_name(workers[-1]).casefold() != name.casefold():
        workers.append({"name": name, "timestamp": zulu(now)})
    misc_info[HAND_WORKERS] = workers[-MAX_HAND_WORKERS:]
    return misc_info


def worker_name(entry: Any) -> str:
    """Entries come from clients as well, so anything may stand there."""
    return str(entry.get("name") or "") if isinstance(entry, Mapping) else str(entry)


def merged(*parts: MiscInfo) -> dict[str, Any]:
    """Later ones win."""
    together: dict[str, Any] = {}
    for part in parts:
        together.update(part)
    return checked_misc_info(together)


def replaced(existing: MiscInfo, wanted: MiscInfo) -> dict[str, Any]:
    """What a PUT makes of it: all anew, but what we wrote stays unless the client names it."""
    kept = {key: existing[key] for key in KEPT if key in existing}
    return merged(kept, wanted)


def checked_misc_info(value: MiscInfo) -> dict[str, Any]:
    """Without empty entries; raises Invalid when it is too long or too deep."""
    tidy = {str(key): entry for key, entry in value.items() if entry is not None}
    if _depth(tidy) > MAX_MISC_DEPTH:
        raise Invalid(f"miscInfo may be nested {MAX_MISC_DEPTH} deep, not more.")
    if len(json.dumps(tidy)) > MAX_MISC_INFO:
        raise Invalid(f"miscInfo has more than {MAX_MISC_INFO:,} characters.")
    return tidy


def _check_in_workshop(part: Standing, done: str) -> None:
    if part.category not in WORKSHOP:
        raise PartMoveForbidden(f"A part in {part.category} cannot be {done}.")
    if part.status is PartStatus.CANCELLED:
        raise PartMoveForbidden(f"{_cancelled(part)} It cannot be {done}.")


def _cancelled(part: Standing) -> str:
    why = f": {part.cancelled_reason}" if part.cancelled_reason else ""
    return f"This part is cancelled{why}."


def _depth(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(entry) for entry in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(entry) for entry in value), default=0)
    return 0
