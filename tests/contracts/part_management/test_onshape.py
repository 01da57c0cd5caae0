"""Onshape, as the part-management document sets it up: consent, callback, drawings."""

from collections.abc import AsyncIterator

import httpx
import pytest

from shopwright.parts.onshape.tools import OnshapeTools
from shopwright.sandbox.onshape import OnshapeConfig, OnshapeSandbox
from tests.contracts.part_management.documented import assert_documented
from tests.contracts.part_management.team import Team
from tests.parts.onshape.conftest import (
    consented,
    query_of,
    use_server_keys,
    with_onshape,
)

LOCAL = "http://localhost:5000/api/parts/auth/onshape/callback"
PRODUCTION = "https://your-domain.com/api/parts/auth/onshape/callback"
START = "/auth/onshape/start"


@pytest.fixture
async def onshape(team: Team) -> AsyncIterator[OnshapeSandbox]:
    """Set up as the document says, with both of its redirect addresses."""
    process = team.shop.process
    process.context.keep(OnshapeTools).sleep = _no_wait
    async with OnshapeSandbox(OnshapeConfig(redirect_uris=(LOCAL, PRODUCTION))) as sandbox:
        process.settings = with_onshape(process.settings, sandbox)
        yield sandbox


async def test_oauth_starts_at_a_registered_redirect_and_comes_back_to_the_callback(
    team: Team, onshape: OnshapeSandbox
) -> None:
    begun = assert_documented(await team.get(START), {"authorize_url": str})
    assert query_of(begun["authorize_url"])["redirect_uri"] == LOCAL
    assert query_of(begun["authorize_url"])["client_id"] == onshape.world.config.client_id
    chosen = await team.get(START, redirect_uri=PRODUCTION)
    assert query_of(chosen.json()["authorize_url"])["redirect_uri"] == PRODUCTION
    assert (await team.get(START, redirect_uri="https://elsewhere.test/")).status_code == 400

    back = await consented(chosen.json()["authorize_url"])
    key = {"X-API-Key": team.key}
    assert (await team.shop.client.get(back, headers=key)).status_code == 200
    again = await team.shop.client.get(back, headers=key)
    assert (again.status_code, sorted(set(again.json()) & {"error", "details"})) == (
        410, ["error"],
    )  # fmt: skip
    connected = (await team.get("/auth/onshape")).json()
    assert (connected["isConnected"], connected["way"]) == (True, "oauth")


async def test_callback_is_open_and_checked_by_its_state(
    team: Team, onshape: OnshapeSandbox, nobody: httpx.AsyncClient
) -> None:
    callback = "/api/parts/auth/onshape/callback"
    forged = await nobody.get(callback, params={"code": "x", "state": "forged"})
    assert forged.status_code == 410
    assert onshape.world.log == []
    assert (await nobody.get(f"/api/parts{START}")).status_code == 401
    begun = (await team.get(START)).json()["authorize_url"]
    foreign = await nobody.get(await consented(begun))
    assert foreign.status_code == 403


async def test_application_page_of_onshape_opens_the_start(
    team: Team, onshape: OnshapeSandbox
) -> None:
    sent = await team.shop.client.get(
        "/onshape/start", headers={"X-API-Key": team.key, "accept": "text/html"}
    )
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(f"{onshape.url}/oauth/authorize?")


async def test_drawing_of_a_hand_part_is_refreshed_with_api_keys(
    team: Team, onshape: OnshapeSandbox
) -> None:
    await use_server_keys(team.shop.process, team.shop.owner, onshape)
    link = onshape.link(onshape.world.drawing)
    part = await team.part(type="hand", onshapeUrl=link)
    drawing = await team.get(f"/{part['id']}/drawing", refresh="true")
    assert (drawing.status_code, drawing.headers["content-type"], drawing.content[:5]) == (
        200, "application/pdf", b"%PDF-",
    )  # fmt: skip
    disposition = drawing.headers["content-disposition"]
    assert disposition.startswith(f'attachment; filename="{part["partId"]}_drawing.pdf"')
    read = (await team.get(f"/{part['id']}")).json()
    assert (read["file"], read["version"]) == (f"{part['partId']}_drawing.pdf", 1)

    without = await team.part(type="hand", onshapeUrl="https://cad.onshape.com/documents/1")
    refused = await team.get(f"/{without['id']}/drawing", refresh="true")
    assert refused.status_code == 400
    cnc = await team.part(type="cnc", onshapeUrl=link)
    assert (await team.get(f"/{cnc['id']}/drawing")).status_code == 400


async def _no_wait(_: float) -> None:
    """The stand-in is ready at once."""
