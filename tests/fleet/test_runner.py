"""The runner: one printer that cannot be driven does not keep the others from their work."""

import asyncio
from contextlib import suppress

from shopwright.files.disk import DiskFileStore
from shopwright.fleet import service
from shopwright.fleet.link import LinkTools
from shopwright.fleet.port import Timeouts
from shopwright.fleet.runner import UNREADABLE, FleetRunner
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.signals import Signal
from tests.clock import FixedClock
from tests.factories import make_printer

NOBODY_LISTENS = 1  # a port


async def test_printers_nobody_can_drive_do_not_stop_the_fleet(
    database: Database, owner: Actor, clock: FixedClock, files: DiskFileStore
) -> None:
    async with database.write() as session:
        driverless, unreadable, closed = [
            await make_printer(session, owner, name) for name in ("Odd", "Old", "Closed")
        ]
        driverless.driver = "nobody"
        unreadable.access_code = "not a ciphertext of ours"
        closed.ports = {"mqtt": NOBODY_LISTENS}
    told = asyncio.Event()

    def hear(signal: Signal) -> None:
        if (signal.topic, signal.key) == ("printer", closed.id):
            told.set()

    leave = database.context.hub.listen_to_all(hear)
    tools = LinkTools(
        database=database,
        files=files,
        clock=clock,
        hub=database.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(connect_s=2),
    )
    running = asyncio.create_task(FleetRunner(tools, database.context.vault, owner="test").run())
    try:
        async with asyncio.timeout(10):
            await told.wait()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        leave()
    async with database.read() as reading:
        found = [
            await service.get_printer(reading, owner, printer.id)
            for printer in (driverless, unreadable, closed)
        ]
    assert [(printer.connection, printer.trouble) for printer in found] == [
        ("offline", None),
        ("auth_failed", UNREADABLE),
        (
            "offline",
            "127.0.0.1 answers, but its port 1 is closed: is this the printer's address?",
        ),
    ]
