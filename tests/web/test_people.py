"""Members, invitations and keys; joining by an invitation's link."""

import re

import pytest
from sqlalchemy import select

from shopwright.accounts.credentials import KEY_PREFIX
from shopwright.accounts.models import ApiKey, Invitation, Membership, User
from shopwright.kernel.actor import Actor, Role
from shopwright.kernel.db import Database
from shopwright.kernel.secrets import token_hash
from shopwright.kernel.tenancy import CROSS_TENANT
from tests import factories
from tests.conftest import ClientAs
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of

PASSWORD = "correct horse battery"
HTMX = {"HX-Request": "true"}


def secret_in(html: str) -> str:
    found: list[str] = re.findall(r'value="([^"]+)" readonly', html)
    assert len(found) == 1
    return found[0]


async def invite(browser_as: BrowserAs, admin: Actor, email: str = "kim@shop.test") -> str:
    """The path of the link."""
    browser = await browser_as(admin)
    form = {"email": email, "role": "member"}
    answer = await browser.post("/people/invitations", data=form, headers=HTMX)
    assert answer.headers["hx-trigger"] == "people-changed"
    return "/invitation?" + secret_in(answer.text).partition("/invitation?")[2]


async def test_members_are_listed_with_the_role_one_may_change(
    browser_as: BrowserAs, admin: Actor, owner: Actor, member: Actor
) -> None:
    browser = await browser_as(admin)
    answer = await browser.get("/people")
    text = text_of(answer.text)
    assert "Admin you" in text
    assert re.findall(r'aria-label="Role of ([^"]+)"', answer.text) == ["Member"]
    assert "owner" not in re.findall(r'<option value="([^"]+)"', answer.text)


async def test_role_is_changed_and_member_removed(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    async with database.write() as session:
        membership_id = await factories.make_membership_row(session, admin)
    browser = await browser_as(admin)
    path = f"/people/{membership_id}"
    changed = await browser.post(f"{path}/role", data={"role": "viewer"}, headers=HTMX)
    assert "Colleague is viewer now." in changed.text
    async with database.read() as session:
        row = await session.get_one(Membership, membership_id, execution_options=CROSS_TENANT)
    assert row.role is Role.VIEWER
    refused = await browser.post(f"{path}/role", data={"role": "owner"}, headers=HTMX)
    assert refused.status_code == 403
    removed = await browser.post(f"{path}/remove", headers=HTMX)
    assert "Colleague cannot come in any more." in removed.text
    assert "colleague" not in (await browser.get("/people")).text


async def test_invited_person_sets_a_password_and_is_in(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    link = await invite(browser_as, admin)
    assert "kim@shop.test as member, by Admin" in text_of(
        (await (await browser_as(admin)).get("/people")).text
    )
    browser = await browser_as(None)
    page = await browser.get(link)
    assert "Admin invites kim@shop.test to work here as member." in text_of(page.text)
    token = link.partition("token=")[2]
    form = {"token": token, "first_name": "Kim", "password": "short"}
    refused = await browser.post("/invitation", data=form)
    assert refused.status_code == 400
    assert "A password has 10 to 200 characters." in refused.text
    assert 'value="Kim"' in refused.text
    joined = await browser.post("/invitation", data=form | {"password": PASSWORD})
    assert (joined.status_code, joined.headers["location"]) == (303, "/")
    assert "Kim" in (await browser.get("/")).text
    again = await (await browser_as(None)).get(link)
    assert again.status_code == 410
    assert "This invitation was used, revoked, or is too old. Ask for a new one." in again.text


async def test_known_person_joins_with_the_password_they_have(
    browser_as: BrowserAs, admin: Actor, stranger: Actor, database: Database
) -> None:
    async with database.read() as session:
        known = await session.get_one(User, stranger.user_id)
    link = await invite(browser_as, admin, known.email)
    browser = await browser_as(None)
    page = await browser.get(link)
    assert "Your password here" in page.text
    form = {"token": link.partition("token=")[2], "password": PASSWORD}
    refused = await browser.post("/invitation", data=form)
    assert refused.status_code == 401
    assert "E-mail address or password is wrong." in refused.text


async def test_revoked_and_unknown_links_say_so(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    link = await invite(browser_as, admin)
    async with database.read() as session:
        invitation = (
            await session.scalars(
                select(Invitation).where(Invitation.organization_id == admin.organization_id)
            )
        ).one()
    assert invitation.token_hash == token_hash(link.partition("token=")[2])
    await (await browser_as(admin)).post(f"/people/invitations/{invitation.id}/revoke")
    browser = await browser_as(None)
    assert (await browser.get(link)).status_code == 410
    unknown = await browser.get("/invitation?token=nobody")
    assert unknown.status_code == 404
    assert "There is no such invitation." in unknown.text


async def test_form_of_another_site_does_not_join(browser_as: BrowserAs, admin: Actor) -> None:
    link = await invite(browser_as, admin)
    browser = await browser_as(None)
    form = {"token": link.partition("token=")[2], "password": PASSWORD, "first_name": "Kim"}
    answer = await browser.post("/invitation", data=form, headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403


async def test_key_is_shown_once_and_works_within_its_scopes(
    browser_as: BrowserAs, client_as: ClientAs, admin: Actor, database: Database
) -> None:
    browser = await browser_as(admin)
    form = {"name": "Label robot", "role": "viewer", "scopes": ["orders", "shipping"]}
    answer = await browser.post("/people/keys", data=form, headers=HTMX)
    secret = secret_in(answer.text)
    page = await browser.get("/people")
    assert secret not in page.text
    assert f"Label robot {secret[:9]}… · viewer · orders, shipping" in text_of(page.text)
    robot = await client_as(None)
    robot.headers["X-API-Key"] = secret
    assert (await robot.get("/api/orders")).status_code == 200
    assert (await robot.get("/api/printers")).status_code == 403
    async with database.read() as session:
        key = (
            await session.scalars(
                select(ApiKey).where(ApiKey.organization_id == admin.organization_id)
            )
        ).one()
    await browser.post(f"/people/keys/{key.id}/revoke")
    assert (await robot.get("/api/orders")).status_code == 401
    assert "No key yet." in (await browser.get("/people")).text


async def test_without_script_the_secret_has_a_page_of_its_own(
    browser_as: BrowserAs, admin: Actor
) -> None:
    browser = await browser_as(admin)
    answer = await browser.post("/people/keys", data={"name": "Kiosk"})
    assert answer.status_code == 200
    assert secret_in(answer.text).startswith(KEY_PREFIX)
    assert "Back to the people" in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("/people/keys", {"name": " "}, "Say what the key is for"),
        ("/people/invitations", {"email": "kim"}, "&#39;kim&#39; is no e-mail address."),
    ],
)
async def test_wrong_form_is_refused_in_words(
    path: str, form: dict[str, str], sentence: str, browser_as: BrowserAs, admin: Actor
) -> None:
    answer = await (await browser_as(admin)).post(path, data=form, headers=HTMX)
    assert answer.status_code == 400
    assert sentence in answer.text


async def test_people_are_the_admins_matter(
    browser_as: BrowserAs, member: Actor, admin: Actor, stranger: Actor, database: Database
) -> None:
    async with database.write() as session:
        membership_id = await factories.make_membership_row(session, admin)
    worker, other = await browser_as(member), await browser_as(stranger)
    assert 'href="/people"' not in (await worker.get("/")).text
    assert (await worker.get("/people")).status_code == 403
    assert (await worker.post("/people/keys", data={"name": "x"})).status_code == 403
    assert (await other.post(f"/people/{membership_id}/remove")).status_code == 404
    assert "colleague" not in (await other.get("/people")).text
