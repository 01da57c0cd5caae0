"""Manyfold behind our routes, against one of our own on a real socket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import select

from shopwright.catalog.models import ManyfoldSettings
from tests.contracts.shop_manager.documented import assert_documented, covers
from tests.contracts.shop_manager.shop import Shop
from tests.upstream import Upstream

SETTINGS = "/api/integrations/manyfold/settings"
SECRET = "their-secret"
MODELS = {
    "@context": {"@vocab": "https://schema.org/"},
    "@id": "/models",
    "totalItems": 2,
    "member": [{"@id": "/models/a1", "name": "Gear"}, {"@id": "/models/b2", "name": "Vase"}],
    "view": {"@id": "/models?page=1", "next": "/models?page=2"},
}


@pytest.fixture(scope="module")
async def manyfold() -> AsyncIterator[Upstream]:
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture(autouse=True)
def opened(manyfold: Upstream) -> None:
    manyfold.asked.clear()
    manyfold.answer({"access_token": "t-1", "token_type": "Bearer"}, path="/oauth/token")
    manyfold.answer(MODELS, path="/models")
    manyfold.answer(MODELS | {"@id": "/creators"}, path="/creators")


async def connect(shop: Shop, url: str, **changes: Any) -> Response:
    body = {"base_url": url, "client_id": "shop", "client_secret": SECRET} | changes
    return await shop.client.put(SETTINGS, json=body)


@covers("GET /api/integrations/manyfold/settings", "PUT /api/integrations/manyfold/settings")
async def test_settings_are_kept_and_the_secret_never_told(
    empty_shop: Shop, manyfold: Upstream
) -> None:
    empty = await empty_shop.client.get(SETTINGS)
    assert_documented(
        empty, {"user_id": int, "base_url": None, "client_id": None, "has_client_secret": False}
    )

    saved = await connect(empty_shop, manyfold.url + "/")
    told = {"base_url": manyfold.url, "client_id": "shop", "has_client_secret": True}
    assert_documented(saved, told)
    again = await connect(empty_shop, manyfold.url, client_id="other", client_secret=None)
    assert_documented(again, told | {"client_id": "other"})
    read = await empty_shop.client.get(SETTINGS)
    assert SECRET not in saved.text + again.text + read.text
    async with empty_shop.process.database.read() as session:
        stored = await session.scalar(
            select(ManyfoldSettings).where(
                ManyfoldSettings.organization_id == empty_shop.owner.organization_id
            )
        )
        assert stored is not None
        assert SECRET not in stored.client_secret
        assert empty_shop.process.context.vault.decrypt(stored.client_secret) == SECRET


@pytest.mark.parametrize(
    "url",
    ["ftp://models.test", "http://169.254.169.254/latest", "models", "http://[fd00:ec2::254]"],
)
async def test_an_address_that_must_not_be_called_is_refused(empty_shop: Shop, url: str) -> None:
    refused = await connect(empty_shop, url)

    assert refused.status_code == 400
    assert (await empty_shop.client.get(SETTINGS)).json()["base_url"] is None


async def test_the_first_settings_need_a_secret(empty_shop: Shop, manyfold: Upstream) -> None:
    assert (await connect(empty_shop, manyfold.url, client_secret="")).status_code == 400


@covers("GET /api/integrations/manyfold/models", "GET /api/integrations/manyfold/creators")
async def test_models_and_creators_are_listed(empty_shop: Shop, manyfold: Upstream) -> None:
    await connect(empty_shop, manyfold.url)

    models = await empty_shop.client.get(
        "/api/integrations/manyfold/models", params={"page": "2", "creator": "anna"}
    )
    creators = await empty_shop.client.get("/api/integrations/manyfold/creators")

    page = {"totalItems": 2, "member": [{"@id": str, "name": str}], "view": {"next": str}}
    assert_documented(models, page)
    assert_documented(creators, page)
    asked = {asked.path: asked for asked in manyfold.asked}
    assert asked["/models"].query == {"page": "2", "creator": "anna"}
    assert asked["/models"].headers["authorization"] == "Bearer t-1"
    assert asked["/oauth/token"].form["client_secret"] == SECRET


async def test_without_settings_nothing_is_asked(empty_shop: Shop, manyfold: Upstream) -> None:
    for name in ("models", "creators"):
        answer = await empty_shop.client.get(f"/api/integrations/manyfold/{name}")
        assert answer.status_code == 409
    assert manyfold.asked == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/oauth/token", {}, 401), ("/models", {}, 500), ("/models", {"member": "no"}, 200)],
)
async def test_a_manyfold_that_fails_is_a_bad_gateway(
    empty_shop: Shop, manyfold: Upstream, path: str, body: Any, status: int
) -> None:
    await connect(empty_shop, manyfold.url)
    manyfold.answer(body, status, path)

    answer = await empty_shop.client.get("/api/integrations/manyfold/models")

    assert answer.status_code == 502
    assert SECRET not in answer.text


@covers("POST /api/products/{id}/link-manyfold", "DELETE /api/products/{id}/link-manyfold")
async def test_a_product_is_linked_to_its_model_and_unlinked(empty_shop: Shop) -> None:
    made = await empty_shop.client.post("/api/product-profiles", json={"product_name": "Gear"})
    path = f"/api/products/{made.json()['id']}/link-manyfold"
    link = {
        "manyfold_model_id": "/models/a1",
        "manyfold_model_url": "https://models.test/models/a1",
    }

    linked = await empty_shop.client.post(path, json=link)
    script = await empty_shop.client.post(
        path, json=link | {"manyfold_model_url": "javascript:alert(1)"}
    )
    unlinked = await empty_shop.client.delete(path)

    assert_documented(linked, link | {"product_name": "Gear"})
    assert script.status_code == 400
    assert (await empty_shop.client.post(path, json={})).status_code == 400
    assert_documented(unlinked, dict.fromkeys(link))
