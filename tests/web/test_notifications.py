"""The pages of notifications: who is told, of what, and what became of it."""

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process, Ref
from shopwright.kernel.settings import MailSecurity
from shopwright.notifications import preferences
from shopwright.notifications.models import NotificationDelivery, NotificationTarget
from shopwright.notifications.states import DeliveryStatus
from shopwright.sandbox.smtp.server import SmtpSandbox
from tests import factories
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of as text_in

PAGE = "/notifications"
MAIL = {"kind": "email", "address": "sam@shop.test", "name": "Office"}


@pytest.fixture
async def browser(browser_as: BrowserAs, owner: Actor) -> AsyncClient:
    return await browser_as(owner)


def text_of(answer: Response) -> str:
    return text_in(answer.text)


async def list_targets(database: Database, owner: Actor) -> list[NotificationTarget]:
    async with database.read() as session:
        mine = NotificationTarget.organization_id == owner.organization_id
        return list(await session.scalars(select(NotificationTarget).where(mine)))


async def test_empty_page_says_how_to_begin(browser: AsyncClient, owner: Actor) -> None:
    text = text_of(await browser.get(PAGE))
    assert "Nobody is told yet" in text
    assert "Without one no mail goes out." in text
    assert "Nothing here" in text_of(await browser.get(f"{PAGE}/log"))


async def test_target_is_added_ticked_switched_off_and_deleted(
    browser: AsyncClient, database: Database, owner: Actor
) -> None:
    assert (await browser.post(f"{PAGE}/targets", data=MAIL)).status_code == 303
    (target,) = await list_targets(database, owner)
    text = text_of(await browser.get(PAGE))
    assert "Office" in text
    assert "not used yet" in text
    ticks = {"shown": str(target.id), "on": [f"{target.id}:order_ready", "7:order_held"]}
    assert (await browser.post(f"{PAGE}/rules", data=ticks)).status_code == 303
    assert (await list_targets(database, owner))[0].topics == ["order_ready"]
    await browser.post(f"{PAGE}/targets/{target.id}/edit", data={"name": "Desk"})
    await browser.post(f"{PAGE}/targets/{target.id}/switch")
    text = text_of(await browser.get(PAGE))
    assert "Desk" in text
    assert "switched off" in text
    await browser.post(f"{PAGE}/targets/{target.id}/delete")
    assert await list_targets(database, owner) == []


async def test_bad_address_is_answered_with_a_sentence(
    browser: AsyncClient, database: Database, owner: Actor
) -> None:
    answer = await browser.post(
        f"{PAGE}/targets",
        data={"kind": "webhook", "address": "http://127.0.0.1:9/"},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 400
    assert "127.0.0.1 is a loopback address. Use a public https:// address" in text_of(answer)
    assert await list_targets(database, owner) == []


async def test_test_button_shows_the_servers_words(
    browser: AsyncClient, process: Process, database: Database, owner: Actor
) -> None:
    await browser.post(f"{PAGE}/targets", data=MAIL)
    (target,) = await list_targets(database, owner)
    async with SmtpSandbox() as smtp:
        changes = {
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp.port,
            "smtp_security": MailSecurity.NONE,
            "smtp_from": "shop@shop.test",
        }
        process.settings = process.settings.model_copy(update=changes)
        url, htmx = f"{PAGE}/targets/{target.id}/test", {"HX-Request": "true"}
        fine = await browser.post(url, headers=htmx)
        smtp.refuse({"data": "554 Looks like spam"})
        refused = await browser.post(url, headers=htmx)
    assert "127.0.0.1 answered 250 Message accepted." in text_of(fine)
    assert refused.status_code == 503
    assert "127.0.0.1 refuses the mail (554 Looks like spam)." in text_of(refused)
    assert "failing" in text_of(await browser.get(PAGE))


async def test_settings_are_kept(browser: AsyncClient, database: Database, owner: Actor) -> None:
    await browser.post(f"{PAGE}/quiet", data={"begin": "22:00", "end": "07:00"})
    await browser.post(f"{PAGE}/waiting", data={"hours": "24"})
    mail = {"host": "mail.shop.test", "user": "me@shop.test", "password": "hunter22", "port": "465"}
    await browser.post(f"{PAGE}/mail", data=mail | {"security": "tls"})
    made = await browser.post(f"{PAGE}/secret")
    assert "whsec_" in made.text
    page = await browser.get(PAGE)
    for shown in ('value="22:00"', 'value="07:00"', 'value="24"', 'value="mail.shop.test"'):
        assert shown in page.text
    assert "hunter22" not in page.text
    assert "whsec_" not in page.text
    wrong = await browser.post(f"{PAGE}/waiting", data={"hours": "1000"})
    assert (wrong.status_code, "from 1 to 168" in text_of(wrong)) == (400, True)


async def test_printers_switches_are_kept(
    browser: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        printer = await factories.make_printer(session, owner, "Atlas")
    form = {"on": ["notify_print_failed", "notify_material_change"], "webhook_url": ""}
    await browser.post(f"{PAGE}/printers/{printer.id}", data=form)
    async with database.read() as session:
        found = await preferences.get_switches(session, owner, Ref(printer.id, None))
    assert [name for name, is_on in found.switches.items() if is_on] == form["on"]


async def test_log_shows_what_failed_and_sends_it_again(
    browser: AsyncClient, database: Database, owner: Actor
) -> None:
    async with database.write() as session:
        delivery_id = await factories.make_delivery_id(session, owner)
    text = text_of(await browser.get(f"{PAGE}/log?show=failed"))
    assert "Order #1 is ready" in text
    assert "https://hooks.test/…" in text
    assert (await browser.post(f"{PAGE}/log/{delivery_id}/retry")).status_code == 303
    async with database.read() as session:
        mine = NotificationDelivery.organization_id == owner.organization_id
        (row,) = (await session.scalars(select(NotificationDelivery).where(mine))).all()
    assert row.status is DeliveryStatus.PENDING
    assert "Nothing here" in text_of(await browser.get(f"{PAGE}/log?show=failed"))


async def test_viewers_look_and_change_nothing(
    browser_as: BrowserAs, viewer: Actor, database: Database, owner: Actor
) -> None:
    browser = await browser_as(viewer)
    page = await browser.get(PAGE)
    assert page.status_code == 200
    assert "Mail server" not in text_of(page)
    assert (await browser.post(f"{PAGE}/targets", data=MAIL)).status_code == 403
    assert await list_targets(database, owner) == []
