"""GET /weather: one call to the upstream."""

from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

from flask import Blueprint, current_app

from flask_app.bodies import number, parse, record, text
from flask_app.parameters import once, parameter

# Not imported at run time: it is one of several clients.
if TYPE_CHECKING:
    from flask_app.upstream import Upstream

routes = Blueprint("weather", __name__)

CITY = "1 to 80 letters, spaces, full stops, apostrophes or hyphens"


class Weather(TypedDict):
    """The answer of /weather; the temperature is in degrees Celsius."""

    city: str
    temp_c: int | float


def read_city(text: str) -> str:
    """`text`; ValueError if it cannot be the name of a city."""
    if not (1 <= len(text) <= 80 and all(char.isalpha() or char in " .'-" for char in text)):
        raise ValueError(text)
    return text


def weather_path(city: str) -> str:
    """The upstream's path for a city."""
    # "." and ".." would be steps in the path.
    return f"/weather/{quote(city, safe='').replace('.', '%2E')}"


def read_temperature(body: bytes) -> int | float:
    """The temperature in the upstream's answer, in degrees Celsius; ValueError if the answer makes no sense."""
    reading = record(parse(body))
    text(reading.get("city"))
    return number(reading.get("temp_c"))


def fetch_temperature(upstream: "Upstream", city: str) -> int | float:
    """The temperature in `city`, in degrees Celsius."""
    return upstream.get(weather_path(city), read_temperature)


@routes.get("/weather")
def weather() -> Weather:
    """The temperature in `city`."""
    once("city")
    city = parameter("city", read_city, CITY, default="")
    return {"city": city, "temp_c": fetch_temperature(current_app.extensions["upstream"], city)}
