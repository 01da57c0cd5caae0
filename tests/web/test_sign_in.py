"""Log-in and log-out of pages."""

import pytest

from shopwright.accounts.models import User
from shopwright.accounts.passwords import Passwords
from shopwright.kernel.actor import Actor
from shopwright.kernel.edge import Process
from shopwright.web.sign_in import local_path
from tests.web.conftest import BrowserAs

PASSWORD = "correct horse battery"


@pytest.fixture
async def email(process: Process, owner: Actor) -> str:
    """Of an owner who has a password."""
    password_hash = await process.context.keep(Passwords).hash(PASSWORD)
    async with process.database.write() as session:
        user = await session.get_one(User, owner.user_id)
        user.password_hash = password_hash
        return user.email


async def test_right_password_opens_the_page_one_wanted(browser_as: BrowserAs, email: str) -> None:
    browser = await browser_as(None)
    form = {"email": email, "password": PASSWORD, "next": "/orders"}
    answer = await browser.post("/login", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert (await browser.get("/orders")).status_code == 200


async def test_wrong_password_shows_the_form_again_with_the_reason(
    browser_as: BrowserAs, email: str
) -> None:
    browser = await browser_as(None)
    answer = await browser.post("/login", data={"email": email, "password": "wrong"})
    assert answer.status_code == 401
    assert "E-mail address or password is wrong." in answer.text
    assert f'value="{email}"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_log_in_form_of_another_site_is_refused(browser_as: BrowserAs, email: str) -> None:
    browser = await browser_as(None)
    form = {"email": email, "password": PASSWORD}
    answer = await browser.post("/login", data=form, headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_log_out_ends_the_sign_in(browser_as: BrowserAs, owner: Actor) -> None:
    browser = await browser_as(owner)
    cookie = browser.cookies["shopwright"]
    answer = await browser.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    browser.cookies.set("shopwright", cookie)
    assert (await browser.get("/")).headers["location"] == "/login"


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [("/orders?x=1", "/orders?x=1"), ("//evil.test", "/"), ("/\\evil.test", "/"),
     ("https://evil.test", "/"), ("", "/"), ("/a\nb", "/")],
)  # fmt: skip
def test_only_our_own_paths_are_opened_after_log_in(wanted: str, opened: str) -> None:
    assert local_path(wanted) == opened
