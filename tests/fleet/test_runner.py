"""The runner: one printer that cannot be driven does not keep the others from their work."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import event

from shopwright.drivers.moonraker.driver import MoonrakerDriver
from shopwright.files.disk import DiskFileStore
from shopwright.fleet import queries, service
from shopwright.fleet.link import LinkTools
from shopwright.fleet.port import Endpoint, Timeouts
from shopwright.fleet.runner import UNREADABLE, FleetRunner, _same, _Way
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.signals import Signal
from tests.clock import START, FixedClock
from tests.factories import make_printer

NOBODY_LISTENS = 1  # a port


def make_tools(database: Database, clock: FixedClock, files: DiskFileStore) -> LinkTools:
    return LinkTools(
        database=database,
        files=files,
        clock=clock,
        hub=database.context.hub,
        record=lambda _: None,
        forget=lambda _: None,
        timeouts=Timeouts(connect_s=2),
    )


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
    tools = make_tools(database, clock, files)
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
            (
                "127.0.0.1 answers, but its port 1 is closed: see whether this is the printer's "
                "address."
            ),
        ),
    ]


async def test_a_round_asks_the_database_as_often_for_many_printers_as_for_one(
    database: Database, owner: Actor, clock: FixedClock, files: DiskFileStore
) -> None:
    runner = FleetRunner(make_tools(database, clock, files), database.context.vault, owner="test")
    asked: list[str] = []

    def note(*said: object) -> None:
        text = str(said[2])
        if text.startswith("UPDATE printer_leases") or "FROM printer_commands" in text:
            asked.append(text.split(maxsplit=1)[0])

    engines = {database.read_engine.sync_engine, database.write_engine.sync_engine}
    try:
        for names in (["One"], ["Two", "Three", "Four"]):
            async with database.write() as session:
                for name in names:
                    printer = await make_printer(session, owner, name)
                    printer.driver, printer.host = "moonraker", ""  # its link waits for an address
            await runner._round()
            for engine in engines:
                event.listen(engine, "before_cursor_execute", note)
            await runner._round()
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)
        assert len(runner._driven) == 4
    finally:
        await runner._stop(list(runner._driven))
        runner._leave()
    assert asked == ["UPDATE", "SELECT"] * 2


async def test_printers_of_another_process_are_taken_once_it_is_gone_and_not_tried_before(
    database: Database, owner: Actor, clock: FixedClock, files: DiskFileStore
) -> None:
    async with database.write() as session:
        printers = [await make_printer(session, owner, name) for name in ("A", "B")]
        for printer in printers:
            printer.driver, printer.host = "moonraker", ""
            assert await queries.take_lease(session, printer.id, "other", START, 30)
    runner = FleetRunner(make_tools(database, clock, files), database.context.vault, owner="test")
    tried: list[str] = []

    def note(*said: object) -> None:
        tried.extend(["lease"] if "INTO printer_leases" in str(said[2]) else [])

    engine = database.write_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await runner._round()
        assert (tried, list(runner._driven)) == ([], [])
        clock.advance(seconds=31)
        await runner._round()
        assert sorted(runner._driven) == [printer.id for printer in printers]
    finally:
        event.remove(engine, "before_cursor_execute", note)
        await runner._stop(list(runner._driven))
        runner._leave()


async def test_a_lease_that_somebody_else_has_is_not_renewed_and_the_others_are(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printers = [await make_printer(session, owner, name) for name in ("A", "B", "C")]
        mine = {p.id: int(await queries.take_lease(session, p.id, "me", START, 30) or 0)
                for p in printers[:2]}  # fmt: skip
        assert await queries.take_lease(session, printers[2].id, "other", START, 30) == 1
        epochs = mine | {printers[1].id: mine[printers[1].id] - 1, printers[2].id: 1}
        kept = await queries.renew_leases(session, "me", epochs, START, 30)
        assert kept == {printers[0].id}
        assert await queries.renew_leases(session, "me", {}, START, 30) == set()


@pytest.mark.parametrize(
    ("change", "is_same"),
    [({}, True), ({"host": "10.0.0.9"}, False), ({"options": {"scheme": "https"}}, False)],
)
def test_a_link_is_made_anew_when_the_way_to_the_printer_changed(
    change: dict[str, object], is_same: bool
) -> None:
    known = {"host": "10.0.0.8", "serial": None, "access_code": "", "http_port": 8443}
    old = Endpoint(**{**known, "options": {"scheme": "http"}})  # type: ignore[arg-type]
    new = Endpoint(**{**known, "options": {"scheme": "http"}, **change})  # type: ignore[arg-type]
    assert _same(_Way(MoonrakerDriver, old), _Way(MoonrakerDriver, new)) is is_same
