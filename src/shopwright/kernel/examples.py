"""Examples in the published API description: of a body on its schema, of an answer on its route."""

from typing import Any

from pydantic import ConfigDict


def shown_as(example: dict[str, Any]) -> ConfigDict:
    """``model_config = shown_as({...})``: how the description prints this body, members as sent.

    Other settings of the class, and those it inherits, stay: ``shown_as({...}) | ConfigDict(...)``.
    """
    return ConfigDict(json_schema_extra={"examples": [example]})


def answers(example: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """For a route whose answer has no schema of its own, such as a list:
    ``responses=answers({...}) | problems(...)``."""
    return {status: {"content": {"application/json": {"example": example}}}}
