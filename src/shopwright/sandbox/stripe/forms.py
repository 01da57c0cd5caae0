"""Stripe's form encoding: ``line_items[0][price_data][currency]=eur``."""

import re
from typing import Any
from urllib.parse import parse_qsl

PART = re.compile(r"\[([^\]]*)\]")
MAX_PARTS = 10


def parse(body: str) -> dict[str, Any]:
    """Nested dicts and lists; a list is what has indexes or empty brackets."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        head, _, _ = name.partition("[")
        _put(tree, [head, *PART.findall(name)[:MAX_PARTS]], value)
    return {key: _tidy(value) for key, value in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for key in path[:-1]:
        found = tree.setdefault(key, {})
        tree = found if isinstance(found, dict) else {}
    last = path[-1] or str(len(tree))
    tree[last] = value


def _tidy(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_tidy(value[key]) for key in sorted(value, key=int)]
    return {key: _tidy(each) for key, each in value.items()}
