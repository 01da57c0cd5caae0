"""How requests to the manufacturer are signed: as it documents it, and as reference (d) has it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec


def sign_values(parameters: Mapping[str, Any], system_name: str, fixed_key: str) -> str:
    """The values alone, ordered by their names, then the system's name, then the fixed key.

    Nulls, objects and lists are left out. Numbers stand as in the JSON that is sent, so 10 and 10.0
    differ.
    """
    values = [
        _text(parameters[name])
        for name in sorted(parameters)
        if not isinstance(parameters[name], Mapping | list | tuple | None)
    ]
    return _md5("".join([*values, system_name, fixed_key]))


def sign_pairs(parameters: Mapping[str, Any], fixed_key: str) -> str:
    """Names and values in pairs, ordered, then the fixed key."""
    pairs = [f"{name}{_plain(parameters[name])}" for name in sorted(parameters)]
    return _md5("".join([*pairs, fixed_key]))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _plain(value: Any) -> str:
    """As Python writes it: reference (d) signs its own dictionary."""
    return str(value)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
