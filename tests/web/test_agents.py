"""The agents' page: health in words, a code shown once, printers given and taken."""

import re
from datetime import timedelta

from shopwright.fleet import service
from shopwright.fleet.models import Agent
from shopwright.fleet.states import DrivenBy
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import Database
from tests.clock import START
from tests.factories import make_printer
from tests.web.conftest import BrowserAs
from tests.web.test_pages import text_of

HTMX = {"HX-Request": "true"}


async def add_agent(database: Database, actor: Actor, name: str, seconds_ago: int) -> int:
    async with database.write() as session:
        agent = Agent(
            organization_id=actor.organization_id,
            name=name,
            version="1.2",
            machine="pi",
            last_seen_at=START - timedelta(seconds=seconds_ago),
            waiting_events=3,
            clock_skew_ms=-90_000,
        )
        session.add(agent)
        await session.flush()
        return agent.id


async def test_agents_say_how_they_are(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    await add_agent(database, admin, "Attic", 5)
    await add_agent(database, admin, "Cellar", 600)
    text = text_of((await (await browser_as(admin)).get("/agents")).text)
    assert "Attic heard of just now · on pi · version 1.2" in text
    assert "3 events wait to be told." in text
    assert "Its clock is 90 seconds ahead; times are corrected here." in text
    assert "Cellar heard of 10 min ago" in text
    assert text.count("nothing new is started meanwhile") == 1


async def test_a_code_is_shown_once_with_the_command_to_type(
    browser_as: BrowserAs, admin: Actor
) -> None:
    browser = await browser_as(admin)
    answer = await browser.post("/agents/codes", data={"name": "Attic"}, headers=HTMX)
    (command,) = re.findall(r'value="(shopwright agent enrol http[^"]+)"', answer.text)
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", command.split()[-1])
    assert command not in (await browser.get("/agents")).text
    nameless = await browser.post("/agents/codes", data={"name": " "}, headers=HTMX)
    assert "Give the agent a name" in nameless.text


async def test_printers_are_given_and_taken_and_an_agent_is_revoked(
    browser_as: BrowserAs, admin: Actor, database: Database
) -> None:
    agent_id = await add_agent(database, admin, "Attic", 5)
    async with database.write() as session:
        printer = await make_printer(session, admin)
    browser = await browser_as(admin)
    form = {"printer": str(printer.id)}
    given = await browser.post(f"/agents/{agent_id}/printers", data=form, headers=HTMX)
    assert "Attic drives Left from now on." in given.text
    path = f"/agents/{agent_id}/printers/{printer.id}/release"
    assert "This server drives Left again." in (await browser.post(path, headers=HTMX)).text
    await browser.post(f"/agents/{agent_id}/printers", data=form, headers=HTMX)
    revoked = await browser.post(f"/agents/{agent_id}/revoke", headers=HTMX)
    assert "Attic is revoked." in revoked.text
    async with database.read() as session:
        found = await service.get_printer(session, admin, printer.id)
    assert (found.driven_by, found.agent_id) == (DrivenBy.SERVER, None)


async def test_a_member_looks_and_changes_nothing(
    browser_as: BrowserAs, member: Actor, database: Database
) -> None:
    agent_id = await add_agent(database, member, "Attic", 5)
    browser = await browser_as(member)
    assert "Make the code" not in (await browser.get("/agents")).text
    refused = await browser.post(f"/agents/{agent_id}/revoke", headers=HTMX)
    assert refused.status_code == 403
