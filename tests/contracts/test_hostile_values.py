"""Values that break programs, one at a time, in every member, query and path of the API: each is
refused or taken, and never ends in a server error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.architecture.walk import Body, Endpoint, body_of
from tests.contracts.served import URL, Served

LEFT_OUT = {
    "POST /api/orders/sync",  # waits twenty seconds for a worker; tests/channels has one
    "POST /api/products/sync-etsy",  # the same
    "POST /api/auth/logout",  # ends the sign-in that the others need
    "PUT /api/parts/auth/onshape/keys",  # asks Onshape, 503; tests/parts/onshape has a stand-in
}

HUGE = 10**400
VALUES: list[Any] = [
    None,
    -1,
    0,
    2**31,
    2**63,
    -(2**70),
    HUGE,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "a\x00b",
    "\ud800",
    "x" * 100_000,
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    str(2**70),
    [],
    {},
    [[[]]],
    True,
]
TEXTS = [
    "%00",
    "%ff",
    "-1",
    "0",
    str(2**63),
    "9" * 4400,
    "NaN",
    "1e999",
    "%ED%A0%80",
    "..%2f..",
    "%0a",
]
DEEP = 100_000
BODIES = {
    "deep list": b"[" * DEEP + b"]" * DEEP,
    "deep member": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "half a body": b'{"name": ',
    "endless digits": b'{"quantity": ' + b"9" * 5000 + b"}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "null": b"null",
    "nothing": b"",
}


ALL, SOME = 1, 9  # every value in every place, or every ninth, beginning elsewhere each time


@pytest.mark.timeout(180)
def test_no_member_of_a_body_breaks_a_route(served: Served) -> None:
    assert broken(served, bodies_with_one_hostile_member, SOME) == {}


@pytest.mark.timeout(180)
def test_no_malformed_body_breaks_a_route(served: Served) -> None:
    assert broken(served, malformed_bodies, SOME) == {}


@pytest.mark.timeout(180)
def test_no_query_or_path_breaks_a_route(served: Served) -> None:
    assert broken(served, hostile_urls, SOME) == {}


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["member", "body", "url"])
def test_no_hostile_value_breaks_a_route_anywhere(served: Served, kind: str) -> None:
    kinds = {
        "member": bodies_with_one_hostile_member,
        "body": malformed_bodies,
        "url": hostile_urls,
    }
    assert broken(served, kinds[kind], ALL) == {}


def broken(served: Served, requests_of: Any, every: int) -> dict[str, str]:
    """Server errors by request."""
    found = {}
    headers, count = served.sign_in(), 0
    for endpoint in served.endpoints():
        if str(endpoint) in LEFT_OUT:
            continue
        values = dict.fromkeys(endpoint.parameters, 1) | served.rows(endpoint.path)
        for name, request in requests_of(served, endpoint, values):
            count += 1
            if count % every:
                continue
            request["headers"] = headers | request.get("headers", {})
            answer = served.send({"method": endpoint.method, **request})
            if answer.status_code >= 500:
                found[f"{endpoint} {name}"] = answer.text[:200]
    return found


Requests = Iterator[tuple[str, dict[str, Any]]]


def bodies_with_one_hostile_member(
    _served: Served, endpoint: Endpoint, values: dict[str, Any]
) -> Requests:
    body = body_of(endpoint)
    if body is None or body.media_type != "application/json":
        return
    for member in body.members:
        for value in VALUES:
            content = {**_example(body), member: value}
            yield f"{member}={str(value)[:30]!r}", _json(endpoint, values, json.dumps(content))


def malformed_bodies(_served: Served, endpoint: Endpoint, values: dict[str, Any]) -> Requests:
    if endpoint.method != "GET":
        for name, content in BODIES.items():
            yield name, _json(endpoint, values, content)


def hostile_urls(served: Served, endpoint: Endpoint, values: dict[str, Any]) -> Requests:
    for name in endpoint.parameters:
        for text in TEXTS:
            yield f"{name}={text[:20]}", {"url": URL + endpoint.url({**values, name: text})}
    described = served.document["paths"].get(endpoint.path, {}).get(endpoint.method.lower(), {})
    names = [p["name"] for p in described.get("parameters", ()) if p["in"] == "query"]
    for name in [*names, "organizationId"]:
        for text in TEXTS:
            url = f"{URL}{endpoint.url(values)}?{name}={text}"
            yield f"?{name}={text[:20]}", {"url": url}


def _json(endpoint: Endpoint, values: dict[str, Any], content: str | bytes) -> dict[str, Any]:
    return {
        "url": URL + endpoint.url(values),
        "data": content,
        "headers": {"content-type": "application/json"},
    }


def _example(body: Body) -> dict[str, Any]:
    example = body.example()
    return example if isinstance(example, dict) else {}
