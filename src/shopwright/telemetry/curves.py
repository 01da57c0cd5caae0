"""Samples as a curve of bounded length: one point per stretch of time. Pure."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from shopwright.telemetry.samples import ONLINE, Reading, Sample

Fold = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Curve:
    """``at`` are the starts of the stretches; a value is None where nothing was reported."""

    at: tuple[datetime, ...]
    values: dict[str, tuple[float | None, ...]]


def thin(samples: Sequence[Sample], *, since: datetime, until: datetime, points: int) -> Curve:
    """``points`` equal stretches from ``since`` to ``until``, however many samples there are."""
    step = (until - since) / points
    stretches: dict[int, list[Reading]] = defaultdict(list)
    for sample in sorted(samples, key=lambda sample: sample.seq):
        if _counts(sample.reading) and since <= sample.at <= until:
            number = min((sample.at - since) // step, points - 1)
            stretches[number].append(sample.reading)
    rows = [stretches[number] for number in range(points)]
    values = {name: tuple(_folded(row, name, fold) for row in rows) for name, fold in FOLDS.items()}
    return Curve(tuple(since + step * number for number in range(points)), values)


def _counts(reading: Reading) -> bool:
    """What the printer said itself while it was within reach."""
    return reading.connection == ONLINE and not reading.is_hearsay


def _folded(readings: Sequence[Reading], name: str, fold: Fold) -> float | None:
    known = [value for reading in readings if (value := getattr(reading, name)) is not None]
    return round(fold(known), 1) if known else None


def _last(values: Sequence[float]) -> float:
    return values[-1]


# A measured value is its mean; what was wanted is the last word.
FOLDS: dict[str, Fold] = {
    "nozzle": fmean,
    "nozzle_target": _last,
    "bed": fmean,
    "bed_target": _last,
    "chamber": fmean,
}
