"""The materials in printers' slots, as clients that know no spools see and correct them.

A material is a place: its id is made of the printer's and the slot, so that it stays the same
whatever roll is put there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.accounts import audit
from shopwright.fleet import service as fleet
from shopwright.fleet.models import PrinterSlot
from shopwright.inventory import filaments, material_queries, queries, rules, slots
from shopwright.inventory.filaments import FilamentSpec, SpoolSpec
from shopwright.inventory.models import Filament, Spool
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession
from shopwright.kernel.edge import Ref
from shopwright.kernel.errors import Conflict, NotFound

PLACES = 100  # slots a printer's ids have room for; more than slots.MAX_SLOT
FULL_MG = 1_000_000  # a roll of which nobody said how much it held
NOTE = "Corrected at its printer."


class MaterialUnknown(Conflict):
    code = "material-unknown"
    title = "Nobody knows what is in this slot"


@dataclass(frozen=True, slots=True)
class Material:
    """``full_mg`` is what the roll held when new; amounts are None where nobody knows."""

    printer_id: int
    slot: int
    material: str | None = None
    color: str | None = None  # #RRGGBB, or the name where that is all
    full_mg: int | None = None
    remaining_mg: int | None = None
    vendor: str | None = None
    cost_per_gram_micros: int | None = None
    loaded_at: datetime | None = None
    synced_at: datetime | None = None
    spool_id: int | None = None
    filament_id: int | None = None

    @property
    def id(self) -> int:
        return self.printer_id * PLACES + self.slot

    @property
    def remaining_pct(self) -> int | float | None:
        """To a tenth."""
        if not self.full_mg or self.remaining_mg is None:
            return None
        percent = round(100 * self.remaining_mg / self.full_mg, 1)
        return int(percent) if percent == int(percent) else percent


@dataclass(frozen=True, slots=True)
class MaterialSpec:
    """Only what is not None changes."""

    material: str | None = None
    color: str | None = None
    vendor: str | None = None
    cost_per_gram_micros: int | None = None
    full_mg: int | None = None
    remaining_pct: float | None = None


async def list_materials(
    session: AsyncSession, ctx: Actor, printer: Ref | None = None
) -> list[Material]:
    """Of one printer or all, by printer and slot; empty slots are left out."""
    if printer is not None:
        printer_ids = [(await fleet.get_living_printer(session, ctx, printer)).id]  # type: ignore[arg-type]  # either session
    else:
        printer_ids = [found.id for found in await fleet.list_printers(session, ctx)]  # type: ignore[arg-type]  # either session
    told = await fleet.list_slots(session, ctx, printer_ids)  # type: ignore[arg-type]  # either session
    loaded = await material_queries.list_loaded(session, ctx, printer_ids)
    return [
        material
        for printer_id in sorted(printer_ids)
        for material in _of_printer(printer_id, told.get(printer_id, ()), loaded)
    ]


async def get_material(session: AsyncSession, ctx: Actor, ref: Ref) -> Material:
    """Raises NotFound where nothing is loaded, and for another organization's printer."""
    printer_id, slot = divmod(ref.id or 0, PLACES)
    if printer_id:
        for material in await list_materials(session, ctx, Ref(printer_id, None)):
            if material.slot == slot:
                return material
    raise NotFound(f"There is no material {ref}.")


async def load_material(
    session: WriteSession, ctx: Actor, *, printer: Ref, slot: int, spec: MaterialSpec, now: datetime
) -> Material:
    """A new roll goes into the slot, in place of what was there."""
    slots.check_slot(slot)
    printer_id = (await fleet.get_living_printer(session, ctx, printer)).id
    await _load(session, ctx, Material(printer_id, slot), spec, now)
    return await get_material(session, ctx, Ref(Material(printer_id, slot).id, None))


async def update_material(
    session: WriteSession, ctx: Actor, *, ref: Ref, spec: MaterialSpec, now: datetime
) -> Material:
    """Describe what is in a slot; another ``remaining_pct`` is booked as a correction.

    Of a roll that only the device knows, a spool is made. Raises MaterialUnknown when neither the
    device nor ``spec`` says what it is made of.
    """
    found = await get_material(session, ctx, ref)
    if found.spool_id is None:
        await _load(session, ctx, found, spec, now)
    else:
        await _describe(session, ctx, found, found.spool_id, spec, now)
        await _weigh(session, ctx, found, found.spool_id, spec, now)
    return await get_material(session, ctx, ref)


def _of_printer(printer_id: int, told: Sequence[PrinterSlot], loaded: Any) -> list[Material]:
    reported = {slot.number: slot for slot in told}
    numbers = {number for number, slot in reported.items() if slot.is_loaded}
    numbers |= {slot for printer, slot in loaded if printer == printer_id}
    return [
        _of_slot(printer_id, number, reported.get(number), loaded.get((printer_id, number)))
        for number in sorted(numbers)
    ]


def _of_slot(printer_id: int, number: int, told: PrinterSlot | None, loaded: Any) -> Material:
    synced_at = told.synced_at if told else None
    if loaded is not None:
        return _of_spool(printer_id, number, loaded, synced_at)
    assert told is not None  # noqa: S101  it is one of the two
    percent = None if told.is_external else told.remaining_percent  # devices guess 0 there
    return Material(
        printer_id,
        number,
        material=told.material,
        color=f"#{told.color}" if told.color else None,
        full_mg=None if percent is None else FULL_MG,
        remaining_mg=None if percent is None else percent * FULL_MG // 100,
        loaded_at=told.loaded_at,
        synced_at=synced_at,
    )


def _of_spool(printer_id: int, number: int, loaded: Any, synced_at: datetime | None) -> Material:
    spool: Spool = loaded.Spool
    filament: Filament = loaded.Filament
    return Material(
        printer_id,
        number,
        material=filament.material,
        color=f"#{filament.color}" if filament.color else filament.color_name,
        full_mg=spool.initial_mg,
        remaining_mg=spool.remaining_mg,
        vendor=filament.vendor,
        cost_per_gram_micros=filament.cost_per_gram_micros,
        loaded_at=loaded.loaded_at,
        synced_at=synced_at or loaded.loaded_at,
        spool_id=spool.id,
        filament_id=filament.id,
    )


async def _load(
    session: WriteSession, ctx: Actor, place: Material, spec: MaterialSpec, now: datetime
) -> None:
    filament = await _filament_of(session, ctx, place, spec, now)
    full = spec.full_mg or place.full_mg or FULL_MG
    percent = _first(spec.remaining_pct, place.remaining_pct, 100)
    spool_id = await filaments.create_spool(
        session,
        ctx,
        filament=Ref(filament.id, None),
        spec=SpoolSpec(full, round(full * percent / 100)),
        now=now,
    )
    await slots.load_spool(
        session,
        ctx,
        printer=Ref(place.printer_id, None),
        slot=place.slot,
        spool=Ref(spool_id, None),
        now=now,
    )


async def _describe(
    session: WriteSession,
    ctx: Actor,
    found: Material,
    spool_id: int,
    spec: MaterialSpec,
    now: datetime,
) -> None:
    """Another product: its own filament when it is the only roll of it, else one that fits."""
    if not _is_other_product(found, spec):
        return
    filament_id = found.filament_id or 0
    if await material_queries.count_rolls(session, ctx, filament_id) == 1:
        changed = FilamentSpec(
            material=spec.material,
            color=None if spec.color == found.color else spec.color,
            vendor=spec.vendor,
            cost_per_gram_micros=spec.cost_per_gram_micros,
        )
        ref = Ref(filament_id, None)
        await filaments.update_filament(session, ctx, ref=ref, spec=changed, now=now)
        return
    filament = await _filament_of(session, ctx, found, spec, now)
    (spool,) = await queries.lock_spools(session, ctx, Spool.id == spool_id)
    spool.filament_id = filament.id
    await session.flush()
    audit.record(session, ctx, "spool.described", spool_id, filament_id=filament.id)


async def _weigh(
    session: WriteSession,
    ctx: Actor,
    found: Material,
    spool_id: int,
    spec: MaterialSpec,
    now: datetime,
) -> None:
    """The same figures again change nothing, although they are rounded."""
    is_same_pct = spec.remaining_pct in {None, found.remaining_pct}
    is_same_full = spec.full_mg in {None, found.full_mg}
    if is_same_pct and is_same_full:
        return
    full = spec.full_mg or found.full_mg or FULL_MG
    percent = _first(spec.remaining_pct, found.remaining_pct, 100)
    weighed = SpoolSpec(initial_mg=full, remaining_mg=round(full * percent / 100))
    ref = Ref(spool_id, None)
    await filaments.update_spool(session, ctx, ref=ref, spec=weighed, note=NOTE, now=now)


async def _filament_of(
    session: WriteSession, ctx: Actor, place: Material, spec: MaterialSpec, now: datetime
) -> Filament:
    """The filament of this description; a new one when there is none yet."""
    material = spec.material or place.material
    if not material:
        raise MaterialUnknown(
            f"Nobody knows what is in slot {place.slot}. Say it: send material_type, too."
        )
    wanted = {
        "material": material.strip(),
        "color_name": (spec.color or place.color or "").strip(),
        "vendor": (_first(spec.vendor, place.vendor, "")).strip(),
        "cost_per_gram_micros": _first(spec.cost_per_gram_micros, place.cost_per_gram_micros, 0),
    }
    known = await material_queries.find_filament(session, ctx, **wanted)
    if known is not None:
        return known
    color = rules.hex_of(wanted["color_name"])
    filament = Filament(organization_id=ctx.organization_id, color=color, updated_at=now, **wanted)
    session.add(filament)
    await session.flush()
    audit.record(session, ctx, "filament.created", filament.id)
    return filament


def _is_other_product(found: Material, spec: MaterialSpec) -> bool:
    said = (spec.material, spec.color, spec.vendor, spec.cost_per_gram_micros)
    known = (found.material, found.color, found.vendor, found.cost_per_gram_micros)
    return any(new is not None and new != old for new, old in zip(said, known, strict=True))


def _first(*values: Any) -> Any:
    """The first that is known."""
    return next(value for value in values if value is not None)
