"""Parts over HTTP, as the clients of the part-management reference know them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from shopwright.accounts.open_keys import OpenMemberCtx, OpenViewerCtx, is_open
from shopwright.accounts.schemas import Message
from shopwright.kernel import revisions
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    ProcessDep,
    Read,
    Ref,
    SettingsDep,
    Write,
    listed,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts import service
from shopwright.parts.auth_checks import AuthChecks, CheckedTooOften
from shopwright.parts.queries import REVISION, PartFilter, SortBy
from shopwright.parts.schemas import (
    ApproveBody,
    AssignBody,
    AuthCheckRead,
    CompleteBody,
    NoBody,
    PartBody,
    PartPage,
    PartRead,
)
from shopwright.parts.service import (
    AmountOfOrder,
    NameMissing,
    PartHeld,
    PartMissing,
    PartMoved,
    PartTaken,
)
from shopwright.parts.states import PartCategory, PartMoveForbidden

router = APIRouter(prefix="/api/parts", tags=["parts"], route_class=RepeatableRoute)

PartRef = Annotated[Ref, path_ref("part")]
AllRows = Annotated[Paging, page_of(ALL_ROWS)]
Search = Annotated[str | None, Query(max_length=200)]
Word = Annotated[str | None, Query(max_length=40)]
MOVES = problems(PartMissing, PartMoveForbidden, PartMoved)
UNKEPT = {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache"}
CAMEL = {"createdat": "created_at", "updatedat": "updated_at", "dueon": "due_on"}


@router.get("", response_model=PartPage, responses=problems(Invalid))
async def list_parts(
    *,
    request: Request,
    ctx: OpenViewerCtx,
    process: ProcessDep,
    paging: AllRows,
    category: Word = None,
    search: Search = None,
    sort_by: Word = None,
    sort_order: Word = None,
) -> Response:
    """Parts, the newest first unless asked otherwise; ``search`` looks into name, notes,
    subsystem, assigned, material and partId."""
    wanted = _filter(category, search, sort_by, sort_order)
    return await _page(request, process, ctx, wanted, paging)


@router.post("", status_code=201, responses=problems(Invalid, PartMoveForbidden))
async def create_part(
    body: PartBody, ctx: OpenMemberCtx, session: Write, now: Now, settings: SettingsDep
) -> PartRead:
    """A new part; it waits for review unless its category says otherwise."""
    made = await service.create_part(session, ctx, spec=body.spec(), now=now)
    return PartRead.of(made, settings.base_path)


@router.get("/auth/check", responses=problems(CheckedTooOften))
async def check_auth(
    request: Request,
    response: Response,
    ctx: OpenViewerCtx,  # noqa: ARG001  the door
    process: ProcessDep,
    now: Now,
) -> AuthCheckRead:
    """Whether the key is good; every two seconds per address."""
    address = request.client.host if request.client else "unknown"
    process.context.keep(AuthChecks).note(address, now)
    response.headers.update(UNKEPT | {"Expires": "0"})
    return AuthCheckRead(timestamp=now)


@router.get("/categories/{category}", response_model=PartPage, responses=problems(Invalid))
async def list_parts_of_category(
    *,
    request: Request,
    category: str,
    ctx: OpenViewerCtx,
    process: ProcessDep,
    paging: AllRows,
    search: Search = None,
    sort_by: Word = None,
    sort_order: Word = None,
) -> Response:
    """The same list for one category."""
    wanted = _filter(category, search, sort_by, sort_order)
    return await _page(request, process, ctx, wanted, paging)


@router.get("/{part}", response_model=PartRead, responses=problems(PartMissing))
async def read_part(
    *, request: Request, part: PartRef, ctx: OpenViewerCtx, process: ProcessDep, session: Read
) -> Response:
    """One part."""
    unchanged, headers = await _revalidated(request, process, ctx)
    if unchanged is not None:
        return unchanged
    found = await service.get_part(session, ctx, part)
    read = PartRead.of(found, process.settings.base_path)
    return JSONResponse(read.model_dump(mode="json"), headers=headers)


@router.put("/{part}", responses=MOVES | problems(Invalid, PartHeld, AmountOfOrder))
async def update_part(
    *,
    part: PartRef,
    body: PartBody,
    ctx: OpenMemberCtx,
    session: Write,
    now: Now,
    settings: SettingsDep,
) -> PartRead:
    """Set the members that are sent; category and status move only as the actions below do."""
    changed = await service.update_part(session, ctx, ref=part, changes=body.changes(), now=now)
    return PartRead.of(changed, settings.base_path)


@router.delete("/{part}", responses=problems(PartMissing, PartMoved))
async def delete_part(part: PartRef, ctx: OpenMemberCtx, session: Write, now: Now) -> Message:
    """Take a part off every list."""
    await service.delete_part(session, ctx, ref=part, now=now)
    return Message(message="Part deleted successfully")


@router.post("/{part}/approve", responses=MOVES)
async def approve_part(
    *,
    part: PartRef,
    ctx: OpenMemberCtx,
    session: Write,
    now: Now,
    settings: SettingsDep,
    body: ApproveBody | None = None,
) -> PartRead:
    """From review to the list of its type."""
    said = body or ApproveBody()
    moved = await service.approve_part(
        session, ctx, ref=part, reviewer=said.reviewer, misc_info=said.misc_info, now=now
    )
    return PartRead.of(moved, settings.base_path)


@router.post("/{part}/assign", responses=MOVES | problems(NameMissing, PartTaken, PartHeld))
async def assign_part(
    *,
    part: PartRef,
    ctx: OpenMemberCtx,
    session: Write,
    now: Now,
    settings: SettingsDep,
    body: AssignBody | None = None,
) -> PartRead:
    """Somebody takes the part. Who has it already is told in the refusal."""
    named = (body or AssignBody()).assigned
    moved = await service.assign_part(session, ctx, ref=part, name=named, now=now)
    return PartRead.of(moved, settings.base_path)


@router.post("/{part}/unclaim", responses=MOVES)
async def unclaim_part(
    *,
    part: PartRef,
    ctx: OpenMemberCtx,
    session: Write,
    now: Now,
    settings: SettingsDep,
    body: NoBody | None = None,  # noqa: ARG001  a key may stand in it
) -> PartRead:
    """Give the part back."""
    moved = await service.unclaim_part(session, ctx, ref=part, now=now)
    return PartRead.of(moved, settings.base_path)


@router.post("/{part}/complete", responses=MOVES | problems(Invalid, PartHeld))
async def complete_part(
    *,
    part: PartRef,
    ctx: OpenMemberCtx,
    session: Write,
    now: Now,
    settings: SettingsDep,
    body: CompleteBody | None = None,
) -> PartRead:
    """The part is made, or ``amount`` of it are; its order's pieces are complete with it."""
    said = body or CompleteBody()
    moved = await service.complete_part(
        session, ctx, ref=part, misc_info=said.misc_info, amount=said.amount, now=now
    )
    return PartRead.of(moved, settings.base_path)


@router.post("/{part}/revert", responses=MOVES)
async def revert_part(
    *,
    part: PartRef,
    ctx: OpenMemberCtx,
    session: Write,
    now: Now,
    settings: SettingsDep,
    body: NoBody | None = None,  # noqa: ARG001  a key may stand in it
) -> PartRead:
    """Back to the list of its type: it was not finished after all."""
    moved = await service.revert_part(session, ctx, ref=part, now=now)
    return PartRead.of(moved, settings.base_path)


async def _page(
    request: Request, process: ProcessDep, ctx: Actor, wanted: PartFilter, paging: Paging
) -> Response:
    unchanged, headers = await _revalidated(request, process, ctx)
    if unchanged is not None:
        return unchanged
    async with process.database.read() as session:
        rows, total = await service.list_parts(session, ctx, wanted, paging)
    read = [PartRead.of(row, process.settings.base_path) for row in rows]
    answer = listed("parts", read, total, paging)
    answer.headers.update(headers)
    return answer


async def _revalidated(
    request: Request, process: ProcessDep, ctx: Actor
) -> tuple[Response | None, dict[str, str]]:
    """304 when nothing moved, else the headers of the answer. The revision is read before the
    rows: a change between the two makes the ETag old at once, never wrong."""
    if is_open(request):
        return None, {}
    database = process.database
    unchanged = await revisions.find_unchanged(request, database, ctx, REVISION)
    if unchanged is not None:
        return unchanged, {}
    row = await database.fetch_shared_row(REVISION, {"organization_id": ctx.organization_id})
    etag = revisions.vouch(request, ctx, REVISION, str(row[0] if row else None))
    return None, revisions.cache_headers(etag)


def _filter(
    category: str | None, search: str | None, sort_by: str | None, sort_order: str | None
) -> PartFilter:
    """Raises Invalid with the words there are."""
    order = (sort_order or "desc").strip().lower()
    if order not in {"asc", "desc"}:
        raise Invalid("sort_order must be asc or desc.")
    sort = (sort_by or SortBy.CREATED_AT.value).strip().lower()
    return PartFilter(
        category=_word(PartCategory, category, "category") if category else None,
        text=(search or "").strip() or None,
        sort_by=_word(SortBy, CAMEL.get(sort, sort), "sort_by"),
        is_descending=order == "desc",
    )


def _word(kind: Any, text: str, name: str) -> Any:
    word = text.strip().lower()
    if word not in set(kind):
        raise Invalid(f"{name} must be one of {', '.join(kind)}, not {text[:40]!r}.")
    return kind(word)
