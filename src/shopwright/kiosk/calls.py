"""Who calls a session's route: whoever knows its id, or the machine that it belongs to."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request

from shopwright.accounts.access import requires
from shopwright.accounts.visitors import find_shop
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Process, get_process, principal_of
from shopwright.kiosk import lookups, service
from shopwright.kiosk.machines import service as machines
from shopwright.kiosk.queries import FoundSession

SessionId = Annotated[str, Path(max_length=250)]
MachineActor = Annotated[Actor, Depends(requires(Role.MEMBER, scope=machines.KIOSK))]


@dataclass(frozen=True, slots=True)
class SessionCall:
    """The session named in the path, and in whose shop it is."""

    actor: Actor
    found: FoundSession


async def find_visitors_session(request: Request, session_id: SessionId) -> SessionCall:
    """For a phone: raises SessionMissing (counted), SessionOver or TooMany."""
    actor = await find_shop(request)
    return await open_call(request, actor, session_id)


async def open_call(request: Request, actor: Actor, session_id: str) -> SessionCall:
    """The same where the visitor is known already: on pages."""
    process = get_process(request)
    found = await _find(request, process, actor, session_id)
    await service.check_open(process.database, actor, found.row, process.clock.now())
    return SessionCall(actor, found)


async def find_machines_session(
    request: Request, actor: MachineActor, session_id: SessionId
) -> SessionCall:
    """For the machine: raises SessionMissing, for another machine's as well. It may be over, and
    the machine switched off: what it has begun goes on, and money that it took counts."""
    limits.charge(request, limits.PUBLIC, principal_of(request))
    process = get_process(request)
    found = await _find(request, process, actor, session_id)
    async with process.database.read() as session:
        own = await machines.get_caller(session, actor)
    if own.id != found.machine.id:
        lookups.count_miss(request)
        raise service.SessionMissing("There is no such session at this machine.")
    return SessionCall(actor, found)


async def find_machines_open_session(
    request: Request, call: Annotated[SessionCall, Depends(find_machines_session)]
) -> SessionCall:
    """The same, when it is not over; raises SessionOver."""
    process = get_process(request)
    await service.check_open(process.database, call.actor, call.found.row, process.clock.now())
    return call


async def _find(request: Request, process: Process, actor: Actor, session_id: str) -> FoundSession:
    lookups.check_caller(request)
    async with process.database.read() as session:
        try:
            return await service.find_session(session, actor, session_id)
        except service.SessionMissing:
            lookups.count_miss(request)
            raise


VisitorsSession = Annotated[SessionCall, Depends(find_visitors_session)]
MachinesSession = Annotated[SessionCall, Depends(find_machines_session)]
MachinesOpenSession = Annotated[SessionCall, Depends(find_machines_open_session)]
