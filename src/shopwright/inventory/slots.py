"""Which spool is in which slot: a person says it, or the tag that the device reads on the roll."""

from collections.abc import Mapping
from datetime import datetime

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.inventory import queries, rules
from shopwright.inventory.models import SlotSpool, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession, WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.live import touch

MAX_SLOT = 64  # four units of four, AMS HT from 17; more is a typing error


def check_slot(slot: int) -> None:
    if not 0 <= slot <= MAX_SLOT:
        raise Invalid(
            f"Slots are numbered from 1 to {MAX_SLOT}; 0 is the external spool.", slot=slot
        )


async def load_spool(
    session: WriteSession, ctx: Actor, *, printer: Ref, slot: int, spool: Ref, now: datetime
) -> int:
    """Put a spool into a slot, out of wherever it was, in place of what was there."""
    check_slot(slot)
    printer_id = (await fleet.get_printer(session, ctx, printer)).id
    is_wanted = spool.where(Spool) & Spool.is_empty.is_(False)
    locked = await queries.lock_spools(session, ctx, is_wanted)
    if not locked:
        raise NotFound(f"There is no spool {spool}.")
    spool_id = locked[0].id
    await _load(session, ctx, printer_id=printer_id, slot=slot, spool_id=spool_id, now=now)
    audit.record(session, ctx, "spool.loaded", spool_id, printer_id=printer_id, slot=slot)
    return spool_id


async def unload_slot(session: WriteSession, ctx: Actor, *, printer: Ref, slot: int) -> None:
    """Raises NotFound when no spool is there."""
    check_slot(slot)
    printer_id = (await fleet.get_printer(session, ctx, printer)).id
    is_slot = (SlotSpool.printer_id == printer_id) & (SlotSpool.slot == slot)
    if not await queries.unload(session, ctx, is_slot):
        raise NotFound(f"No spool is set for slot {slot}.")
    audit.record(session, ctx, "printer.slot_unloaded", printer_id, slot=slot)
    touch(session, ctx.organization_id, "printer", printer_id)
    touch(session, ctx.organization_id, "filament")


async def find_slot_spool(
    session: ReadSession | WriteSession, ctx: Actor, *, printer: Ref, slot: int
) -> int | None:
    """The spool that is set for the slot; raises NotFound for an unknown printer."""
    check_slot(slot)
    printer_id = (await fleet.get_printer(session, ctx, printer)).id
    known = (await queries.list_slots(session, ctx, printer_id)).get(slot)
    return known[0] if known else None


async def reconcile_slots(
    session: WriteSession,
    ctx: Actor,
    *,
    printer_id: int,
    tags: Mapping[int, str | None],
    now: datetime,
) -> int:
    """Follow the tags a device reads, by slot; returns how many slots changed.

    A known tag loads its spool. A tag that is not the loaded spool's own unloads that spool. A slot
    without a tag is left as a person set it.
    """
    read = {slot: tag for slot, tag in tags.items() if tag and rules.is_tag(tag)}
    if not read:
        return 0
    present = await queries.list_slots(session, ctx, printer_id)
    known = await queries.list_tagged(session, ctx, set(read.values()))
    changed = 0
    for slot, tag in sorted(read.items()):
        spool_id, own_tag = present.get(slot, (None, None))
        wanted = known.get(tag)
        if wanted is not None and wanted != spool_id:
            await queries.lock_spools(session, ctx, Spool.id == wanted)
            await _load(session, ctx, printer_id=printer_id, slot=slot, spool_id=wanted, now=now)
            audit.record(session, ctx, "spool.loaded", wanted, printer_id=printer_id, slot=slot)
            changed += 1
        elif wanted is None and own_tag is not None:
            is_slot = (SlotSpool.printer_id == printer_id) & (SlotSpool.slot == slot)
            await queries.unload(session, ctx, is_slot)
            audit.record(session, ctx, "printer.slot_unloaded", printer_id, slot=slot)
            touch(session, ctx.organization_id, "printer", printer_id)
            changed += 1
    return changed


async def _load(
    session: WriteSession, ctx: Actor, *, printer_id: int, slot: int, spool_id: int, now: datetime
) -> None:
    left = await queries.load_slot(
        session, ctx, printer_id=printer_id, slot=slot, spool_id=spool_id, now=now
    )
    for changed in {printer_id, *left}:
        touch(session, ctx.organization_id, "printer", changed)
    touch(session, ctx.organization_id, "filament")
