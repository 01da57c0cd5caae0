"""What stands on a printed report: figures, charts and tables in words. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from shopwright.analytics.books import Books, Span

MOST_ROWS = 500  # of a table; the CSV has them all
LABEL = 28  # characters beside a bar
HOUR_S, MG_PER_G = 3600, 1000
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Series:
    """``tone`` is a colour of the template's."""

    name: str
    tone: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked: columns over time, or bars beside their names."""

    labels: Sequence[str]
    unit: str
    series: Sequence[Series]
    is_ranking: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """The first ``words`` columns are text, the others numbers."""

    title: str
    columns: Row
    rows: Sequence[Row]
    note: str = ""
    words: int = 1
    total: Row = ()
    chart: Chart | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """``figures`` are pairs of a number and what it counts."""

    title: str
    figures: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    of: str = ""
    head: dict[str, str] = field(default_factory=dict)

    def addressed(self, books: Books, span: Span) -> "Paper":
        """With the shop's name, the days and the day it is made."""
        head = {
            "shop": books.shop,
            "span": span_words(span),
            "made": f"Made on {day_words(books.today)}",
        }
        return Paper(self.title, self.figures, self.sections, self.of, head)

    def content(self) -> dict[str, Any]:
        """For the template; long tables are cut, and say so."""
        content = asdict(self)
        for section in content["sections"]:
            if section["chart"] and section["chart"]["is_ranking"]:
                section["chart"]["labels"] = [_clip(one) for one in section["chart"]["labels"]]
            left_out = len(section["rows"]) - MOST_ROWS
            section["rows"] = section["rows"][:MOST_ROWS]
            section["left_out"] = max(left_out, 0)
        return content


def _clip(label: str) -> str:
    return label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"


def span_words(span: Span) -> str:
    if span.start is None and span.end is None:
        return "All days"
    if span.start is None and span.end is not None:
        return f"Until {day_words(span.end)}"
    if span.start is not None and span.end is None:
        return f"Since {day_words(span.start)}"
    start, end = span.start or date.min, span.end or date.max
    return f"{day_words(start)} to {day_words(end)}"


def day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def hours(seconds: int) -> str:
    return f"{seconds / HOUR_S:,.1f}"


def grams(mg: int) -> str:
    return f"{mg / MG_PER_G:,.0f}"


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"
