"""What is in printers' slots, as the shop manager's clients know it (reference (a)).

Served under ``/api/bambu/materials`` and under ``/api/bambu/printers/materials``. With GET and POST
the number behind it is a printer's, with PUT a material's (reference decision 21).
"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.inventory import materials
from shopwright.inventory.material_schemas import MaterialChange, MaterialCreate, MaterialRead
from shopwright.inventory.materials import Material, MaterialUnknown
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed_bare,
    page_of,
    parse_ref,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute

PREFIXES = ("/api/bambu/materials", "/api/bambu/printers/materials")

router = APIRouter(tags=["inventory"], route_class=RepeatableRoute)

MaterialRef = Annotated[Ref, path_ref("material")]
PrinterRef = Annotated[Ref, path_ref("printer")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("", response_model=list[MaterialRead], responses=problems(Invalid, NotFound))
async def list_materials(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    printer_id: Annotated[str | None, Query(max_length=40)] = None,
) -> JSONResponse:
    """What is in the slots of all printers, or of one."""
    printer = parse_ref(printer_id) if printer_id else None
    return _listed(await materials.list_materials(session, ctx, printer), paging)


@router.get("/{printer}", response_model=list[MaterialRead], responses=problems(Invalid, NotFound))
async def list_printer_materials(
    printer: PrinterRef, ctx: ViewerCtx, session: Read, paging: EveryRow
) -> JSONResponse:
    """What is in the slots of one printer."""
    return _listed(await materials.list_materials(session, ctx, printer), paging)


@router.post("/{printer}", status_code=201, responses=problems(Invalid, NotFound))
async def load_material(
    printer: PrinterRef, body: MaterialCreate, ctx: MemberCtx, session: Write, now: Now
) -> MaterialRead:
    """Put a new roll into a slot, in place of what was there."""
    loaded = await materials.load_material(
        session, ctx, printer=printer, slot=body.slot, spec=body.spec(), now=now
    )
    return MaterialRead.of(loaded)


@router.put("/{material}", responses=problems(Invalid, NotFound, MaterialUnknown))
async def update_material(
    material: MaterialRef, body: MaterialChange, ctx: MemberCtx, session: Write, now: Now
) -> MaterialRead:
    """Describe what is in a slot; another ``remaining_pct`` is booked as a correction."""
    changed = await materials.update_material(session, ctx, ref=material, spec=body.spec(), now=now)
    return MaterialRead.of(changed)


def _listed(found: list[Material], paging: Paging) -> JSONResponse:
    page = found[paging.offset : paging.offset + paging.limit]
    return listed_bare([MaterialRead.of(one) for one in page], len(found), paging)
