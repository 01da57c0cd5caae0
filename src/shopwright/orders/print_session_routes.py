"""Print sessions over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.kernel.edge import (
    ALL_ROWS,
    Now,
    Paging,
    Read,
    Ref,
    Write,
    listed_bare,
    page_of,
    path_ref,
    problems,
)
from shopwright.kernel.errors import Invalid, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import print_sessions
from shopwright.orders.work_schemas import SessionChange, SessionCreate, SessionIn, SessionRead

router = APIRouter(prefix="/api/print-sessions", tags=["orders"], route_class=RepeatableRoute)

SessionRef = Annotated[Ref, path_ref("print_session")]
EveryRow = Annotated[Paging, page_of(ALL_ROWS)]


@router.get("", response_model=list[SessionRead])
async def list_print_sessions(
    ctx: ViewerCtx,
    session: Read,
    paging: EveryRow,
    status: Annotated[SessionIn | None, Query()] = None,
) -> JSONResponse:
    """Print sessions, the latest first."""
    rows, total = await print_sessions.list_sessions(session, ctx, status, paging)
    return listed_bare([SessionRead.of(row) for row in rows], total, paging)


@router.post("", status_code=201, responses=problems(Invalid, NotFound))
async def create_print_session(
    body: SessionCreate, ctx: MemberCtx, session: Write, now: Now
) -> SessionRead:
    """Orders that are to be printed in one go."""
    return SessionRead.of(
        await print_sessions.create_session(session, ctx, spec=body.spec(), now=now)
    )


@router.get("/{print_session}", responses=problems(NotFound))
async def read_print_session(
    print_session: SessionRef, ctx: ViewerCtx, session: Read
) -> SessionRead:
    """One print session."""
    return SessionRead.of(await print_sessions.get_session(session, ctx, print_session))


@router.put("/{print_session}", responses=problems(Invalid, NotFound))
async def update_print_session(
    print_session: SessionRef, body: SessionChange, ctx: MemberCtx, session: Write, now: Now
) -> SessionRead:
    """Rename it, choose other orders, or say how far it is."""
    return SessionRead.of(
        await print_sessions.update_session(
            session, ctx, ref=print_session, spec=body.spec(), now=now
        )
    )


@router.delete("/{print_session}", responses=problems(NotFound))
async def delete_print_session(
    print_session: SessionRef, ctx: MemberCtx, session: Write
) -> Message:
    """Forget the session; its orders stay as they are."""
    await print_sessions.remove_session(session, ctx, ref=print_session)
    return Message(message="Print session deleted")
