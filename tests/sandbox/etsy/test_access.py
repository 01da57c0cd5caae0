"""Keys, consent, tokens and limits."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shopwright.sandbox.etsy.server import EtsySandbox
from tests.sandbox.etsy.conftest import KEY, REDIRECT, SHOP

PING = "/v3/application/openapi-ping"
TOKEN = "/v3/public/oauth/token"
VERIFIER = "a" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


def ask(**changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": "sandbox-keystring",
        "redirect_uri": REDIRECT,
        "scope": "shops_r transactions_r",
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }


def query_of(answer: httpx.Response) -> dict[str, str]:
    location = answer.headers["location"]
    assert location.startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def new_code(http: httpx.AsyncClient, **changes: str) -> str:
    return query_of(await http.get("/oauth/connect", params=ask(**changes)))["code"]


def redeem(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": "sandbox-keystring",
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
    }


def rotate(refresh_token: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token",
        "client_id": "sandbox-keystring",
        "refresh_token": refresh_token,
    }


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("sandbox-keystring", "Shared secret is required in x-api-key header."),
        ("", "Invalid API key: should be in the format 'keystring:shared_secret'"),
        ("a:b:c", "Invalid API key: should be in the format 'keystring:shared_secret'"),
        ("sandbox-keystring:wrong", "Invalid API key"),
    ],
)
async def test_a_bad_key_is_refused_in_etsys_words(
    http: httpx.AsyncClient, key: str, error: str
) -> None:
    answer = await http.get(PING, headers={"x-api-key": key})
    assert (answer.status_code, answer.json()) == (403, {"error": error})


async def test_a_good_key_pings(http: httpx.AsyncClient) -> None:
    answer = await http.get(PING, headers={"x-api-key": KEY})
    assert (answer.status_code, answer.json()) == (200, {"application_id": 1})


async def test_consent_echoes_the_state_and_the_code_buys_tokens(http: httpx.AsyncClient) -> None:
    query = query_of(await http.get("/oauth/connect", params=ask()))
    assert query["state"] == "s1"
    answer = await http.post(TOKEN, data=redeem(query["code"]))
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    assert body["access_token"].startswith("700123.")
    assert body["refresh_token"].startswith("700123.")


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": REDIRECT + "/"}, {"client_id": "nobody"}, {"redirect_uri": ""}]
)
async def test_an_unregistered_address_gets_a_page_and_no_redirect(
    http: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    answer = await http.get("/oauth/connect", params=ask(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
async def test_a_wrong_question_is_sent_back(
    http: httpx.AsyncClient, changes: dict[str, str], error: str
) -> None:
    query = query_of(await http.get("/oauth/connect", params=ask(**changes)))
    assert (query["error"], query["state"]) == (error, "s1")


async def test_a_refusal_is_sent_back(http: httpx.AsyncClient) -> None:
    await http.patch("/sandbox/app", json={"consent": "deny"})
    query = query_of(await http.get("/oauth/connect", params=ask()))
    assert (query["error"], query["state"]) == ("access_denied", "s1")


async def test_the_consent_page_offers_both_answers(http: httpx.AsyncClient) -> None:
    await http.patch("/sandbox/app", json={"consent": "ask"})
    page = await http.get("/oauth/connect", params=ask())
    assert page.status_code == 200
    assert "Grant access" in page.text
    granted = await http.get("/oauth/connect", params=ask(sandbox_decision="auto"))
    assert "code" in query_of(granted)


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"code_verifier": "b" * 43}, "code_verifier is invalid"),
        ({"code_verifier": ""}, "code_verifier is invalid"),
        ({"redirect_uri": "http://127.0.0.1:9/"}, "redirect_uri does not match"),
        ({"code": "guess"}, "code has been used previously or is invalid"),
    ],
)
async def test_a_code_is_bound_to_its_verifier_and_address(
    http: httpx.AsyncClient, changes: dict[str, str], description: str
) -> None:
    answer = await http.post(TOKEN, data=redeem(await new_code(http)) | changes)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": description},
    )


async def test_a_code_works_once_and_ten_minutes(http: httpx.AsyncClient) -> None:
    code, late = await new_code(http), await new_code(http)
    assert (await http.post(TOKEN, data=redeem(code))).status_code == 200
    assert (await http.post(TOKEN, data=redeem(code))).status_code == 400
    await http.post("/sandbox/clock", json={"seconds": 600})
    answer = await http.post(TOKEN, data=redeem(late))
    assert answer.json()["error_description"] == "code is expired"


async def test_the_token_call_must_be_a_form(http: httpx.AsyncClient) -> None:
    answer = await http.post(TOKEN, json=redeem("x"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_refresh_token_works_once(http: httpx.AsyncClient) -> None:
    first = (await http.post(TOKEN, data=redeem(await new_code(http)))).json()
    second = await http.post(TOKEN, data=rotate(first["refresh_token"]))
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    again = await http.post(TOKEN, data=rotate(first["refresh_token"]))
    assert (again.status_code, again.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "refresh_token is revoked"},
    )


async def test_a_refresh_token_lives_ninety_days(http: httpx.AsyncClient) -> None:
    tokens = (await http.post(TOKEN, data=redeem(await new_code(http)))).json()
    await http.post("/sandbox/clock", json={"seconds": 90 * 86_400})
    answer = await http.post(TOKEN, data=rotate(tokens["refresh_token"]))
    assert answer.json()["error_description"] == "refresh_token is expired"


async def test_access_ends_after_an_hour(api: httpx.AsyncClient) -> None:
    await api.post("/sandbox/clock", json={"seconds": 3599})
    assert (await api.get("/v3/application/users/me")).status_code == 200
    await api.post("/sandbox/clock", json={"seconds": 1})
    answer = await api.get("/v3/application/users/me")
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "invalid_token", "error_description": "access token is expired"},
    )


@pytest.mark.parametrize(
    ("authorization", "status", "error"),
    [
        ("Bearer 700123.forged", 401, "invalid_token"),
        ("Bearer forged", 403, "No user was provided as part of the bearer token."),
        ("", 403, "No user was provided as part of the bearer token."),
    ],
)
async def test_a_strange_bearer_is_refused(
    api: httpx.AsyncClient, authorization: str, status: int, error: str
) -> None:
    headers = {"authorization": authorization}
    answer = await api.get("/v3/application/users/me", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_revoked_consent_is_gone(api: httpx.AsyncClient) -> None:
    assert (await api.post("/sandbox/revoke", json={})).json() == {"revoked": 2}
    answer = await api.get("/v3/application/users/me")
    assert answer.json()["error_description"] == "access token is invalid"


async def test_scopes_are_checked_and_told(api: httpx.AsyncClient) -> None:
    tokens = (await api.post("/sandbox/tokens", json={"scopes": ["shops_r"]})).json()
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    assert (await api.get("/v3/application/users/me", headers=headers)).status_code == 200
    answer = await api.get(f"{SHOP}/receipts", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    told = await api.post("/v3/application/scopes", data={"token": tokens["access_token"]})
    assert told.json() == {"scopes": ["shops_r"]}


async def test_another_sellers_shop_is_closed(api: httpx.AsyncClient) -> None:
    answer = await api.get("/v3/application/shops/500322/receipts")
    assert (answer.status_code, answer.json()) == (403, {"error": "User does not own Shop 500322"})
    assert (await api.get("/v3/application/shops/500322")).status_code == 200
    assert (await api.get("/v3/application/shops/1/receipts")).status_code == 404


async def test_shops_are_found_by_their_user(api: httpx.AsyncClient) -> None:
    me = (await api.get("/v3/application/users/me")).json()
    assert me == {"user_id": 700123, "shop_id": 500321}
    shop = (await api.get("/v3/application/users/700124/shops")).json()
    assert (shop["shop_id"], shop["currency_code"]) == (500322, "EUR")
    answer = await api.get("/v3/application/users/5/shops")
    assert answer.json() == {"error": "Could not find a shop for user with user_id = 5"}


async def test_the_eleventh_call_of_a_minute_is_refused(
    api: httpx.AsyncClient, etsy: EtsySandbox
) -> None:
    for second in range(10):
        answer = await api.get(PING)
        assert answer.status_code == 200
        assert limits_of(answer) == {
            "x-limit-per-second": "10",
            "x-remaining-this-second": "9",
            "x-limit-per-day": "10000",
            "x-remaining-today": str(9999 - second),
        }
        etsy.world.clock.advance(1)
    refused = await api.get(PING)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "50")
    assert refused.headers["x-remaining-today"] == "9990"
    etsy.world.clock.advance(50)
    assert (await api.get(PING)).status_code == 200
    assert (await api.get(PING)).status_code == 429  # the window slides by one call


async def test_the_day_slides_too(api: httpx.AsyncClient, etsy: EtsySandbox) -> None:
    await api.put("/sandbox/limits", json={"per_minute": None, "per_day": 2})
    for _ in range(2):
        await api.get(PING)
        etsy.world.clock.advance(100)
    refused = await api.get(PING)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "86200")


async def test_limits_are_per_key_and_can_be_off(free_api: httpx.AsyncClient) -> None:
    answers = [await free_api.get(PING) for _ in range(30)]
    assert [answer.status_code for answer in answers] == [200] * 30


def limits_of(answer: httpx.Response) -> dict[str, Any]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name.startswith(("x-limit", "x-remaining"))
    }
