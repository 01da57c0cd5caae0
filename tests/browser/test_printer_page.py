"""A printer's page and the queue in a real browser: camera, temperatures, commands, order."""

import asyncio

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select

from shopwright.fleet import queries as fleet_queries
from shopwright.fleet.cameras.service import Cameras
from shopwright.fleet.models import Printer
from shopwright.print_jobs import queries as job_queries
from shopwright.print_jobs.models import PrintJob
from shopwright.sandbox.bambu import Knobs, PrinterConfig, VirtualPrinter
from shopwright.telemetry.access import storage_of
from shopwright.telemetry.queries import PrinterBatch
from shopwright.telemetry.samples import NewSample, reading_of
from tests.browser.scene import Scene, sign_in
from tests.web import rows

pytestmark = pytest.mark.browser

DRAWN = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const isLit = data.some((value, at) => at % 4 < 3 && value > 0);
  return !canvas.hidden && canvas.width === 640 && isLit;
}"""


async def point_at(scene: Scene, machine: VirtualPrinter) -> int:
    """The shop's first printer is this machine."""
    printer_id = scene.shop.printers["busy"]
    async with scene.process.database.write() as session:
        printer = await session.scalar(
            select(Printer).where(
                Printer.id == printer_id, Printer.organization_id == scene.actor.organization_id
            )
        )
        assert printer is not None
        printer.host, printer.serial = machine.host, machine.serial
        printer.ports = {"camera": machine.camera_port or 1}
        printer.access_code = session.context.vault.encrypt(machine.access_code)
    return printer_id


async def until_viewers(scene: Scene, count: int) -> None:
    """A window that is closed gives its place back."""
    cameras = Cameras.of(scene.process)
    async with asyncio.timeout(30):
        while cameras.count_viewers(scene.actor.organization_id) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_two_windows_see_the_camera_over_one_connection(page: Page, scene: Scene) -> None:
    knobs = Knobs(camera_interval_s=0.2)
    async with VirtualPrinter(PrinterConfig(knobs=knobs)) as machine:
        path = f"/printers/{await point_at(scene, machine)}"
        await sign_in(page, scene, path)
        other = await page.context.new_page()
        await other.goto(scene.address + path)
        for window in (page, other):
            await expect(window.locator(".camera-state")).to_have_text("live", timeout=30_000)
            canvas = await window.locator("#camera canvas").element_handle()
            await window.wait_for_function(DRAWN, arg=canvas)
        assert machine.camera_viewers == (1, True)
        await other.close()
        await until_viewers(scene, 1)
        await page.goto(f"{scene.address}/queue")
        await until_viewers(scene, 0)


async def test_a_camera_that_is_not_there_says_so(page: Page, scene: Scene) -> None:
    async with VirtualPrinter(PrinterConfig(model="X1C", serial="00M00A9")) as machine:
        await sign_in(page, scene, f"/printers/{await point_at(scene, machine)}")
        await expect(page.locator("#camera")).to_contain_text(
            "The camera of the X1C speaks RTSP, which is not supported.", timeout=30_000
        )


async def test_temperatures_of_the_last_hour_are_drawn(page: Page, scene: Scene) -> None:
    printer_id, now = scene.shop.printers["busy"], scene.process.clock.now()
    snapshot = rows.snapshot_of(scene.actor, printer_id, at=now)
    batch = PrinterBatch(snapshot, [NewSample(now, reading_of(snapshot))])
    await storage_of(scene.process).write({printer_id: batch})
    await sign_in(page, scene, f"/printers/{printer_id}")
    await expect(page.locator("#temperatures .chart")).to_be_visible(timeout=30_000)
    lines = await page.evaluate(
        "Chart.getChart(document.querySelector('#temperatures canvas')).data.datasets.map("
        "set => [set.label, set.data.filter(value => value !== null).at(-1)])"
    )
    assert lines == [
        ["Nozzle", 219.6], ["Nozzle wanted", 220], ["Bed", 59.8], ["Bed wanted", 60],
        ["Chamber", 34],
    ]  # fmt: skip


async def test_heat_is_asked_about_with_its_figure_and_its_fate_is_shown(
    page: Page, scene: Scene
) -> None:
    printer_id = scene.shop.printers["idle"]
    await sign_in(page, scene, f"/printers/{printer_id}")
    form = page.locator("form", has=page.locator("input[value=set_bed_temp]"))
    await form.get_by_label("Bed").fill("55")
    await form.get_by_role("button", name="Set").click()
    question = page.get_by_role("dialog")
    await expect(question).to_contain_text("Heat the bed of P1S 03 to 55 °C?")
    await question.get_by_role("button", name="Yes").click()
    await expect(page.locator("#messages")).to_contain_text("The printer is asked: set bed temp.")
    await expect(page.locator("#printer-told")).to_contain_text("set bed temp 55")
    async with scene.process.database.read() as session:
        (command,) = await fleet_queries.list_commands(session, scene.actor, printer_id)
    assert (command.kind, command.arguments) == ("set_bed_temp", {"target": 55})


async def list_waiting(scene: Scene) -> list[int]:
    async with scene.process.database.read() as session:
        own = PrintJob.organization_id == scene.actor.organization_id
        statement = select(PrintJob.id).where(own, PrintJob.status.in_(("queued", "pending")))
        return list(await session.scalars(statement.order_by(*job_queries.IN_TURN)))


async def test_a_job_is_dragged_to_the_top_and_stepped_down_with_the_keyboard(
    page: Page, scene: Scene
) -> None:
    before = await list_waiting(scene)
    last = before[-1]
    await sign_in(page, scene, "/queue")
    first_row = page.locator(f"[data-job='{before[0]}']")
    await page.locator(f"#grip-{last}").drag_to(first_row, target_position={"x": 30, "y": 4})
    await expect(page.locator("#messages")).to_contain_text("is moved.")
    await expect(page.locator("[data-job]").first).to_have_attribute("data-job", str(last))
    assert await list_waiting(scene) == [last, *before[:-1]]
    await expect(page.locator("#messages")).to_be_empty()  # the list that followed is there, too
    await page.locator(f"#grip-{last}").press("ArrowDown")
    await expect(page.locator("[data-job]").nth(1)).to_have_attribute("data-job", str(last))
    assert await list_waiting(scene) == [before[0], last, *before[1:-1]]


async def test_of_two_who_drag_at_once_the_second_sees_the_queue_as_it_is(
    page: Page, scene: Scene
) -> None:
    before = await list_waiting(scene)
    await sign_in(page, scene, "/queue")
    await page.evaluate("document.body.dataset.topics = ''")
    row = page.locator(f"[data-job='{before[-1]}']")
    await row.evaluate("row => { row.dataset.revision = '77.7'; }")
    first_row = page.locator(f"[data-job='{before[0]}']")
    await page.locator(f"#grip-{before[-1]}").drag_to(first_row, target_position={"x": 30, "y": 4})
    await expect(page.locator("#messages")).to_contain_text("meanwhile. Look again.")
    await expect(page.locator("[data-job]").first).to_have_attribute("data-job", str(before[0]))
    assert await list_waiting(scene) == before
