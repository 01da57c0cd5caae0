"""Machines over HTTP, for the people of the shop: register, switch off, give and end keys, look at
their sessions and at the money they took."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from shopwright.accounts.access import AdminCtx, MemberCtx
from shopwright.accounts.schemas import Message
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import (
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
from shopwright.kernel.errors import Invalid, NotFound, TooLarge
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kiosk import queries as sessions
from shopwright.kiosk import service as kiosk
from shopwright.kiosk.machines import queries, service
from shopwright.kiosk.machines.queries import AnySession
from shopwright.kiosk.machines.schemas import (
    MachineCreate,
    MachineKeyRead,
    MachineRead,
    MachineSessionRead,
    MachineUpdate,
    TakingRead,
)
from shopwright.kiosk.machines.service import MachineExists
from shopwright.kiosk.models import Machine
from shopwright.kiosk.service import SessionNotReady

router = APIRouter(prefix="/api/kiosk", tags=["kiosk"], route_class=RepeatableRoute)

MachineRef = Annotated[Ref, path_ref("machine")]
SessionRef = Annotated[Ref, path_ref("kiosk_session")]
Page = Annotated[Paging, page_of(100)]
LIVE = {"cache-control": "no-store"}


@router.get("/machines", response_model=list[MachineRead])
async def list_machines(
    ctx: MemberCtx, session: Read, now: Now, answer: Response
) -> list[MachineRead]:
    """Every machine and its health."""
    answer.headers.update(LIVE)
    return await _read_all(session, ctx, await queries.list_machines(session, ctx), now)


@router.post("/machines", status_code=201, responses=problems(Invalid, MachineExists, TooLarge))
async def register_machine(
    body: MachineCreate, ctx: AdminCtx, session: Write, now: Now
) -> MachineRead:
    """A new machine; make its key next."""
    made = await service.register_machine(session, ctx, **dict(body), now=now)
    return await _read(session, ctx, made, now)


@router.get("/machines/{machine}")
async def read_machine(
    machine: MachineRef, ctx: MemberCtx, session: Read, now: Now, answer: Response
) -> MachineRead:
    """One machine and its health."""
    answer.headers.update(LIVE)
    return await _read(session, ctx, await service.get_machine(session, ctx, machine), now)


@router.patch("/machines/{machine}", responses=problems(Invalid, TooLarge))
async def update_machine(
    machine: MachineRef, body: MachineUpdate, ctx: AdminCtx, session: Write, now: Now
) -> MachineRead:
    """Name, place, how it is paid, its QR codes; or switch it off."""
    known = await service.get_machine(session, ctx, machine)
    changed = await service.update_machine(session, ctx, known, **dict(body), now=now)
    return await _read(session, ctx, changed, now)


@router.post("/machines/{machine}/key")
async def make_key(
    machine: MachineRef, ctx: AdminCtx, session: Write, now: Now, answer: Response
) -> MachineKeyRead:
    """The machine's key, shown only in this answer; the one before ends at once."""
    answer.headers.update(LIVE)
    made = await service.issue_key(session, ctx, ref=machine, now=now)
    return MachineKeyRead(machine=made.machine.code, key=made.secret)


@router.delete("/machines/{machine}/key", responses=problems(Invalid))
async def end_key(machine: MachineRef, ctx: AdminCtx, session: Write, now: Now) -> Message:
    """The machine and its screen can do nothing more."""
    ended = await service.revoke_key(session, ctx, ref=machine, now=now)
    return Message(message=f"The key of {ended.name} is ended.")


@router.get("/machines/{machine}/sessions")
async def list_sessions(
    machine: MachineRef, ctx: MemberCtx, session: Read, paging: Page
) -> JSONResponse:
    """The machine's sessions of the last week, the newest first."""
    known = await service.get_machine(session, ctx, machine)
    rows, total = await sessions.list_sessions(session, ctx, known.id, paging)
    return listed("sessions", [MachineSessionRead.of(*row) for row in rows], total, paging)


@router.get("/machines/{machine}/takings", response_model=list[TakingRead])
async def list_takings(
    machine: MachineRef, ctx: MemberCtx, session: Read, answer: Response
) -> list[TakingRead]:
    """The last hundred times that the machine took money, also what it had to give back."""
    answer.headers.update(LIVE)
    known = await service.get_machine(session, ctx, machine)
    rows = await sessions.list_takings(session, ctx, known.id, 100)
    return [TakingRead.of(row) for row in rows]


@router.delete("/sessions/{kiosk_session}", responses=problems(SessionNotReady, NotFound))
async def end_session(
    kiosk_session: SessionRef, ctx: MemberCtx, session: Write, now: Now
) -> Message:
    """End a session that hangs; its place at the machine is free again."""
    found = await kiosk.get_session(session, ctx, kiosk_session)
    await kiosk.cancel_session(session, ctx, found, reason=f"ended by {ctx.name}", now=now)
    return Message(message="The session is ended.")


async def _read(session: AnySession, ctx: Actor, machine: Machine, now: datetime) -> MachineRead:
    (read,) = await _read_all(session, ctx, [machine], now)
    return read


async def _read_all(
    session: AnySession, ctx: Actor, found: Sequence[Machine], now: datetime
) -> list[MachineRead]:
    keys = await queries.find_keys(session, ctx, [m.key_id for m in found if m.key_id is not None])
    live = await queries.count_live(session, ctx, [m.id for m in found], now)
    return [
        MachineRead.of(machine, keys.get(machine.key_id or 0), live.get(machine.id, 0), now)
        for machine in found
    ]
