"""What ``/metrics`` shows. One registry per process; labels are route templates, never raw
paths."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

REQUEST_SECONDS = Histogram(
    "shopwright_request_seconds",
    "Time from request to response head.",
    ["method", "route", "status"],
    registry=REGISTRY,
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
ERRORS = Counter(
    "shopwright_errors_total", "Unexpected errors by route.", ["route"], registry=REGISTRY
)
QUERY_SECONDS = Histogram(
    "shopwright_query_seconds",
    "Time of one database statement.",
    registry=REGISTRY,
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5),
)
OUTSIDE_SECONDS = Histogram(
    "shopwright_outside_call_seconds",
    "Time of one call to another service.",
    ["service", "outcome"],
    registry=REGISTRY,
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300),  # an upload takes minutes
)
PRINTERS = Gauge(
    "shopwright_printers", "Printers driven by this process.", ["connection"], registry=REGISTRY
)
REPORTS = Counter("shopwright_device_reports_total", "Reports from printers.", registry=REGISTRY)


@dataclass(slots=True)
class OutsideCall:
    outcome: str = "error"  # what it stays at when the call raises


@contextmanager
def outside_call(service: str) -> Iterator[OutsideCall]:
    """Time one call to another service or a device; the caller sets its ``outcome``.

    Outcomes are few: ``done``, ``refused``, ``4xx`` …; never a vendor's text.
    """
    call, begun = OutsideCall(), time.perf_counter()
    try:
        yield call
    finally:
        OUTSIDE_SECONDS.labels(service, call.outcome).observe(time.perf_counter() - begun)
