"""Bodies that may come as JSON or as a form: clients of reference (d) send either."""

import json
from typing import Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from shopwright.kernel.errors import Invalid

M = TypeVar("M", bound=BaseModel)

JSON_TYPE = "application/json"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def json_or_form(model: type[M]) -> Any:
    """A dependency that reads ``model`` from either; a form's empty fields count as not sent."""

    async def read(request: Request) -> M:
        return _checked(model, await _read(request))

    return Depends(read)


async def read_body(request: Request, model: type[M]) -> M:
    """The same, for a route that first says how much may come."""
    return _checked(model, await _read(request))


def parse_body(model: type[M], members: dict[str, Any]) -> M:
    """What a route took out of the request by itself; refused as any other body is."""
    return _checked(model, members)


def described(model: type[BaseModel]) -> dict[str, Any]:
    """The ``openapi_extra`` of such a route: its body, which the framework cannot see."""
    schema = model.model_json_schema()
    content = {kind: {"schema": schema} for kind in (JSON_TYPE, FORM_TYPES[0])}
    return {"requestBody": {"required": True, "content": content}}


async def _read(request: Request) -> dict[str, Any]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in FORM_TYPES:
        form = await request.form(max_files=0)
        return {k: v for k, v in form.items() if not isinstance(v, UploadFile) and v != ""}
    try:
        body = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError) as err:
        raise Invalid("The body is neither JSON nor a form.") from err
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    return body


def _checked(model: type[M], body: dict[str, Any]) -> M:
    try:
        return model.model_validate(body)
    except ValidationError as err:
        found = [{**entry, "loc": ("body", *entry["loc"])} for entry in err.errors()]
        raise RequestValidationError(found, body=body) from err
