"""Statistics, leaderboard and materials of the parts; before ``/{part}``, whose words they are."""

from fastapi import APIRouter
from pydantic import BaseModel

from shopwright.accounts.open_keys import OpenViewerCtx
from shopwright.kernel.edge import Read
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.parts import report_queries, statistics
from shopwright.parts.materials import MATERIALS

router = APIRouter(prefix="/api/parts", tags=["parts"], route_class=RepeatableRoute)


class StatsRead(BaseModel):
    by_category: dict[str, int]
    by_status: dict[str, int]
    assignment: dict[str, int]
    total: int


class ContributorRead(BaseModel):
    name: str
    count: int


class DetailedStatsRead(BaseModel):
    """Times in hours; ``average_completion_time`` is null until a claimed part is completed."""

    total_parts: int
    completed_parts: int
    in_progress_parts: int
    average_completion_time: float | None
    completion_time_distribution: dict[str, int]
    by_type: dict[str, int]
    by_category: dict[str, int]
    top_contributors: list[ContributorRead]


class ScoreRead(BaseModel):
    name: str
    score: float


class LeaderboardRead(BaseModel):
    leaderboard: list[ScoreRead]


class MaterialRead(BaseModel):
    """``density`` in grams per cubic centimetre."""

    name: str
    density: float
    other_names: list[str]


class MaterialsRead(BaseModel):
    materials: list[MaterialRead]


@router.get("/stats")
async def read_stats(ctx: OpenViewerCtx, session: Read) -> StatsRead:
    """How many parts there are of each category and status."""
    groups = await report_queries.list_groups(session, ctx)
    return StatsRead.model_validate(statistics.count_parts(groups))


@router.get("/stats/detailed")
async def read_detailed_stats(ctx: OpenViewerCtx, session: Read) -> DetailedStatsRead:
    """In pieces, with how long they took and who made most."""
    counted = statistics.count_in_detail(
        await report_queries.list_groups(session, ctx),
        await report_queries.read_times(session, ctx),
        await report_queries.list_makers(session, ctx),
    )
    return DetailedStatsRead.model_validate(counted)


@router.get("/leaderboard")
async def read_leaderboard(ctx: OpenViewerCtx, session: Read) -> LeaderboardRead:
    """Who made how much, the best first."""
    ranked = statistics.rank_people(
        await report_queries.list_makers(session, ctx),
        await report_queries.list_helped(session, ctx),
    )
    return LeaderboardRead(
        leaderboard=[ScoreRead(name=entry.name, score=entry.score) for entry in ranked]
    )


@router.get("/materials")
async def list_materials(ctx: OpenViewerCtx) -> MaterialsRead:  # noqa: ARG001  the door
    """Materials whose density is known, so that a model of them has a mass."""
    return MaterialsRead(
        materials=[
            MaterialRead(name=one.name, density=one.density, other_names=list(one.other_names))
            for one in MATERIALS
        ]
    )
