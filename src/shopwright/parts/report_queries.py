"""SQL of the parts' statistics: the database counts, whatever number of parts there is."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, extract, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shopwright.kernel.actor import Actor
from shopwright.parts.models import Part
from shopwright.parts.rules import HAND_WORKERS
from shopwright.parts.states import PartCategory, PartStatus, PartType

COMPLETED_INCORRECTLY = "completedIncorrectly"
YES = ("true", "1")  # as clients write it, in any case
HOUR_S = 3600
# Upper bounds in hours, and the name of what takes no longer.
SPANS = ((1, "<1h"), (4, "1-4h"), (8, "4-8h"), (24, "8-24h"))
LONGEST = ">24h"

IS_COMPLETED = Part.status == PartStatus.COMPLETED  # a misc part may be completed where it is
HAS_NAME = and_(Part.assigned.is_not(None), Part.assigned != "")


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of one kind and standing: how many, and how many pieces they are."""

    type: PartType | None
    category: PartCategory
    status: PartStatus
    is_assigned: bool
    parts: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Times:
    """Of completed pieces that somebody had claimed; ``by_span`` counts them by how long."""

    pieces: int
    seconds: float
    by_span: dict[str, int]


@dataclass(frozen=True, slots=True)
class Maker:
    """Who was the last to have completed parts; ``pieces`` of them, ``wrong`` parts."""

    name: str
    parts: int
    pieces: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Helped:
    """A completed part's maker, and all who had it in hand."""

    maker: str | None
    workers: list[Any]


async def list_groups(session: AsyncSession, ctx: Actor) -> list[Group]:
    is_assigned = case((HAS_NAME, 1), else_=0)
    keys = (Part.type, Part.category, Part.status, is_assigned)
    rows = await session.execute(
        select(*keys, func.count(), func.sum(Part.amount)).where(*_mine(ctx)).group_by(*keys)
    )
    return [
        Group(kind, category, status, bool(assigned), parts, int(pieces))
        for kind, category, status, assigned, parts, pieces in rows
    ]


async def read_times(session: AsyncSession, ctx: Actor) -> Times:
    """Nobody knows how long a part took that nobody claimed."""
    seconds = _seconds_taken()
    counts = [func.sum(case((within, Part.amount), else_=0)) for within in _spans(seconds)]
    row = (
        await session.execute(
            select(func.sum(Part.amount), func.sum(seconds * Part.amount), *counts)
            .where(*_mine(ctx))
            .where(IS_COMPLETED, Part.claimed_at.is_not(None))
        )
    ).one()
    names = [*(name for _, name in SPANS), LONGEST]
    by_span = {name: int(count or 0) for name, count in zip(names, row[2:], strict=True)}
    return Times(pieces=int(row[0] or 0), seconds=float(row[1] or 0), by_span=by_span)


async def list_makers(session: AsyncSession, ctx: Actor) -> list[Maker]:
    answer = func.lower(cast(Part.misc_info[COMPLETED_INCORRECTLY].as_string(), String))
    wrong = func.sum(case((answer.in_(YES), 1), else_=0))
    rows = await session.execute(
        select(Part.assigned, func.count(), func.sum(Part.amount), wrong)
        .where(*_mine(ctx))
        .where(IS_COMPLETED, HAS_NAME)
        .group_by(Part.assigned)
    )
    return [Maker(name or "", parts, int(pieces), int(bad)) for name, parts, pieces, bad in rows]


async def list_helped(session: AsyncSession, ctx: Actor) -> list[Helped]:
    """Only parts made by hand keep who had them."""
    workers = Part.misc_info[HAND_WORKERS]
    rows = await session.execute(
        select(Part.assigned, workers)
        .where(*_mine(ctx))
        .where(IS_COMPLETED, workers.as_string().is_not(None))
    )
    return [Helped(maker, kept) for maker, kept in rows if isinstance(kept, list)]


def _seconds_taken() -> ColumnElement[int]:
    ended = func.coalesce(Part.completed_at, Part.updated_at)
    taken = extract("epoch", ended) - extract("epoch", Part.claimed_at)
    return case((taken < 0, 0), else_=taken)


def _spans(seconds: ColumnElement[int]) -> list[ColumnElement[bool]]:
    """Of each span the condition, the longest last."""
    bounds = [0, *(hours * HOUR_S for hours, _ in SPANS)]
    within = [and_(seconds >= low, seconds < high) for low, high in pairwise(bounds)]
    return [*within, seconds >= bounds[-1]]


def _mine(ctx: Actor) -> tuple[ColumnElement[bool], ...]:
    return (Part.organization_id == ctx.organization_id, Part.deleted_at.is_(None))
