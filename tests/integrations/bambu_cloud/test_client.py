"""Answers of the account API that the stand-in does not give: faults, pauses, doors closed."""

from collections.abc import AsyncIterator

import pytest

from shopwright.fleet.cloud.port import CloudHosts, Clouds
from shopwright.fleet.states import CloudRegion
from shopwright.integrations.bambu_cloud.client import LOGIN, PREFERENCE, TURNED_AWAY, BambuCloud
from shopwright.kernel.errors import BrokenUpstream, ShopError, TooMany, Unavailable
from tests.upstream import Upstream


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with Upstream() as running:
        yield running


def cloud_at(service: Upstream) -> BambuCloud:
    return BambuCloud(CloudHosts(service.url, service.url, "127.0.0.1"))


async def refusal(service: Upstream) -> ShopError:
    with pytest.raises(ShopError) as caught:
        await cloud_at(service).log_in("a@b.test", "x")
    return caught.value


@pytest.mark.parametrize(
    ("body", "status", "kind", "sentence"),
    [
        ({}, 500, BrokenUpstream, "Bambu's cloud answered with status 500. Try later."),
        ({}, 429, TooMany, "Bambu's cloud asks for a pause. Try again in some minutes."),
        ([], 200, BrokenUpstream, "Bambu's cloud gave an answer that cannot be read."),
        (
            {"loginType": "passkey"},
            200,
            BrokenUpstream,
            "Bambu's cloud asks for a kind of log-in that is not known here.",
        ),
    ],
)
async def test_faults_are_told_in_words(
    service: Upstream, body: object, status: int, kind: type[ShopError], sentence: str
) -> None:
    service.answer(body, status)
    refused = await refusal(service)

    assert (type(refused), refused.detail) == (kind, sentence)


async def test_door_closed_to_programs_is_no_wrong_password(service: Upstream) -> None:
    service.answer(b"<html>Just a moment</html>", 403)
    refused = await refusal(service)

    assert (type(refused), refused.detail) == (Unavailable, TURNED_AWAY)


async def test_token_is_sent_as_bearer_and_the_broker_knows_the_user_by_id(
    service: Upstream,
) -> None:
    service.answer({"accessToken": "t0ken", "expiresIn": 60}, path=LOGIN)
    service.answer({"uid": 42}, path=PREFERENCE)
    logged_in = await cloud_at(service).log_in("a@b.test", "x")

    assert (getattr(logged_in, "user_id", ""), "t0ken" in repr(logged_in)) == ("42", False)
    assert service.asked[-1].headers["authorization"] == "Bearer t0ken"


def test_each_region_has_its_hosts_and_settings_stand_for_all() -> None:
    known = Clouds()
    china, world = known.hosts(CloudRegion.CHINA), known.hosts(CloudRegion.GLOBAL)
    own = Clouds("http://127.0.0.1:1", "", "127.0.0.1:2").hosts(CloudRegion.CHINA)

    assert (world.api_url, world.mqtt_host, world.mqtt_port) == (
        "https://api.bambulab.com",
        "us.mqtt.bambulab.com",
        8883,
    )
    assert (china.api_url, china.mqtt_host) == (
        "https://api.bambulab.cn",
        "cn.mqtt.bambulab.com",
    )
    assert (own.api_url, own.mqtt_host, own.mqtt_port) == ("http://127.0.0.1:1", "127.0.0.1", 2)
