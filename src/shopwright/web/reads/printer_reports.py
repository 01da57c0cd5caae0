"""The page on what printers do all day: what is asked for, and the charts of the reports."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from shopwright.analytics import fleets, paper_pages, utilisation
from shopwright.analytics.books import Books
from shopwright.analytics.fleets import Machines
from shopwright.analytics.papers import HOUR_S
from shopwright.analytics.states import TimeState
from shopwright.analytics.utilisation import PeriodTime, Production, Use, Utilisation
from shopwright.kernel.actor import Actor
from shopwright.kernel.db import ReadSession
from shopwright.kernel.edge import parse_ref
from shopwright.telemetry.storage import TelemetryStorage
from shopwright.web.page import Page
from shopwright.web.reads import charts
from shopwright.web.reads.reports import Wanted, reasons_chart

SHOWN_BARS, SHOWN_JOBS = 12, 50
TONES = paper_pages.TONES


@dataclass(frozen=True, slots=True)
class PrinterReports:
    """``filters`` repeats the choice of printers in links."""

    use: Utilisation
    production: Production
    machines: Machines
    filters: str
    charts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def models(self) -> list[str]:
        return sorted({one.model for one in self.machines.all if one.model})


async def read_printer_reports(
    session: ReadSession,
    storage: TelemetryStorage,
    page: Page,
    books: Books,
    wanted: Wanted,
    chosen: str,
) -> PrinterReports:
    """``chosen`` is ``printer:7``, ``model:P1S`` or empty for all; raises NotFound."""
    machines, filters = await choose(session, page.actor, chosen)
    span = wanted.span
    view = PrinterReports(
        use=await utilisation.read_utilisation(
            session, storage, page.actor, books, span, machines, page.now
        ),
        production=await utilisation.read_production(session, books, span, machines, SHOWN_JOBS),
        machines=machines,
        filters=filters,
    )
    view.charts.update(_charts(view))
    return view


async def choose(session: ReadSession, ctx: Actor, chosen: str) -> tuple[Machines, str]:
    """The printers, and their choice as links repeat it; raises NotFound."""
    kind, _, name = chosen.partition(":")
    link = f"&of={quote(chosen)}"
    if kind == "printer" and name:
        return await fleets.choose(session, ctx, parse_ref(name)), link
    if kind == "model" and name:
        return await fleets.choose(session, ctx, model=name), link
    return await fleets.choose(session, ctx), ""


def _charts(view: PrinterReports) -> dict[str, dict[str, Any]]:
    use = view.use
    busiest = sorted(use.printers, key=lambda one: -one.seconds[TimeState.PRINTING])[:SHOWN_BARS]
    labels = [paper_pages.period_words(one.first, use.by) for one in use.periods]
    materials = view.production.materials[:SHOWN_BARS]
    jobs = view.production.jobs[:SHOWN_BARS]
    grams = [round(work.used_mg / 1000, 1) for _, work in materials]
    return {
        "printers": charts.ranking([one.name for one in busiest], "h", _by_state(busiest)),
        "periods": charts.columns(labels, "h", _by_state(use.periods)),
        "materials": charts.ranking([name for name, _ in materials], "g", {"": ("amber", grams)}),
        "jobs": charts.ranking(
            [job.words for job in jobs],
            "h",
            {"": ("blue", [round(job.busy_s / HOUR_S, 2) for job in jobs])},
        ),
        "reasons": reasons_chart(use.reasons),
    }


def _by_state(rows: list[Use] | list[PeriodTime]) -> dict[str, tuple[str, list[float]]]:
    """Without states that nothing was in."""
    found = {
        str(state).capitalize(): (tone, [round(row.seconds[state] / HOUR_S, 2) for row in rows])
        for state, tone in TONES.items()
    }
    seen = {name: one for name, one in found.items() if any(one[1])}
    return seen or {"Printing": found["Printing"]}
