"""Which spool is in which slot, said by a person or read from the roll's tag."""

import asyncio

from httpx import AsyncClient

from shopwright.fleet.events import PrinterChanged
from shopwright.fleet.models import PrinterSlot
from shopwright.inventory import service, slots
from shopwright.kernel import events
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Ref
from tests.clock import START
from tests.conftest import ClientAs
from tests.factories import make_printer, make_spool


async def loaded(database: Database, ctx: Actor, *printer_ids: int) -> dict[tuple[int, int], int]:
    async with database.read() as session:
        found = await service.get_slot_spools(session, ctx, printer_ids)
    return {place: spool.spool_id for place, spool in found.items()}


async def test_a_loaded_spool_says_what_is_left_and_promised(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        spool = await make_spool(session, owner, 500_000)
        await slots.load_spool(
            session,
            owner,
            printer=Ref(printer.id, None),
            slot=2,
            spool=Ref(spool.id, None),
            now=START,
        )
        for attempt_id, amount in ((1, 20_000), (2, 30_000)):
            await service.reserve_filament(
                session, owner, attempt_id=attempt_id, spool_id=spool.id, amount_mg=amount
            )

    async with database.read() as session:
        found = await service.get_slot_spools(session, owner, [printer.id])

    assert found == {
        (printer.id, 2): service.LoadedSpool(
            printer_id=printer.id,
            slot=2,
            spool_id=spool.id,
            filament_id=spool.filament_id,
            material="PLA",
            color="000000",
            remaining_mg=500_000,
            reserved_mg=50_000,
        )
    }


async def test_a_spool_leaves_the_slot_where_it_was(
    database: Database, owner: Actor, client: AsyncClient
) -> None:
    async with database.write() as session:
        left, right = await make_printer(session, owner), await make_printer(session, owner)
        first, second = await make_spool(session, owner), await make_spool(session, owner)

    for printer, slot, spool in ((left, 1, first), (left, 2, second), (right, 0, first)):
        answer = await client.put(
            f"/api/printers/{printer.uuid}/slots/{slot}/spool", json={"spool_id": spool.uuid}
        )
        assert answer.status_code == 200, answer.text
        assert (answer.json()["printer_id"], answer.json()["slot"]) == (printer.id, slot)

    places = await loaded(database, owner, left.id, right.id)
    assert places == {(left.id, 2): second.id, (right.id, 0): first.id}


async def test_an_unloaded_slot_is_empty(
    database: Database, owner: Actor, client: AsyncClient
) -> None:
    async with database.write() as session:
        printer, spool = await make_printer(session, owner), await make_spool(session, owner)
    path = f"/api/printers/{printer.id}/slots/3/spool"
    await client.put(path, json={"spool_id": spool.id})
    assert (await client.get(path)).json()["id"] == spool.id

    assert (await client.delete(path)).status_code == 200

    assert (await client.get(path)).status_code == 404
    assert (await client.delete(path)).status_code == 404
    assert await loaded(database, owner, printer.id) == {}


async def test_slots_beyond_any_printer_and_foreign_spools_are_refused(
    database: Database, owner: Actor, stranger: Actor, client: AsyncClient, client_as: ClientAs
) -> None:
    async with database.write() as session:
        printer, spool = await make_printer(session, owner), await make_spool(session, owner)
        foreign = await make_spool(session, stranger)
    base = f"/api/printers/{printer.id}/slots"

    beyond = await client.put(f"{base}/65/spool", json={"spool_id": spool.id})
    assert (beyond.status_code, beyond.json()["detail"]) == (
        400,
        "Slots are numbered from 1 to 64; 0 is the external spool.",
    )
    assert (await client.put(f"{base}/-1/spool", json={"spool_id": spool.id})).status_code == 400
    assert (await client.put(f"{base}/1/spool", json={"spool_id": foreign.id})).status_code == 404
    assert (await client.put(f"{base}/1/spool", json={"spool_id": "x"})).status_code == 400
    other = await client_as(stranger)
    assert (await other.put(f"{base}/1/spool", json={"spool_id": foreign.id})).status_code == 404
    assert await loaded(database, owner, printer.id) == {}


async def test_one_spool_put_into_six_slots_at_once_ends_in_one(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer, spool = await make_printer(session, owner), await make_spool(session, owner)

    async def load(slot: int) -> None:
        async with database.write() as session:
            await slots.load_spool(
                session,
                owner,
                printer=Ref(printer.id, None),
                slot=slot,
                spool=Ref(spool.id, None),
                now=START,
            )

    await asyncio.gather(*(load(slot) for slot in range(1, 7)))

    assert list((await loaded(database, owner, printer.id)).values()) == [spool.id]


async def report(database: Database, ctx: Actor, printer_id: int, slot: int, tag: str) -> None:
    """What the fleet does when a device reports its slots."""
    async with database.write() as session:
        session.add(
            PrinterSlot(
                organization_id=ctx.organization_id,
                printer_id=printer_id,
                number=slot,
                is_loaded=True,
                tag=tag,
                synced_at=START,
            )
        )
        await session.flush()
        await events.publish(session, PrinterChanged(ctx.organization_id, printer_id))


async def test_a_known_tag_loads_its_spool(database: Database, owner: Actor) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        tagged = await make_spool(session, owner, tag="A1B2")
        by_hand = await make_spool(session, owner)
        for slot in (1, 2):
            spool = by_hand if slot == 1 else await make_spool(session, owner)
            await slots.load_spool(
                session,
                owner,
                printer=Ref(printer.id, None),
                slot=slot,
                spool=Ref(spool.id, None),
                now=START,
            )

    await report(database, owner, printer.id, 2, "A1B2")
    await report(database, owner, printer.id, 1, "0000000000000000")

    places = await loaded(database, owner, printer.id)
    assert places == {(printer.id, 1): by_hand.id, (printer.id, 2): tagged.id}


async def test_a_strange_tag_unloads_the_spool_that_carries_another(
    database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await make_printer(session, owner)
        tagged = await make_spool(session, owner, tag="A1B2")
        untagged = await make_spool(session, owner)
        for slot, spool in ((1, tagged), (2, untagged)):
            await slots.load_spool(
                session,
                owner,
                printer=Ref(printer.id, None),
                slot=slot,
                spool=Ref(spool.id, None),
                now=START,
            )

    await report(database, owner, printer.id, 1, "FFFF")
    await report(database, owner, printer.id, 2, "EEEE")

    assert await loaded(database, owner, printer.id) == {(printer.id, 2): untagged.id}
