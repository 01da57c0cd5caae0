"""Use cases of filaments and spools: what is bought, corrected, used by hand and thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.inventory import filament_queries, low_stock, queries, rules
from shopwright.inventory.filament_queries import FilamentStock
from shopwright.inventory.models import Filament, SlotSpool, Spool
from shopwright.inventory.service import StockMoved
from shopwright.inventory.states import MovementReason
from shopwright.kernel import ids
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, Invalid, NotFound
from shopwright.kernel.live import touch


class SpoolPromised(Conflict):
    code = "spool-promised"
    title = "A print under way needs this spool"


class TagTaken(Conflict):
    code = "tag-taken"
    title = "Another spool carries this tag"


@dataclass(frozen=True, slots=True)
class FilamentSpec:
    """What a person wrote; None leaves a value as it is, or at its default on a new filament."""

    material: str | None = None
    color: str | None = None
    color_hex: str | None = None
    vendor: str | None = None
    initial_mg: int | None = None
    current_mg: int | None = None
    cost_per_gram_micros: int | None = None
    low_stock_threshold_mg: int | None = None


@dataclass(frozen=True, slots=True)
class SpoolSpec:
    """``remaining_mg`` None on a new spool means full."""

    initial_mg: int | None = None
    remaining_mg: int | None = None
    tag: str | None = None
    location: str | None = None


async def get_filament(session: AsyncSession, ctx: Actor, ref: Ref) -> FilamentStock:
    stock = await filament_queries.find_filament(session, ctx, ref)
    if stock is None:
        raise NotFound(f"There is no filament {ref}.")
    return stock


async def create_filament(
    session: WriteSession, ctx: Actor, *, spec: FilamentSpec, now: datetime
) -> FilamentStock:
    """A filament with one spool of ``initial_mg``, of which ``current_mg`` are left."""
    filament = Filament(
        organization_id=ctx.organization_id,
        material="",
        color_name="",
        created_at=now,
        updated_at=now,
    )
    _describe(filament, spec)
    session.add(filament)
    await session.flush()
    remaining = spec.initial_mg if spec.current_mg is None else spec.current_mg
    await _add_spool(session, ctx, filament, SpoolSpec(spec.initial_mg, remaining), now)
    audit.record(session, ctx, "filament.created", filament.id)
    return await get_filament(session, ctx, Ref(filament.id, None))


async def update_filament(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: FilamentSpec, now: datetime
) -> FilamentStock:
    """Change the description; a ``current_mg`` other than the sum of the spools is a correction."""
    filament = (await get_filament(session, ctx, ref)).filament
    spools = await _lock_rolls(session, ctx, filament)  # before the filament, as prints do
    _describe(filament, spec)
    filament.updated_at = now
    await _resize(session, spools, spec.initial_mg)
    await _correct(session, ctx, filament, spools, target_mg=spec.current_mg, now=now)
    audit.record(session, ctx, "filament.updated", filament.id)
    touch(session, ctx.organization_id, "filament", filament.id)
    return await get_filament(session, ctx, Ref(filament.id, None))


async def hide_filament(session: WriteSession, ctx: Actor, *, ref: Ref) -> None:
    """It leaves the lists and the printers' slots; its movements stay."""
    filament = (await get_filament(session, ctx, ref)).filament
    spools = await _lock_rolls(session, ctx, filament)
    filament.is_hidden = True
    await _take_out(session, ctx, [spool.id for spool in spools])
    audit.record(session, ctx, "filament.deleted", filament.id)
    touch(session, ctx.organization_id, "filament", filament.id)


async def record_usage(
    session: WriteSession,
    ctx: Actor,
    *,
    filament_id: int,
    amount_mg: int,
    order_id: int | None,
    note: str,
    now: datetime,
) -> int:
    """What a person used by hand, from the oldest spools down to zero; returns the mg taken."""
    filament = (await get_filament(session, ctx, Ref(filament_id, None))).filament
    spools = await _lock_rolls(session, ctx, filament)
    drawn = rules.draw([(spool.id, spool.remaining_mg) for spool in spools], amount_mg)
    changes = {spool_id: -taken for spool_id, taken in drawn.taken.items()}
    if drawn.short:
        note = f"{note} (stock had {rules.to_grams(drawn.short)} g less)".strip()
    reason = MovementReason.USAGE
    rows = [
        _movement(ctx, filament, spool_id, delta, reason=reason, note=note, now=now)
        | {"order_id": order_id}
        for spool_id, delta in changes.items()
    ]
    await _move(session, spools, changes, ctx)
    await queries.add_movements(session, rows)
    touch(session, ctx.organization_id, "filament", filament.id)
    return amount_mg - drawn.short


async def get_spool(session: AsyncSession, ctx: Actor, ref: Ref) -> Any:
    """The spool with its filament, slot and promises; thrown away ones too."""
    row = await queries.find_spool(session, ctx, ref)
    if row is None:
        raise NotFound(f"There is no spool {ref}.")
    return row


async def create_spool(
    session: WriteSession, ctx: Actor, *, filament: Ref, spec: SpoolSpec, now: datetime
) -> int:
    """One more roll of a known filament; raises TagTaken."""
    stock = await get_filament(session, ctx, filament)
    await _check_tag(session, ctx, spec.tag, None)
    spool = await _add_spool(session, ctx, stock.filament, spec, now)
    audit.record(session, ctx, "spool.created", spool.id, filament_id=stock.filament.id)
    return spool.id


async def update_spool(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: SpoolSpec, note: str, now: datetime
) -> int:
    """Weighed again, moved or tagged; another ``remaining_mg`` is a correction with its note."""
    spool, filament = await _get_roll(session, ctx, ref)
    await _check_tag(session, ctx, spec.tag, spool.id)
    if spec.tag is not None:
        spool.tag = spec.tag or None
    if spec.location is not None:
        spool.location = spec.location
    if spec.initial_mg is not None:
        spool.initial_mg = max(spec.initial_mg, spool.remaining_mg)
    await session.flush()
    if spec.remaining_mg is not None:
        await _set_remaining(session, ctx, filament, spool, spec.remaining_mg, note=note, now=now)
    audit.record(session, ctx, "spool.updated", spool.id, reason=note or None)
    touch(session, ctx.organization_id, "filament", filament.id)
    return spool.id


async def discard_spool(session: WriteSession, ctx: Actor, *, ref: Ref, now: datetime) -> None:
    """Thrown away: what it still held is booked off, and it leaves its slot.

    Raises SpoolPromised while a print under way needs it.
    """
    row = await queries.find_spool(session, ctx, ref)
    if row is not None and row.reserved_mg:
        raise SpoolPromised(
            f"{rules.to_grams(int(row.reserved_mg))} g of it are promised to a print."
        )
    spool, filament = await _get_roll(session, ctx, ref)
    await _set_remaining(session, ctx, filament, spool, 0, note="Thrown away.", now=now)
    spool.is_empty, spool.tag = True, None
    await _take_out(session, ctx, [spool.id])
    audit.record(session, ctx, "spool.discarded", spool.id)
    touch(session, ctx.organization_id, "filament", filament.id)


def _describe(filament: Filament, spec: FilamentSpec) -> None:
    if spec.material is not None:
        filament.material = spec.material.strip()
    if spec.color is not None:
        filament.color_name = spec.color.strip()
        filament.color = rules.hex_of(spec.color)
    if spec.color_hex is not None:
        filament.color = rules.hex_of(spec.color_hex)
    if spec.vendor is not None:
        filament.vendor = spec.vendor.strip()
    if spec.cost_per_gram_micros is not None:
        filament.cost_per_gram_micros = spec.cost_per_gram_micros
    if spec.low_stock_threshold_mg is not None:
        filament.low_stock_threshold_mg = spec.low_stock_threshold_mg


async def _lock_rolls(session: WriteSession, ctx: Actor, filament: Filament) -> list[Spool]:
    await session.flush()
    is_roll = (Spool.filament_id == filament.id) & Spool.is_empty.is_(False)
    return await queries.lock_spools(session, ctx, is_roll)


async def _get_roll(session: WriteSession, ctx: Actor, ref: Ref) -> tuple[Spool, Filament]:
    locked = await queries.lock_spools(session, ctx, ref.where(Spool) & Spool.is_empty.is_(False))
    if not locked:
        raise NotFound(f"There is no spool {ref}.")
    stock = await get_filament(session, ctx, Ref(locked[0].filament_id, None))
    return locked[0], stock.filament


async def _resize(session: WriteSession, spools: list[Spool], initial_mg: int | None) -> None:
    """The sum of what the rolls held when new: a difference goes to the newest."""
    difference = 0 if initial_mg is None else initial_mg - sum(s.initial_mg for s in spools)
    if difference and spools:
        spools[-1].initial_mg = max(spools[-1].initial_mg + difference, 0)
        await session.flush()


async def _correct(
    session: WriteSession,
    ctx: Actor,
    filament: Filament,
    spools: list[Spool],
    *,
    target_mg: int | None,
    now: datetime,
) -> None:
    """Less is taken from the oldest rolls, more is found on the newest."""
    difference = 0 if target_mg is None else target_mg - sum(s.remaining_mg for s in spools)
    if not difference:
        return
    if not spools:
        await _add_spool(session, ctx, filament, SpoolSpec(difference, difference), now)
        return
    changes = {spools[-1].id: difference}
    if difference < 0:
        drawn = rules.draw([(spool.id, spool.remaining_mg) for spool in spools], -difference)
        changes = {spool_id: -taken for spool_id, taken in drawn.taken.items()}
    reason = MovementReason.CORRECTION
    rows = [
        _movement(ctx, filament, id_, delta, reason=reason, now=now)
        for id_, delta in changes.items()
    ]
    await _move(session, spools, changes, ctx)
    await queries.add_movements(session, rows)


async def _set_remaining(
    session: WriteSession,
    ctx: Actor,
    filament: Filament,
    spool: Spool,
    target_mg: int,
    *,
    note: str,
    now: datetime,
) -> None:
    delta = target_mg - spool.remaining_mg
    if not delta:
        return
    reason = MovementReason.CORRECTION
    row = _movement(ctx, filament, spool.id, delta, reason=reason, note=note, now=now)
    await _move(session, [spool], {spool.id: delta}, ctx)
    await queries.add_movements(session, [row])


async def _move(
    session: WriteSession, spools: list[Spool], changes: Mapping[int, int], ctx: Actor
) -> None:
    levels = {
        spool.id: (spool.remaining_mg, spool.remaining_mg + changes[spool.id])
        for spool in spools
        if spool.id in changes
    }
    if not await queries.move_spools(session, ctx, levels):
        raise StockMoved("A spool moved meanwhile. Look again.")
    await low_stock.tell_low(session, ctx, spools, changes)


async def _add_spool(
    session: WriteSession, ctx: Actor, filament: Filament, spec: SpoolSpec, now: datetime
) -> Spool:
    """A new roll and the movement that brought it."""
    remaining = (spec.initial_mg if spec.remaining_mg is None else spec.remaining_mg) or 0
    spool = Spool(
        organization_id=ctx.organization_id,
        filament_id=filament.id,
        initial_mg=max(spec.initial_mg or 0, remaining),
        remaining_mg=remaining,
        tag=spec.tag or None,
        location=spec.location or "",
    )
    session.add(spool)
    await session.flush()
    reason = MovementReason.PURCHASE
    row = _movement(ctx, filament, spool.id, remaining, reason=reason, now=now)
    await queries.add_movements(session, [row])
    touch(session, ctx.organization_id, "filament", filament.id)
    return spool


def _movement(
    ctx: Actor,
    filament: Filament,
    spool_id: int,
    delta_mg: int,
    *,
    reason: MovementReason,
    now: datetime,
    note: str = "",
) -> dict[str, object]:
    return {
        "organization_id": ctx.organization_id,
        "key": f"{reason.value}:{ids.new_uuid()}",
        "filament_id": filament.id,
        "spool_id": spool_id,
        "material": filament.material,
        "delta_mg": delta_mg,
        "reason": reason,
        "note": note[:300],
        "created_at": now,
    }


async def _check_tag(
    session: WriteSession, ctx: Actor, tag: str | None, spool_id: int | None
) -> None:
    if not tag:
        return
    if not rules.is_tag(tag):
        raise Invalid("A tag of zeros means that the roll has none.")
    known = await queries.list_tagged(session, ctx, [tag])
    if known.get(tag, spool_id) != spool_id:
        raise TagTaken(f"Spool {known[tag]} carries the tag {tag}.", spool_id=known[tag])


async def _take_out(session: WriteSession, ctx: Actor, spool_ids: list[int]) -> None:
    for printer_id in await queries.unload(session, ctx, SlotSpool.spool_id.in_(spool_ids)):
        touch(session, ctx.organization_id, "printer", printer_id)
