"""A printer of each kind: its own fields, refusals in the form's words, and who drives it."""

from html import unescape

import pytest

from shopwright.fleet import drivers
from shopwright.fleet.models import Printer
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.factories import make_printer
from tests.web.conftest import BrowserAs
from tests.web.test_agents import add_agent
from tests.web.test_pages import text_of
from tests.web.test_printer_edit import read_printer

NEW = "/printers/new"
OCTOPRINT = {
    "kind": "octoprint",
    "name": "Ender",
    "host": "https://octopi.local:8443",
    "access_code": "key-of-octoprint",
    "model": "MK4",
    "nozzle_mm": "0,6",
}


async def add(browser_as: BrowserAs, actor: Actor, database: Database, **form: str) -> Printer:
    browser = await browser_as(actor)
    made = await browser.post("/printers", data=form)
    assert made.status_code == 303, text_of(made.text)
    return await read_printer(database, int(made.headers["location"].rsplit("/", 1)[1]))


@pytest.mark.parametrize(
    ("kind", "sentence", "fields"),
    [
        ("bambu_lan", "stand on the printer's screen", {"access_code", "serial"}),
        ("octoprint", "makes a key under Settings, Application Keys", {"access_code"}),
        ("moonraker", "is not among Moonraker's trusted_clients", {"access_code"}),
        ("prusalink", "under Settings, Network, PrusaLink", {"access_code"}),
        ("network", "Nothing here talks to it", set()),
    ],
)
async def test_each_kind_is_asked_for_its_own_and_says_where_it_is_found(
    kind: str, sentence: str, fields: set[str], browser_as: BrowserAs, member: Actor
) -> None:
    html = (await (await browser_as(member)).get(NEW, params={"kind": kind})).text
    assert sentence in unescape(text_of(html))
    shown = {
        name for name in ("access_code", "serial") if f'type="hidden" name="{name}"' not in html
    }
    assert shown == fields
    assert 'href="/printers/cloud"' in html


async def test_printer_of_another_kind_keeps_its_port_and_how_it_is_spoken_to(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    printer = await add(browser_as, member, database, **OCTOPRINT)
    endpoint = drivers.endpoint_of(printer, database.context.vault)
    assert (printer.driver, printer.host, printer.brand) == ("octoprint", "octopi.local", "Prusa")
    assert (endpoint.http_port, endpoint.options["scheme"]) == (8443, "https")
    assert (endpoint.access_code, printer.nozzle_um) == ("key-of-octoprint", 600)
    page = text_of((await (await browser_as(member)).get(f"/printers/{printer.id}")).text)
    assert "Kind OctoPrint Driven by this server Address https://octopi.local:8443" in page


async def test_moonraker_behind_a_proxy_needs_no_key_and_keeps_port_80(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    form = {"kind": "moonraker", "name": "Voron", "host": "10.0.0.5:80", "serial": "01P00A"}
    printer = await add(browser_as, member, database, **form)
    assert (printer.driver, printer.ports, printer.serial) == ("moonraker", {"http": 80}, None)


async def test_other_printer_needs_a_name_alone_and_is_told_by_its_own_software(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    printer = await add(browser_as, member, database, kind="network", name="Resin", model="P1S")
    assert (printer.driven_by, printer.host, printer.brand) == (DrivenBy.EXTERNAL, "", "")
    page = text_of((await (await browser_as(member)).get(f"/printers/{printer.id}")).text)
    assert "Kind Other, told by its own software Driven by its own software" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"access_code": ""}, "Type a key: OctoPrint makes one under Settings, Application Keys."),
        ({"kind": "prusalink", "access_code": ""}, "Type the key or password: the printer shows"),
        ({"kind": "bambu_lan", "model": "A1", "access_code": ""}, "Type the access code:"),
        ({"host": "not an address"}, "'not an address' is no address."),
        ({"host": "10.0.0.5:99999"}, "'10.0.0.5:99999' is no address."),
        ({"kind": "network", "name": " "}, "A printer needs a name."),
        ({"nozzle_mm": "wide"}, "'wide' is no nozzle."),
        ({"agent": "1"}, "This needs the role admin; you are member here."),
    ],
)
async def test_refusal_stands_in_the_form_with_all_that_was_typed(
    change: dict[str, str], sentence: str, browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    typed = OCTOPRINT | {"location": "Rack B", "serial": "01P00A"} | change
    answer = await browser.post("/printers", data=typed)
    assert answer.status_code == (403 if "agent" in change else 400)
    assert sentence in unescape(text_of(answer.text))
    for name in ("name", "host", "access_code", "nozzle_mm", "location", "serial"):
        assert f'name="{name}" value="{typed[name]}"' in answer.text
    assert "Ender" not in (await browser.get("/printers")).text


async def test_change_of_kind_keeps_what_was_typed_and_saves_nothing(
    browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    answer = await browser.post(NEW, data=OCTOPRINT | {"kind": "bambu_lan", "serial": "01P00A"})
    assert answer.status_code == 200
    assert 'name="host" value="https://octopi.local:8443"' in answer.text
    assert 'name="serial" value="01P00A"' in answer.text
    assert "Ender" not in (await browser.get("/printers")).text
    unknown = await browser.post(NEW, data=OCTOPRINT | {"kind": "abacus"})
    assert unknown.status_code == 400


async def test_admin_gives_a_printer_to_an_agent_from_its_beginning_and_takes_it_back(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    attic = await add_agent(database, admin, "Attic", 5)
    form = OCTOPRINT | {"agent": str(attic)}
    printer = await add(browser_as, admin, database, **form)
    assert (printer.driven_by, printer.agent_id) == (DrivenBy.AGENT, attic)
    browser, path = await browser_as(admin), f"/printers/{printer.id}"
    elsewhere = {"host": "10.0.0.5", "access_code": "key"}
    assert "Driven by the agent Attic" in text_of((await browser.get(path)).text)

    await browser.post(f"{path}/edit", data={"name": "Ender", **elsewhere})
    untouched = await read_printer(database, printer.id)
    assert (untouched.agent_id, untouched.ports) == (attic, {})
    await browser.post(f"{path}/edit", data={"name": "Ender", **elsewhere, "agent": "server"})
    freed = await read_printer(database, printer.id)
    assert (freed.driven_by, freed.agent_id) == (DrivenBy.SERVER, None)


async def test_printer_goes_from_one_agent_to_another_but_not_with_the_cloud_alone(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    attic = await add_agent(database, admin, "Attic", 5)
    cellar = await add_agent(database, admin, "Cellar", 5)
    async with database.write() as session:
        printer = await make_printer(session, admin)
        printer.driver, printer.host = "bambu_cloud", ""
    browser, path = await browser_as(admin), f"/printers/{printer.id}"
    assert "Kind Bambu Lab, through its cloud only" in text_of((await browser.get(path)).text)
    form = {"name": "Left", "host": "", "agent": str(attic)}
    refused = await browser.post(f"{path}/edit", data=form)
    assert refused.status_code == 409
    for agent in (attic, cellar):
        given = form | {"host": "10.0.0.7", "agent": str(agent)}
        assert (await browser.post(f"{path}/edit", data=given)).status_code == 303
        assert (await read_printer(database, printer.id)).agent_id == agent
