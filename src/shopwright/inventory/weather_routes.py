"""Tips for filament from the weather, as the shop manager's clients know them."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from shopwright.accounts.access import ViewerCtx
from shopwright.inventory.weather import Reading, WeatherDesk, WeatherNotSetUp, tips_for
from shopwright.kernel.edge import ProcessDep, problems
from shopwright.kernel.errors import BrokenUpstream, NotFound
from shopwright.kernel.repeatable import RepeatableRoute
from shopwright.kernel.times import PlainTime

router = APIRouter(prefix="/api/weather", tags=["inventory"], route_class=RepeatableRoute)


class WeatherRead(BaseModel):
    """``tips`` is empty when the air is neither damp, dry, cold nor warm."""

    location: str
    humidity: int | float
    temperature_c: float
    tips: list[str]
    observed_at: PlainTime

    @classmethod
    def of(cls, reading: Reading) -> "WeatherRead":
        return cls(
            location=reading.weather.place,
            humidity=reading.weather.humidity_percent,
            temperature_c=reading.weather.temperature_c,
            tips=tips_for(reading.weather),
            observed_at=reading.read_at,
        )


@router.get(
    "/filament-recommendations", responses=problems(WeatherNotSetUp, NotFound, BrokenUpstream)
)
async def recommend_by_weather(
    ctx: ViewerCtx,  # noqa: ARG001  the door
    process: ProcessDep,
    location: Annotated[str, Query(max_length=100)] = "auto",
) -> WeatherRead:
    """How to keep and print filament in today's weather; ``auto`` means the shop's own place."""
    return WeatherRead.of(await process.context.keep(WeatherDesk).read(process, location))
