"""What charts.js draws, from the numbers that the table beside it shows."""

from collections.abc import Mapping, Sequence
from typing import Any

FEW = 5  # bars of a ranking that need little room

Series = Mapping[str, tuple[str, Sequence[float]]]  # label → tone, values


def columns(labels: Sequence[str], unit: str, series: Series) -> dict[str, Any]:
    """Columns over time, stacked where there is more than one series."""
    drawn = [
        {"label": label, "tone": tone, "values": list(values)}
        for label, (tone, values) in series.items()
    ]
    return {"labels": list(labels), "unit": unit, "series": drawn, "isRanking": False, "size": ""}


def ranking(labels: Sequence[str], unit: str, series: Series) -> dict[str, Any]:
    """Bars beside their names, the longest first."""
    size = "is-short" if len(labels) <= FEW else "is-long"
    return {**columns(labels, unit, series), "isRanking": True, "size": size}
