"""Journeys through the running pages in a real browser: sign in, watch, decide."""

import asyncio
import time
from statistics import median

import pytest
from playwright.async_api import Page, expect

from shopwright.fleet import service as fleet
from shopwright.fleet.states import Activity
from tests.browser.scene import PHONE, Scene, sign_in, stream_open
from tests.web import rows

pytestmark = pytest.mark.browser

FLEET = 50
REPORTS = 40
LIMIT_MS = 150  # median from a report to the change in an open page, with 50 printers


async def test_card_moves_when_its_printer_reports(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, "/printers")
    await stream_open(scene)
    card = page.get_by_role("article", name="P1S 01")
    await expect(card).to_contain_text("62 %")
    scene.report(scene.shop.printers["busy"], percent=71.0, layer=170)
    await expect(card).to_contain_text("71 %")
    await expect(card).to_contain_text("layer 170/240")


async def test_card_changes_when_its_printer_is_changed_by_somebody_else(
    page: Page, scene: Scene
) -> None:
    await sign_in(page, scene, "/printers")
    await stream_open(scene)
    card = page.get_by_role("article", name="P1S 03")
    await expect(card).to_contain_text("ready")
    async with scene.process.database.write() as session:
        printer = await fleet.get_printer(session, scene.actor, scene.shop.printers["idle"])
        printer.activity, printer.trouble = Activity.ERROR, "The nozzle is clogged."
        await session.flush()
        await fleet.changed(session, printer)
    await expect(card).to_contain_text("The nozzle is clogged.")
    await expect(page.locator("aside [data-id=n-trouble]")).to_have_text("3")


async def test_two_tabs_share_one_stream_and_both_move(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, "/printers")
    await stream_open(scene)
    other = await page.context.new_page()
    await other.goto(f"{scene.address}/printers/{scene.shop.printers['busy']}")
    await expect(other.locator("h1")).to_have_text("P1S 01")
    await other.wait_for_timeout(300)
    scene.report(scene.shop.printers["busy"], percent=80.0)
    await expect(page.get_by_role("article", name="P1S 01")).to_contain_text("80 %")
    await expect(other.locator("main")).to_contain_text("80 %")


async def test_plate_is_cleared_on_the_phone(page: Page, scene: Scene) -> None:
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain dict will do
    await sign_in(page, scene, "/printers")
    card = page.get_by_role("article", name="P1S 04")
    await card.get_by_role("button", name="Plate clear, all 4 good").click()
    await expect(page.locator("#messages")).to_contain_text("Counted: 4 good.")
    await expect(card).to_contain_text("ready")


async def test_stop_asks_first_and_no_sends_nothing(page: Page, scene: Scene) -> None:
    path = f"/printers/{scene.shop.printers['busy']}"
    await sign_in(page, scene, path)
    stop = page.get_by_role("button", name="Stop")
    await stop.click()
    question = page.get_by_role("dialog")
    await expect(question).to_contain_text("Stop the print on P1S 01?")
    await question.get_by_role("button", name="No, go back").click()
    await expect(page.locator("main")).not_to_contain_text("stop print")
    await stop.click()
    await question.get_by_role("button", name="Yes").click()
    await expect(page.locator("#messages")).to_contain_text("The printer is asked to stop.")
    await expect(page.locator("main")).to_contain_text("stop print")


async def test_search_narrows_the_orders_without_a_new_page(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, "/orders")
    await page.get_by_label("Search orders").fill("okafor")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody")).to_contain_text("#1040")


async def test_unknown_sku_is_mapped_and_leaves_the_inbox(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, "/inbox")
    await page.get_by_label("Variant for OCTO-GLOW").select_option(str(scene.shop.variant_id))
    await page.get_by_role("button", name="Map").click()
    await expect(page.locator("main")).to_contain_text("The inbox is empty")


async def test_spool_is_bought_and_loaded_on_the_phone(page: Page, scene: Scene) -> None:
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await sign_in(page, scene, "/filament")
    await page.get_by_text("New filament").click()
    form = page.locator("form[action='/filament']")
    await form.get_by_label("Material").fill("PETG")
    await form.get_by_label("Colour", exact=True).fill("Orange")
    await form.get_by_role("button", name="Add").click()
    await expect(page.locator("#messages")).to_contain_text("PETG Orange is on the shelf.")
    shelf = page.locator("[data-id^=filament-]", has_text="PETG Orange")
    await expect(shelf).to_contain_text("1.00 kg")
    await shelf.locator("summary").last.click()
    await shelf.get_by_label("Load it into").select_option(label="P1S 03, slot 4")
    await shelf.get_by_role("button", name="Load", exact=True).click()
    await expect(shelf).to_contain_text("P1S 03 slot 4")
    await expect(shelf.get_by_role("button", name="Load", exact=True)).to_be_hidden()


async def test_order_is_written_down_with_a_second_line(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, "/orders")
    await page.get_by_role("link", name="Order by hand").click()
    await page.get_by_label("Product or SKU").fill("DRAGON-RED")
    await page.get_by_label("Personalisation").fill("Oskar")
    await page.get_by_role("button", name="One more line").click()
    await expect(page.get_by_label("Product or SKU")).to_have_count(2)
    await expect(page.get_by_label("Personalisation").first).to_have_value("Oskar")
    await page.get_by_label("Product or SKU").last.fill("SIGN-STD")
    await page.get_by_label("Quantity").last.fill("none")
    await page.get_by_role("button", name="Write the order down").click()
    await expect(page.get_by_role("alert")).to_contain_text("Line 2: the quantity is a whole")
    await page.get_by_label("Quantity").last.fill("3")
    await page.get_by_role("button", name="Write the order down").click()
    await expect(page.locator("main")).to_contain_text("0 of 4 pieces good")
    await expect(page.locator("main")).to_contain_text("Oskar")


async def test_key_is_shown_once_and_the_list_follows(page: Page, scene: Scene) -> None:
    await sign_in(page, scene, "/people")
    await page.get_by_text("New key").click()
    await page.get_by_label("What it is for").fill("Label robot")
    await page.get_by_role("button", name="Make the key").click()
    await expect(page.get_by_label("The key for Label robot")).to_be_visible()
    await expect(page.locator("#people")).to_contain_text("Label robot")
    await page.reload()
    await expect(page.locator("#people")).to_contain_text("Label robot")
    await expect(page.get_by_label("The key for Label robot")).to_have_count(0)


async def test_theme_follows_the_choice_and_is_there_before_the_first_paint(
    page: Page, scene: Scene
) -> None:
    await page.emulate_media(color_scheme="dark")
    await sign_in(page, scene, "/")
    root = page.locator("html")
    await expect(root).to_have_attribute("data-bs-theme", "dark")
    await page.get_by_role("button", name="Light", exact=True).click()
    await expect(root).to_have_attribute("data-bs-theme", "light")
    await page.goto(f"{scene.address}/orders", wait_until="commit")
    await expect(root).to_have_attribute("data-bs-theme", "light")


async def test_no_page_scrolls_sideways_on_a_phone(page: Page, scene: Scene) -> None:
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    await sign_in(page, scene, "/")
    shop = scene.shop
    for path in ["/", "/printers", f"/printers/{shop.printers['busy']}", "/queue", "/queue/history",
                 "/orders", f"/orders/{shop.orders['making']}", f"/orders/{shop.orders['ready']}",
                 "/inbox", "/catalog", "/catalog/1", "/filament", "/orders/new", "/connections",
                 "/people", "/reports"]:  # fmt: skip
        await page.goto(scene.address + path)
        excess = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (path, excess) == (path, 0)


async def test_reports_are_drawn_in_the_colours_of_the_page(page: Page, scene: Scene) -> None:
    await page.emulate_media(color_scheme="light")
    await sign_in(page, scene, "/reports")
    colour = """() => { const canvas = document.querySelector("[data-chart$=revenue]");
        const chart = Chart.getChart(canvas);
        return [chart.data.labels.length, chart.data.datasets[0].backgroundColor] }"""
    assert await page.evaluate(colour) == [30, "#1f6feb"]
    await page.get_by_role("button", name="Dark", exact=True).click()
    await page.wait_for_function(f"({colour})()[1] === '#6aa6ff'")


async def test_log_out_elsewhere_sends_the_open_page_to_the_log_in(
    page: Page, scene: Scene
) -> None:
    await sign_in(page, scene, "/printers")
    await stream_open(scene)
    other = await page.context.new_page()
    await other.goto(f"{scene.address}/orders")
    await other.get_by_role("button", name="Log out").click()
    await expect(page.get_by_role("button", name="Log in")).to_be_visible()


async def test_report_reaches_an_open_page_of_fifty_printers_in_time(
    page: Page, scene: Scene
) -> None:
    async with scene.process.database.write() as session:
        made = [
            rows.make_printer(scene.actor, f"Farm {number:02}", activity=Activity.PRINTING)
            for number in range(FLEET - len(scene.shop.printers))
        ]
        session.add_all(made)
        await session.flush()
        printer_ids = [printer.id for printer in made]
    for printer_id in printer_ids:
        scene.report(printer_id)
    await sign_in(page, scene, "/printers")
    await stream_open(scene)
    await page.evaluate(
        """() => { window.changes = {}; new MutationObserver((all) => { for (const change of all)
           for (const node of change.addedNodes) if (node.dataset?.id?.endsWith("-live"))
             window.changes[node.dataset.id + node.textContent.match(/\\d+ %/)[0]] ??= Date.now();
        }).observe(document.getElementById("main"), { childList: true, subtree: true }); }"""
    )
    sent: dict[str, float] = {}
    for number in range(REPORTS):
        for offset in range(5):  # others report meanwhile: some 50 reports a second
            printer_id = printer_ids[(number * 5 + offset) % len(printer_ids)]
            percent = number % 90 + 5
            sent[f"printer-{printer_id}-live{percent} %"] = time.time() * 1000
            scene.report(printer_id, percent=float(percent))
            await asyncio.sleep(0.02)
    last = list(sent)[-1]
    await page.wait_for_function("name => window.changes[name]", arg=last)
    seen: dict[str, float] = await page.evaluate("() => window.changes")
    delays = [seen[name] - moment for name, moment in sent.items() if name in seen]
    print(f"median {median(delays):.0f} ms, slowest {max(delays):.0f} ms of {len(delays)}")
    assert len(delays) == len(sent)
    assert median(delays) < LIMIT_MS


async def test_api_is_documented_without_asking_another_host(page: Page, scene: Scene) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(scene.address + "/api/docs")
    await expect(page.get_by_role("heading", name="Shopwright")).to_be_visible()
    await expect(page.locator("#operations-tag-orders")).to_be_visible()
    assert [url for url in asked if not url.startswith((scene.address, "data:"))] == []
