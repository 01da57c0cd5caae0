"""Each report as figures, charts and tables on paper. Pure."""

from collections.abc import Sequence
from datetime import date

from shopwright.analytics import rules
from shopwright.analytics.fleets import Machines
from shopwright.analytics.papers import (
    HOUR_S,
    MG_PER_G,
    Chart,
    Paper,
    Section,
    Series,
    grams,
    hours,
    percent,
)
from shopwright.analytics.performance import Failures, Materials, Products
from shopwright.analytics.reports import Dashboard, Revenue, Summary
from shopwright.analytics.states import Period, TimeState
from shopwright.analytics.utilisation import Production, Use, Utilisation, Work
from shopwright.kernel.money import Money

TONES = {
    TimeState.PRINTING: "blue",
    TimeState.PAUSED: "amber",
    TimeState.IDLE: "pale",
    TimeState.ERROR: "red",
    TimeState.OFFLINE: "grey",
    TimeState.UNKNOWN: "violet",
}
MOST_BARS = 24
TIME_COLUMNS = ("Printing", "Paused", "Idle", "Error", "Offline", "Share")
WORK_COLUMNS = ("Prints", "Failed", "Success", "Hours", "Grams")


def utilisation_paper(found: Utilisation) -> Paper:
    total = found.total
    return Paper(
        "Utilisation of printers",
        [
            (percent(total.utilisation), "of the time spent printing"),
            (hours(total.seconds[TimeState.PRINTING]), "hours printing"),
            (percent(total.work.success), f"of {_judged(total.work)} prints good"),
            (str(total.work.failed), "prints failed"),
        ],
        [
            _time_section("Printers", found.printers, total, _use_chart(found.printers)),
            _time_section("Models", found.models, total, None),
            _work_section([(use.name, use.work) for use in found.printers], total.work),
            reasons_section(found.reasons),
            _periods_section(found),
        ],
        of=found.of,
    )


def production_paper(found: Production) -> Paper:
    total = found.total
    jobs = [
        (job.words, str(job.prints), str(job.failed), hours(job.busy_s), grams(job.used_mg))
        for job in found.jobs
    ]
    longest = found.jobs[:MOST_BARS]
    chart = Chart(
        [job.words for job in longest],
        "h",
        [Series("Hours", "blue", [job.busy_s / HOUR_S for job in longest])],
        is_ranking=True,
    )
    return Paper(
        "Prints by material and job",
        [
            (hours(total.busy_s), "hours of prints"),
            (grams(total.used_mg), "grams used"),
            (str(total.prints), "prints ended"),
            (percent(total.success), f"of {_judged(total)} prints good"),
        ],
        [
            _work_section(found.materials, total, "Materials", "Material"),
            Section(
                "Jobs", ("Job", "Prints", "Failed", "Hours", "Grams"), jobs,
                note="what took longest", chart=chart,
            ),
        ],
        of=found.of,
    )  # fmt: skip


def failures_paper(found: Failures, machines: Machines) -> Paper:
    ended = found.completed + found.failed
    printers = [_failure_row(one.name, one.completed, one.failed) for one in found.printers]
    return Paper(
        "Failed prints",
        [
            (percent(rules.percent(found.failed, ended)), "of the prints failed"),
            (str(found.failed), "prints failed"),
            (str(ended), "prints ended"),
        ],
        [
            reasons_section(found.reasons),
            Section("Printers", ("Printer", "Prints", "Failed", "Rate"), printers),
            Section(
                "Models",
                ("Model", "Prints", "Failed", "Rate"),
                [_failure_row(*one) for one in found.models],
            ),
        ],
        of=machines.words,
    )


def reasons_section(reasons: Sequence[tuple[str, int]]) -> Section:
    shown = reasons[:12]
    chart = Chart(
        [reason for reason, _ in shown],
        "prints",
        [Series("Prints", "red", [count for _, count in shown])],
        is_ranking=True,
    )
    rows = [(reason, str(count)) for reason, count in reasons]
    return Section("Why prints failed", ("Reason", "Prints"), rows, chart=chart)


def dashboard_paper(found: Dashboard) -> Paper:
    money = found.currency
    ended = found.prints_completed + found.prints_failed
    return Paper(
        "The shop at a glance",
        [
            (_plain(found.revenue_this_month_minor, money), f"{money} taken in this month"),
            (str(found.orders_this_month), "orders this month"),
            (str(found.orders), "orders in all"),
            (percent(rules.percent(found.prints_completed, ended)), f"of {ended} prints good"),
            (grams(found.used_mg), "grams of filament used"),
            (str(found.materials_in_stock), "filaments in stock"),
            (str(found.low_stock), "of them low"),
        ],
        [],
    )


def revenue_paper(found: Revenue) -> Paper:
    money = found.currency
    rows = [
        (
            period_words(one.first, found.period),
            str(one.orders),
            _plain(one.average_minor, money),
            _plain(one.revenue_minor, money),
        )
        for one in found.periods
    ]
    chart = Chart(
        [row[0] for row in rows],
        money,
        [Series("Revenue", "blue", [_units(one.revenue_minor, money) for one in found.periods])],
    )
    columns = ("Period", "Orders", "Average", money)
    average = rules.average_minor(found.revenue_minor, found.orders)
    total = ("All", str(found.orders), _plain(average, money), _plain(found.revenue_minor, money))
    return Paper(
        "Revenue",
        [
            (_plain(found.revenue_minor, money), f"{money} taken in"),
            (str(found.orders), "orders sold"),
            (_plain(average, money), f"{money}, average order"),
        ],
        [Section("By period", columns, rows, total=total if rows else (), chart=chart)],
    )


def summary_paper(found: Summary) -> Paper:
    money = found.currency
    profit = _plain(found.profit_minor, money)
    margin = rules.percent(found.profit_minor, found.revenue_minor)
    lines = [
        ("Revenue", _plain(found.revenue_minor, money)),
        ("Filament used, at today's prices", _plain(-found.filament_cost_minor, money)),
        *((f"Expenses: {c}", _plain(-minor, money)) for c, minor in found.expenses.items()),
    ]
    orders = [(str(status), str(count)) for status, count in found.by_status.items()]
    return Paper(
        "Profit",
        [
            (profit, f"{money} profit"),
            (percent(margin), "of the revenue"),
            (_plain(found.revenue_minor, money), f"{money} revenue"),
            (str(found.sold), "orders sold"),
        ],
        [
            Section(
                "Profit", ("", money), lines, total=("Profit", _plain(found.profit_minor, money))
            ),
            Section("Orders by status", ("Status", "Orders"), orders),
        ],
    )


def products_paper(found: Products) -> Paper:
    money = found.currency
    names = [
        ", ".join(filter(None, [r.product_name, r.variant_name])) or r.title for r in found.rows
    ]
    rows = [
        (name, row.sku or "", str(row.units), str(row.orders), _plain(row.revenue_minor, money))
        for name, row in zip(names, found.rows, strict=True)
    ]
    values = [_units(row.revenue_minor, money) for row in found.rows[:MOST_BARS]]
    chart = Chart(names[:MOST_BARS], money, [Series("Revenue", "blue", values)], is_ranking=True)
    columns = ("Product", "SKU", "Sold", "Orders", money)
    return Paper(
        "Products", [], [Section("What brought the most", columns, rows, words=2, chart=chart)]
    )


def materials_paper(found: Materials) -> Paper:
    money = found.currency
    names = [f"{row.material} {row.color_name or ''}".strip() for row in found.rows]
    rows = [
        (name, grams(row.used_mg), _plain(found.cost_of(row), money) if row.filament_id else "–")
        for name, row in zip(names, found.rows, strict=True)
    ]
    values = [row.used_mg / MG_PER_G for row in found.rows[:MOST_BARS]]
    chart = Chart(names[:MOST_BARS], "g", [Series("Grams", "amber", values)], is_ranking=True)
    total = ("All", grams(found.used_mg), _plain(found.cost_minor, money)) if rows else ()
    return Paper(
        "Filament",
        [
            (grams(found.used_mg), "grams used"),
            (_plain(found.cost_minor, money), f"{money}, at today's prices"),
        ],
        [Section("Filament used", ("Filament", "Grams", money), rows, total=total, chart=chart)],
    )


def period_words(first: date, period: Period) -> str:
    return f"{first:%b %Y}" if period is Period.MONTHLY else f"{first.day} {first:%b}"


def _time_section(title: str, uses: Sequence[Use], total: Use, chart: Chart | None) -> Section:
    name = "Model" if title == "Models" else "Printer"
    return Section(
        title,
        (name, *TIME_COLUMNS),
        [(use.name, *_time_cells(use)) for use in uses],
        note="hours by state, and the share of the time spent printing",
        total=("All", *_time_cells(total)) if uses else (),
        chart=chart,
    )


def _time_cells(use: Use) -> list[str]:
    shown = (state for state in TimeState if state is not TimeState.UNKNOWN)
    return [*(hours(use.seconds[state]) for state in shown), percent(use.utilisation)]


def _use_chart(uses: Sequence[Use]) -> Chart:
    shown = sorted(uses, key=lambda use: -use.seconds[TimeState.PRINTING])[:MOST_BARS]
    return Chart(
        [use.name for use in shown],
        "h",
        [Series(str(s), t, [use.seconds[s] / HOUR_S for use in shown]) for s, t in TONES.items()],
        is_ranking=True,
    )


def _periods_section(found: Utilisation) -> Section:
    labels = [period_words(one.first, found.by) for one in found.periods]
    series = [
        Series(str(state), tone, [one.seconds[state] / HOUR_S for one in found.periods])
        for state, tone in TONES.items()
    ]
    rows = [
        (label, *(hours(one.seconds[state]) for state in TimeState))
        for label, one in zip(labels, found.periods, strict=True)
    ]
    word = "month" if found.by is Period.MONTHLY else "day"
    columns = (word.capitalize(), *(str(state).capitalize() for state in TimeState))
    return Section(f"By {word}", columns, rows, note="hours", chart=Chart(labels, "h", series))


def _work_section(
    rows: Sequence[tuple[str, Work]], total: Work, title: str = "Prints", name: str = "Printer"
) -> Section:
    return Section(
        title,
        (name, *WORK_COLUMNS),
        [(words, *_work_cells(work)) for words, work in rows],
        note="that ended",
        total=("All", *_work_cells(total)) if rows else (),
    )


def _work_cells(work: Work) -> list[str]:
    counts = [str(work.prints), str(work.failed), percent(work.success)]
    return [*counts, hours(work.busy_s), grams(work.used_mg)]


def _failure_row(name: str, completed: int, failed: int) -> tuple[str, str, str, str]:
    ended = completed + failed
    return name, str(ended), str(failed), percent(rules.percent(failed, ended))


def _judged(work: Work) -> int:
    return work.completed + work.failed


def _plain(minor: int | None, currency: str) -> str:
    return "–" if minor is None else f"{Money(minor, currency).decimal:,}"


def _units(minor: int, currency: str) -> float:
    return float(Money(minor, currency).decimal)
