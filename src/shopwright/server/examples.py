"""Examples of the documented routes, recorded from the tests of the reference documents.

What an author wrote on a schema or a route (``kernel.examples``) stands before these.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from shopwright.server.samples import JSON, Samples

Document = dict[str, Any]


def add_recorded(document: Document) -> None:
    """Where neither schema nor route shows an example, the recorded one is shown."""
    samples, recorded = Samples(document), _recorded()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found = recorded.get(f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}")
            if found is not None:
                _add(samples, operation, found)


def _add(samples: Samples, operation: Document, found: Document) -> None:
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body is not None and "request" in found and samples.written(body) is None:
        body["example"] = found["request"]
    for status, answer in operation["responses"].items():
        media = answer.get("content", {}).get(JSON)
        if status[0] == "2" and media is not None and samples.written(media) is None:
            media["example"] = found["answer"]


@cache
def _recorded() -> dict[str, Document]:
    text = files("shopwright.server").joinpath("examples.json").read_text(encoding="utf-8")
    loaded: dict[str, Document] = json.loads(text)
    return loaded
