"""Who may do what with parts."""

import httpx
import pytest
from pydantic import SecretStr

from shopwright.kernel.actor import Actor
from shopwright.kernel.settings import Settings
from tests.conftest import ClientAs

SECRET_KEY = "the team's shared key of 40 characters!"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"secret_key": SecretStr(SECRET_KEY)})


@pytest.mark.usefixtures("organization")
@pytest.mark.parametrize("where", ["header", "query", "body"])
async def test_shared_key_opens_the_parts_of_the_one_shop(
    anonymous: httpx.AsyncClient, where: str
) -> None:
    answer = await anonymous.post(
        "/api/parts/",
        headers={"X-API-Key": SECRET_KEY} if where == "header" else {},
        params={"api_key": SECRET_KEY} if where == "query" else {},
        json={"name": "Gear"} | ({"api_key": SECRET_KEY} if where == "body" else {}),
    )
    assert (answer.status_code, answer.json().get("name")) == (201, "Gear")
    orders = await anonymous.get("/api/orders", headers={"X-API-Key": SECRET_KEY})
    assert orders.status_code == 403


async def test_person_who_signed_in_is_the_default_name(client_as: ClientAs, member: Actor) -> None:
    client = await client_as(member)
    part = (await client.post("/api/parts", json={"type": "hand"})).json()
    approved = (await client.post(f"/api/parts/{part['id']}/approve")).json()
    assert approved["miscInfo"]["reviewer"] == "Member"
    assert (await client.post(f"/api/parts/{part['id']}/assign")).json()["assigned"] == "Member"


async def test_viewer_reads_and_changes_nothing(
    client_as: ClientAs, owner: Actor, viewer: Actor
) -> None:
    part = (await (await client_as(owner)).post("/api/parts", json={"name": "Gear"})).json()
    client = await client_as(viewer)
    url = f"/api/parts/{part['id']}"
    assert (await client.get(url)).status_code == 200
    for answer in (
        await client.put(url, json={"name": "x"}),
        await client.post(f"{url}/approve"),
        await client.post(f"{url}/upload", files={"file": ("a.pdf", b"%PDF-1.7")}),
        await client.delete(url),
    ):
        assert answer.status_code == 403
    assert (await client.get(url)).json() == part


@pytest.mark.usefixtures("organization")
async def test_same_request_twice_makes_one_part(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "part-1"}
    first = await client.post("/api/parts", json={"name": "Gear"}, headers=headers)
    again = await client.post("/api/parts", json={"name": "Gear"}, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert (await client.get("/api/parts")).json()["total"] == 1
    other = await client.post("/api/parts", json={"name": "Axle"}, headers=headers)
    assert other.status_code == 409
