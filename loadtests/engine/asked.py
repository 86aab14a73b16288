"""What a scenario asks for: its requests, and the values that fill them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.engine.draws import Rows
from loadtests.engine.requests import Request, request_of


@dataclass(frozen=True, slots=True)
class Login:
    """One request before the load, and what is taken of its answer: by name, where it stands in the answer."""

    request: Request
    take: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Feed:
    """A CSV file whose columns fill the names of requests; each host is asked with rows of its own."""

    file: Path
    shuffled: bool

    def rows(self) -> Rows:
        """The rows from the first on."""
        return Rows(self.file, shuffled=self.shuffled)


@dataclass(frozen=True, slots=True)
class Asked:
    """The requests of a scenario, its login and its feed, if it has any; `cookies`: whether each user keeps its own."""

    requests: Sequence[Request]
    feed: Feed | None = None
    login: Login | None = None
    cookies: bool = False


def asked_of(given: Mapping[str, Any]) -> Asked:
    """What a plan describes (bench/model/requests.py). Raises OSError, ValueError or LookupError where it is wrong."""
    feed = given["feed"]
    columns = frozenset(feed["columns"]) if feed is not None else frozenset()
    login = given["login"]
    names = columns | frozenset(login["take"]) if login is not None else columns
    return Asked(
        requests=[request_of(one, names, route) for route, one in enumerate(given["requests"])],
        feed=None if feed is None else Feed(Path(feed["file"]), shuffled=feed["order"] == "random"),
        login=None if login is None else Login(request_of(login["request"], columns), login["take"]),
        cookies=given["cookies"],
    )
