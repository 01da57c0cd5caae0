"""What inventory asks of a weather service: filament keeps badly in damp and in cold."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Weather:
    place: str
    humidity_percent: int | float
    temperature_c: float


class WeatherService(Protocol):
    def __init__(self, *, api_key: str, base_url: str) -> None: ...
    async def read_weather(self, place: str) -> Weather:
        """As it is now. Raises NotFound for an unknown place, Conflict when the key is refused, and
        Unavailable or BrokenUpstream otherwise."""
        ...
