"""Tips for keeping and printing filament, from the weather at the shop."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import entry_points

from shopwright.inventory.port import Weather, WeatherService
from shopwright.kernel.edge import Process
from shopwright.kernel.errors import Conflict

DAMP_PERCENT, DRY_PERCENT = 60, 30
COLD_C, WARM_C = 15, 30
KEEP = timedelta(minutes=10)
MAX_PLACES = 100
HERE = "auto"

Maker = Callable[[str, str], WeatherService]


class WeatherNotSetUp(Conflict):
    code = "weather-not-set-up"
    title = "No weather service is set up"


@dataclass(frozen=True, slots=True)
class Reading:
    weather: Weather
    read_at: datetime


class WeatherDesk:
    """One per process (``context.keep(WeatherDesk)``): the service, and what it said lately."""

    def __init__(self) -> None:
        self._maker: Maker | None = None
        self._readings: dict[str, Reading] = {}

    def install(self, maker: Maker) -> None:
        """Use ``maker`` instead of the entry point."""
        self._maker = maker

    async def read(self, process: Process, place: str) -> Reading:
        """Ten minutes old at most; raises WeatherNotSetUp, NotFound or BrokenUpstream."""
        service = self._service(process)
        wanted, now = _place(process, place), process.clock.now()
        kept = self._readings.get(wanted.casefold())
        if kept is not None and now - kept.read_at < KEEP:
            return kept
        reading = Reading(await service.read_weather(wanted), now)
        if len(self._readings) >= MAX_PLACES:
            self._readings.clear()
        self._readings[wanted.casefold()] = reading
        return reading

    def _service(self, process: Process) -> WeatherService:
        key = process.settings.openweather_api_key
        if key is None or not key.get_secret_value():
            raise WeatherNotSetUp("Set OPENWEATHER_API_KEY to get tips from the weather.")
        make = self._maker or _load()
        return make(key.get_secret_value(), process.settings.openweather_url)


def tips_for(weather: Weather) -> list[str]:
    """What to do about damp, dry, cold or warm air; empty when all is well."""
    tips = []
    if weather.humidity_percent > DAMP_PERCENT:
        tips += [
            "The air is damp: keep filament in closed boxes with desiccant.",
            "Dry rolls that stood open before printing; nylon, TPU and PETG above all.",
        ]
    if weather.humidity_percent < DRY_PERCENT:
        tips.append("The air is dry: good for filament, but brittle PLA may snap in its tube.")
    if weather.temperature_c < COLD_C:
        tips.append("It is cold: close the enclosure, ABS and ASA warp in a draught.")
    if weather.temperature_c > WARM_C:
        tips.append("It is warm: open the door for PLA, or it softens before the nozzle.")
    return tips


def _place(process: Process, place: str) -> str:
    wanted = place.strip()
    if wanted and wanted.casefold() != HERE:
        return wanted
    if not process.settings.openweather_location:
        raise WeatherNotSetUp("Say where: set OPENWEATHER_LOCATION, or ask with ?location=Lyon,FR.")
    return process.settings.openweather_location


def _load() -> Maker:
    (found,) = entry_points(group="shopwright.weather", name="openweather")
    service: type[WeatherService] = found.load()
    return lambda api_key, base_url: service(api_key=api_key, base_url=base_url)
