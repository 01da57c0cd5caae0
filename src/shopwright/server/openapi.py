"""The published API description: what every route may answer besides its own refusals."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shopwright.kernel.edge import PROBLEM_SCHEMA
from shopwright.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ShopError,
    TooLarge,
    TooMany,
    Unauthenticated,
)

PREFIXES = ("/api/", "/files/")
WRITES = frozenset({"post", "put", "patch", "delete"})
FRAMEWORK_ONLY = ("HTTPValidationError", "ValidationError")  # of the 422 that we never answer

Document = dict[str, Any]

# What a list answers with ``?envelope=data``, whatever its rows are.
ENVELOPED: Document = {
    "type": "object",
    "required": ["data", "total", "limit", "offset", "page", "pages"],
    "properties": {
        "data": {"type": "array", "items": {}},
        **{name: {"type": "integer"} for name in ("total", "limit", "offset", "page", "pages")},
    },
}


class Application(FastAPI):
    """FastAPI whose ``/api/openapi.json`` names the problem answers that all routes share."""

    def openapi(self) -> Document:
        if self.openapi_schema is None:
            _complete(super().openapi())
        assert self.openapi_schema is not None  # noqa: S101  kept by the framework
        return self.openapi_schema


def _complete(document: Document) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"], schemas["Enveloped"] = PROBLEM_SCHEMA, ENVELOPED
    for name in FRAMEWORK_ONLY:
        schemas.pop(name, None)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)
            _add_envelope(operation)
            if path.startswith(PREFIXES):
                for error in _shared_refusals(method, operation):
                    operation["responses"].setdefault(str(error.status), _answer(error))


def _add_envelope(operation: Document) -> None:
    if any(parameter["name"] == "envelope" for parameter in operation.get("parameters", ())):
        answer = operation["responses"]["200"]["content"]["application/json"]
        answer["schema"] = {"anyOf": [answer["schema"], {"$ref": "#/components/schemas/Enveloped"}]}


def _shared_refusals(method: str, operation: Document) -> Iterator[type[ShopError]]:
    yield Invalid
    yield TooMany
    if operation.get("security"):
        yield Unauthenticated
        yield Forbidden
    if "parameters" in operation or "requestBody" in operation:
        yield NotFound  # a row named in path, query or body
    if method in WRITES:
        yield Conflict
    if "requestBody" in operation:
        yield TooLarge


def _answer(error: type[ShopError]) -> Document:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": error.title,
        "content": {"application/problem+json": {"schema": schema}},
    }
