"""Printers nearby on the page of a new one: found, filled in with one tap, tried, and added."""

import re
from html import unescape

from shopwright.fleet import drivers
from shopwright.fleet.discovery import service as discovery
from shopwright.fleet.discovery.port import Announced
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.sandbox.bambu import VirtualPrinter
from tests.clock import FixedClock
from tests.factories import make_printer
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of
from tests.web.test_printer_edit import read_printer

NEW, NEARBY = "/printers/new", "/printers/nearby"
HTMX = {"HX-Request": "true"}
SERIAL = "01P00ANEARBY001"


async def hear(database: Database, ctx: Actor, clock: FixedClock, *heard: Announced) -> None:
    async with database.write() as session:
        await discovery.record_found(session, ctx.organization_id, heard, None, clock.now())


async def test_a_search_shows_what_it_finds_and_which_of_it_is_known(
    browser_as: BrowserAs, member: Actor, database: Database, clock: FixedClock
) -> None:
    browser = await browser_as(member)
    assert 'hx-trigger="every 1s"' not in (await browser.get(NEW)).text
    begun = await browser.post(NEARBY, headers=HTMX)
    assert 'hx-trigger="every 1s"' in begun.text
    assert "Looking, 20 s left" in begun.text
    async with database.write() as session:
        known = await make_printer(session, member, "Old friend")
        known.serial = SERIAL
    await hear(
        database,
        member,
        clock,
        Announced("bambu_lan", "10.0.0.5", name="shelf", serial=SERIAL, model="C12"),
        Announced("octoprint", "10.0.0.6", name="<b>bench</b>", ports={"http": 5000}),
    )
    shown = await browser.get(NEARBY, headers=HTMX)
    assert "is Old friend" in text_of(shown.text)
    assert "OctoPrint, http://10.0.0.6:5000 Add" in text_of(shown.text)
    assert "<b>bench" not in shown.text
    clock.advance(seconds=30)
    assert 'hx-trigger="every 1s"' not in (await browser.get(NEARBY, headers=HTMX)).text


async def test_a_found_printer_is_filled_in_with_one_tap_and_keeps_its_ports(
    browser_as: BrowserAs, member: Actor, database: Database, clock: FixedClock
) -> None:
    browser = await browser_as(member)
    ports = {"mqtt": 41883, "ftps": 40990}
    found = Announced("bambu_lan", "10.0.0.5", "shelf", ports, serial=SERIAL, model="N1")
    await hear(database, member, clock, found)
    page = (await browser.get(NEW)).text
    (href,) = re.findall(r'href="(/printers/new\?found=\d+)"', page)
    form = unescape((await browser.get(href)).text)
    assert 'name="name" value="shelf"' in form
    assert 'name="host" value="10.0.0.5"' in form
    assert f'name="serial" value="{SERIAL}"' in form
    assert "<option selected>A1 mini</option>" in form
    typed = {
        "kind": "bambu_lan",
        "name": "Shelf",
        "host": "10.0.0.5",
        "serial": SERIAL,
        "access_code": "12345678",
        "model": "A1 mini",
        "found": href.rsplit("=", 1)[1],
    }
    made = await browser.post("/printers", data=typed)
    assert made.status_code == 303, text_of(made.text)
    printer = await read_printer(database, int(made.headers["location"].rsplit("/", 1)[1]))
    endpoint = drivers.endpoint_of(printer, database.context.vault)
    assert (endpoint.mqtt_port, endpoint.ftps_port) == (41883, 40990)


async def test_what_was_found_too_long_ago_is_told_and_hinders_no_saving(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    browser = await browser_as(member)
    gone = await browser.get(NEW, params={"found": "999"})
    assert gone.status_code == 404
    assert "Look for printers again" in text_of(gone.text)
    typed = {"kind": "bambu_lan", "name": "Shelf", "host": "10.0.0.5", "access_code": "1"}
    assert (await browser.post("/printers", data=typed | {"found": "999"})).status_code == 303


async def test_the_way_is_tried_before_the_printer_is_saved(
    browser_as: BrowserAs, member: Actor, database: Database, clock: FixedClock
) -> None:
    browser = await browser_as(member)
    async with VirtualPrinter() as printer:
        ports = {"mqtt": printer.mqtt_port, "ftps": printer.ftps_port}
        found = Announced("bambu_lan", printer.host, "left", ports, serial=printer.serial)
        await hear(database, member, clock, found)
        (href,) = re.findall(r"/printers/new\?found=(\d+)", (await browser.get(NEW)).text)
        typed = {
            "kind": "bambu_lan",
            "host": printer.host,
            "access_code": printer.access_code,
            "found": href,
        }
        good = await browser.post(f"{NEW}/test", data=typed, headers=HTMX)
        wrong = typed | {"access_code": "00000000"}
        bad = await browser.post(f"{NEW}/test", data=wrong, headers=HTMX)
    assert "Everything on the way to it works" in good.text
    assert "read it off its screen and enter it" in bad.text
    assert "wrong access code" in bad.text
    assert "not tried" in bad.text
    assert "No printers yet" in (await browser.get("/printers")).text


async def test_viewers_neither_search_nor_try(browser_as: BrowserAs, viewer: Actor) -> None:
    browser = await browser_as(viewer)
    assert (await browser.post(NEARBY)).status_code == 403
    assert (await browser.get(NEARBY)).status_code == 403
    assert (await browser.post(f"{NEW}/test", data={"kind": "bambu_lan"})).status_code == 403


async def test_a_file_of_printers_is_looked_at_and_taken_in(
    browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    example = await browser.get("/printer-imports/example")
    assert example.headers["content-disposition"] == 'attachment; filename="printers.csv"'
    text = "name,address,serial,access_code,model\nShelf,10.0.0.5,01P00AFILE00001,1,P1S\nX,,,,\n"
    sent = {"file": ("shelf.csv", text.encode(), "text/csv")}
    looked = await browser.post("/printer-imports", files=sent)
    assert looked.status_code == 303
    path = looked.headers["location"]
    page = text_of((await browser.get(path)).text)
    assert "Take in the 1 others" in page
    assert "3 address api_url is missing." in page
    assert (await browser.post(f"{path}/start", data={"skip_refused": "true"})).status_code == 303
    assert "1 new and 0 changed printers" in text_of((await browser.get(path)).text)
    assert "taken in" in text_of((await browser.get("/printer-imports")).text)
    assert "Shelf" in (await browser.get("/printers")).text
    assert (await browser.post(f"{path}/remove")).headers["location"] == "/printer-imports"
