"""Templates: one environment per base path; what depends on the shop comes with each rendering."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from shopwright.web import formats, pips
from shopwright.web.assets import get_assets


@lru_cache(maxsize=4)
def environment(base_path: str) -> Environment:
    env = Environment(
        loader=PackageLoader("shopwright.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    assets = get_assets()
    env.globals.update(
        url=lambda path: base_path + path,
        static=lambda name: base_path + assets.path(name),
        build=assets.build,
        pips=pips,
    )
    env.filters.update(
        duration=formats.duration,
        grams=formats.grams,
        money=formats.money,
        price=formats.price,
        nozzle=formats.nozzle,
        degrees=formats.degrees,
        initials=formats.initials,
        words=formats.words,
        clock=_clock,
        day=_day,
        ago=_ago,
        due=_due,
    )
    return env


def render(base_path: str, template: str, values: Mapping[str, Any]) -> str:
    """``values`` hold ``zone`` and ``now`` wherever a template shows moments."""
    return environment(base_path).get_template(template).render(values)


@pass_context
def _clock(context: Context, moment: datetime | None) -> str:
    return formats.clock(moment, context["zone"], context["now"])


@pass_context
def _day(context: Context, value: date | datetime | None) -> str:
    local = value.astimezone(context["zone"]).date() if isinstance(value, datetime) else value
    return formats.day(local, _today(context))


@pass_context
def _ago(context: Context, moment: datetime | None) -> str:
    return formats.ago(moment, context["now"])


@pass_context
def _due(context: Context, promised_on: date | None) -> formats.Chip | None:
    return formats.due(promised_on, _today(context))


def _today(context: Context) -> date:
    now: datetime = context["now"]
    return now.astimezone(context["zone"]).date()
