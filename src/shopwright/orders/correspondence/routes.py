"""Notes, communications and holds of an order over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from shopwright.accounts.access import MemberCtx, ViewerCtx
from shopwright.accounts.schemas import Message
from shopwright.kernel.edge import Now, Read, Ref, Write, path_ref, problems
from shopwright.kernel.errors import NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.orders import holds
from shopwright.orders.correspondence import service
from shopwright.orders.correspondence.schemas import (
    CommunicationBody,
    CommunicationRead,
    NoteBody,
    NoteRead,
)
from shopwright.orders.schemas import HoldRead, Reason

router = APIRouter(prefix="/api/orders/{order}", tags=["orders"], route_class=RepeatableRoute)

OrderRef = Annotated[Ref, path_ref("order")]
NoteRef = Annotated[Ref, path_ref("note")]
CommunicationRef = Annotated[Ref, path_ref("communication")]
HoldRef = Annotated[Ref, path_ref("hold")]


@router.get("/notes", responses=problems(NotFound))
async def list_notes(order: OrderRef, ctx: ViewerCtx, session: Read) -> list[NoteRead]:
    """Internal notes, oldest first."""
    return [NoteRead.of(note) for note in await service.list_notes(session, ctx, order)]


@router.post("/notes", status_code=201, responses=problems(NotFound))
async def create_note(order: OrderRef, body: NoteBody, ctx: MemberCtx, session: Write) -> NoteRead:
    """Add an internal note."""
    return NoteRead.of(await service.add_note(session, ctx, order=order, content=body.content))


@router.put("/notes/{note}", responses=problems(NotFound))
async def update_note(
    order: OrderRef, note: NoteRef, body: NoteBody, ctx: MemberCtx, session: Write
) -> NoteRead:
    """Change a note; the audit log keeps the old words."""
    return NoteRead.of(
        await service.change_note(session, ctx, order=order, note=note, content=body.content)
    )


@router.delete("/notes/{note}", responses=problems(NotFound))
async def delete_note(order: OrderRef, note: NoteRef, ctx: MemberCtx, session: Write) -> Message:
    """Remove a note."""
    await service.remove_note(session, ctx, order=order, note=note)
    return Message(message="Note deleted")


@router.get("/communications", responses=problems(NotFound))
async def list_communications(
    order: OrderRef, ctx: ViewerCtx, session: Read
) -> list[CommunicationRead]:
    """The log of talks with the customer, oldest first."""
    entries = await service.list_communications(session, ctx, order)
    return [CommunicationRead.of(entry) for entry in entries]


@router.post("/communications", status_code=201, responses=problems(NotFound))
async def create_communication(
    order: OrderRef, body: CommunicationBody, ctx: MemberCtx, session: Write, now: Now
) -> CommunicationRead:
    """Log a talk with the customer; nothing is sent."""
    return CommunicationRead.of(
        await service.log_communication(session, ctx, order=order, now=now, **body.model_dump())
    )


@router.put("/communications/{communication}", responses=problems(NotFound))
async def update_communication(
    order: OrderRef,
    communication: CommunicationRef,
    body: CommunicationBody,
    ctx: MemberCtx,
    session: Write,
) -> CommunicationRead:
    """Correct a log entry."""
    return CommunicationRead.of(
        await service.change_communication(
            session, ctx, order=order, communication=communication, **body.model_dump()
        )
    )


@router.delete("/communications/{communication}", responses=problems(NotFound))
async def delete_communication(
    order: OrderRef, communication: CommunicationRef, ctx: MemberCtx, session: Write
) -> Message:
    """Remove a log entry."""
    await service.remove_communication(session, ctx, order=order, communication=communication)
    return Message(message="Communication deleted")


@router.get("/holds", responses=problems(NotFound))
async def list_holds(order: OrderRef, ctx: ViewerCtx, session: Read) -> list[HoldRead]:
    """What a person must settle before work goes on."""
    return [HoldRead.of(hold) for hold in await holds.list_holds(session, ctx, order)]


@router.post("/holds", status_code=201, responses=problems(NotFound))
async def create_hold(order: OrderRef, body: Reason, ctx: MemberCtx, session: Write) -> HoldRead:
    """Start nothing more of this order; what prints, prints on."""
    return HoldRead.of(await holds.hold(session, ctx, order=order, reason=body.reason))


@router.delete("/holds/{hold}", responses=problems(NotFound))
async def release_hold(
    order: OrderRef, hold: HoldRef, ctx: MemberCtx, session: Write, now: Now
) -> HoldRead:
    """Let the order's work go on."""
    return HoldRead.of(await holds.release(session, ctx, order=order, hold=hold, now=now))
