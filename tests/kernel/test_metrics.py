"""Calls to the outside are timed, by service and outcome."""

import pytest

from shopwright.kernel.metrics import REGISTRY, outside_call


def count_of(service: str, outcome: str) -> float:
    labels = {"service": service, "outcome": outcome}
    return REGISTRY.get_sample_value("shopwright_outside_call_seconds_count", labels) or 0


def test_outside_call_counts_under_the_outcome_it_was_given() -> None:
    with outside_call("a service") as call:
        call.outcome = "done"
    assert count_of("a service", "done") == 1
    assert count_of("a service", "error") == 0


def test_outside_call_that_raises_counts_as_an_error() -> None:
    with pytest.raises(OSError, match="no route"), outside_call("another service"):
        raise OSError("no route")
    assert count_of("another service", "error") == 1
