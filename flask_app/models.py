"""What goes in and out: parameters, answers, upstream bodies and problems, all checked by hand."""

import json
import math
import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any, TypedDict, TypeVar

T = TypeVar("T")

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

# int() takes signs, spaces, underscores and the digits of every script.
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
    """Where CPU work is done: in the request's own thread, in another thread, or in another process."""

    NONE = "none"
    THREAD = "thread"
    PROCESS = "process"


class Health(TypedDict):
    """The answer of /health."""

    status: str


class Processed(TypedDict):
    """The answer of /process; the delay is in milliseconds."""

    status: str
    delay_ms: int


class Weather(TypedDict):
    """The answer of /weather; the temperature is in degrees Celsius."""

    city: str
    temp_c: int | float


class User(TypedDict):
    """A user as the upstream knows them."""

    id: int
    name: str


class Order(TypedDict):
    """One of a user's orders."""

    id: int
    item: str
    quantity: int


class Review(TypedDict):
    """One of a user's reviews."""

    id: int
    stars: int
    text: str


class Aggregate(TypedDict):
    """The answer of /aggregated-data."""

    user: User
    orders: list[Order]
    reviews: list[Review]


class Computed(TypedDict):
    """The answer of /compute."""

    n: int
    result: int


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


delay_ms = partial(integer, low=0, high=10_000)
user_id = partial(integer, low=0, high=9_999_999)
n = partial(integer, low=1, high=1_000_000)


def text(value: object) -> str:
    """`value`; ValueError if it is no string, or one that UTF-8 cannot carry."""
    if type(value) is not str:
        raise ValueError(value)
    value.encode()
    return value


def read_temperature(body: bytes) -> int | float:
    """The temperature in the upstream's /weather answer, in degrees Celsius; ValueError if it is nonsense."""
    reading = _record(_parse(body))
    text(reading.get("city"))
    return _number(reading.get("temp_c"))


def read_user(body: bytes) -> User:
    """The user in the upstream's /users answer; ValueError if it is nonsense."""
    user = _record(_parse(body))
    return {"id": _integer(user.get("id")), "name": text(user.get("name"))}


def read_orders(body: bytes) -> list[Order]:
    """The orders in the upstream's /orders answer; ValueError if it is nonsense."""

    def order(value: object) -> Order:
        record = _record(value)
        return {
            "id": _integer(record.get("id")),
            "item": text(record.get("item")),
            "quantity": _integer(record.get("quantity")),
        }

    return _each(order, _parse(body))


def read_reviews(body: bytes) -> list[Review]:
    """The reviews in the upstream's /reviews answer; ValueError if it is nonsense."""

    def review(value: object) -> Review:
        record = _record(value)
        return {
            "id": _integer(record.get("id")),
            "stars": _integer(record.get("stars")),
            "text": text(record.get("text")),
        }

    return _each(review, _parse(body))


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _record(value: object) -> dict[str, object]:
    if type(value) is not dict:
        raise ValueError(value)
    return value


def _each(read: Callable[[object], T], value: object) -> list[T]:
    if type(value) is not list:
        raise ValueError(value)
    return [read(item) for item in value]


# The exact type, for a bool is an int to isinstance.
def _integer(value: object) -> int:
    if type(value) is not int:
        raise ValueError(value)
    return value


def _number(value: object) -> int | float:
    if type(value) is float and math.isfinite(value):
        return value
    return _integer(value)
