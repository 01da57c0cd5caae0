"""Who may open a design: whoever shows its token, and the shop's own people."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request

from shopwright.accounts import credentials
from shopwright.accounts.access import requires
from shopwright.accounts.visitors import visitor_of
from shopwright.artwork import queries, service
from shopwright.artwork.models import Design
from shopwright.artwork.service import DesignMissing
from shopwright.kernel import limits
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.edge import Ref, get_process, parse_ref, principal_of

MAX_TOKEN = 100


@dataclass(frozen=True, slots=True)
class OpenDesign:
    """A design, and as whom it was opened. ``is_staff``: without its token."""

    design: Design
    ctx: Actor
    is_staff: bool


async def _open(
    request: Request,
    design: Annotated[str, Path(max_length=40)],
    header: Annotated[str | None, Header(alias="X-Design-Token", max_length=MAX_TOKEN)] = None,
    token: Annotated[str | None, Query(max_length=MAX_TOKEN)] = None,
) -> OpenDesign:
    """Raises DesignMissing, DesignExpired, ShopNotHere; Forbidden for staff without the right."""
    ref, shown = parse_ref(design), header or token
    if shown is None and credentials.find_credential(request) is not None:
        return await _open_as_staff(request, ref)
    process = get_process(request)
    limits.charge(request, limits.WIDE, principal_of(request))
    ctx = await visitor_of(request)
    async with process.database.read() as session:
        now = process.clock.now()
        found = await service.open_design(session, ctx, ref, shown or "", now=now)
    return OpenDesign(found, ctx, is_staff=False)


async def _open_as_staff(request: Request, ref: Ref) -> OpenDesign:
    ctx = await requires(Role.VIEWER)(request)
    async with get_process(request).database.read() as session:
        found = await queries.find_design(session, ctx, ref)
    if found is None:
        raise DesignMissing(f"There is no design {ref}.")
    return OpenDesign(found, ctx, is_staff=True)


OpenedDesign = Annotated[OpenDesign, Depends(_open)]
