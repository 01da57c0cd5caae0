"""Inventory reacts: a device that reads a roll's tag says which spool is in its slot."""

from datetime import UTC, datetime

from shopwright.fleet import service as fleet
from shopwright.fleet.events import PrinterChanged
from shopwright.inventory import slots
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession


async def on_printer_changed(session: WriteSession, event: PrinterChanged) -> None:
    ctx = system_actor(event.organization_id, "inventory")
    reported = await fleet.list_slots(session, ctx, [event.printer_id])
    tags = {slot.number: slot.tag for slot in reported.get(event.printer_id, []) if slot.is_loaded}
    await slots.reconcile_slots(
        session, ctx, printer_id=event.printer_id, tags=tags, now=datetime.now(UTC)
    )
