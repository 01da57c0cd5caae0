"""Every route that the document names is served, and named by a test of this folder."""

import ast
from pathlib import Path

from fastapi import FastAPI

from tests.architecture.walk import endpoints
from tests.contracts.printer_backend.documented import documented_endpoints
from tests.contracts.shop_manager.documented import nameless


def test_every_documented_endpoint_is_served(application: FastAPI) -> None:
    served = {nameless(str(endpoint)) for endpoint in endpoints(application)}
    assert sorted(documented_endpoints() - served) == []


def test_every_documented_endpoint_has_a_test() -> None:
    found: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "covers":
                found |= {nameless(str(ast.literal_eval(name))) for name in node.args}
    assert sorted(documented_endpoints() - found) == []
