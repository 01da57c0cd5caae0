"""The document's authentication endpoints, against the sandbox Etsy."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from shopwright.accounts.models import User
from shopwright.kernel.edge import Process
from shopwright.kernel.settings import Settings
from shopwright.sandbox.etsy.server import EtsySandbox
from shopwright.sandbox.etsy.world import SandboxConfig
from tests.channels.conftest import connect_shop, consent_at, use_patient_adapters, with_etsy
from tests.conftest import make_settings
from tests.contracts.shop_manager.documented import assert_documented, covers, plain_time
from tests.contracts.shop_manager.shop import Shop

REDIRECT = "http://shop.test/etsy/callback"
USER = {
    "id": int,
    "etsy_user_id": str,
    "username": str,
    "first_name": str,
    "shop_id": str | None,
    "shop_name": str,
}


@pytest.fixture(scope="module")
async def etsy() -> AsyncIterator[EtsySandbox]:
    config = SandboxConfig(
        keystring="contract-key",
        redirect_uris=(REDIRECT,),
        per_second=None,
        per_minute=None,
        per_day=None,
    )
    async with EtsySandbox(config) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def settings(
    migrated_url: str, tmp_path_factory: pytest.TempPathFactory, etsy: EtsySandbox
) -> Settings:
    folder = tmp_path_factory.mktemp("auth")
    return with_etsy(make_settings(migrated_url, folder), etsy, etsy_redirect_uri=REDIRECT)


@pytest.fixture
async def known(shop: Shop, process: Process, etsy: EtsySandbox) -> Shop:
    """The owner's Etsy account is known here; no other test's owner has it."""
    use_patient_adapters(process)
    account = 900_000 + int(shop.owner.user_id or 0)
    etsy.world.signed_in_user_id = account
    async with process.database.write() as session:
        owner = await session.get_one(User, shop.owner.user_id)
        owner.etsy_user_id = str(account)
    return shop


@covers("GET /api/auth/login")
async def test_log_in_tells_where_to_go(shop: Shop, anonymous: AsyncClient) -> None:
    begun = assert_documented(
        await anonymous.get("/api/auth/login"),
        {"auth_url": str, "code_verifier": str, "state": str},
    )
    query = {k: v[0] for k, v in parse_qs(urlsplit(begun["auth_url"]).query).items()}
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert query["state"] == begun["state"]
    assert query["redirect_uri"] == REDIRECT


@covers("POST /api/auth/callback")
async def test_callback_with_code_and_verifier_signs_in(
    known: Shop, anonymous: AsyncClient
) -> None:
    begun = (await anonymous.get("/api/auth/login")).json()
    code, _ = await consent_at(begun["auth_url"])

    answer = await anonymous.post(
        "/api/auth/callback", json={"code": code, "code_verifier": begun["code_verifier"]}
    )

    signed_in = assert_documented(answer, {"token": str, "user": USER})
    me = await anonymous.get(
        "/api/auth/user", headers={"Authorization": f"Bearer {signed_in['token']}"}
    )
    assert me.json()["id"] == known.owner.user_id


@covers("POST /api/auth/logout")
async def test_logout_says_so(shop: Shop) -> None:
    answer = await shop.client.post("/api/auth/logout")

    assert_documented(answer, {"message": "Logged out successfully"})
    assert (await shop.client.get("/api/auth/user")).status_code == 401


@covers("GET /api/auth/user")
async def test_user_is_told(known: Shop) -> None:
    assert_documented(
        await known.client.get("/api/auth/user"),
        USER | {"created_at": plain_time, "updated_at": plain_time},
    )


@covers("POST /api/auth/refresh")
async def test_refresh_gives_a_new_pair(known: Shop, anonymous: AsyncClient) -> None:
    begun = (await anonymous.get("/api/auth/login")).json()
    code, state = await consent_at(begun["auth_url"])
    body = {"code": code, "code_verifier": begun["code_verifier"], "state": state}
    first = (await anonymous.post("/api/auth/callback", json=body)).json()

    answer = await anonymous.post(
        "/api/auth/refresh", json={"refresh_token": first["refresh_token"]}
    )

    fresh = assert_documented(answer, {"token": str, "refresh_token": str, "user": USER})
    assert fresh["refresh_token"] != first["refresh_token"]
    assert (await anonymous.post("/api/auth/refresh", json={})).status_code == 400
    wrong = await anonymous.post("/api/auth/refresh", json={"refresh_token": "wrong"})
    assert wrong.status_code == 401


@covers("POST /api/auth/link-shop")
async def test_shop_is_linked_by_its_name(shop: Shop, process: Process, etsy: EtsySandbox) -> None:
    use_patient_adapters(process)
    etsy.world.signed_in_user_id = 700123
    await connect_shop(process, shop.owner)

    answer = await shop.client.post("/api/auth/link-shop", json={"shop_name": "ateliersandbox"})

    assert_documented(answer, {"shop_id": "500321", "shop_name": "AtelierSandbox"})
    me = (await shop.client.get("/api/auth/user")).json()
    assert (me["shop_id"], me["shop_name"]) == ("500321", "AtelierSandbox")


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"shop_name": " "}, 400), ({"shop_name": "SomebodyElse"}, 403),
     ({"shop_name": "NoSuchShop"}, 404)],
)  # fmt: skip
async def test_shop_that_cannot_be_linked_is_refused(
    shop: Shop, process: Process, etsy: EtsySandbox, body: dict[str, str], status: int
) -> None:
    use_patient_adapters(process)
    etsy.world.signed_in_user_id = 700123
    await connect_shop(process, shop.owner)

    answer = await shop.client.post("/api/auth/link-shop", json=body)

    assert answer.status_code == status, answer.text
    assert (await shop.client.get("/api/auth/user")).json()["shop_id"] is None
