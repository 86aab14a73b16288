"""What a scenario asks for, as its table says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MIX = "loadtests/mix.py"
"""The locustfile that sends the requests of a scenario's table."""

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Expect:
    """Which bodies are right: exactly this `text`, JSON that has all of `json`, or one that `regex` is found in."""

    text: str | None = None
    json: Any = None
    regex: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a scenario; among several it is chosen by its `weight`.

    Its body is `json`, `form`, `body` or the content of `body_file`, or empty where all are None. `{name}` in it, in
    the path and in values of headers stands for a value of the feed or of the login. `status`: those that are right.
    `expect`: None takes any body. `body_file` is relative to the folder of bench.toml where it lies in it, else
    absolute; `body_sha256` is the SHA-256 of its content.
    """

    name: str
    method: Method
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    body: str | None = None
    body_file: str | None = None
    body_sha256: str | None = None
    status: tuple[int, ...] = (200,)
    expect: Expect | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Login:
    """A request before the load, and what is taken of its answer.

    `take`: by name where the value stands: `json:KEY.KEY`, `header:NAME` or `regex:PATTERN`.
    """

    request: Request
    take: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Feed:
    """A CSV file, its columns and the SHA-256 of its content; its rows are taken in order again and again, or drawn."""

    file: str
    order: Literal["sequential", "random"]
    columns: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The requests of a scenario; `cookies`: whether each user keeps those that it is given."""

    requests: tuple[Request, ...]
    feed: Feed | None = None
    login: Login | None = None
    cookies: bool = False
