"""What goes in and out: parameters, answers, upstream bodies and problems, checked by Pydantic."""

import json
import re
from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

TITLES = {
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}

DETAILS = {
    404: "no such path",
    405: "this path answers GET and HEAD only",
    500: "the service failed unexpectedly",
    502: "the upstream failed or sent an answer that makes no sense",
    504: "the upstream did not answer in time",
}

ALLOWED = {
    "delay_ms": "delay_ms must be an integer from 0 to 10000",
    "city": "city must be 1 to 80 letters, spaces, full stops, apostrophes or hyphens",
    "user_id": "user_id must be an integer from 0 to 9999999",
    "strategy": "strategy must be parallel or sequential",
    "n": "n must be an integer from 1 to 1000000",
    "offload": "offload must be none, thread or process",
}

# Pydantic's int takes signs, spaces, underscores and "1.0".
_INTEGER = re.compile(r"[0-9]{1,7}")


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """An answer that is an error, RFC 9457."""

    def __init__(self, status: int, detail: str | None = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.body = {
            "type": "about:blank",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "detail": detail or DETAILS.get(status, "the request cannot be answered"),
        }


class Strategy(StrEnum):
    """How the calls of a fan-out are made: at once, or one after the other."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"


class Offload(StrEnum):
    """Where CPU work is done: where the request is, in another thread, or in another process."""

    NONE = "none"
    THREAD = "thread"
    PROCESS = "process"


def integer(text: str, low: int, high: int) -> int:
    """`text` as an integer; ValueError if it is not one to seven ASCII digits, or outside [low, high]."""
    if _INTEGER.fullmatch(text) is None or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def city(text: str) -> str:
    """`text`; ValueError if it cannot be the name of a city."""
    if not (1 <= len(text) <= 80 and all(char.isalpha() or char in " .'-" for char in text)):
        raise ValueError(text)
    return text


City = Annotated[str, AfterValidator(city)]
DelayMs = Annotated[int, BeforeValidator(partial(integer, low=0, high=10_000))]
UserId = Annotated[int, BeforeValidator(partial(integer, low=0, high=9_999_999))]
N = Annotated[int, BeforeValidator(partial(integer, low=1, high=1_000_000))]


def text(value: str) -> str:
    """`value`; ValueError if UTF-8 cannot carry it."""
    value.encode()
    return value


Text = Annotated[str, AfterValidator(text)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Record(BaseModel):
    # Strict: no string is a number here, and no bool an integer.
    model_config = ConfigDict(strict=True, frozen=True)


class Health(_Record):
    """The answer of /health."""

    status: str


class Processed(_Record):
    """The answer of /process; the delay is in milliseconds."""

    status: str
    delay_ms: int


class Weather(_Record):
    """The answer of /weather, and the upstream's; the temperature is in degrees Celsius."""

    city: Text
    temp_c: int | Finite


class User(_Record):
    """A user as the upstream knows them."""

    id: int
    name: Text


class Order(_Record):
    """One of a user's orders."""

    id: int
    item: Text
    quantity: int


class Review(_Record):
    """One of a user's reviews."""

    id: int
    stars: int
    text: Text


class Aggregate(_Record):
    """The answer of /aggregated-data."""

    user: User
    orders: list[Order]
    reviews: list[Review]


class Computed(_Record):
    """The answer of /compute."""

    n: int
    result: int


_ORDERS = TypeAdapter(list[Order])
_REVIEWS = TypeAdapter(list[Review])


def read_temperature(body: bytes) -> int | float:
    """The temperature in the upstream's /weather answer, in degrees Celsius; ValueError if it is nonsense."""
    return Weather.model_validate(_parse(body)).temp_c


def read_user(body: bytes) -> User:
    """The user in the upstream's /users answer; ValueError if it is nonsense."""
    return User.model_validate(_parse(body))


def read_orders(body: bytes) -> list[Order]:
    """The orders in the upstream's /orders answer; ValueError if it is nonsense."""
    return _ORDERS.validate_python(_parse(body), strict=True)


def read_reviews(body: bytes) -> list[Review]:
    """The reviews in the upstream's /reviews answer; ValueError if it is nonsense."""
    return _REVIEWS.validate_python(_parse(body), strict=True)


# Not model_validate_json: Pydantic's own parser refuses documents that json.loads takes, and the reverse.
def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
