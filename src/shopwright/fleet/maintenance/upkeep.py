"""Maintenance: who is in it, and what a client says of it in passing."""

from sqlalchemy import select

from shopwright.accounts.models import Organization
from shopwright.fleet import queries, service
from shopwright.fleet.models import Printer
from shopwright.fleet.states import Gate
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import WriteSession


async def state_maintenance(
    session: WriteSession, ctx: Actor, *, printer: Printer, is_on: bool
) -> None:
    """A client says that the printer is in maintenance, or that it is not; twice is once."""
    is_out = printer.gate is Gate.MAINTENANCE
    if is_on and not is_out:
        reason = f"{ctx.name} took it out of work"
        await service.take_out_of_work(session, ctx, printer_id=printer.id, reason=reason)
    elif is_out and not is_on:
        await service.put_back_to_work(session, ctx, printer_id=printer.id)


async def find_zone(session: queries.AnySession, ctx: Actor) -> str:
    """What clients mean by a time without a zone."""
    found: str | None = await session.scalar(
        select(Organization.time_zone).where(Organization.id == ctx.organization_id)
    )
    return found or "UTC"
