"""Connecting Onshape by consent or keys, and keeping its tokens fresh."""

import asyncio
from datetime import timedelta

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from shopwright.kernel.actor import Actor
from shopwright.parts.onshape.access import open_onshape
from shopwright.parts.onshape.models import OnshapeAccount
from tests.conftest import ClientAs
from tests.parts.onshape.conftest import (
    Drafting,
    consented,
)

START = "/api/parts/auth/onshape/start"
HTML = {"accept": "text/html"}


async def test_consent_connects_and_says_whose_account_it_is(drafting: Drafting) -> None:
    answer = await drafting.consent()
    assert (answer.status_code, answer.json()) == (200, {"message": "Onshape is connected"})
    assert await drafting.standing() == {
        "isAppSetUp": True,
        "isConnected": True,
        "way": "oauth",
        "connectedAs": "Maker of the sandbox",
        "connectedBy": "Owner",
        "needsConnectingAgain": False,
        "year": 2026,
        "callsUsed": 1,
        "callsLeft": 2499,
        "callsAllowed": 2500,
        "pausedUntil": None,
        "pauseReason": None,
    }
    async with drafting.process.database.read() as session:
        sealed = await session.scalar(
            select(OnshapeAccount.sealed).where(
                OnshapeAccount.organization_id == drafting.owner.organization_id
            )
        )
    assert sealed is not None
    assert not any(token in sealed for token in drafting.onshape.world.access)


async def test_state_works_once_for_ten_minutes_and_for_whoever_asked(
    drafting: Drafting, app: FastAPI, client_as: ClientAs, stranger: Actor
) -> None:
    begun = (await drafting.client.get(START)).json()["authorize_url"]
    back = await consented(begun)
    intruder = await client_as(stranger)
    stolen = await intruder.get(back)
    assert stolen.status_code == 403
    assert (await drafting.client.get(back)).status_code == 410  # the try used it up
    assert (await drafting.client.get(back.replace("state=", "state=x"))).status_code == 410

    late = await consented((await drafting.client.get(START)).json()["authorize_url"])
    await drafting.wait(601)
    assert (await drafting.client.get(late)).status_code == 410
    assert (await drafting.standing())["isConnected"] is False

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://shop.test"
    ) as nobody:
        assert (await nobody.get("/api/parts/auth/onshape/callback")).status_code == 409
        fresh = (await drafting.client.get(START)).json()["authorize_url"]
        assert (await nobody.get(await consented(fresh))).status_code == 403


async def test_tokens_are_refreshed_once_by_many_at_the_same_time(drafting: Drafting) -> None:
    await drafting.consent()
    drafting.onshape.world.clock.advance(3590)
    await drafting.wait(timedelta(minutes=59).total_seconds())

    async def ask() -> str:
        async with await open_onshape(drafting.process, drafting.owner) as onshape:
            return await onshape.read_name()

    names = await asyncio.gather(*(ask() for _ in range(5)))
    assert set(names) == {"Maker of the sandbox"}
    assert drafting.onshape.world.refreshes == 1


async def test_consent_taken_back_asks_a_person_to_connect_again(drafting: Drafting) -> None:
    await drafting.consent()
    part = await drafting.part(drafting.onshape.world.studio)
    drafting.onshape.world.revoke()
    refused = await drafting.pull(part)
    assert refused.status_code == 409
    assert refused.json()["error"].endswith("Connect Onshape again.")
    standing = await drafting.standing()
    assert (standing["isConnected"], standing["needsConnectingAgain"]) == (False, True)
    before = len(drafting.onshape.world.log)
    assert (await drafting.pull(part)).status_code == 409
    assert len(drafting.onshape.world.log) == before  # nobody calls in vain
    assert (await drafting.consent()).status_code == 200
    assert (await drafting.pulled(part))["version"] == 1
