"""How the manufacturer checks who signed; written from its rules, not from our client."""

import hashlib
import json
from typing import Any


def expected_in_header(body: Any, system_name: str, fixed_key: str) -> str:
    """A list of plain ids has no parameters of its own."""
    parameters = body if isinstance(body, dict) else {}
    spelled = "".join(
        value if isinstance(value, str) else json.dumps(value)
        for _, value in sorted(parameters.items())
        if value is not None and not isinstance(value, dict | list)
    )
    return hashlib.md5(  # noqa: S324  the manufacturer's rule
        f"{spelled}{system_name}{fixed_key}".encode()
    ).hexdigest()


def expected_in_body(body: dict[str, Any], fixed_key: str) -> str:
    """As reference (d) has it: everything but the signature itself, in pairs."""
    pairs = "".join(f"{name}{body[name]}" for name in sorted(body) if name != "sign")
    return hashlib.md5(f"{pairs}{fixed_key}".encode()).hexdigest()  # noqa: S324
