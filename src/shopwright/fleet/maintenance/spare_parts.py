"""Spare parts for printers: what is in the drawer, what came and what was used."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.exc import IntegrityError

from shopwright.accounts import audit
from shopwright.fleet.maintenance import queries
from shopwright.fleet.maintenance.models import MaintenanceTask, SparePart, SparePartMovement
from shopwright.fleet.maintenance.service import LIVE_TOPIC
from shopwright.fleet.maintenance.states import PartMoveReason
from shopwright.fleet.queries import AnySession
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch
from shopwright.kernel.money import Money


class PartMissing(Conflict):
    code = "spare-part-missing"
    title = "There are not enough of this part"


class PartExists(Conflict):
    code = "spare-part-exists"
    title = "This part is in the list already"


@dataclass(frozen=True, slots=True)
class PartSpec:
    sku: str
    name: str
    location: str = ""
    threshold: int = 0
    cost: Decimal = Decimal(0)  # of one


@dataclass(frozen=True, slots=True)
class PartUse:
    part: Ref
    quantity: int


@dataclass(frozen=True, slots=True)
class PartMove:
    quantity: int
    reason: PartMoveReason
    note: str = ""
    task_id: int | None = None


def is_low(part: SparePart) -> bool:
    return part.on_hand <= part.threshold


async def get_part(session: AnySession, ctx: Actor, ref: Ref) -> SparePart:
    """Raises NotFound, also for one that was taken off the list."""
    part = await queries.find_row(session, ctx, SparePart, ref)
    if part is None or not part.is_active:
        raise NotFound(f"There is no spare part {ref}.")
    return part


async def create_part(
    session: WriteSession, ctx: Actor, *, spec: PartSpec, on_hand: int, now: datetime
) -> SparePart:
    """One that was taken off the list comes back, with what is in the drawer now. Raises
    PartExists."""
    part = await queries.find_part_by_sku(session, ctx, spec.sku)
    if part is not None and part.is_active:
        raise PartExists(f"{part.name} has the number {spec.sku}.", part_id=part.id)
    if part is None:
        currency = await queries.get_currency(session, ctx)
        part = SparePart(
            organization_id=ctx.organization_id, currency=currency, on_hand=0, created_at=now
        )
        session.add(part)
    _say(part, spec, now)
    await _flush(session, spec)
    audit.record(session, ctx, "spare_part.created", part.id, sku=part.sku)
    move = PartMove(on_hand - part.on_hand, PartMoveReason.COUNTED)
    return await _move(session, ctx, part, move, now)


async def update_part(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: PartSpec, now: datetime
) -> SparePart:
    """Raises PartExists when another one has the number."""
    part = await get_part(session, ctx, ref)
    other = await queries.find_part_by_sku(session, ctx, spec.sku)
    if other is not None and other.id != part.id:
        raise PartExists(f"{other.name} has the number {spec.sku}.", part_id=other.id)
    _say(part, spec, now)
    await _flush(session, spec)
    audit.record(session, ctx, "spare_part.updated", part.id, sku=part.sku)
    touch(session, ctx.organization_id, LIVE_TOPIC)
    return part


async def remove_part(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """Off the list; what it was used for stays known."""
    part = await get_part(session, ctx, ref)
    part.is_active = False
    audit.record(session, ctx, "spare_part.removed", part.id, sku=part.sku)
    touch(session, ctx.organization_id, LIVE_TOPIC)


async def receive_parts(
    session: WriteSession, ctx: Actor, *, ref: Ref, quantity: int, note: str, now: datetime
) -> SparePart:
    part = await get_part(session, ctx, ref)
    return await _move(session, ctx, part, PartMove(quantity, PartMoveReason.RECEIVED, note), now)


async def record_count(
    session: WriteSession, ctx: Actor, *, ref: Ref, on_hand: int, note: str, now: datetime
) -> SparePart:
    """Somebody counted the drawer; the difference is booked."""
    part = await get_part(session, ctx, ref)
    difference = on_hand - part.on_hand
    return await _move(session, ctx, part, PartMove(difference, PartMoveReason.COUNTED, note), now)


async def use_parts(
    session: WriteSession,
    ctx: Actor,
    *,
    task: MaintenanceTask,
    uses: Sequence[PartUse],
    now: datetime,
) -> int:
    """What they cost together, at today's prices; raises PartMissing, Invalid for a part in another
    currency."""
    parts = [(await get_part(session, ctx, use.part), use.quantity) for use in uses]
    wanted: Counter[int] = Counter()
    for part, quantity in parts:
        wanted[part.id] += quantity
    cost = 0
    for part in sorted({part.id: part for part, _ in parts}.values(), key=lambda p: p.id):
        if part.currency != task.currency and part.cost_minor:
            raise Invalid(f"{part.name} is priced in {part.currency}, the task in {task.currency}.")
        quantity = wanted[part.id]
        move = PartMove(-quantity, PartMoveReason.USED, task.title, task.id)
        await _move(session, ctx, part, move, now)
        cost += quantity * part.cost_minor
    return cost


async def _move(
    session: WriteSession, ctx: Actor, part: SparePart, move: PartMove, now: datetime
) -> SparePart:
    if move.quantity == 0:
        return part
    moved = await queries.move_stock(session, ctx, part.id, move.quantity)
    if moved is None:
        raise PartMissing(
            f"There are {part.on_hand} of {part.name}; {-move.quantity} are wanted.",
            part_id=part.id,
        )
    session.add(
        SparePartMovement(
            organization_id=ctx.organization_id,
            part_id=part.id,
            quantity=move.quantity,
            reason=move.reason,
            task_id=move.task_id,
            note=move.note,
            by=ctx.name,
            created_at=now,
        )
    )
    await session.flush()
    audit.record(
        session, ctx, "spare_part.moved", part.id, quantity=move.quantity, reason=move.reason
    )
    touch(session, ctx.organization_id, LIVE_TOPIC)
    return moved


def _say(part: SparePart, spec: PartSpec, now: datetime) -> None:
    part.sku, part.name, part.location = spec.sku, spec.name, spec.location
    part.threshold, part.is_active, part.updated_at = spec.threshold, True, now
    part.cost_minor = Money.from_decimal(spec.cost, part.currency).minor


async def _flush(session: WriteSession, spec: PartSpec) -> None:
    try:
        await session.flush()
    except IntegrityError as err:
        raise PartExists(f"Another part has the number {spec.sku}.") from err
