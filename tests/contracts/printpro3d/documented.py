"""What the tests of the printer backend's document share: its endpoints and the mark of the test
that proves one. A look at an answer is ``shop_manager.documented.assert_documented``."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from tests.contracts.shop_manager.documented import assert_documented, nameless, number

__all__ = ["assert_documented", "covers", "documented_endpoints", "like", "millis_time", "number"]

Test = TypeVar("Test", bound=Callable[..., Any])

PRINTED = """
GET /health
GET /
POST /api/printers
GET /api/printers
GET /api/printers/{}
PUT /api/printers/{}
DELETE /api/printers/{}
POST /api/print-jobs
POST /api/print-jobs/{}/send
GET /api/print-jobs
GET /api/print-jobs/{}
PUT /api/print-jobs/{}/status
POST /api/print-jobs/{}/cancel
DELETE /api/print-jobs/{}
POST /api/printer-commands
GET /api/printer-commands
GET /api/printer-commands/pending
PUT /api/printer-commands/{}/status
DELETE /api/printer-commands/{}
POST /api/printer-status
GET /api/printer-status/latest/{}
GET /api/printer-status/history/{}
"""


def documented_endpoints() -> set[str]:
    return {line for line in PRINTED.split("\n") if line}


def covers(*endpoints: str) -> Callable[[Test], Test]:
    """Mark the test that proves documented endpoints; ``test_every_endpoint_is_covered`` reads
    it."""
    unknown = {nameless(endpoint) for endpoint in endpoints} - documented_endpoints()
    assert not unknown, f"not documented: {unknown}"
    return lambda test: test


def like(row: Mapping[str, Any]) -> dict[str, Any]:
    """A shape of these very values."""
    return {name: _is(value) for name, value in row.items()}


def _is(value: Any) -> Callable[[Any], bool]:
    return lambda shown: bool(shown == value)


def millis_time(value: Any) -> bool:
    """``2025-11-12T10:30:00.000Z``."""
    if not isinstance(value, str):
        return False
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value):
        return False
    datetime.fromisoformat(value)
    return True
