"""Example values of an OpenAPI document: the ones its authors wrote, else the smallest that fit."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
DEEPEST = 8  # schemas that hold themselves end somewhere
JSON = "application/json"

TEXTS = {
    "date-time": "2025-01-01T00:00:00",
    "date": "2025-01-01",
    "uuid": "01900000-0000-7000-8000-000000000000",
    "email": "anna@example.com",
}


class Samples:
    """Looks schemas up in one document."""

    def __init__(self, document: Schema) -> None:
        self._schemas: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})

    def written(self, media: Schema) -> Any:
        """What somebody wrote for this body or answer; None when nobody did."""
        if "example" in media:
            return media["example"]
        for example in media.get("examples", {}).values():
            return example.get("value")
        return self._written(media.get("schema", {}), 0)

    def any(self, media: Schema) -> Any:
        """The written one, else one made up from the schema."""
        written = self.written(media)
        return self._made(media.get("schema", {}), 0) if written is None else written

    def of_schema(self, schema: Schema) -> Any:
        written = self._written(schema, 0)
        return self._made(schema, 0) if written is None else written

    def resolve(self, schema: Schema) -> Schema:
        """The schema behind a reference."""
        if "$ref" not in schema:
            return schema
        return self._schemas.get(schema["$ref"].rpartition("/")[2], {})

    def _written(self, schema: Schema, depth: int) -> Any:
        schema = self.resolve(schema)
        if schema.get("examples"):
            return schema["examples"][0]
        if "example" in schema or depth > DEEPEST:
            return schema.get("example")
        for choice in _choices(schema):
            found = self._written(choice, depth + 1)
            if found is not None:
                return found
        if schema.get("type") == "array":
            row = self._written(schema.get("items", {}), depth + 1)
            return None if row is None else [row]
        return None

    def _made(self, schema: Schema, depth: int) -> Any:
        schema = self.resolve(schema)
        if depth > DEEPEST:
            return None
        for name in ("default", "const"):
            if name in schema:
                return schema[name]
        for name in ("enum", "examples"):
            if schema.get(name):
                return schema[name][0]
        choices = _choices(schema)
        if choices:
            return self._made(choices[0], depth + 1)
        return self._made_of_type(schema, depth)

    def _made_of_type(self, schema: Schema, depth: int) -> Any:
        match schema.get("type"):
            case "object":
                members = schema.get("properties", {})
                return {name: self._made(one, depth + 1) for name, one in members.items()}
            case "array":
                return [self._made(schema.get("items", {}), depth + 1)]
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
            case "string":
                return TEXTS.get(schema.get("format", ""), "text")
            case _:
                return None


def _choices(schema: Schema) -> list[Schema]:
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            found: list[Schema] = schema[name]
            return found
    return []
