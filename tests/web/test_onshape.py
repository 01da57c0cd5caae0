"""Onshape on pages: connecting it, a part from an address, how far its file is."""

from shopwright.sandbox.onshape import OnshapeSandbox
from tests.parts.onshape.conftest import Drafting, drafting, onshape, settings

__all__ = ["drafting", "onshape", "settings"]

HTML = {"accept": "text/html"}


async def test_page_connects_makes_a_part_and_shows_how_far_it_is(drafting: Drafting) -> None:
    client, world = drafting.client, drafting.onshape.world
    page = (await client.get("/parts/onshape", headers=HTML)).text
    assert "nobody yet" in page
    assert "2500 of 2500" in page
    sent = await client.post("/parts/onshape/connect")
    assert sent.headers["location"].startswith(f"{drafting.onshape.url}/oauth/authorize?")
    keys = {"access_key": world.config.access_key, "secret_key": world.config.secret_key}
    assert (await client.post("/parts/onshape/keys", data=keys)).status_code == 303

    link = drafting.onshape.link(world.studio)
    made = await client.post("/parts/onshape/new", data={"url": link, "kind": "hand"})
    assert (made.status_code, made.headers["location"]) == (303, "/parts/1")
    waiting = (await client.get("/parts/1", headers=HTML)).text
    assert "Bracket.step: waiting" in waiting
    assert "Fetch drawing" in waiting
    world.failure = "Broken sketch"
    await drafting.work()
    failed = (await client.get("/parts/1", headers=HTML)).text
    assert "Bracket.step: Onshape could not translate it: Broken sketch." in failed
    world.failure = None
    asked = await client.post("/parts/1/onshape", headers={"hx-request": "true"})
    assert "Bracket.step is being fetched from Onshape." in asked.text
    await drafting.work()
    shown = (await client.get("/parts/onshape", headers=HTML)).text
    assert "Bracket.step, version 1" in shown
    assert (await client.post("/parts/onshape/disconnect")).status_code == 303
    assert "Connect Onshape</a> to fetch" in (await client.get("/parts/1", headers=HTML)).text


async def test_wrong_forms_are_told_in_a_sentence(
    drafting: Drafting, onshape: OnshapeSandbox
) -> None:
    keys = await drafting.client.post("/parts/onshape/keys", data={"access_key": "a b"})
    assert (keys.status_code, onshape.world.log) == (400, [])
    assert "Type the access key as Onshape shows it" in keys.text
    await drafting.connect()
    made = await drafting.client.post("/parts/onshape/new", data={"url": "ftp://x"})
    assert made.status_code == 400
    assert (await drafting.client.get("/api/parts")).json()["total"] == 0
