"""Every endpoint that the document names is served, and named by a test of this folder."""

import ast
from pathlib import Path

from fastapi import FastAPI

from tests.contracts.part_management.documented import documented_endpoints
from tests.contracts.shop_manager.documented import nameless
from tests.contracts.shop_manager.test_every_endpoint_is_covered import served


def test_every_documented_endpoint_is_served(application: FastAPI) -> None:
    assert sorted(documented_endpoints() - served(application)) == []


def test_every_documented_endpoint_has_a_test() -> None:
    assert sorted(documented_endpoints() - proven()) == []


def proven() -> set[str]:
    """The endpoints in the ``covers(...)`` marks of the tests beside this one."""
    found: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "covers":
                found |= {nameless(str(ast.literal_eval(name))) for name in node.args}
    return found
