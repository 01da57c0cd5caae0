"""Use cases of a part: write it down, change it, move it through the workshop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.kernel import events, ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Paging, Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.times import zulu
from shopwright.parts import queries, rules
from shopwright.parts.events import (
    PartBegun,
    PartCompleted,
    PartDropped,
    PartProgressed,
    PartReverted,
)
from shopwright.parts.models import Part
from shopwright.parts.queries import TOPIC, FoundPart, PartFilter
from shopwright.parts.rules import Changes, Standing
from shopwright.parts.states import (
    STATUSES_OF,
    PartCategory,
    PartMoveForbidden,
    PartStatus,
    PartType,
    check_status,
)

CODE_LENGTH = 8


class PartMissing(NotFound):
    code = "part-missing"
    title = "There is no such part"


class PartTaken(Conflict):
    code = "part-taken"
    title = "Somebody else has this part"


class PartMoved(Conflict):
    code = "part-moved"
    title = "Somebody else moved this part"


class PartHeld(Conflict):
    code = "part-held"
    title = "The order of this part is held"


class AmountOfOrder(Conflict):
    code = "amount-of-order"
    title = "The order says how many are needed"


class NameMissing(Invalid):
    code = "assigned-missing"
    title = "Nobody was named"


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A new part. ``category`` and ``status`` None: it waits for review."""

    name: str | None = None
    type: PartType | None = None
    category: PartCategory | None = None
    status: PartStatus | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)  # columns that no rule looks at
    assigned: str | None = None
    misc_info: Mapping[str, Any] = field(default_factory=dict)


async def list_parts(
    session: AsyncSession, ctx: Actor, wanted: PartFilter, paging: Paging
) -> tuple[list[FoundPart], int]:
    return await queries.list_parts(session, ctx, wanted, paging)


async def get_part(session: AsyncSession, ctx: Actor, ref: Ref) -> FoundPart:
    """Raises PartMissing."""
    found = await queries.find_part(session, ctx, ref)
    if found is None:
        raise _missing(ref)
    return found


async def create_part(
    session: WriteSession, ctx: Actor, *, spec: PartSpec, now: datetime
) -> FoundPart:
    """Raises PartMoveForbidden for a status that its category does not know."""
    category, status = _first_standing(spec)
    uuid = ids.new_uuid()
    code = uuid.replace("-", "")[-CODE_LENGTH:]  # its first digits are the time, alike for all
    part = Part(
        uuid=uuid,
        organization_id=ctx.organization_id,
        code=code,
        name=spec.name or f"Part {code}",
        type=spec.type or _type_of(category),
        category=category,
        status=status,
        assigned=spec.assigned,
        misc_info=rules.checked_misc_info(spec.misc_info),
        completed_at=now if status is PartStatus.COMPLETED else None,
        created_at=now,
        updated_at=now,
        **spec.facts,
    )
    if spec.assigned:
        part.misc_info = rules.with_worker(_standing(part), spec.assigned, now)
    session.add(part)
    await session.flush()
    _tell(session, ctx, part, "part.created", name=part.name)
    return FoundPart(part, None)


async def update_part(
    session: WriteSession, ctx: Actor, *, ref: Ref, changes: Mapping[str, Any], now: datetime
) -> FoundPart:
    """Set what is named; category and status only along the declared moves (PartMoveForbidden)."""
    part = await _lock(session, ctx, ref)
    values = _updated(part, dict(changes), now)
    await _move(session, ctx, part, values, now)
    facts = {name: _shown(value) for name, value in changes.items()}
    _tell(session, ctx, part, "part.updated", **facts)
    return await get_part(session, ctx, ref)


async def delete_part(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """Hides it; its files stay."""
    part = await _lock(session, ctx, ref)
    await _move(session, ctx, part, {"deleted_at": now}, now)
    _tell(session, ctx, part, "part.deleted", name=part.name)


async def approve_part(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    reviewer: str | None,
    misc_info: Mapping[str, Any],
    now: datetime,
) -> FoundPart:
    """Into the workshop of its type; the person who signed in is the reviewer unless one is
    named."""
    part = await _lock(session, ctx, ref)
    named = reviewer or _own_name(ctx)
    await _move(session, ctx, part, rules.approve(_standing(part), named, misc_info), now)
    _tell(session, ctx, part, "part.approved", reviewer=named)
    return await get_part(session, ctx, ref)


async def assign_part(
    session: WriteSession, ctx: Actor, *, ref: Ref, name: str | None, now: datetime
) -> FoundPart:
    """Somebody takes the part; of two at once one wins and the other is told who (PartTaken).

    Taking what one has already changes nothing.
    """
    named = name or _own_name(ctx)
    if not named:
        raise NameMissing("Assigned user required: send “assigned” with a name.")
    part = await _lock(session, ctx, ref)
    changes = rules.assign(_standing(part), named, now)
    _check_free(part, "taken")
    if part.claimed_at is not None and _is_name(part.assigned, named):
        changes["claimed_at"] = part.claimed_at
    if not await queries.claim_part(session, ctx, part, changes | {"updated_at": now}):
        raise await _taken(session, ctx, ref)
    _tell(session, ctx, part, "part.assigned", assigned=named)
    await events.publish(session, PartBegun(ctx.organization_id, part.id, part.order_item_id))
    return await get_part(session, ctx, ref)


async def unclaim_part(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> FoundPart:
    """Give it back; whoever worked on it stays on record."""
    part = await _lock(session, ctx, ref)
    await _move(session, ctx, part, rules.unclaim(_standing(part)), now)
    _tell(session, ctx, part, "part.unclaimed", was_assigned=part.assigned)
    return await get_part(session, ctx, ref)


async def complete_part(
    session: WriteSession,
    ctx: Actor,
    *,
    ref: Ref,
    misc_info: Mapping[str, Any],
    now: datetime,
    amount: int | None = None,
) -> FoundPart:
    """It is made; or ``amount`` of it are, and the others still are to be.

    Raises PartMoveForbidden, PartHeld, or Invalid for more than are left.
    """
    part = await _lock(session, ctx, ref)
    if amount is not None:
        made = rules.check_progress(_standing(part), part.made, part.amount, amount)
        if made < part.amount:
            return await _progress(session, ctx, part, made, now)
    await _move(session, ctx, part, rules.complete(_standing(part), misc_info, now), now)
    _tell(session, ctx, part, "part.completed", assigned=part.assigned)
    return await get_part(session, ctx, ref)


async def revert_part(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> FoundPart:
    part = await _lock(session, ctx, ref)
    await _move(session, ctx, part, rules.revert(_standing(part)), now)
    _tell(session, ctx, part, "part.reverted")
    return await get_part(session, ctx, ref)


async def lock_part(session: WriteSession, ctx: Actor, ref: Ref) -> Part:
    """For whoever adds a file or a picture to it; raises PartMissing."""
    return await _lock(session, ctx, ref)


async def _progress(
    session: WriteSession, ctx: Actor, part: Part, made: int, now: datetime
) -> FoundPart:
    _check_free(part, "worked on")
    await _move(session, ctx, part, {"made": made}, now)
    _tell(session, ctx, part, "part.progressed", made=made, amount=part.amount)
    pieces = made // part.amount_each
    await events.publish(
        session, PartProgressed(ctx.organization_id, part.id, part.order_item_id, pieces)
    )
    return await get_part(session, ctx, Ref(part.id, None))


def _updated(part: Part, changes: Changes, now: datetime) -> Changes:
    """The columns to write: what the moves ask for, and over it what the client names."""
    standing = _standing(part, changes.get("type", part.type))
    _check_amount(part, changes.get("amount", part.amount))
    values: Changes = {}
    category = changes.pop("category", None) or part.category
    status = changes.pop("status", None) or part.status
    if category is not part.category:
        values |= rules.move_category(standing, category, now)
        status = values["status"] if status is part.status else status
    check_status(values.get("status", part.status), status, category)
    values["status"] = status
    misc_info = values.pop("misc_info", part.misc_info)
    if "misc_info" in changes:
        misc_info = rules.replaced(misc_info, changes.pop("misc_info") or {})
    values["misc_info"] = misc_info
    assigned = changes.get("assigned")
    if assigned and not _is_name(part.assigned, assigned):
        worker = _standing(part, standing.type, misc_info)
        values["misc_info"] = rules.with_worker(worker, assigned, now)
    if "assigned" in changes and not assigned:
        values["claimed_at"] = None
    return values | changes


def _first_standing(spec: PartSpec) -> tuple[PartCategory, PartStatus]:
    category = spec.category or PartCategory.REVIEW
    is_completed = category is PartCategory.COMPLETED
    status = spec.status or (PartStatus.COMPLETED if is_completed else PartStatus.PENDING)
    if status not in STATUSES_OF[category]:
        raise PartMoveForbidden(f"A new part in {category} cannot be {_shown(status)}.")
    return category, status


def _type_of(category: PartCategory) -> PartType | None:
    return PartType(category.value) if category.value in set(PartType) else None


async def _lock(session: WriteSession, ctx: Actor, ref: Ref) -> Part:
    await queries.lock_work(session, ctx, ref)
    part = await queries.lock_part(session, ctx, ref)
    if part is None:
        raise _missing(ref)
    session.expunge(part)  # written by compare-and-set only; what was read stays as it was
    return part


async def _move(
    session: WriteSession, ctx: Actor, part: Part, changes: Changes, now: datetime
) -> None:
    target = changes.get("status", part.status)
    changes |= _facts_of_move(part, target, changes)
    if not await queries.move_part(session, ctx, part, changes | {"updated_at": now}):
        raise PartMoved("Somebody else moved this part at this moment. Reload and look again.")
    event = _event_of_move(part, target, is_deleted="deleted_at" in changes)
    if event is not None:
        await events.publish(session, event(ctx.organization_id, part.id, part.order_item_id))


def _facts_of_move(part: Part, target: PartStatus, changes: Changes) -> Changes:
    """What follows from the status; raises PartHeld or PartMoveForbidden for a part of an order
    that must not be worked on."""
    if target is part.status:
        return {}
    if part.status is PartStatus.CANCELLED and part.order_item_id is not None:
        raise PartMoveForbidden(f"This part is cancelled: {part.cancelled_reason}.")
    if target is PartStatus.COMPLETED:
        _check_free(part, "completed")
        return {"made": changes.get("amount", part.amount)}
    return {"made": 0} if part.status is PartStatus.COMPLETED else {}


def _event_of_move(
    part: Part, target: PartStatus, *, is_deleted: bool
) -> type[PartCompleted | PartReverted | PartDropped] | None:
    if is_deleted:
        is_open = part.status not in {PartStatus.COMPLETED, PartStatus.CANCELLED}
        return PartDropped if is_open else None
    if target is part.status:
        return None
    if target is PartStatus.COMPLETED:
        return PartCompleted
    if target is PartStatus.CANCELLED:
        return PartDropped
    return PartReverted if part.status is PartStatus.COMPLETED else None


def _check_free(part: Part, done: str) -> None:
    """Raises PartHeld."""
    if part.held_reason is not None:
        raise PartHeld(
            f"Order #{part.order_number} is held: {part.held_reason.rstrip('.')}. Its parts cannot "
            f"be {done} before the hold is released."
        )


def _check_amount(part: Part, amount: int) -> None:
    """Raises AmountOfOrder, or Invalid for fewer than are there."""
    if amount == part.amount:
        return
    if part.order_item_id is not None:
        raise AmountOfOrder(
            f"Order #{part.order_number} needs {part.amount} of this part. Change the order's "
            "quantity, and this follows."
        )
    if amount < part.made:
        raise Invalid(f"{part.made} of them are made; the amount cannot be {amount}.")


async def _taken(session: WriteSession, ctx: Actor, ref: Ref) -> PartTaken:
    part = (await get_part(session, ctx, ref)).part
    since = f" since {zulu(part.claimed_at)}" if part.claimed_at else ""
    return PartTaken(
        f"{part.assigned or 'Somebody else'} has this part{since}. "
        "It can be taken once it is given back.",
        assigned=part.assigned,
    )


def _standing(
    part: Part, kind: PartType | None = None, misc_info: Mapping[str, Any] | None = None
) -> Standing:
    return Standing(
        type=kind or part.type,
        category=part.category,
        status=part.status,
        assigned=part.assigned,
        misc_info=part.misc_info if misc_info is None else misc_info,
        cancelled_reason=part.cancelled_reason,
    )


def _own_name(ctx: Actor) -> str | None:
    """A person's; whoever comes with a key says whom it means."""
    return ctx.name if ctx.user_id is not None else None


def _is_name(one: str | None, other: str) -> bool:
    return (one or "").casefold() == other.casefold()


def _tell(session: WriteSession, ctx: Actor, part: Part, action: str, **facts: Any) -> None:
    audit.record(session, ctx, action, part.id, **facts)
    touch(session, ctx.organization_id, TOPIC, part.id)


def _shown(value: Any) -> Any:
    return zulu(value) if isinstance(value, datetime) else value


def _missing(ref: Ref) -> PartMissing:
    return PartMissing(f"There is no part {ref}.")
