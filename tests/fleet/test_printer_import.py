"""Printers from a spreadsheet: looked at first, taken in as a whole, and twice changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, update

from shopwright.fleet import drivers, queries
from shopwright.fleet.models import Printer
from shopwright.fleet.setup import printer_imports
from shopwright.fleet.setup.models import PrinterImport
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.clock import FixedClock
from tests.conftest import ClientAs
from tests.factories import make_agent_id, make_printer

HEAD = "name,kind,address,serial,access_code,model,nozzle_mm,location\n"
LEFT = "Left,bambu_lan,10.0.0.5,01P00ASHEET0001,11111111,P1S,0.4,Shelf 1\n"
ENDER = 'Ender,octoprint,http://10.0.0.6:5000,,secret-key,MK4,"0,6",Bench\n'


async def look(client: AsyncClient, text: str) -> dict[str, Any]:
    answer = await upload(client, text.encode())
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def upload(client: AsyncClient, content: bytes) -> Response:
    file = {"file": ("printers.csv", content, "text/csv")}
    return await client.post("/api/printers/import/preview", files=file)


async def take_in(client: AsyncClient, seen: dict[str, Any], **more: bool) -> Response:
    body = {"printer_import_id": seen["id"], **more}
    return await client.post("/api/printers/import", json=body)


async def printers(database: Database, ctx: Actor) -> dict[str, Printer]:
    async with database.read() as session:
        return {one.name: one for one in await queries.list_printers(session, ctx)}


async def test_a_preview_says_what_would_happen_and_does_nothing(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    seen = await look(client, HEAD + LEFT + ENDER)
    assert seen["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    assert [(one["line"], one["action"], one["name"]) for one in seen["printers"]] == [
        (2, "new", "Left"),
        (3, "new", "Ender"),
    ]
    assert "11111111" not in str(seen)
    assert "secret-key" not in str(seen)
    assert await printers(database, owner) == {}
    async with database.read() as session:
        row = await session.scalar(
            select(PrinterImport).where(PrinterImport.organization_id == owner.organization_id)
        )
    assert row is not None
    assert "11111111" not in row.content


async def test_printers_are_taken_in_with_their_codes_sealed(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    done = (await take_in(client, await look(client, HEAD + LEFT + ENDER))).json()
    assert (done["is_done"], done["new_printers"], done["changed_printers"]) == (True, 2, 0)
    found = await printers(database, owner)
    left, ender = found["Left"], found["Ender"]
    assert (left.driver, left.serial, left.model, left.location) == (
        "bambu_lan",
        "01P00ASHEET0001",
        "P1S",
        "Shelf 1",
    )
    assert (ender.driver, ender.ports, ender.nozzle_um) == ("octoprint", {"http": 5000}, 600)
    assert "11111111" not in left.access_code
    endpoint = drivers.endpoint_of(left, database.context.vault)
    assert endpoint.access_code == "11111111"


async def test_the_same_file_again_changes_nothing_and_a_later_one_what_it_says(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    await take_in(client, await look(client, HEAD + LEFT + ENDER))
    again = await look(client, HEAD + LEFT + ENDER)
    assert again["counts"] == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    later = "name,address,serial,access_code\nLeft two,10.0.0.9,01P00ASHEET0001,22222222\n"
    seen = await look(client, later)
    (one,) = seen["printers"]
    assert (one["action"], one["changes"]) == ("changed", ["name", "address", "access_code"])
    done = (await take_in(client, seen)).json()
    assert (done["new_printers"], done["changed_printers"]) == (0, 1)
    changed = (await printers(database, owner))["Left two"]
    assert (changed.host, changed.model, changed.location) == ("10.0.0.9", "P1S", "Shelf 1")
    assert len(await printers(database, owner)) == 2


async def test_every_wrong_cell_is_named_by_line_and_column(client: AsyncClient) -> None:
    text = HEAD + (
        "Left,bambu_lan,10.0.0.5,01P00ASHEET0001,11111111,P1S,0.4,\n"
        ",sofa,not an address,bad serial!,1,P1S,wide,\n"
        "Double,bambu_lan,10.0.0.7,01P00ASHEET0001,1,P1S,0.4,\n"
        "NoCode,bambu_lan,10.0.0.8,,,P1S,0.4,\n"
        "NoAddress,bambu_lan,,01P00ASHEET0009,1,P1S,0.4,\n"
        "Strange,bambu_lan,10.0.0.9,,1,Z9,0.4,\n"
        "Short,bambu_lan\n"
    )
    seen = await look(client, text)
    assert [(one["line"], one["column"]) for one in seen["refused"]] == [
        (3, "address"),
        (3, "kind"),
        (3, "name"),
        (3, "nozzle_mm"),
        (3, "serial"),
        (4, "serial"),
        (5, "access_code"),
        (6, "address"),
        (7, "model"),
        (8, ""),
    ]
    reasons = {(one["line"], one["column"]): one["reason"] for one in seen["refused"]}
    assert reasons[3, "kind"].startswith("'sofa' is no kind of printer. Known are bambu_lan,")
    assert reasons[4, "serial"] == "It is the same printer as in line 2."
    assert reasons[8, ""] == "It has 2 cells, the heading has 8."
    assert seen["counts"] == {"new": 1, "changed": 0, "unchanged": 0, "refused": 6}


async def test_refused_lines_stop_the_import_unless_they_are_skipped(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    seen = await look(client, HEAD + LEFT + ",sofa,,,,,,\n")
    refused = await take_in(client, seen)
    assert (refused.status_code, refused.json()["code"]) == (409, "printer-import-refused")
    assert await printers(database, owner) == {}
    assert (await take_in(client, seen, skip_refused=True)).json()["new_printers"] == 1
    done = await take_in(client, seen, skip_refused=True)
    assert (done.status_code, done.json()["code"]) == (409, "printer-import-done")


async def test_an_import_that_no_longer_holds_is_refused(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    seen = await look(client, HEAD + LEFT)
    async with database.write() as session:
        printer = await make_printer(session, owner, "Someone was faster")
        printer.serial = "01P00ASHEET0001"
    refused = await take_in(client, seen)
    assert (refused.status_code, refused.json()["code"]) == (409, "printer-import-outdated")
    assert list(await printers(database, owner)) == ["Someone was faster"]


async def test_a_code_that_nobody_can_read_any_more_is_replaced(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    await take_in(client, await look(client, HEAD + LEFT))
    async with database.write() as session:
        await session.execute(
            update(Printer)
            .where(Printer.organization_id == owner.organization_id)
            .values(access_code="written with a lost key")
        )
    seen = await look(client, HEAD + LEFT)
    assert seen["counts"]["changed"] == 1
    assert (await take_in(client, seen)).status_code == 200


async def test_previews_that_nobody_took_in_are_dropped(
    client: AsyncClient, database: Database, owner: Actor, clock: FixedClock
) -> None:
    await take_in(client, await look(client, HEAD + LEFT))
    await look(client, HEAD + ENDER)
    async with database.write() as session:
        await printer_imports.drop_unused(session, clock.now() + timedelta(seconds=1))
    async with database.read() as session:
        kept = await printer_imports.list_imports(session, owner)
    assert [one.finished_at is not None for one in kept] == [True]


async def test_fifty_printers_come_in_one_go(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    rows = [
        f"Printer {n:02},bambu_lan,10.0.1.{n},01P00AFIFTY{n:04},code{n:04},P1S,0.4,Row {n // 10}\n"
        for n in range(50)
    ]
    done = (await take_in(client, await look(client, HEAD + "".join(rows)))).json()
    assert done["new_printers"] == 50
    assert len(await printers(database, owner)) == 50
    again = await look(client, HEAD + "".join(rows))
    assert again["counts"]["unchanged"] == 50


async def test_the_example_can_be_taken_in_as_it_is(
    client: AsyncClient, database: Database, owner: Actor
) -> None:
    example = await client.get("/api/printers/import/example")
    assert example.headers["content-type"].startswith("text/csv")
    seen = await look(client, example.text)
    assert [(one["line"], one["column"]) for one in seen["refused"]] == [(4, "agent")]
    async with database.write() as session:
        await make_agent_id(session, owner)
    first, *_ = seen["printers"]
    assert (first["kind"], first["address"]) == ("bambu_lan", "192.168.1.21")


async def test_an_agent_is_named_by_administrators_only(
    client: AsyncClient, client_as: ClientAs, member: Actor, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        agent_id = await make_agent_id(session, owner)
    name = (await client.get(f"/api/agents/{agent_id}")).json()["name"]
    text = f"name,address,serial,access_code,agent\nLeft,10.0.0.5,01P00ASHEET0001,1,{name}\n"
    (refused,) = (await look(await client_as(member), text))["refused"]
    assert refused["reason"] == "Only administrators give printers to agents."
    await take_in(client, await look(client, text))
    assert (await printers(database, owner))["Left"].agent_id == agent_id
    assert (await look(client, text))["counts"]["unchanged"] == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"x" * 1_000_001, "has more than 1 MB"),
        (("name\n" + "a\n" * 501).encode(), "at most 500 are taken in at once"),
    ],
)
async def test_files_that_cannot_be_meant_are_refused(
    client: AsyncClient, content: bytes, sentence: str
) -> None:
    refused = await upload(client, content)
    assert refused.status_code in {400, 413}
    assert sentence in refused.json()["detail"]


async def test_unknown_columns_are_named(client: AsyncClient) -> None:
    seen = await look(client, "name,colour\nLeft,red\n")
    (refused,) = seen["refused"]
    assert (refused["line"], refused["column"]) == (1, "")
    assert refused["reason"].startswith("The column 'colour' is not known; known are name, kind,")


async def test_imports_are_the_shops_own_and_the_members(
    client: AsyncClient, client_as: ClientAs, viewer: Actor, stranger: Actor
) -> None:
    seen = await look(client, HEAD + LEFT)
    path = f"/api/printer-imports/{seen['id']}"
    assert (await (await client_as(viewer)).get(path)).status_code == 403
    assert (await (await client_as(stranger)).get(path)).status_code == 404
    assert (await client.get("/api/printer-imports")).json() == [seen]
    assert (await client.delete(path)).status_code == 200
    assert (await client.get(path)).status_code == 404
