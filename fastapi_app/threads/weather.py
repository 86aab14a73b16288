"""GET /weather in a plain function."""

from fastapi import APIRouter, Request

from fastapi_app.parameters import once
from fastapi_app.threads.upstream import Upstream
from fastapi_app.weather import City, Weather, read_temperature, weather_path

router = APIRouter()


def fetch_temperature(upstream: Upstream, city: str) -> int | float:
    """The temperature in `city`, in degrees Celsius."""
    return upstream.get(weather_path(city), read_temperature)


@router.get("/weather", dependencies=[once("city")])
def weather(request: Request, city: City) -> Weather:
    """The temperature in `city`."""
    return Weather(city=city, temp_c=fetch_temperature(request.app.state.upstream, city))
