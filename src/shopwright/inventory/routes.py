"""Filaments as the shop manager's clients know them, spools and their slots, over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.inventory import filament_queries, filaments, low_stock, queries, slots
from shopwright.inventory.filament_queries import FilamentFilter, FilamentStock
from shopwright.inventory.filaments import SpoolPromised, TagTaken
from shopwright.inventory.models import Filament, FilamentMovement, Spool
from shopwright.inventory.schemas import (
    FilamentChange,
    FilamentCreate,
    FilamentMovementPage,
    FilamentMovementRead,
    FilamentPage,
    FilamentRead,
    SlotLoad,
    SpoolChange,
    SpoolCreate,
    SpoolPage,
    SpoolRead,
)
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    ALL_ROWS,
    MAX_ID,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

router = APIRouter(prefix="/api", tags=["inventory"], route_class=RepeatableRoute)

FilamentRef = Annotated[Ref, path_ref("filament")]
SpoolRef = Annotated[Ref, path_ref("spool")]
PrinterRef = Annotated[Ref, path_ref("printer")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]
Page = Annotated[Paging, page_of(100)]


@router.get("/filaments", response_model=FilamentPage)
async def list_filaments(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    now: Now,
    material: Annotated[str | None, Query(max_length=40)] = None,
    color: Annotated[str | None, Query(max_length=60)] = None,
    low_stock: bool = False,
) -> JSONResponse:
    """Filaments with what is left of them; ``low_stock`` shows only those that run out."""
    wanted = FilamentFilter(material, color, low_stock)
    rows, total = await filament_queries.list_filaments(session, ctx, wanted, paging)
    return listed("filaments", await _with_outlook(session, ctx, rows, now), total, paging)


@router.post("/filaments", status_code=201, responses=problems(Invalid))
async def create_filament(
    body: FilamentCreate, ctx: MemberCtx, session: Write, now: Now
) -> FilamentRead:
    """A filament with one spool."""
    stock = await filaments.create_filament(session, ctx, spec=body.spec(), now=now)
    return (await _with_outlook(session, ctx, [stock], now))[0]


@router.get("/filaments/{filament}", responses=problems(NotFound))
async def read_filament(
    filament: FilamentRef, ctx: ViewerCtx, session: Read, now: Now
) -> FilamentRead:
    """One filament."""
    stock = await filaments.get_filament(session, ctx, filament)
    return (await _with_outlook(session, ctx, [stock], now))[0]


@router.put("/filaments/{filament}", responses=problems(NotFound, Invalid))
async def update_filament(
    filament: FilamentRef, body: FilamentChange, ctx: MemberCtx, session: Write, now: Now
) -> FilamentRead:
    """Describe it anew; another ``current_amount`` is booked as a correction."""
    spec = body.spec()
    stock = await filaments.update_filament(session, ctx, ref=filament, spec=spec, now=now)
    return (await _with_outlook(session, ctx, [stock], now))[0]


@router.delete("/filaments/{filament}", responses=problems(NotFound))
async def delete_filament(filament: FilamentRef, ctx: MemberCtx, session: Write) -> Message:
    """Hide a filament with its spools."""
    await filaments.hide_filament(session, ctx, ref=filament)
    return Message(message="Filament deleted")


@router.get(
    "/filaments/{filament}/movements",
    response_model=FilamentMovementPage,
    responses=problems(NotFound),
)
async def list_filament_movements(
    filament: FilamentRef, ctx: ViewerCtx, session: Read, paging: Page
) -> JSONResponse:
    """Why the amount of a filament moved, the latest first."""
    found: Filament = (await filaments.get_filament(session, ctx, filament)).filament
    is_its = FilamentMovement.filament_id == found.id
    rows, total = await queries.list_movements(session, ctx, is_its, paging)
    return listed("movements", [FilamentMovementRead.of(row) for row in rows], total, paging)


@router.get("/spools", response_model=SpoolPage)
async def list_spools(
    ctx: ViewerCtx,
    session: Read,
    paging: Page,
    filament_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    include_empty: bool = False,
) -> JSONResponse:
    """Spools with what is left and promised, and the slot each is in."""
    conditions: list[ColumnElement[bool]] = []
    if not include_empty:
        conditions.append(Spool.is_empty.is_(False))
    if filament_id is not None:
        conditions.append(Spool.filament_id == filament_id)
    rows, total = await queries.list_spools(session, ctx, conditions, paging)
    return listed("spools", [SpoolRead.of(row) for row in rows], total, paging)


@router.post("/spools", status_code=201, responses=problems(NotFound, Invalid, TagTaken))
async def create_spool(body: SpoolCreate, ctx: MemberCtx, session: Write, now: Now) -> SpoolRead:
    """One more roll of a filament."""
    spool_id = await filaments.create_spool(
        session, ctx, filament=body.filament_id, spec=body.spec(), now=now
    )
    return SpoolRead.of(await filaments.get_spool(session, ctx, Ref(spool_id, None)))


@router.get("/spools/{spool}", responses=problems(NotFound))
async def read_spool(spool: SpoolRef, ctx: ViewerCtx, session: Read) -> SpoolRead:
    """One spool."""
    return SpoolRead.of(await filaments.get_spool(session, ctx, spool))


@router.put("/spools/{spool}", responses=problems(NotFound, Invalid, TagTaken))
async def update_spool(
    spool: SpoolRef, body: SpoolChange, ctx: MemberCtx, session: Write, now: Now
) -> SpoolRead:
    """Weighed again, moved to another shelf, or tagged."""
    await filaments.update_spool(session, ctx, ref=spool, spec=body.spec(), note=body.note, now=now)
    return SpoolRead.of(await filaments.get_spool(session, ctx, spool))


@router.delete("/spools/{spool}", responses=problems(NotFound, SpoolPromised))
async def discard_spool(spool: SpoolRef, ctx: MemberCtx, session: Write, now: Now) -> Message:
    """Throw a spool away: what it still held is booked off."""
    await filaments.discard_spool(session, ctx, ref=spool, now=now)
    return Message(message="Spool deleted")


@router.get(
    "/spools/{spool}/movements", response_model=FilamentMovementPage, responses=problems(NotFound)
)
async def list_spool_movements(
    spool: SpoolRef, ctx: ViewerCtx, session: Read, paging: Page
) -> JSONResponse:
    """Why the amount of a spool moved, the latest first."""
    row = await filaments.get_spool(session, ctx, spool)
    is_its = FilamentMovement.spool_id == row.Spool.id
    rows, total = await queries.list_movements(session, ctx, is_its, paging)
    return listed("movements", [FilamentMovementRead.of(row) for row in rows], total, paging)


@router.get("/printers/{printer}/slots/{slot}/spool", responses=problems(NotFound, Invalid))
async def read_slot_spool(
    printer: PrinterRef, slot: int, ctx: ViewerCtx, session: Read
) -> SpoolRead:
    """The spool that is set for a slot."""
    spool_id = await slots.find_slot_spool(session, ctx, printer=printer, slot=slot)
    if spool_id is None:
        raise NotFound(f"No spool is set for slot {slot}.")
    return SpoolRead.of(await filaments.get_spool(session, ctx, Ref(spool_id, None)))


@router.put("/printers/{printer}/slots/{slot}/spool", responses=problems(NotFound, Invalid))
async def load_spool(
    printer: PrinterRef, slot: int, body: SlotLoad, ctx: MemberCtx, session: Write, now: Now
) -> SpoolRead:
    """Say which spool is in a slot, out of where it was. Slot 0 is the external spool."""
    spool_id = await slots.load_spool(
        session, ctx, printer=printer, slot=slot, spool=body.spool_id, now=now
    )
    return SpoolRead.of(await filaments.get_spool(session, ctx, Ref(spool_id, None)))


@router.delete("/printers/{printer}/slots/{slot}/spool", responses=problems(NotFound, Invalid))
async def unload_slot(printer: PrinterRef, slot: int, ctx: MemberCtx, session: Write) -> Message:
    """Say that the slot's spool was taken out."""
    await slots.unload_slot(session, ctx, printer=printer, slot=slot)
    return Message(message="Slot unloaded")


async def _with_outlook(
    session: AsyncSession, ctx: Actor, rows: Sequence[FilamentStock], now: datetime
) -> list[FilamentRead]:
    outlooks = await low_stock.list_outlooks(session, ctx, rows, now)
    return [FilamentRead.of(row, outlooks[row.filament.id]) for row in rows]
