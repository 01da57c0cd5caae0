"""Changing a printer, trying the way to it, and removing it."""

import pytest

from shopwright.fleet.models import HarvestPolicy, Printer
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.tenancy import CROSS_TENANT
from tests import factories
from tests.web.conftest import BrowserAs
from tests.web.rows import Shop
from tests.web.test_pages import text_of

FORM = {
    "name": "P1S left",
    "host": "192.168.1.44",
    "model": "P1S",
    "location": "",
    "nozzle_mm": "0,6",
    "harvest_policy": "automatic",
    "access_code": "",
    "serial": "",
}


async def read_printer(database: Database, printer_id: int) -> Printer:
    async with database.read() as session:
        return await session.get_one(Printer, printer_id, execution_options=CROSS_TENANT)


async def test_printer_is_changed_and_an_empty_code_leaves_the_known_one(
    browser_as: BrowserAs, admin: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(admin)
    path = f"/printers/{shop.printers['idle']}"
    before = await browser.get(path)
    assert "sealed" not in before.text
    answer = await browser.post(f"{path}/edit", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    printer = await read_printer(database, shop.printers["idle"])
    assert (printer.name, printer.host, printer.nozzle_um, printer.location) == (
        "P1S left", "192.168.1.44", 600, "",
    )  # fmt: skip
    assert (printer.harvest_policy, printer.access_code) == (HarvestPolicy.AUTOMATIC, "sealed")
    text = text_of((await browser.get(path)).text)
    assert "Finished plates counted as good, cleared by itself" in text


async def test_new_access_code_is_stored_sealed_and_never_shown(
    browser_as: BrowserAs, admin: Actor, shop: Shop, database: Database, process: Process
) -> None:
    browser = await browser_as(admin)
    path = f"/printers/{shop.printers['wrong']}"
    await browser.post(f"{path}/edit", data=FORM | {"access_code": "87654321"})
    printer = await read_printer(database, shop.printers["wrong"])
    assert process.context.vault.decrypt(printer.access_code) == "87654321"
    assert "87654321" not in (await browser.get(path)).text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"host": "not an address"}, "&#39;not an address&#39; is no address."),
        ({"nozzle_mm": "wide"}, "&#39;wide&#39; is no nozzle. Write its width in mm, like 0.4"),
        ({"name": " "}, "A printer needs a name and an address on the network."),
        ({"harvest_policy": "never"}, "Plates are cleared by a person (ask)"),
    ],
)
async def test_wrong_value_is_refused_in_words_and_nothing_changes(
    change: dict[str, str],
    sentence: str,
    browser_as: BrowserAs,
    admin: Actor,
    shop: Shop,
    database: Database,
) -> None:
    browser = await browser_as(admin)
    answer = await browser.post(
        f"/printers/{shop.printers['idle']}/edit", data=FORM | change, headers={"HX-Request": "1"}
    )
    assert answer.status_code == 400
    assert sentence in answer.text
    assert (await read_printer(database, shop.printers["idle"])).name == "P1S 03"


async def test_removed_printer_leaves_the_board(
    browser_as: BrowserAs, admin: Actor, shop: Shop
) -> None:
    browser = await browser_as(admin)
    path = f"/printers/{shop.printers['away']}"
    answer = await browser.post(f"{path}/remove", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/printers")
    assert "A1 mini 06" not in (await browser.get("/printers")).text
    assert (await browser.get(path)).status_code == 404


async def test_check_names_the_part_of_the_way_that_is_closed(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    async with database.write() as session:
        printer = await factories.make_printer(session, member)
        printer.ports = {"mqtt": 1}  # nothing listens there
    browser = await browser_as(member)
    path = f"/printers/{printer.id}/diagnose"
    part = await browser.post(path, headers={"HX-Request": "true"})
    assert "Something on the way to it does not work" in part.text
    assert 'class="pip tone-red' in part.text
    assert ">closed</span>" in part.text
    assert "<main" not in part.text
    assert "Back to the printer" in (await browser.post(path)).text


async def test_member_checks_but_does_not_edit(
    browser_as: BrowserAs, member: Actor, viewer: Actor, shop: Shop
) -> None:
    path = f"/printers/{shop.printers['idle']}"
    worker, watcher = await browser_as(member), await browser_as(viewer)
    assert f"{path}/edit" not in (await worker.get(path)).text
    assert f"{path}/diagnose" in (await worker.get(path)).text
    assert (await worker.post(f"{path}/edit", data=FORM)).status_code == 403
    assert (await worker.post(f"{path}/remove")).status_code == 403
    assert (await watcher.post(f"{path}/diagnose")).status_code == 403
