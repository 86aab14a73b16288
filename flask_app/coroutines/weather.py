"""GET /weather in a coroutine."""

from flask import Blueprint, current_app

from flask_app.coroutines.upstream import Upstream
from flask_app.parameters import once, parameter
from flask_app.weather import CITY, Weather, read_city, read_temperature, weather_path

routes = Blueprint("weather", __name__)


async def fetch_temperature(upstream: Upstream, city: str) -> int | float:
    """The temperature in `city`, in degrees Celsius."""
    return await upstream.get(weather_path(city), read_temperature)


@routes.get("/weather")
async def weather() -> Weather:
    """The temperature in `city`."""
    once("city")
    city = parameter("city", read_city, CITY, default="")
    return {"city": city, "temp_c": await fetch_temperature(current_app.extensions["upstream"], city)}
