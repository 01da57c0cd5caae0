"""The published API as a Postman collection (format 2.1): a folder per tag, example bodies."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from shopwright.kernel.edge import SettingsDep
from shopwright.kernel.limits import PublicLimited
from shopwright.server.samples import JSON, Samples

router = APIRouter(tags=["health"])

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
FORMS = {"multipart/form-data": "formdata", "application/x-www-form-urlencoded": "urlencoded"}
NAMESPACE = uuid.UUID("6f1d5e0a-7c1b-5a54-9a0f-5d1c1f0b7e55")  # the same collection, the same id

Json = dict[str, Any]


@router.get("/api/postman.json", dependencies=[PublicLimited])
async def download_postman_collection(request: Request, settings: SettingsDep) -> JSONResponse:
    """All of this API to import into Postman; set the variable `token` there."""
    collection = collection_of(request.app.openapi(), settings.base_url)
    name = "attachment; filename=shopwright.postman_collection.json"
    return JSONResponse(collection, headers={"content-disposition": name})


def collection_of(document: Json, base_url: str) -> Json:
    """Every operation of the OpenAPI document, in its order."""
    title = document["info"]["title"]
    return {
        "info": {
            "_postman_id": str(uuid.uuid5(NAMESPACE, title)),
            "name": title,
            "description": document["info"].get("summary", ""),
            "version": document["info"]["version"],
            "schema": FORMAT,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}],
        },
        "variable": [
            {"key": "baseUrl", "value": base_url, "type": "string"},
            {"key": "token", "value": "", "type": "string"},
        ],
        "item": _folders(document),
    }


def _folders(document: Json) -> list[Json]:
    folders: dict[str, list[Json]] = {}
    samples = Samples(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                tag = (operation.get("tags") or ["other"])[0]
                folders.setdefault(tag, []).append(_item(samples, path, method, operation))
    return [{"name": tag, "item": items} for tag, items in folders.items()]


def _item(samples: Samples, path: str, method: str, operation: Json) -> Json:
    request: Json = {
        "method": method.upper(),
        "header": list(_headers(samples, operation)),
        "url": _url(samples, path, operation),
        "description": operation.get("description", ""),
    }
    if not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    body = _body(samples, operation)
    if body:
        request["body"] = body
    name = operation.get("summary") or f"{method.upper()} {path}"
    return {"name": name, "request": request, "response": list(_answers(samples, operation))}


def _headers(samples: Samples, operation: Json) -> Iterator[Json]:
    if JSON in operation.get("requestBody", {}).get("content", {}):
        yield {"key": "Content-Type", "value": JSON}
    for parameter in _parameters(operation, "header"):
        yield _pair(samples, parameter) | {"disabled": not parameter.get("required", False)}


def _url(samples: Samples, path: str, operation: Json) -> Json:
    """Postman writes ``/api/orders/:order`` for ``/api/orders/{order}``."""
    parts = [f":{part[1:-1]}" if part[:1] == "{" else part for part in path.split("/")[1:]]
    url: Json = {
        "raw": "{{baseUrl}}/" + "/".join(parts),
        "host": ["{{baseUrl}}"],
        "path": parts,
    }
    query = [
        _pair(samples, parameter) | {"disabled": not parameter.get("required", False)}
        for parameter in _parameters(operation, "query")
    ]
    variables = [_pair(samples, parameter) for parameter in _parameters(operation, "path")]
    return (
        url | ({"query": query} if query else {}) | ({"variable": variables} if variables else {})
    )


def _parameters(operation: Json, where: str) -> list[Json]:
    return [one for one in operation.get("parameters", ()) if one["in"] == where]


def _pair(samples: Samples, parameter: Json) -> Json:
    value = samples.any(parameter)
    return {
        "key": parameter["name"],
        "value": _text(value),
        "description": parameter.get("description", ""),
    }


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _body(samples: Samples, operation: Json) -> Json | None:
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        if media_type in FORMS:
            return {"mode": FORMS[media_type], FORMS[media_type]: _fields(samples, media)}
        raw = json.dumps(samples.any(media), indent=2, ensure_ascii=False)
        return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return None


def _fields(samples: Samples, media: Json) -> list[Json]:
    members = samples.resolve(media.get("schema", {})).get("properties", {})
    return [_field(samples, name, samples.resolve(schema)) for name, schema in members.items()]


def _field(samples: Samples, name: str, schema: Json) -> Json:
    is_file = schema.get("format") == "binary" or "contentMediaType" in schema
    if is_file:
        return {"key": name, "type": "file", "src": []}
    return {"key": name, "type": "text", "value": _text(samples.of_schema(schema))}


def _answers(samples: Samples, operation: Json) -> Iterator[Json]:
    """The written examples of good answers."""
    for status, answer in operation.get("responses", {}).items():
        media = answer.get("content", {}).get(JSON)
        example = samples.written(media) if media and status[0] == "2" else None
        if example is not None:
            yield {
                "name": answer.get("description") or status,
                "code": int(status),
                "header": [{"key": "Content-Type", "value": JSON}],
                "_postman_previewlanguage": "json",
                "body": json.dumps(example, indent=2, ensure_ascii=False),
            }
