"""Pages as an owner, a viewer and a stranger see them."""

import re

import pytest
from sqlalchemy import func, select

from shopwright.fleet.models import Printer, PrinterCommand
from shopwright.fleet.states import Gate
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.tenancy import CROSS_TENANT
from shopwright.orders.models import Hold, Order, OrderNote
from shopwright.orders.states import OrderStatus
from shopwright.print_jobs.models import PrintJob
from shopwright.print_jobs.states import JobStatus
from tests.web.conftest import BrowserAs
from tests.web.rows import Shop, make_order

PAGES = ["/", "/printers", "/queue", "/queue/active", "/queue/history", "/orders", "/inbox",
         "/catalog", "/filament", "/connections"]  # fmt: skip
SCRIPT_LIMIT_BYTES = 100_000


def text_of(html: str) -> str:
    """What a person reads in the body."""
    body = re.sub(r"(?s)^.*?<main", "<main", html)
    return re.sub(r"\s+", " ", re.sub(r"(?s)<[^>]*>", " ", body)).strip()


async def test_empty_shop_says_what_to_do_next(browser_as: BrowserAs, owner: Actor) -> None:
    browser = await browser_as(owner)
    answers = [await browser.get(path) for path in PAGES]
    assert [answer.status_code for answer in answers] == [200] * len(PAGES)
    assert [answer.text.count("empty-state") for answer in answers] == [1] * len(PAGES)


async def test_viewer_sees_every_page_without_a_button_that_changes_something(
    browser_as: BrowserAs, viewer: Actor, shop: Shop
) -> None:
    browser = await browser_as(viewer)
    details = [
        f"/printers/{shop.printers['clear']}",
        f"/orders/{shop.orders['ready']}",
        "/catalog/1",
    ]
    for path in [*PAGES, *details]:
        answer = await browser.get(path)
        assert answer.status_code == 200
        forms = re.findall(r'<form method="post" action="([^"]+)"', answer.text)
        assert (path, set(forms)) == (path, {"/logout"})


async def test_today_names_everything_that_needs_a_person(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    text = text_of((await browser.get("/")).text)
    for sentence in [
        "Did it print? #1038 Name sign, plate 1 on A1 mini 06",
        "P1S 04 : clear the plate",
        "X1C 05 : wrong access code",
        "OCTO-GLOW Octopus, glow in the dark · 1 order waits",
        "This plate failed 3 times in a row.",
        "Order #1039 is on hold",
        "#1040 Flexi dragon, red for Tom Okafor",
        "P1S 02 4 min · 09:04",
    ]:
        assert sentence in text


async def test_card_of_a_printing_printer_says_what_for_whom_and_until_when(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get("/printers")).text
    card = html.partition(f'data-id="printer-{shop.printers["busy"]}"')[2].partition("</article>")[
        0
    ]
    text = text_of(f"<main><i{card}")
    assert text.startswith("P1S 01 Rack A · P1S printing Flexi dragon, red #1042 AB due today")
    assert "62 % layer 148/240 35 min left ready 09:35" in text
    assert "nozzle 220° /220° bed 60° /60° chamber 34°" in text
    assert "PLA 100 % PLA 8 % PETG 55 % empty" in text  # slot 1 holds a spool the shop knows


async def test_board_begins_with_the_printer_in_trouble(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get("/printers")).text
    names = re.findall(r'<article [^>]*aria-label="([^"]+)"', html)
    assert names == ["X1C 05", "P1S 04", "P1S 02", "P1S 01", "P1S 03", "A1 mini 06"]


async def test_board_is_filtered_by_state_and_searched(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    blue = (await browser.get("/printers", params={"state": "blue"})).text
    rack = (await browser.get("/printers", params={"search": "rack b", "sort": "name"})).text
    none = (await browser.get("/printers", params={"search": "nothing like it"})).text
    assert re.findall(r'<article [^>]*aria-label="([^"]+)"', blue) == ["P1S 02", "P1S 01"]
    assert re.findall(r'<article [^>]*aria-label="([^"]+)"', rack) == [
        "A1 mini 06", "P1S 04", "X1C 05",
    ]  # fmt: skip
    assert "No printer fits" in none


async def test_queue_states_needs_and_reason_in_the_order_of_priority(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    text = text_of((await browser.get("/queue")).text)
    first = text.index("P1S 0.4 mm PLA 40.0 g PLA 8.2 g 1 h 31 min #1039 due 5 Mar")
    second = text.index("Red PLA: 8.2 g are needed, 3.1 g are left on P1S 03.")
    assert first < second
    assert "Did it print?" in text


async def test_order_shows_personalisation_as_text_and_pieces_made(
    browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    answer = await browser.get(f"/orders/{shop.orders['making']}")
    assert "Familie Berg &lt;3" in answer.text
    text = text_of(answer.text)
    assert "1 of 3 pieces good" in text
    assert "Name on the tail Oskar" in text
    assert "2 pieces are still to be made before this order can be packed." in text
    assert "Use the new red spool." in text
    assert "Total 54.70 EUR" in text


@pytest.mark.parametrize(
    ("search", "found"),
    [("1042", ["#1042"]), ("okafor", ["#1040"]), ("OCTO-GLOW", ["#1043"]), ("%", [])],
)
async def test_orders_are_found_by_number_buyer_and_sku(
    search: str, found: list[str], browser_as: BrowserAs, owner: Actor, shop: Shop
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get("/orders", params={"search": search})).text
    assert re.findall(r'class="cover num"[^>]*>(#\d+)<', html) == found


async def test_orders_page_by_page(browser_as: BrowserAs, owner: Actor, database: Database) -> None:
    async with database.write() as session:
        for number in range(2001, 2052):
            await make_order(session, owner, number, "Somebody")
    browser = await browser_as(owner)
    first = (await browser.get("/orders")).text
    second = (await browser.get("/orders", params={"page": 2})).text
    assert "1–50 of 51" in first
    assert re.findall(r'class="cover num"[^>]*>(#\d+)<', second) == ["#2001"]


async def test_row_of_another_organization_is_not_there(
    browser_as: BrowserAs, stranger: Actor, shop: Shop
) -> None:
    browser = await browser_as(stranger)
    for path in [f"/printers/{shop.printers['busy']}", f"/orders/{shop.orders['making']}",
                 "/catalog/1", "/plates/1/thumbnail"]:  # fmt: skip
        assert (await browser.get(path)).status_code == 404
    for path in PAGES:
        assert not re.search("P1S 01|#1042|Flexi dragon|Polymaker", (await browser.get(path)).text)


async def test_viewer_may_not_change_anything(
    browser_as: BrowserAs, viewer: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(viewer)
    order, printer, job = shop.orders["making"], shop.printers["busy"], shop.jobs["waiting"]
    posts: list[tuple[str, dict[str, str]]] = [
        (f"/printers/{printer}/command", {"kind": "stop_print"}),
        (f"/printers/{printer}/clear", {}),
        (f"/printers/{printer}/maintenance", {}),
        (f"/queue/{job}/hold", {}),
        (f"/queue/{job}/cancel", {}),
        (f"/orders/{order}/cancel", {}),
        (f"/orders/{order}/notes", {"content": "no"}),
        ("/inbox/map", {"sku": "OCTO-GLOW", "variant_id": str(shop.variant_id)}),
        ("/catalog", {"name": "New", "sku": "NEW"}),
    ]
    assert [(await browser.post(path, data=data)).status_code for path, data in posts] == [403] * 9
    async with database.read() as session:
        commands = await session.scalar(
            select(func.count())
            .select_from(PrinterCommand)
            .where(PrinterCommand.organization_id == viewer.organization_id)
        )
    assert commands == 0


async def test_form_of_another_site_is_refused(
    browser_as: BrowserAs, member: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(member)
    answer = await browser.post(
        f"/queue/{shop.jobs['waiting']}/cancel", headers={"Origin": "http://evil.test"}
    )
    assert answer.status_code == 403
    assert "This form was not sent by one of our pages." in answer.text
    async with database.read() as session:
        job = await session.get_one(PrintJob, shop.jobs["waiting"], execution_options=CROSS_TENANT)
    assert job.status is JobStatus.QUEUED


async def test_stop_is_written_as_a_command_and_answers_with_a_redirect(
    browser_as: BrowserAs, member: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(member)
    printer = shop.printers["busy"]
    answer = await browser.post(f"/printers/{printer}/command", data={"kind": "stop_print"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/printers/{printer}")
    async with database.read() as session:
        command = (
            await session.scalars(
                select(PrinterCommand).where(
                    PrinterCommand.organization_id == member.organization_id
                )
            )
        ).one()
    assert (command.kind, command.printer_id, command.by) == ("stop_print", printer, "Member")


async def test_htmx_gets_a_message_and_fetches_the_page_again(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    answer = await browser.post(
        f"/queue/{shop.jobs['waiting']}/hold", headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert answer.headers["hx-trigger"] == "refetch"
    assert text_of(answer.text).endswith("#1039 Flexi dragon, red waits until you release it.")


async def test_refusal_of_a_service_is_a_message_in_the_page(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    answer = await browser.post(
        f"/queue/{shop.jobs['busy']}/cancel", headers={"HX-Request": "true"}
    )
    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#messages"
    assert "The job is printing; only a waiting job can be changed." in answer.text


async def test_plate_is_cleared_with_the_number_of_good_copies(
    browser_as: BrowserAs, member: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(member)
    await browser.post(f"/queue/{shop.jobs['done']}/harvest", data={"good": "3"})
    async with database.read() as session:
        job = await session.get_one(PrintJob, shop.jobs["done"], execution_options=CROSS_TENANT)
        printer = await session.get_one(
            Printer, shop.printers["clear"], execution_options=CROSS_TENANT
        )
    assert (job.good, job.scrap, printer.gate) == (3, 1, Gate.READY)


async def test_printer_is_added_by_form_and_a_bad_address_is_refused_in_words(
    browser_as: BrowserAs, member: Actor
) -> None:
    browser = await browser_as(member)
    form = {"name": "P1S 07", "host": "192.168.1.27", "access_code": "12345678", "model": "P1S"}
    made = await browser.post("/printers", data=form)
    assert made.status_code == 303
    page = text_of((await browser.get(made.headers["location"])).text)
    assert page.startswith("P1S 07 offline Check the connection")
    assert "It has not been reached yet." in page
    refused = await browser.post("/printers", data={**form, "host": ""})
    assert refused.status_code == 400
    assert "A printer needs a name and an address on the network." in refused.text


async def test_mapping_a_sku_empties_the_inbox(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    before = await browser.get("/inbox")
    await browser.post("/inbox/map", data={"sku": "OCTO-GLOW", "variant_id": shop.variant_id})
    after = await browser.get("/inbox")
    assert "1 order waits for 2 pieces" in text_of(before.text)
    assert "The inbox is empty" in after.text


async def test_order_is_held_noted_and_cancelled(
    browser_as: BrowserAs, member: Actor, shop: Shop, database: Database
) -> None:
    browser = await browser_as(member)
    order_id = shop.orders["late"]
    await browser.post(f"/orders/{order_id}/hold", data={"reason": "Ask for the name."})
    await browser.post(f"/orders/{order_id}/notes", data={"content": "Called on Monday."})
    page = text_of((await browser.get(f"/orders/{order_id}")).text)
    assert "On hold Ask for the name. Member" in page
    assert "Called on Monday." in page
    await browser.post(f"/orders/{order_id}/cancel")
    async with database.read() as session:
        order = await session.get_one(Order, order_id, execution_options=CROSS_TENANT)
        holds = await session.scalar(
            select(func.count()).where(
                Hold.organization_id == member.organization_id, Hold.order_id == order_id
            )
        )
        notes = await session.scalar(
            select(OrderNote.author).where(
                OrderNote.organization_id == member.organization_id, OrderNote.order_id == order_id
            )
        )
    assert (order.status, holds, notes) == (OrderStatus.CANCELED, 1, "Member")


async def test_ready_order_is_packed_and_shipped_with_its_tracking_code(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    path = f"/orders/{shop.orders['ready']}"
    assert "Pack and ship" in (await browser.get(path)).text
    form = {"carrier": "DHL", "tracking_code": "00340434"}
    assert (await browser.post(f"{path}/ship", data=form)).status_code == 303
    page = text_of((await browser.get(path)).text)
    assert "Order #1040 shipped" in page
    assert "Parcel 1 · DHL 00340434 · packed by Member, shipped 09:00 shipped" in page
    again = await browser.post(f"{path}/ship", data=form)
    assert again.status_code == 409


async def test_product_is_made_with_its_recipe_in_one_form(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    html = (await browser.get("/catalog")).text
    choice = re.findall(r'<option value="(\d+:1)">', html)[0]
    form = {"name": "Cup", "sku": "CUP-1", "price": "9,90", "plate": choice}
    answer = await browser.post("/catalog", data=form)
    assert answer.status_code == 303
    page = text_of((await browser.get(answer.headers["location"])).text)
    assert "CUP-1 9.90 EUR dragon-red.gcode.3mf, plate 1 version 1 · P1S" in page


async def test_recipe_form_begins_with_the_present_steps_and_keeps_them(
    browser_as: BrowserAs, member: Actor, shop: Shop
) -> None:
    browser = await browser_as(member)
    before = (await browser.get("/catalog/1")).text
    (choice,) = re.findall(r'<option value="(\d+:1)" selected>', before)
    other = next(c for c in re.findall(r'<option value="(\d+:1)"', before) if c != choice)
    form = {"plate": [choice, other, ""], "yields": ["4", "1", "1"], "name": ["Body", "Lid", ""]}
    path = f"/catalog/variants/{shop.variant_id}/recipe"
    await browser.post(path, data=form)
    after = (await browser.get("/catalog/1")).text
    assert re.findall(r'<option value="(\d+:1)" selected>', after) == [choice, other]
    assert re.findall(r'name="yields" value="(\d+)"', after) == ["4", "1", "1"]
    assert "Body, plate 1 version 1 · P1S · 1 h 31 min · 48.2 g · makes 4" in text_of(after)


async def test_page_needs_a_sign_in_and_comes_back_to_where_one_wanted(
    browser_as: BrowserAs, process: Process
) -> None:
    browser = await browser_as(None)
    answer = await browser.get("/orders/7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/orders/7")
    program = await browser.get("/orders/7", headers={"Accept": "application/json"})
    assert (program.status_code, program.json()["code"]) == (401, "unauthenticated")


async def test_unknown_address_is_a_page_for_people_and_json_for_programs(
    browser_as: BrowserAs, owner: Actor
) -> None:
    browser = await browser_as(owner)
    page = await browser.get("/orders/424242")
    assert page.status_code == 404
    assert "There is no order 424242." in page.text
    program = await browser.get("/orders/424242", headers={"Accept": "*/*"})
    assert program.json()["detail"] == "There is no order 424242."


async def test_scripts_of_a_page_stay_small_and_keep_for_ever(
    browser_as: BrowserAs, owner: Actor
) -> None:
    browser = await browser_as(owner)
    html = (await browser.get("/")).text
    scripts = re.findall(r'<script src="([^"]+)"', html) + re.findall(
        r'data-worker="([^"]+)"', html
    )
    answers = [await browser.get(script) for script in scripts]
    assert sum(len(answer.content) for answer in answers) < SCRIPT_LIMIT_BYTES
    assert {answer.headers["cache-control"] for answer in answers} == {
        "public, max-age=31536000, immutable"
    }
    assert not re.search(r"<script(?! src)|\son[a-z]+=|style=", html)


async def test_asset_of_an_older_build_is_asked_for_again(browser_as: BrowserAs) -> None:
    browser = await browser_as(None)
    answer = await browser.get("/static/000000000000/css/app.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    assert (await browser.get("/static/000000000000/../routes.py")).status_code == 404
