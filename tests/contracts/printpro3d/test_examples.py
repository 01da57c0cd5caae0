"""The published description shows an example of every request and answer of the printer backend's
document, and each fits its schema."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.contracts.printpro3d.documented import documented_endpoints
from tests.contracts.shop_manager.test_examples import RENEW, with_wrong_example, without_example


@pytest.fixture(scope="module")
def document(application: FastAPI) -> dict[str, Any]:
    return application.openapi()


def test_every_documented_endpoint_shows_examples(document: dict[str, Any]) -> None:
    assert without_example(document, documented_endpoints()) == set(), RENEW


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    assert with_wrong_example(document, documented_endpoints()) == {}
