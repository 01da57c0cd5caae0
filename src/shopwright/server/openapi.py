"""The published API description: what every route may answer besides its own refusals."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from shopwright.accounts.access import Requires
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
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.server.examples import add_recorded

PREFIXES = ("/api/", "/files/", "/printer-backend/")
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


# What every route behind ``accounts.access.Requires`` reads, and every POST of a RepeatableRoute.
ORGANIZATION: Document = {
    "name": "organizationId",
    "in": "query",
    "required": False,
    "description": "Another organization you belong to, by id or uuid, instead of the token's.",
    "schema": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "format": "uuid"}]},
    "example": "01900000-0000-7000-8000-000000000000",
}
IDEMPOTENCY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body within 24 hours gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "5f0c2d3e-order-1001",
}


class Application(FastAPI):
    """FastAPI whose ``/api/openapi.json`` tells what all routes share: problem answers, the
    organization, ``Idempotency-Key``."""

    def openapi(self) -> Document:
        if self.openapi_schema is None:
            document = super().openapi()
            _add_shared_parameters(document, self)
            _complete(document)
            add_recorded(document)
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


def _add_shared_parameters(document: Document, app: FastAPI) -> None:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = document["paths"].get(context.path, {}).get(method.lower())
            if operation is not None:
                _add_parameters(operation, route, method)


def _add_parameters(operation: Document, route: APIRoute, method: str) -> None:
    parameters = operation.get("parameters", [])
    known = {(one["in"], one["name"]) for one in parameters}
    shared = [ORGANIZATION] if _takes_organization(route.dependant) else []
    if method == "POST" and operation.get("security") and isinstance(route, RepeatableRoute):
        shared.append(IDEMPOTENCY)
    parameters += [one for one in shared if (one["in"], one["name"]) not in known]
    if parameters:
        operation["parameters"] = parameters


def _takes_organization(dependant: Dependant) -> bool:
    return isinstance(dependant.call, Requires) or any(
        _takes_organization(inner) for inner in dependant.dependencies
    )


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
