"""The published description shows an example of every documented request and answer, and each fits
its schema. To renew those that stand nowhere else, see ``recorder``."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI

from shopwright.server.samples import JSON, Samples
from tests.contracts.shop_manager.documented import documented_endpoints, nameless

# Served, but neither written nor recorded yet; it ends empty.
NOT_YET: set[str] = set()
RENEW = "RECORD_EXAMPLES=1 renews them; see recorder.py"

Media = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def document(application: FastAPI) -> dict[str, Any]:
    return application.openapi()


def test_every_documented_endpoint_shows_examples(document: dict[str, Any]) -> None:
    assert without_example(document, documented_endpoints()) - NOT_YET == set(), RENEW


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    assert with_wrong_example(document, documented_endpoints()) == {}


def without_example(document: dict[str, Any], documented: AbstractSet[str]) -> set[str]:
    samples, media = Samples(document), documented_media(document, documented)
    return {name for name, one in media if samples.written(one) is None}


def with_wrong_example(document: dict[str, Any], documented: AbstractSet[str]) -> dict[str, str]:
    """What is wrong with it, by name."""
    samples, wrong = Samples(document), {}
    for name, media in documented_media(document, documented):
        example = samples.written(media)
        if example is not None:
            problem = _misfit(document, media.get("schema", {}), example)
            if problem:
                wrong[name] = problem
    return wrong


def documented_media(document: dict[str, Any], documented: AbstractSet[str]) -> Iterator[Media]:
    """``GET /api/orders/{}: request`` or ``…: answer`` with its body's description."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = nameless(f"{method.upper()} {path}")
            if name in documented:
                yield from ((f"{name}: {what}", media) for what, media in _media(operation))


def _media(operation: dict[str, Any]) -> Iterator[Media]:
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body is not None:
        yield "request", body
    for status, answer in operation["responses"].items():
        if status[0] == "2" and JSON in answer.get("content", {}):
            yield "answer", answer["content"][JSON]


def _misfit(document: dict[str, Any], schema: dict[str, Any], example: Any) -> str | None:
    whole = {"components": document["components"], **schema}
    try:
        jsonschema_rs.validate(whole, example)
    except jsonschema_rs.ValidationError as err:
        return str(err.message)
    return None
