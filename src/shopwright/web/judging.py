"""Typed forms judged by the API's own bodies, refused in sentences."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shopwright.kernel.errors import Invalid

SHOWN_CHARACTERS = 60
Judge = TypeVar("Judge", bound=BaseModel)


def judge(body: type[Judge], typed: Mapping[str, Any], sentences: Mapping[str, str]) -> Judge:
    """Raises Invalid with the first wrong field's sentence; ``{value}`` in it is what was typed."""
    try:
        return body.model_validate(dict(typed))
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        sentence = sentences.get(field, f"{field.replace('_', ' ')}: {first['msg']}")
        value = str(typed.get(field, ""))[:SHOWN_CHARACTERS]
        raise Invalid(sentence.format(value=value)) from err
