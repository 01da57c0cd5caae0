"""Samples become a curve of bounded length."""

from datetime import datetime, timedelta
from typing import Any

from shopwright.telemetry.curves import thin
from shopwright.telemetry.samples import Reading, Sample
from tests.clock import START

HOUR = timedelta(hours=1)


def sample(seq: int, at: datetime, **facts: Any) -> Sample:
    return Sample(seq, at, Reading(**{"connection": "online", "activity": "printing", **facts}))


def test_a_thousand_samples_are_as_many_points_as_were_asked_for() -> None:
    samples = [sample(n, START + timedelta(seconds=n), nozzle=200.0 + n % 2) for n in range(1000)]
    curve = thin(samples, since=START, until=START + HOUR, points=180)
    assert (len(curve.at), {len(values) for values in curve.values.values()}) == (180, {180})
    assert curve.at[:2] == (START, START + timedelta(seconds=20))
    assert curve.values["nozzle"][:50] == (200.5,) * 50
    assert curve.values["nozzle"][50:] == (None,) * 130
    assert set(curve.values["bed"]) == {None}


def test_a_point_is_the_mean_of_what_was_measured_and_the_last_of_what_was_wanted() -> None:
    samples = [
        sample(2, START + timedelta(seconds=8), bed=60.0, bed_target=0.0),
        sample(1, START, bed=50.0, bed_target=60.0),
        sample(3, START + timedelta(seconds=9)),
    ]
    curve = thin(samples, since=START, until=START + timedelta(seconds=20), points=2)
    assert curve.values["bed"] == (55.0, None)
    assert curve.values["bed_target"] == (0.0, None)


def test_what_lies_outside_or_was_not_said_by_the_printer_is_left_out() -> None:
    samples = [
        sample(1, START - timedelta(seconds=1), nozzle=1.0),
        sample(2, START + HOUR + timedelta(seconds=1), nozzle=2.0),
        sample(3, START, nozzle=3.0, connection="offline"),
        sample(4, START, nozzle=4.0, is_hearsay=True),
        sample(5, START, nozzle=5.0),
    ]
    curve = thin(samples, since=START, until=START + HOUR, points=4)
    assert curve.values["nozzle"] == (5.0, None, None, None)
    late = thin([sample(6, START + HOUR, bed=6.0)], since=START, until=START + HOUR, points=4)
    assert late.values["bed"] == (None, None, None, 6.0)
