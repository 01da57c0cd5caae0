"""The page of Bambu's cloud: log in with two steps, see printers, add them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shopwright.kernel.actor import Actor
from shopwright.kernel.settings import Settings
from shopwright.sandbox.bambu import PrinterConfig, VirtualPrinter
from shopwright.sandbox.bambu_cloud import Account, BambuCloudSandbox, SecondStep
from tests.conftest import make_settings
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of

HERE = "/printers/cloud"
SERIAL = "01P00A000000042"
LOG_IN = {"email": "maker@shop.test", "password": "a good password"}


@pytest.fixture
async def cloud() -> AsyncIterator[BambuCloudSandbox]:
    account = Account(LOG_IN["email"], LOG_IN["password"], (SERIAL,), SecondStep.CODE)
    printer = VirtualPrinter(PrinterConfig(SERIAL, name="Attic"))
    async with BambuCloudSandbox([account], [printer]) as sandbox:
        yield sandbox


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, cloud: BambuCloudSandbox) -> Settings:
    changed = {"bambu_cloud_api_url": cloud.url, "rate_limit_print_per_minute": 0}
    return make_settings(migrated_url, tmp_path).model_copy(update=changed)


async def test_admin_logs_in_with_a_code_and_adds_a_printer(
    browser_as: BrowserAs, owner: Actor, cloud: BambuCloudSandbox
) -> None:
    browser = await browser_as(owner)
    before = text_of((await browser.get(HERE)).text)
    refused = await browser.post(HERE, data={**LOG_IN, "password": "wrong"})
    begun = await browser.post(HERE, data=LOG_IN)
    waiting = text_of((await browser.get(HERE)).text)
    code = cloud.world.mails[-1].code
    await browser.post(f"{HERE}/1/code", data={"code": f"{code[:3]} {code[3:]}"})
    listed = text_of((await browser.get(HERE)).text)
    await browser.post(f"{HERE}/1/add", data={"serial": [SERIAL]})
    added = text_of((await browser.get(HERE)).text)

    assert "Log in" in before
    assert (refused.status_code, "Type both again." in refused.text) == (400, True)
    assert (begun.status_code, begun.headers["location"]) == (303, HERE)
    assert "code needed" in waiting
    assert f"Attic P1S · {SERIAL} · in the cloud · LAN code known Add" in listed
    assert "Watched only. Enter its address on its page and it prints." in added


async def test_cloud_printer_may_do_without_an_address(
    browser_as: BrowserAs, owner: Actor, cloud: BambuCloudSandbox
) -> None:
    browser = await browser_as(owner)
    await browser.post(HERE, data=LOG_IN)
    await browser.post(f"{HERE}/1/code", data={"code": cloud.world.mails[-1].code})
    await browser.post(f"{HERE}/1/add", data={"serial": [SERIAL]})
    renamed = await browser.post("/printers/1/edit", data={"name": "Roof", "host": ""})
    nameless = await browser.post("/printers/1/edit", data={"name": "", "host": ""})

    assert (renamed.status_code, nameless.status_code) == (303, 400)
    assert "Roof" in text_of((await browser.get("/printers")).text)


async def test_member_sees_accounts_and_cannot_log_in(
    browser_as: BrowserAs, member: Actor, viewer: Actor
) -> None:
    members = await browser_as(member)

    assert "Somebody with the role admin can log in" in text_of((await members.get(HERE)).text)
    assert (await members.post(HERE, data=LOG_IN)).status_code == 403
    assert (await (await browser_as(viewer)).get(HERE)).status_code == 403
