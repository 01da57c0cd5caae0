"""OpenWeather's current weather, by the name of a place (api.openweathermap.org, /data/2.5)."""

import httpx
import msgspec

from shopwright.inventory.port import Weather
from shopwright.kernel.errors import BrokenUpstream, Conflict, NotFound
from shopwright.kernel.metrics import outside_call

TIMEOUT_S = 5.0


class KeyRefused(Conflict):
    code = "weather-key-refused"
    title = "The weather service refuses the key"


class _Measured(msgspec.Struct):
    humidity: float
    temp: float  # in °C, as asked for


class _Answer(msgspec.Struct):
    main: _Measured
    name: str = ""


class OpenWeather:
    def __init__(self, *, api_key: str, base_url: str) -> None:
        self._api_key = api_key
        self._url = f"{base_url.rstrip('/')}/data/2.5/weather"

    async def read_weather(self, place: str) -> Weather:
        try:
            response = await self._ask(place)
        except httpx.HTTPError as err:
            kind = type(err).__name__
            raise BrokenUpstream(f"OpenWeather cannot be reached ({kind}). Try later.") from err
        _judge(response.status_code, place)
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            raise BrokenUpstream("OpenWeather gave an answer that cannot be read.") from err
        humidity = answer.main.humidity
        return Weather(
            place=answer.name or place,
            humidity_percent=int(humidity) if humidity.is_integer() else humidity,
            temperature_c=round(answer.main.temp, 1),
        )

    async def _ask(self, place: str) -> httpx.Response:
        query = {"q": place, "units": "metric", "appid": self._api_key}
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            with outside_call("openweather") as call:
                response = await http.get(self._url, params=query)
                call.outcome = f"{response.status_code // 100}xx"
        return response


def _judge(status: int, place: str) -> None:
    if status == httpx.codes.UNAUTHORIZED:
        raise KeyRefused("OpenWeather refuses the key. Check OPENWEATHER_API_KEY.")
    if status == httpx.codes.NOT_FOUND:
        raise NotFound(f"OpenWeather knows no place {place!r}. Write it like Lyon,FR.")
    if status != httpx.codes.OK:
        raise BrokenUpstream(f"OpenWeather answered with status {status}. Try later.")
