"""Query parameters of a list that is asked for all the time: parsed once per query string.

The framework works out every parameter of every request anew; for a list with ten of them that
takes as long as the database does.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

REMEMBERED = 1024
MAX_PARAMETERS = 100


def query_of(model: type[M]) -> Any:
    """The dependency; the model must be frozen, for one instance serves many requests."""
    parse = lru_cache(maxsize=REMEMBERED)(_parser(model))

    async def read(request: Request) -> M:
        return parse(request.scope["query_string"])

    return Depends(read)


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """The ``openapi_extra`` of such a route: its parameters, which the framework cannot see."""
    schema = model.model_json_schema()
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": definition}
        for name, definition in schema["properties"].items()
    ]
    return {"parameters": parameters}


def _parser(model: type[M]) -> Callable[[bytes], M]:
    def parse(query: bytes) -> M:
        try:
            pairs = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
            return model.model_validate(dict(pairs))
        except ValidationError as err:
            found = err.errors(include_url=False, include_context=False)
            raise RequestValidationError(
                [{**entry, "loc": ("query", *entry["loc"])} for entry in found]
            ) from err
        except ValueError as err:
            raise RequestValidationError(
                [{"loc": ("query",), "msg": "it has too many parameters, or is not UTF-8"}]
            ) from err

    return parse
