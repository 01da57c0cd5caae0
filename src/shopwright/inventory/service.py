"""What the rest of the house asks of stock: promise and book filament, draw and add finished steps.

Everything that counts has a key, and a key counts once, whoever comes twice with it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.inventory import low_stock, queries, rules, stock_queries
from shopwright.inventory.events import FinishedStockMoved
from shopwright.inventory.models import Spool
from shopwright.inventory.states import MovementReason
from shopwright.kernel import events, ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch


class NotEnoughFilament(Conflict):
    code = "not-enough-filament"
    title = "The spool does not hold that much"


class StockMoved(Conflict):
    code = "stock-moved"
    title = "Somebody else moved this stock just now"


@dataclass(frozen=True, slots=True)
class LoadedSpool:
    """A spool in a printer's slot; ``color`` is RRGGBB, if anybody knows."""

    printer_id: int
    slot: int
    spool_id: int
    filament_id: int
    material: str
    color: str | None
    remaining_mg: int
    reserved_mg: int


@dataclass(frozen=True, slots=True)
class FilamentUse:
    """What one project filament of an attempt really used; the spool may be unknown."""

    project_index: int
    material: str
    spool_id: int | None
    amount_mg: int


async def get_slot_spools(
    session: AsyncSession, ctx: Actor, printer_ids: Collection[int]
) -> dict[tuple[int, int], LoadedSpool]:
    """By (printer, slot), in one statement; ``reserved_mg`` is promised and not booked yet."""
    rows = await queries.list_slot_spools(session, ctx, printer_ids)
    return {
        (row.printer_id, row.slot): LoadedSpool(
            printer_id=row.printer_id,
            slot=row.slot,
            spool_id=row.spool_id,
            filament_id=row.filament_id,
            material=row.material,
            color=row.color,
            remaining_mg=row.remaining_mg,
            reserved_mg=int(row.reserved_mg),
        )
        for row in rows
    }


async def reserve_filament(
    session: WriteSession, ctx: Actor, *, attempt_id: int, spool_id: int, amount_mg: int
) -> None:
    """Promise filament to an attempt; raises NotEnoughFilament when others need what is left."""
    if amount_mg <= 0:
        return
    if not await queries.lock_spools(session, ctx, Spool.id == spool_id):
        raise NotFound(f"There is no spool {spool_id}.")
    if not await queries.reserve(session, ctx, attempt_id, spool_id, amount_mg):
        raise NotEnoughFilament(
            f"Spool {spool_id} has less than {rules.to_grams(amount_mg)} g that is not promised.",
            spool_id=spool_id,
        )
    touch(session, ctx.organization_id, "filament")


async def release_reservations(session: WriteSession, ctx: Actor, attempt_id: int) -> None:
    """The attempt needs its filament no longer."""
    if await queries.release(session, ctx, attempt_id):
        touch(session, ctx.organization_id, "filament")


async def book_print_use(
    session: WriteSession,
    ctx: Actor,
    *,
    attempt_id: int,
    uses: Sequence[FilamentUse],
    order_id: int | None,
    now: datetime,
) -> int:
    """Book what an attempt used, once per project filament; returns the mg booked by this call.

    The attempt's reservations end. A spool that held less goes to 0, and a correction says how much
    was missing: movements add up to what is left, and prints to what was printed.
    """
    wanted = {_use_key(attempt_id, use): use for use in reversed(uses)}  # the first of a key counts
    spool_ids = {use.spool_id for use in uses if use.spool_id is not None}
    locked = await queries.lock_spools(session, ctx, Spool.id.in_(spool_ids)) if spool_ids else []
    spools = {spool.id: spool for spool in locked}
    rows = [
        _print_movement(
            ctx, key, use, spool=spools.get(use.spool_id or 0), order_id=order_id, now=now
        )
        for key, use in wanted.items()
    ]
    fresh = await queries.add_movements(session, rows)
    await _lower(session, ctx, spools, {key: wanted[key] for key in sorted(fresh)}, now)
    await queries.release(session, ctx, attempt_id)
    touch(session, ctx.organization_id, "filament")
    return sum(wanted[key].amount_mg for key in fresh)


async def take_from_stock(
    session: WriteSession, ctx: Actor, *, recipe_step_id: int, wanted: int, key: str
) -> int:
    """Take up to ``wanted`` finished copies; returns how many, the same again for the same key.

    A draw that found nothing is not remembered.
    """
    if wanted <= 0:
        return 0
    on_hand = await stock_queries.lock_step(session, ctx, recipe_step_id)
    if on_hand is None:  # there never were any
        return 0
    known = await stock_queries.find_delta(session, ctx, key)
    if known is not None:
        return -known
    taken = min(on_hand, wanted)
    if not taken:
        return 0
    row = _stock_movement(ctx, key, -taken, MovementReason.DRAWN, recipe_step_id=recipe_step_id)
    await stock_queries.add_movements(session, [row])
    if not await stock_queries.move_step(session, ctx, recipe_step_id, on_hand, on_hand - taken):
        raise StockMoved("The stock moved while it was drawn. Try again.")
    await tell_stock_moved(session, ctx, recipe_step_id)
    return taken


async def add_to_stock(
    session: WriteSession,
    ctx: Actor,
    *,
    recipe_step_id: int,
    quantity: int,
    reason: MovementReason,
    key: str,
) -> None:
    """Finished copies that are owed to nobody; the same key again changes nothing."""
    if quantity <= 0:
        return
    row = _stock_movement(ctx, key, quantity, reason, recipe_step_id=recipe_step_id)
    if await stock_queries.add_movements(session, [row]):
        await stock_queries.raise_step(session, ctx, recipe_step_id, quantity)
        await tell_stock_moved(session, ctx, recipe_step_id)


async def tell_stock_moved(session: WriteSession, ctx: Actor, recipe_step_id: int) -> None:
    """To pages and to higher slices; for whoever moved finished copies."""
    touch(session, ctx.organization_id, "stock")
    await events.publish(session, FinishedStockMoved(ctx.organization_id, recipe_step_id))


async def use_hardware(
    session: WriteSession, ctx: Actor, *, hardware_quantities: Mapping[int, int], key: str
) -> None:
    """Take what finished pieces needed in all under this key. The same again changes nothing; more
    takes the difference, as an order may grow after it was complete.

    Never below zero: where the drawer held less than was used, the movement's note says so.
    """
    needed = {hardware: count for hardware, count in hardware_quantities.items() if count > 0}
    if not needed:
        return
    stock = await stock_queries.lock_hardware(session, ctx, needed)
    booked = await stock_queries.sum_needed(session, ctx, key, needed)
    more = {id_: total for id_, total in needed.items() if total > booked.get(id_, 0)}
    levels = {
        id_: (stock[id_].on_hand, max(stock[id_].on_hand - total + booked.get(id_, 0), 0))
        for id_, total in more.items()
    }
    returned = await stock_queries.sum_returned(session, ctx, key) if booked else {}
    rows = [
        _hardware_use(
            ctx,
            key,
            id_,
            total=total,
            booked=booked.get(id_),
            returned=returned.get(id_, 0),
            levels=levels[id_],
        )
        for id_, total in more.items()
    ]
    await stock_queries.add_movements(session, rows)
    if not await stock_queries.move_hardware(session, ctx, levels):
        raise StockMoved("The hardware moved while it was counted. Try again.")
    touch(session, ctx.organization_id, "stock")


async def return_hardware(
    session: WriteSession, ctx: Actor, *, hardware_ids: Collection[int], key: str
) -> None:
    """What was taken under this key lies in the drawer again; it is not used yet after all."""
    if not hardware_ids:
        return
    stock = await stock_queries.lock_hardware(session, ctx, hardware_ids)
    needed = await stock_queries.sum_needed(session, ctx, key, hardware_ids)
    taken = await stock_queries.sum_taken(session, ctx, key, hardware_ids)
    back = {id_: taken[id_] for id_, count in needed.items() if count > 0 and id_ in stock}
    rows = [
        {
            "organization_id": ctx.organization_id,
            "key": f"{key}:{id_}:back:{ids.new_uuid()}",
            "hardware_id": id_,
            "delta": count,
            "reason": MovementReason.CONSUMED,
            "note": "Not used yet after all.",
            "source": key,
            "needed": -needed[id_],
        }
        for id_, count in back.items()
    ]
    await stock_queries.add_movements(session, rows)
    levels = {id_: (stock[id_].on_hand, stock[id_].on_hand + count) for id_, count in back.items()}
    if not await stock_queries.move_hardware(session, ctx, levels):
        raise StockMoved("The hardware moved while it was counted. Try again.")
    touch(session, ctx.organization_id, "stock")


async def remove_from_stock(
    session: WriteSession, ctx: Actor, *, recipe_step_id: int, most: int, note: str
) -> int:
    """Finished copies that are none: up to ``most`` are booked off; returns how many were there."""
    on_hand = await stock_queries.lock_step(session, ctx, recipe_step_id) or 0
    count = min(on_hand, most)
    if count <= 0:
        return 0
    key = f"removed:{ids.new_uuid()}"
    row = _stock_movement(
        ctx, key, -count, MovementReason.CORRECTION, recipe_step_id=recipe_step_id, note=note
    )
    await stock_queries.add_movements(session, [row])
    if not await stock_queries.move_step(session, ctx, recipe_step_id, on_hand, on_hand - count):
        raise StockMoved("The stock moved while it was counted. Try again.")
    await tell_stock_moved(session, ctx, recipe_step_id)
    return count


def _use_key(attempt_id: int, use: FilamentUse) -> str:
    if use.amount_mg < 0:
        raise Invalid("Used filament cannot be negative.")
    return f"attempt:{attempt_id}:{use.project_index}"


def _print_movement(
    ctx: Actor,
    key: str,
    use: FilamentUse,
    *,
    spool: Spool | None,
    order_id: int | None,
    now: datetime,
) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "key": key,
        "filament_id": spool.filament_id if spool else None,
        "spool_id": spool.id if spool else None,
        "material": use.material,
        "delta_mg": -use.amount_mg,
        "reason": MovementReason.PRINT,
        "order_id": order_id,
        "created_at": now,
        "note": "" if spool else "Nobody said which spool was in the slot.",
    }


async def _lower(
    session: WriteSession,
    ctx: Actor,
    spools: Mapping[int, Spool],
    fresh: Mapping[str, FilamentUse],
    now: datetime,
) -> None:
    """Take the newly booked uses from their spools, and book what a spool did not have."""
    used: dict[int, list[tuple[str, FilamentUse]]] = defaultdict(list)
    for key, use in fresh.items():
        if use.spool_id is not None and use.spool_id in spools:
            used[use.spool_id].append((key, use))
    changes = {}
    shortages = []
    for spool_id, booked in used.items():
        before = spools[spool_id].remaining_mg
        total = sum(use.amount_mg for _, use in booked)
        changes[spool_id] = (before, max(before - total, 0))
        if total > before:
            key, material = f"{booked[0][0]}:short", booked[0][1].material
            row = _shortage(ctx, key, spools[spool_id], missing_mg=total - before, now=now)
            shortages.append(row | {"material": material})
    if not await queries.move_spools(session, ctx, changes):
        raise StockMoved("A spool moved while its use was booked. Try again.")
    await queries.add_movements(session, shortages)
    lowered = {spool_id: after - before for spool_id, (before, after) in changes.items()}
    await low_stock.tell_low(session, ctx, spools.values(), lowered)


def _shortage(
    ctx: Actor, key: str, spool: Spool, *, missing_mg: int, now: datetime
) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "key": key,
        "filament_id": spool.filament_id,
        "spool_id": spool.id,
        "delta_mg": missing_mg,
        "reason": MovementReason.CORRECTION,
        "note": f"The spool was written down {rules.to_grams(missing_mg)} g too low.",
        "created_at": now,
    }


def _stock_movement(
    ctx: Actor, key: str, delta: int, reason: MovementReason, *, recipe_step_id: int, note: str = ""
) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "key": key,
        "recipe_step_id": recipe_step_id,
        "delta": delta,
        "reason": reason,
        "note": note,
    }


def _hardware_use(
    ctx: Actor,
    source: str,
    hardware_id: int,
    *,
    total: int,
    booked: int | None,
    returned: int,
    levels: tuple[int, int],
) -> dict[str, object]:
    """``booked`` of ``total`` are taken; None when nothing ever was."""
    before, after = levels
    wanted = total - (booked or 0)
    is_short = before < wanted
    return {
        "organization_id": ctx.organization_id,
        "key": f"{source}:{hardware_id}" + ("" if booked is None else f":{total + returned}"),
        "hardware_id": hardware_id,
        "delta": after - before,
        "reason": MovementReason.CONSUMED,
        "note": f"{wanted} were needed, only {before} were on hand. Count them."
        if is_short
        else "",
        "source": source,
        "needed": wanted,
    }
