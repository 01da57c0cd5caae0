"""The connected shop as Etsy shows it, asked at most every five minutes."""

from shopwright.sandbox.etsy.server import EtsySandbox
from tests.channels.conftest import Shop, Stage
from tests.conftest import ClientAs


async def test_the_shop_is_told_and_asked_for_once(
    shop: Shop, client_as: ClientAs, etsy: EtsySandbox
) -> None:
    await shop.sync()
    viewer = await client_as(shop.ctx)
    calls = etsy.limits._calls[etsy.world.config.keystring]
    before = len(calls)
    for _ in range(3):
        answer = await viewer.get(f"/api/connections/{shop.connection_id}/shop")
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "external_shop_id": "500321",
            "name": "AtelierSandbox",
            "title": "AtelierSandbox & friends",
            "currency": "EUR",
            "country": "FR",
            "url": "https://shop.example/AtelierSandbox",
            "is_on_vacation": False,
        }
    assert len(calls) == before  # the sync has asked for it just now


async def test_a_fault_of_etsys_is_told_in_words(
    shop: Shop, client_as: ClientAs, stage: Stage
) -> None:
    viewer = await client_as(shop.ctx)
    await stage.break_next("malformed_json", calls=9)
    answer = await viewer.get(f"/api/connections/{shop.connection_id}/shop")
    assert (answer.status_code, answer.json()["code"]) == (502, "broken-upstream")


async def test_a_disabled_shop_is_not_asked(shop: Shop, client_as: ClientAs) -> None:
    owner = await client_as(shop.ctx)
    assert (await owner.post(f"/api/connections/{shop.connection_id}/disable")).status_code == 200
    answer = await owner.get(f"/api/connections/{shop.connection_id}/shop")
    assert (answer.status_code, answer.json()["code"]) == (409, "reconnect-needed")
