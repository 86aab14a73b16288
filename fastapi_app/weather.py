"""GET /weather: one call to the upstream."""

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator

from fastapi_app.bodies import Finite, Record, Text, parse
from fastapi_app.parameters import once

# Not imported at run time: threads/ takes this module's types, and has a client of its own.
if TYPE_CHECKING:
    from fastapi_app.upstream import Upstream

router = APIRouter()


class Weather(Record):
    """The answer of /weather, and of the upstream; the temperature is in degrees Celsius."""

    city: Text
    temp_c: int | Finite


def read_city(text: str) -> str:
    """`text`; ValueError if it cannot be the name of a city."""
    if not (1 <= len(text) <= 80 and all(char.isalpha() or char in " .'-" for char in text)):
        raise ValueError(text)
    return text


City = Annotated[
    str,
    AfterValidator(read_city),
    Query(description="1 to 80 letters, spaces, full stops, apostrophes or hyphens"),
]


def weather_path(city: str) -> str:
    """The upstream's path for a city."""
    # "." and ".." would be steps in the path.
    return f"/weather/{quote(city, safe='').replace('.', '%2E')}"


def read_temperature(body: bytes) -> int | float:
    """The temperature in the upstream's answer, in degrees Celsius; ValueError if the answer makes no sense."""
    return Weather.model_validate(parse(body)).temp_c


async def fetch_temperature(upstream: "Upstream", city: str) -> int | float:
    """The temperature in `city`, in degrees Celsius."""
    return await upstream.get(weather_path(city), read_temperature)


@router.get("/weather", dependencies=[once("city")])
async def weather(request: Request, city: City) -> Weather:
    """The temperature in `city`."""
    return Weather(city=city, temp_c=await fetch_temperature(request.app.state.upstream, city))
