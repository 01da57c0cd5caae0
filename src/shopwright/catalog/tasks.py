"""The catalogue reacts: recipes move on to a new version of their print file."""

from shopwright.catalog import service
from shopwright.kernel.actor import system_actor
from shopwright.kernel.db import WriteSession
from shopwright.print_files import service as print_files
from shopwright.print_files.events import PrintFileVersionAdded


async def on_print_file_version(session: WriteSession, event: PrintFileVersionAdded) -> None:
    ctx = system_actor(event.organization_id, "catalog")
    plates = await print_files.list_plates(session, ctx, [event.print_file_id])
    await service.adopt_print_file_version(
        session,
        ctx,
        old_file_ids=event.older_ids,
        new_file_id=event.print_file_id,
        plate_numbers=[plate.number for plate in plates[event.print_file_id]],
    )
