"""Every route of the program, what it asks for, and a request that passes its validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

from shopwright.accounts.access import Requires, SignedIn


@dataclass(frozen=True)
class Endpoint:
    """One method of one route."""

    method: str
    path: str
    route: APIRoute

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def calls(self) -> list[Any]:
        """The dependencies in the order FastAPI solves them."""
        return list(_calls(self.route.dependant))

    @property
    def is_guarded(self) -> bool:
        return any(isinstance(call, Requires | SignedIn) for call in self.calls)

    @property
    def parameters(self) -> list[str]:
        """The names in the path, without converters."""
        return [part[1:-1].partition(":")[0] for part in self.path.split("/") if part[:1] == "{"]

    def url(self, values: Mapping[str, Any]) -> str:
        parts = [
            str(values[part[1:-1].partition(":")[0]]) if part[:1] == "{" else part
            for part in self.path.split("/")
        ]
        return "/".join(parts)


def endpoints(app: FastAPI) -> list[Endpoint]:
    """Documentation routes of the framework are left out."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            found += [Endpoint(m, context.path or "", route) for m in sorted(route.methods or ())]
    return found


def _calls(dependant: Dependant) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield from _calls(dependency)
        yield dependency.call


@dataclass(frozen=True)
class Body:
    """What an endpoint takes in its body."""

    media_type: str
    schema: dict[str, Any]

    @property
    def members(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.resolve(self.schema).get("properties", {})
        return properties

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema behind a reference."""
        if "$ref" not in schema:
            return schema
        found: dict[str, Any] = self.schema["$defs"][schema["$ref"].split("/")[-1]]
        return found

    def example(self, schema: dict[str, Any] | None = None) -> Any:
        """The smallest value that fits; members that need not be there are not."""
        schema = self.resolve(self.schema if schema is None else schema)
        if "default" in schema:
            return schema["default"]
        for choice in ("enum", "examples"):
            if schema.get(choice):
                return schema[choice][0]
        if "const" in schema:
            return schema["const"]
        for union in ("anyOf", "oneOf", "allOf"):
            if union in schema:
                return self.example(schema[union][0])
        return _example_of_type(self, schema)


def body_of(endpoint: Endpoint) -> Body | None:
    """None when it takes none. Pages count too, which the published OpenAPI does not tell of."""
    field = endpoint.route.body_field
    if field is None or field.field_info.annotation is None:
        return None
    media_type = getattr(field.field_info, "media_type", "application/json")
    schema = TypeAdapter(field.field_info.annotation).json_schema()
    return Body(str(media_type), schema)


def _example_of_type(body: Body, schema: dict[str, Any]) -> Any:
    least = 0 if body.media_type == "application/json" else 1  # a form cannot send an empty list
    match schema.get("type"):
        case "object":
            properties, required = schema.get("properties", {}), schema.get("required", [])
            return {name: body.example(properties[name]) for name in required}
        case "array":
            return [
                body.example(schema["items"]) for _ in range(max(least, schema.get("minItems", 0)))
            ]
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "string":
            return _example_text(schema)
        case _:
            return "x"


TEXTS = {
    "date-time": "2026-03-02T09:00:00Z",
    "date": "2026-03-02",
    "uuid": "01900000-0000-7000-8000-000000000000",
    "email": "a@shop.test",
    "binary": b"x",
}


def _example_text(schema: dict[str, Any]) -> Any:
    if schema.get("format") in TEXTS:
        return TEXTS[schema["format"]]
    if "@" in schema.get("pattern", ""):
        return TEXTS["email"]
    return "x" * max(1, schema.get("minLength", 1))
