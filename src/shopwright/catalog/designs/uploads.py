"""How uploads of the catalogue look in the published description; we stream them ourselves."""

from typing import Any

_PROPERTIES = {
    "file": {"type": "string", "format": "binary"},
    "name": {"type": "string", "maxLength": 100},
}
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": _PROPERTIES}
            }
        },
    }
}
