"""Writes the examples of the published API description from what the tests of the documents send
and get: ``RECORD_EXAMPLES=1 pytest tests/contracts/shop_manager -k sqlite -n0`` renews
``server/examples.json``, and so does ``tests/contracts/printpro3d``. The first good answer of each
endpoint is kept, lists cut to one row."""

import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from shopwright.server import examples
from tests.contracts.shop_manager.documented import nameless

FILE = Path(examples.__file__).with_name("examples.json")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
SHOWN_ONCE = frozenset(
    {
        *("token", "refresh_token", "code", "code_verifier", "state", "auth_url"),
        *("telegram_bot_token", "slack_webhook_url", "discord_webhook_url", "secret"),
    }
)
SIGNED = re.compile(r"/(files|uploads)/[\w.~-]{20,}")
MAX_ROWS = 1


class Recorder:
    """Keeps exchanges by endpoint while the tests run; ``documented`` are those that are kept."""

    def __init__(self, templates: Iterable[str], documented: AbstractSet[str]) -> None:
        self._documented = documented
        fixed_words_first = sorted(templates, key=lambda one: one.count("{"))
        self._templates = [(re.compile(_pattern(one)), one) for one in fixed_words_first]
        self._kept: dict[str, dict[str, Any]] = {}

    async def look(self, answer: httpx.Response) -> None:
        """An httpx event hook."""
        name = self._endpoint(answer.request)
        if name is None or name in self._kept or not 200 <= answer.status_code < 300:
            return
        await answer.aread()
        kept: dict[str, Any] = {"answer": _tidy(_json(answer.content))}
        if answer.request.headers.get("content-type") == "application/json":
            kept["request"] = _tidy(_json(answer.request.content))
        if kept["answer"] not in (None, [], {}):
            self._kept[name] = kept

    def write(self) -> None:
        """Answers are renewed; a request that stands there, perhaps mended by hand, stays."""
        before = json.loads(FILE.read_text()) if FILE.exists() else {}
        renewed = {name: {**kept, **_request_of(before, name)} for name, kept in self._kept.items()}
        merged = dict(sorted({**before, **renewed}.items()))
        FILE.write_text(json.dumps(merged, indent=1, ensure_ascii=False) + "\n")

    def _endpoint(self, request: httpx.Request) -> str | None:
        for pattern, template in self._templates:
            if pattern.fullmatch(f"{request.method} {request.url.path}"):
                name = nameless(template)
                return name if name in self._documented else None
        return None


def _request_of(examples: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    return {key: value for key, value in examples.get(name, {}).items() if key == "request"}


def _pattern(template: str) -> str:
    return re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _tidy(value: Any) -> Any:
    """The same whenever it is recorded, and no secret in it."""
    numbers, known = count(1), {}

    def steady(found: re.Match[str]) -> str:
        if found[0] not in known:
            known[found[0]] = f"01900000-0000-7000-8000-{next(numbers):012}"
        return known[found[0]]

    def walk(part: Any, name: str = "") -> Any:
        if isinstance(part, dict):
            return {key: walk(inner, key) for key, inner in part.items()}
        if isinstance(part, list):
            return [walk(inner, name) for inner in part[:MAX_ROWS]]
        if not isinstance(part, str):
            return part
        if name in SHOWN_ONCE:
            return "…"
        if name.endswith("status"):
            return part.lower()  # any case is taken; the schema names this one
        return SIGNED.sub(r"/\1/signed-link", UUID.sub(steady, part))

    return walk(value)
