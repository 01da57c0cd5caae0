"""What the tests of the shop manager's document share: the list of its endpoints, the mark of the
test that proves one, and a look at the fields of an answer.

A test of an endpoint reads::

    @covers("GET /api/filaments")
    async def test_filaments_are_listed(shop: Shop) -> None:
        answer = await shop.client.get("/api/filaments")

        assert_documented(answer, {"filaments": [{"id": int, "material": str}], "total": int})
"""

import re
from collections.abc import Callable
from datetime import datetime
from types import UnionType
from typing import Any, TypeVar

import httpx

Test = TypeVar("Test", bound=Callable[..., Any])
Shape = Any  # a type, a union of types, a value, a check, {name: Shape} or [Shape]

# Words after the method are paths below /api; {} stands for an id whatever its name.
# In the reference text itself.
PRINTED = """
GET /auth/login
POST /auth/callback
POST /auth/logout
GET /auth/user
GET /orders
GET /orders/{}
PUT /orders/{}
POST /orders/sync
POST /orders/{}/notes
GET /orders/{}/notes
PUT /orders/{}/notes/{}
DELETE /orders/{}/notes/{}
POST /orders/{}/communications
GET /orders/{}/communications
PUT /orders/{}/communications/{}
DELETE /orders/{}/communications/{}
GET /filaments
POST /filaments
PUT /filaments/{}
DELETE /filaments/{}
GET /bambu/printers
POST /bambu/printers
GET /bambu/printers/{}/status
DELETE /bambu/printers/{}
GET /bambu/materials
PUT /bambu/materials/{}
POST /bambu/scheduled-prints
GET /bambu/scheduled-prints
GET /bambu/scheduled-prints/{}/queue
PUT /bambu/scheduled-prints/{}
DELETE /bambu/scheduled-prints/{}
GET /bambu/printers/materials
PUT /bambu/printers/materials/{}
POST /bambu/printers/scheduled-prints
GET /bambu/printers/scheduled-prints
GET /bambu/printers/scheduled-prints/{}/queue
PUT /bambu/printers/scheduled-prints/{}
DELETE /bambu/printers/scheduled-prints/{}
GET /bambu/notifications
PUT /bambu/notifications/{}
GET /analytics/dashboard
GET /analytics/revenue
GET /health
"""

# Known from the program that the reference describes.
KNOWN = """
POST /auth/refresh
POST /auth/link-shop
POST /products/sync-etsy
POST /orders/bulk-actions
PUT /orders/{}/production-status
PUT /orders/{}/priority
PUT /orders/{}/print-time
POST /orders/{}/photo
POST /orders/{}/shipping-label
PUT /orders/{}/shipping-label
POST /orders/{}/auto-assign-filament
POST /orders/{}/schedule-prints
GET /customers
POST /customers
GET /customers/{}
PUT /customers/{}
GET /customers/segments
GET /customers/{}/requests
POST /customers/{}/requests
PATCH /customer-requests/{}
GET /customers/{}/feedback
POST /customers/{}/feedback
POST /filament-usage
GET /filament-usage/order/{}
GET /product-profiles
POST /product-profiles
GET /product-profiles/{}
PUT /product-profiles/{}
DELETE /product-profiles/{}
GET /printers
POST /printers
GET /printers/{}
PUT /printers/{}
DELETE /printers/{}
GET /printers/utilization
GET /printers/maintenance
POST /printers/{}/assign-orders
GET /printer-connections
POST /printer-connections
GET /printer-connections/{}/status
GET /bambu/materials/{}
POST /bambu/materials/{}
GET /bambu/notifications/{}
GET /bambu/scheduled-prints/{}
GET /production/queue
GET /print-sessions
POST /print-sessions
GET /print-sessions/{}
PUT /print-sessions/{}
DELETE /print-sessions/{}
GET /files
POST /files
GET /files/{}
DELETE /files/{}
GET /etsy/messages
POST /etsy/messages/{}/create-request
GET /analytics/summary
GET /analytics/revenue-trends
GET /analytics/product-performance
GET /analytics/materials
GET /weather/filament-recommendations
GET /alerts/settings
PUT /alerts/settings
GET /alerts/preview
POST /alerts/trigger
GET /integrations/manyfold/settings
PUT /integrations/manyfold/settings
GET /integrations/manyfold/models
GET /integrations/manyfold/creators
POST /products/{}/link-manyfold
DELETE /products/{}/link-manyfold
"""

# Below the root, not below /api.
AT_THE_ROOT = frozenset({"GET /health", "GET /uploads/{}"})


def documented_endpoints() -> set[str]:
    """Each as ``GET /api/orders/{}``."""
    below_api = (line.replace(" ", " /api", 1) for line in (PRINTED + KNOWN).split("\n") if line)
    return set(below_api) | AT_THE_ROOT


def covers(*endpoints: str) -> Callable[[Test], Test]:
    """Mark the test that proves documented endpoints, written like ``GET /api/orders/{id}``.

    ``test_every_endpoint_is_covered`` reads these marks from the source.
    """
    unknown = {nameless(endpoint) for endpoint in endpoints} - documented_endpoints()
    assert not unknown, f"not documented: {unknown}"
    return lambda test: test


def nameless(endpoint: str) -> str:
    """``GET /api/orders/{order}`` and ``GET /api/orders/:id`` are ``GET /api/orders/{}``."""
    return re.sub(r"\{[^}]*\}|:\w+", "{}", endpoint)


def assert_documented(answer: httpx.Response, shape: Shape, status: int = 200) -> Any:
    """The body, once status, fields and types are as documented; other members may be there too.

    A shape is a type or union (``str | None``), ``{"name": shape}``, ``[shape]`` for a list with at
    least one row, each of that shape, a check such as :func:`plain_time`, or the very value.
    """
    assert answer.status_code == status, answer.text
    body = answer.json()
    problems = _mismatches(body, shape, "answer")
    assert not problems, "\n".join(problems)
    return body


def plain_time(value: Any) -> bool:
    """``2025-01-01T00:00:00``: no zone, no fraction."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
        return False
    datetime.fromisoformat(value)
    return True


def plain_date(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))


def number(value: Any) -> bool:
    """Whole or not, but no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mismatches(value: Any, shape: Shape, where: str) -> list[str]:
    if isinstance(shape, dict):
        return _object_mismatches(value, shape, where)
    if isinstance(shape, list):
        return _list_mismatches(value, shape, where)
    return [] if _fits(value, shape) else [f"{where} is {value!r}, not {_name(shape)}"]


def _object_mismatches(value: Any, shape: dict[str, Shape], where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where} is {value!r}, not an object"]
    missing = [f"{where} has no {name!r}" for name in shape if name not in value]
    present = [name for name in shape if name in value]
    return missing + [
        problem
        for name in present
        for problem in _mismatches(value[name], shape[name], f"{where}.{name}")
    ]


def _list_mismatches(value: Any, shape: list[Shape], where: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{where} is {value!r}, not a list"]
    if not value:
        return [f"{where} is empty, so it shows nothing"]
    return [
        problem
        for index, row in enumerate(value)
        for problem in _mismatches(row, shape[0], f"{where}[{index}]")
    ]


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, type | UnionType):
        return isinstance(value, shape) and not (isinstance(value, bool) and shape is int)
    if callable(shape):
        return bool(shape(value))
    return bool(value == shape)


def _name(shape: Shape) -> str:
    return str(getattr(shape, "__name__", repr(shape)))
