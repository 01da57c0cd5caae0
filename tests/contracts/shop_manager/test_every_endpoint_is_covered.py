"""Every endpoint that the document names is served, and named by a test of this folder."""

import ast
from pathlib import Path

from fastapi import FastAPI

from tests.architecture.walk import endpoints
from tests.contracts.shop_manager.documented import documented_endpoints, nameless

# Not served or not proven yet. Strike yours when its test stands; it ends empty.
NOT_YET: set[str] = set()


def test_every_documented_endpoint_is_served(application: FastAPI) -> None:
    assert sorted(documented_endpoints() - served(application) - NOT_YET) == []


def test_every_documented_endpoint_has_a_test() -> None:
    assert sorted(documented_endpoints() - proven() - NOT_YET) == []


def test_what_is_served_and_has_a_test_stands_no_longer_on_the_list(
    application: FastAPI,
) -> None:
    assert sorted(NOT_YET & served(application) & proven()) == []
    assert documented_endpoints() >= NOT_YET


def served(application: FastAPI) -> set[str]:
    return {nameless(str(endpoint)) for endpoint in endpoints(application)}


def proven() -> set[str]:
    """The endpoints in the ``covers(...)`` marks of the tests beside this one."""
    found: set[str] = set()
    for file in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found |= {nameless(name) for name in _covered(node)}
    return found


def _covered(test: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [
        str(argument.value)
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "covers"
        for argument in mark.args
        if isinstance(argument, ast.Constant)
    ]
