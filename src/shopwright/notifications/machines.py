"""Machines in public places that fell silent, in words."""

from shopwright.kernel.db import WriteSession
from shopwright.kernel.times import zulu
from shopwright.kiosk.events import MachineSilent
from shopwright.notifications.telling import Notice, tell
from shopwright.notifications.topics import Topic


async def on_machine_silent(session: WriteSession, event: MachineSilent) -> None:
    """Told once, until it is heard again."""
    where = f" ({event.location})" if event.location else ""
    notice = Notice(
        Topic.MACHINE_SILENT,
        f"machine_silent:{event.machine_id}:{zulu(event.last_heartbeat_at)}",
        f"{event.name}{where} is not heard of",
        "Its power or its way to the internet is cut: nobody can buy there. Orders that are paid "
        "are safe.",
        f"/machines/{event.machine_id}",
        None,
        {"machine_id": event.machine_id, "machine": event.name, "location": event.location},
    )
    await tell(session, event.organization_id, notice)
