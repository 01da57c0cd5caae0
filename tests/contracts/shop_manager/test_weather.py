"""Tips from the weather, against a weather service of our own on a real socket."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from shopwright.kernel.settings import Settings
from tests.conftest import make_settings
from tests.contracts.shop_manager.documented import assert_documented, covers, number, plain_time
from tests.contracts.shop_manager.shop import Shop
from tests.upstream import Upstream

PATH = "/api/weather/filament-recommendations"
KEY = "k-4711"


@pytest.fixture(scope="module")
async def weather() -> AsyncIterator[Upstream]:
    async with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def settings(
    migrated_url: str, tmp_path_factory: pytest.TempPathFactory, weather: Upstream
) -> Settings:
    made = make_settings(migrated_url, tmp_path_factory.mktemp("weather"))
    return made.model_copy(
        update={
            "openweather_api_key": SecretStr(KEY),
            "openweather_url": weather.url,
            "openweather_location": "Lyon,FR",
        }
    )


@covers("GET /api/weather/filament-recommendations")
async def test_damp_and_cold_air_brings_tips(empty_shop: Shop, weather: Upstream) -> None:
    weather.answer({"name": "Lyon", "main": {"humidity": 71, "temp": 8.24}})

    answer = await empty_shop.client.get(PATH)

    body = assert_documented(
        answer,
        {"location": "Lyon", "humidity": 71, "temperature_c": 8.2, "tips": [str]},
    )
    assert len(body["tips"]) == 3
    assert weather.asked[-1].query == {"q": "Lyon,FR", "units": "metric", "appid": KEY}
    before = len(weather.asked)
    assert (await empty_shop.client.get(PATH, params={"location": "lyon,fr"})).json() == body
    assert len(weather.asked) == before  # ten minutes old at most


async def test_fine_air_needs_no_tips(empty_shop: Shop, weather: Upstream) -> None:
    weather.answer({"name": "Nice", "main": {"humidity": 45.5, "temp": 20}})

    answer = await empty_shop.client.get(PATH, params={"location": "Nice,FR"})

    body = assert_documented(answer, {"humidity": 45.5, "temperature_c": number})
    assert (body["tips"], plain_time(body["observed_at"])) == ([], True)


@pytest.mark.parametrize(
    ("theirs", "ours", "place"),
    [(401, 409, "Oslo"), (404, 404, "Atlantis"), (500, 502, "Rome"), (200, 502, "Bonn")],
)
async def test_what_the_service_refuses_is_told(
    empty_shop: Shop, weather: Upstream, theirs: int, ours: int, place: str
) -> None:
    weather.answer({"message": "no"}, theirs)

    answer = await empty_shop.client.get(PATH, params={"location": place})

    assert answer.status_code == ours
    assert KEY not in answer.text
