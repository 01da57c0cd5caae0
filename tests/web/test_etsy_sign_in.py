"""«Sign in with Etsy» as a browser does it: out, to the consent page, back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from shopwright.accounts import members
from shopwright.accounts.models import User
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig
from tests.channels.conftest import TRUST, use_patient_adapters, with_etsy
from tests.clock import FixedClock
from tests.conftest import make_settings
from tests.web.conftest import BrowserAs

LANDING = "http://shop.test/login/etsy/callback"
SELLER = "700123"


@pytest.fixture
async def etsy() -> AsyncIterator[EtsySandbox]:
    config = SandboxConfig(keystring="page-key", redirect_uris=(LANDING,), per_minute=None)
    async with EtsySandbox(config) as sandbox:
        yield sandbox


@pytest.fixture
def settings(migrated_url: str, tmp_path: Path, etsy: EtsySandbox) -> Settings:
    plain = make_settings(migrated_url, tmp_path)
    return with_etsy(plain, etsy, public_url="http://shop.test", etsy_redirect_uri="")


@pytest.fixture(autouse=True)
def patient(process: Process) -> None:
    use_patient_adapters(process)


@dataclass(frozen=True)
class Traveller:
    """A browser that also goes to Etsy's pages, which are on another host."""

    browser: AsyncClient

    async def consent(self, url: str) -> Response:
        """Etsy's answer at the landing page."""
        async with AsyncClient(verify=TRUST) as outside:
            answer = await outside.get(url)
        return await self.browser.get(answer.headers["location"])

    async def sign_in(self, **query: str) -> Response:
        out = await self.browser.get("/login/etsy", params=query)
        assert out.status_code == 303, out.text
        return await self.consent(out.headers["location"])


@pytest.fixture
async def traveller(browser_as: BrowserAs) -> Traveller:
    return Traveller(await browser_as(None))


async def user_of(database: Database, actor: Actor) -> User:
    async with database.read() as session:
        return await session.get_one(User, actor.user_id)


async def change(database: Database, actor: Actor, **values: Any) -> None:
    async with database.write() as session:
        user = await session.get_one(User, actor.user_id)
        for name, value in values.items():
            setattr(user, name, value)


async def test_known_person_is_signed_in_and_goes_where_they_wanted(
    traveller: Traveller, owner: Actor, database: Database
) -> None:
    assert "Sign in with Etsy" in (await traveller.browser.get("/login?next=/orders")).text
    await change(database, owner, etsy_user_id=SELLER)
    answer = await traveller.sign_in(next="/orders")
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders")
    cookies = answer.headers.get_list("set-cookie")
    assert [c.partition("=")[0] for c in cookies] == ["shopwright", "shopwright_etsy"]
    assert (await traveller.browser.get("/orders")).status_code == 200


async def test_stranger_gets_the_log_in_page_with_the_reason(
    traveller: Traveller, owner: Actor
) -> None:
    answer = await traveller.sign_in()
    assert answer.status_code == 403
    assert "This Etsy account belongs to nobody here." in answer.text
    assert "shopwright" not in traveller.browser.cookies


async def test_denied_consent_is_told(
    traveller: Traveller, owner: Actor, etsy: EtsySandbox
) -> None:
    etsy.world.consent = "deny"
    answer = await traveller.sign_in()
    assert answer.status_code == 403
    assert "Etsy did not sign you in: The user denied the request." in answer.text


async def test_code_of_another_browser_signs_nobody_in(
    traveller: Traveller, browser_as: BrowserAs, owner: Actor, database: Database, clock: FixedClock
) -> None:
    await change(database, owner, etsy_user_id=SELLER)
    attacker = await browser_as(None)
    begun = await attacker.get("/login/etsy")
    for _ in range(2):
        answer = await traveller.consent(begun.headers["location"])
        assert answer.status_code == 400
        assert "was not begun in this browser" in answer.text
        await traveller.browser.get("/login/etsy")  # now it has a trip of its own, another one
    late = await traveller.browser.get("/login/etsy")
    clock.advance(minutes=10)
    assert (await traveller.consent(late.headers["location"])).status_code == 400
    assert "shopwright" not in traveller.browser.cookies


async def test_invited_person_joins_with_etsy(
    traveller: Traveller, owner: Actor, database: Database, clock: FixedClock
) -> None:
    async with database.write() as session:
        invited = await members.invite(
            session, owner, email="anna@shop.test", role=Role.MEMBER, now=clock.now()
        )
    page = await traveller.browser.get("/invitation", params={"token": invited.token})
    assert "Join with your Etsy account" in page.text
    answer = await traveller.sign_in(invitation=invited.token)
    assert answer.headers["location"] == "/"
    account = await traveller.browser.get("/account")
    assert "anna@shop.test" in account.text
    assert "it is your only way in" in account.text.replace("it&#39;s", "it is")
    refused = await traveller.browser.post("/account/etsy/unlink")
    assert refused.status_code == 409


async def test_account_is_linked_and_unlinked_by_whoever_is_signed_in(
    browser_as: BrowserAs, owner: Actor, admin: Actor, database: Database
) -> None:
    mine, other = Traveller(await browser_as(owner)), Traveller(await browser_as(admin))
    out = await mine.browser.post("/account/etsy", headers={"HX-Request": "true"})
    assert out.status_code == 204
    assert (await mine.consent(out.headers["hx-redirect"])).headers["location"] == "/account"
    assert (await user_of(database, owner)).etsy_user_id == SELLER
    out = await other.browser.post("/account/etsy")
    answer = await other.consent(out.headers["location"])
    assert answer.headers["location"].startswith("/account?problem=This%20Etsy%20account%20signs")
    assert (await user_of(database, admin)).etsy_user_id is None
    await change(database, owner, password_hash="x")
    assert (await mine.browser.post("/account/etsy/unlink")).status_code == 303
    assert (await user_of(database, owner)).etsy_user_id is None


async def test_link_begun_by_one_person_is_not_finished_by_another(
    browser_as: BrowserAs, owner: Actor, admin: Actor, database: Database
) -> None:
    mine, other = Traveller(await browser_as(owner)), Traveller(await browser_as(admin))
    out = await mine.browser.post("/account/etsy")
    mine.browser.cookies.set("shopwright", other.browser.cookies["shopwright"])
    answer = await mine.consent(out.headers["location"])
    assert (
        "problem=You%20signed%20out%20or%20in%20as%20somebody%20else" in answer.headers["location"]
    )
    for actor in (owner, admin):
        assert (await user_of(database, actor)).etsy_user_id is None


async def test_form_of_another_site_links_nothing(browser_as: BrowserAs, owner: Actor) -> None:
    browser = await browser_as(owner)
    answer = await browser.post("/account/etsy", headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403
    assert "shopwright_etsy" not in browser.cookies
