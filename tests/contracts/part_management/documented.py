"""What the tests of the part-management document share: its endpoints and the look of a part."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from tests.contracts.shop_manager.documented import assert_documented, nameless

__all__ = ["PART", "assert_documented", "covers", "documented_endpoints", "zulu_time"]

Test = TypeVar("Test", bound=Callable[..., Any])

PRINTED = """
GET /api/parts
POST /api/parts
GET /api/parts/{}
PUT /api/parts/{}
DELETE /api/parts/{}
POST /api/parts/{}/approve
POST /api/parts/{}/assign
POST /api/parts/{}/unclaim
POST /api/parts/{}/complete
POST /api/parts/{}/revert
POST /api/parts/{}/upload
GET /api/parts/{}/download
GET /api/parts/{}/model
GET /api/parts/auth/check
GET /api/parts/categories/{}
GET /api/parts/stats
GET /health
"""

# Known from the program that the reference describes.
KNOWN = """
GET /api/parts/{}/file
GET /api/parts/{}/drawing
POST /api/parts/{}/views
GET /api/parts/{}/views
GET /api/parts/{}/views/{}
GET /api/parts/stats/detailed
GET /api/parts/leaderboard
"""


def documented_endpoints() -> set[str]:
    return {line for line in (PRINTED + KNOWN).split("\n") if line}


def covers(*endpoints: str) -> Callable[[Test], Test]:
    """Mark the test that proves documented endpoints; ``test_every_endpoint_is_covered`` reads
    it."""
    unknown = {nameless(endpoint) for endpoint in endpoints} - documented_endpoints()
    assert not unknown, f"not documented: {unknown}"
    return lambda test: test


def zulu_time(value: Any) -> bool:
    """``2024-01-15T10:30:00Z``."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return False
    datetime.fromisoformat(value)
    return True


PART = {
    "id": int,
    "type": str,
    "name": str,
    "subsystem": str,
    "assigned": str | None,
    "status": str,
    "notes": str,
    "file": str | None,
    "onshapeUrl": str,
    "claimedDate": lambda value: value is None or zulu_time(value),
    "category": str,
    "createdAt": zulu_time,
    "updatedAt": zulu_time,
    "uuid": str,
    "partId": lambda value: isinstance(value, str) and len(value) == 8,
    "material": str | None,
    "materialThickness": str | None,
    "amount": int,
    "miscInfo": dict,
}
