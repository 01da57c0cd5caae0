"""Ways to connect Onshape, and who may. On SQLite alone: the statements are those of
``test_connecting``."""

import pytest

from shopwright.kernel.actor import Actor
from shopwright.parts.onshape.access import open_onshape
from shopwright.sandbox.onshape import Fault
from tests.conftest import ClientAs
from tests.databases import Databases, SqliteDatabases
from tests.parts.onshape.conftest import (
    OTHER_REDIRECT,
    Drafting,
    consented,
    query_of,
    use_server_keys,
)

START = "/api/parts/auth/onshape/start"
HTML = {"accept": "text/html"}


@pytest.fixture(scope="session")
def databases(sqlite_databases: SqliteDatabases) -> Databases:
    return sqlite_databases


async def test_browser_is_sent_there_and_comes_back_to_the_page(drafting: Drafting) -> None:
    for start in ("/onshape/start", START):
        sent = await drafting.client.get(start, headers=HTML)
        assert sent.status_code == 303
        back = await drafting.client.get(await consented(sent.headers["location"]), headers=HTML)
        assert (back.status_code, back.headers["location"]) == (303, "/parts/onshape?connected=1")
    denied = (await drafting.client.get(START)).json()["authorize_url"] + "&sandbox_decision=deny"
    back = await drafting.client.get(await consented(denied), headers=HTML)
    assert "did%20not%20give%20its%20consent%3A%20access_denied" in back.headers["location"]


async def test_only_registered_addresses_are_taken(drafting: Drafting) -> None:
    chosen = await drafting.client.get(START, params={"redirect_uri": OTHER_REDIRECT})
    assert query_of(chosen.json()["authorize_url"])["redirect_uri"] == OTHER_REDIRECT
    refused = await drafting.client.get(START, params={"redirect_uri": "https://evil.test/back"})
    assert refused.status_code == 400
    assert "is no registered redirect address" in refused.json()["error"]


async def test_client_with_its_own_callback_page_hands_the_code_in(drafting: Drafting) -> None:
    begun = await drafting.client.get(START, params={"redirect_uri": OTHER_REDIRECT})
    back = query_of(await consented(begun.json()["authorize_url"]))
    answer = await drafting.client.post("/api/parts/auth/onshape/finish", json=back)
    assert (answer.status_code, (await drafting.standing())["isConnected"]) == (200, True)


async def test_members_connect_first_and_only_admins_replace_or_disconnect(
    drafting: Drafting, client_as: ClientAs, member: Actor, viewer: Actor
) -> None:
    worker, guest = await client_as(member), await client_as(viewer)
    assert (await guest.get(START)).status_code == 403
    begun = await worker.get(START)
    assert (await worker.get(await consented(begun.json()["authorize_url"]))).status_code == 200
    assert (await worker.get(START)).status_code == 403
    assert (await worker.delete("/api/parts/auth/onshape")).status_code == 403
    assert (await drafting.consent()).status_code == 200
    gone = await drafting.client.delete("/api/parts/auth/onshape")
    assert gone.json() == {"message": "Onshape is disconnected"}
    assert (await drafting.client.delete("/api/parts/auth/onshape")).status_code == 404


async def test_wrong_keys_are_refused_and_change_nothing(drafting: Drafting) -> None:
    await drafting.consent()
    wrong = {"access_key": "sandbox-access-key", "secret_key": "wrong"}
    refused = await drafting.client.put("/api/parts/auth/onshape/keys", json=wrong)
    assert (refused.status_code, refused.json()["error"]) == (
        409, "Onshape refuses these API keys. Nothing was changed.",
    )  # fmt: skip
    standing = await drafting.standing()
    assert (standing["way"], standing["callsUsed"]) == ("oauth", 1)
    await drafting.connect()
    assert (await drafting.standing())["way"] == "keys"


async def test_keys_of_the_server_are_the_default_organizations(
    drafting: Drafting, client_as: ClientAs, stranger: Actor
) -> None:
    await use_server_keys(drafting.process, drafting.owner, drafting.onshape)
    assert (await drafting.standing())["way"] == "settings"
    other = await (await client_as(stranger)).get("/api/parts/auth/onshape")
    assert (other.json()["way"], other.json()["isConnected"]) == (None, False)
    part = await drafting.part(drafting.onshape.world.studio)
    assert (await drafting.pulled(part))["version"] == 1


async def test_token_that_onshape_ended_early_is_refreshed_and_the_call_repeated(
    drafting: Drafting,
) -> None:
    await drafting.consent()
    drafting.onshape.world.access.clear()
    async with await open_onshape(drafting.process, drafting.owner) as onshape:
        assert await onshape.read_name() == "Maker of the sandbox"
    assert drafting.onshape.world.refreshes == 1
    assert (await drafting.standing())["callsUsed"] == 2  # a refused call does not count


async def test_without_an_app_or_an_account_the_sentence_says_what_to_do(
    drafting: Drafting,
) -> None:
    part = await drafting.part(drafting.onshape.world.studio)
    refused = await drafting.pull(part)
    assert (refused.status_code, refused.json()["code"]) == (409, "onshape-not-connected")
    assert drafting.onshape.world.log == []
    drafting.process.settings = drafting.process.settings.model_copy(
        update={"onshape_client_id": ""}
    )
    refused = await drafting.client.get(START)
    assert refused.json()["error"] == (
        "Set ONSHAPE_CLIENT_ID and ONSHAPE_CLIENT_SECRET on this server."
    )


@pytest.mark.parametrize("kind", ["server_error", "html"])
async def test_name_that_cannot_be_read_does_not_lose_a_consent(
    drafting: Drafting, kind: str
) -> None:
    drafting.onshape.world.faults.add(Fault(kind, path="sessioninfo"))
    assert (await drafting.consent()).status_code == 200
    assert (await drafting.standing())["connectedAs"] == "an Onshape account"
