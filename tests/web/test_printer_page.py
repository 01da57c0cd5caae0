"""What the page of a printer offers whom, and what the pages of queue and maintenance take."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from shopwright.fleet import queries as fleet_queries
from shopwright.fleet.models import Printer
from shopwright.fleet.states import ControlAccess, DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import NewSample, reading_of
from tests import factories
from tests.web import rows
from tests.web.conftest import BrowserAs
from tests.web.rows import Shop

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True, scope="session")

HEAT, LIGHT, HOME, GCODE, PAUSE = (
    'value="set_bed_temp"', 'value="light_', 'value="home_all"', 'value="custom_gcode"',
    'value="pause_print"',
)  # fmt: skip
CHAMBER = 'value="set_chamber_temp"'


async def change(database: Database, printer_id: int, **values: Any) -> None:
    async with database.write() as session:
        await session.execute(
            update(Printer)
            .where(Printer.id == printer_id)
            .values(**values)
            .execution_options(**CROSS_TENANT)
        )


@pytest.mark.parametrize(
    ("changes", "offered", "not_offered"),
    [
        ({}, [HEAT, LIGHT, HOME, GCODE], [CHAMBER, PAUSE]),
        ({"model": "X1E", "serial": "03W001"}, [CHAMBER], []),
        ({"driver": "prusalink", "serial": None}, [], [HEAT, LIGHT, HOME, GCODE]),
        ({"driver": "octoprint", "serial": None}, [HEAT, HOME], [LIGHT]),
        ({"control": ControlAccess.BLOCKED}, ["switch on Developer Mode"], [HEAT, LIGHT]),
        ({"driven_by": DrivenBy.PRINTER_BACKEND}, ["told by the printer backend"], [HEAT, LIGHT]),
    ],
    ids=["P1S", "X1E", "prusalink", "octoprint", "blocked", "printer backend"],
)
async def test_only_what_a_printer_can_do_is_offered(
    browser_as: BrowserAs,
    owner: Actor,
    shop: Shop,
    database: Database,
    changes: Mapping[str, Any],
    offered: list[str],
    not_offered: list[str],
) -> None:
    printer_id = shop.printers["idle"]
    if changes:
        await change(database, printer_id, **changes)
    page = (await (await browser_as(owner)).get(f"/printers/{printer_id}")).text
    assert [words for words in offered if words not in page] == []
    assert [words for words in not_offered if words in page] == []


async def test_a_printing_printer_is_paused_and_heated_but_not_moved(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    page = (await (await browser_as(owner)).get(f"/printers/{shop.printers['busy']}")).text
    assert PAUSE in page
    assert HEAT in page
    assert HOME not in page


async def test_gcode_is_for_administrators_and_looking_offers_nothing(
    browser_as: BrowserAs, member: Actor, viewer: Actor, shop: Shop
) -> None:
    path = f"/printers/{shop.printers['idle']}"
    page = (await (await browser_as(member)).get(path)).text
    assert (HEAT in page, GCODE in page) == (True, False)
    form = {"kind": "custom_gcode", "gcode": "G28"}
    assert (await (await browser_as(member)).post(f"{path}/command", data=form)).status_code == 403
    seen = await (await browser_as(viewer)).get(path)
    assert (seen.status_code, HEAT in seen.text, LIGHT in seen.text) == (200, False, False)


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"kind": "set_bed_temp", "target": "hot"}, 400, "'hot' is no number."),
        ({"kind": "set_bed_temp", "target": "140"}, 400, "100"),
        ({"kind": "set_bed_temp", "target": "nan"}, 400, "'nan' is no number."),
        ({"kind": "set_chamber_temp", "target": "50"}, 409, "it has no chamber heater"),
        ({"kind": "custom_gcode", "gcode": "M997"}, 400, "replaces its firmware"),
        ({"kind": "explode"}, 400, "There is no command 'explode'."),
        ({"kind": "start_print"}, 400, "There is no command 'start_print'."),
    ],
)
async def test_what_is_typed_wrong_is_refused_in_words_and_nothing_is_queued(
    browser_as: BrowserAs,
    owner: Actor,
    shop: Shop,
    database: Database,
    form: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    printer_id = shop.printers["idle"]
    browser = await browser_as(owner)
    answer = await browser.post(
        f"/printers/{printer_id}/command", data=form, headers={"HX-Request": "true"}
    )
    assert answer.status_code == status
    assert sentence in answer.text.replace("&#39;", "'")
    async with database.read() as session:
        assert await fleet_queries.list_commands(session, owner, printer_id) == []


async def test_temperatures_are_a_bounded_number_of_points_in_the_shops_time(
    browser_as: BrowserAs, owner: Actor, stranger: Actor, shop: Shop, process: Process
) -> None:
    printer_id, now = shop.printers["busy"], process.clock.now()
    snapshot = rows.snapshot_of(owner, printer_id, at=now, chamber=None)
    batch = PrinterBatch(snapshot, [NewSample(now, reading_of(snapshot))])
    await storage_of(process).write({printer_id: batch})
    path = f"/printers/{printer_id}/temperatures"
    told = await (await browser_as(owner)).get(path)
    assert told.headers["cache-control"] == "no-store"
    chart = told.json()
    assert (len(chart["labels"]), [line["label"] for line in chart["lines"]]) == (
        180,
        ["Nozzle", "Bed"],
    )
    assert (await (await browser_as(stranger)).get(path)).status_code == 404


async def test_every_waiting_job_says_why(browser_as: BrowserAs, owner: Actor, shop: Shop) -> None:
    page = (await (await browser_as(owner)).get("/queue")).text
    waiting = page.count('class="job-row is-movable"')
    assert waiting > 0
    assert page.count('class="reason') == waiting


async def test_a_job_is_moved_by_its_button(
    browser_as: BrowserAs, owner: Actor, viewer: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    job = shop.jobs["waiting"]
    moved = await browser.post(
        f"/queue/{job}/move", data={"to": "top"}, headers={"HX-Request": "true"}
    )
    assert "is moved." in moved.text
    nowhere = await browser.post(f"/queue/{job}/move", headers={"HX-Request": "true"})
    assert nowhere.status_code == 400
    looking = await browser_as(viewer)
    assert (await looking.post(f"/queue/{job}/move", data={"to": "top"})).status_code == 403
    assert "data-queue" not in (await looking.get("/queue")).text


async def test_the_photo_of_a_problem_is_taken_shown_and_forgotten_on_the_page(
    browser_as: BrowserAs, owner: Actor, database: Database
) -> None:
    async with database.write() as session:
        report_id = await factories.make_printer_report_id(session, owner)
    taken = io.BytesIO()
    Image.new("RGB", (8, 8), "#F0A020").save(taken, "PNG")
    browser, path = await browser_as(owner), f"/maintenance/reports/{report_id}/photo"
    kept = await browser.post(path, files={"photo": ("x.png", taken.getvalue())})
    assert (kept.status_code, kept.headers["location"]) == (303, "/maintenance")
    assert f'src="{path}?v=' in (await browser.get("/maintenance")).text
    assert (await browser.get(path)).content.startswith(b"\xff\xd8")
    await browser.post(f"{path}/remove")
    assert f'src="{path}?v=' not in (await browser.get("/maintenance")).text
    assert (await browser.get(path)).status_code == 404
