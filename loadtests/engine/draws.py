"""Which request comes next, and with which values: the rows of the feed, what a login took, and cookies."""

import csv
import json
import random
import re
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from loadtests.engine.answers import headers
from loadtests.engine.requests import Request, Values

Drawn = tuple[Request, Values]
"""A request, and the values of the row that fills it."""

NO_VALUES: Values = {}


class Rows:
    """The rows of a feed, in their order again and again, or drawn at random. All users of a host share them."""

    def __init__(self, file: Path, *, shuffled: bool) -> None:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            self._rows: Sequence[Values] = list(csv.DictReader(opened))
        self._shuffled = shuffled
        self._next = 0

    def next(self, chance: random.Random) -> Values:
        """The next row."""
        if self._shuffled:
            return self._rows[int(chance.random() * len(self._rows))]
        row = self._rows[self._next]
        self._next = (self._next + 1) % len(self._rows)
        return row

    def of(self, number: int) -> Values:
        """The row of user `number`, from 0: the same for each of its logins."""
        return self._rows[number % len(self._rows)]


class Draws:
    """What one user sends to one host, request after request: the same seed, the same requests and values."""

    def __init__(self, requests: Sequence[Request], rows: Rows | None, seed: str) -> None:
        self._requests = requests
        self._rows = rows
        self._chance = random.Random(seed)  # noqa: S311 (no secret)
        self._up_to = list(accumulate(one.weight for one in requests))

    def next(self) -> Drawn:
        """The next request, by the weights, and the row that fills it."""
        requests, up_to = self._requests, self._up_to
        one = requests[0] if len(requests) == 1 else requests[bisect(up_to, self._chance.random() * up_to[-1])]
        return one, NO_VALUES if self._rows is None else self._rows.next(self._chance)


class Jar:
    """The cookies of one user: those that a server has set last, whatever their path."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def header(self) -> str:
        """The value of the header Cookie; empty without cookies."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def keep(self, received: bytes) -> None:
        """Take the cookies of an answer, given as its first bytes; one that has expired is removed."""
        for line in headers(received, "set-cookie"):
            pair, *attributes = (part.strip() for part in line.split(";"))
            name, equals, value = pair.partition("=")
            if not equals or not name:
                continue
            if any(re.fullmatch(r"(?i)max-age\s*=\s*(0|-\d+)", one) for one in attributes) or not value:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = value


def _from_json(path: str, _: bytes, body: bytes) -> str:
    found: Any = json.loads(body)
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    if isinstance(found, dict | list):
        raise TypeError(f"{path} is no single value")
    return found if isinstance(found, str) else json.dumps(found)


def _from_header(name: str, received: bytes, _: bytes) -> str:
    return headers(received, name.lower())[-1]


def _from_regex(pattern: str, _: bytes, body: bytes) -> str:
    found = re.search(pattern, body.decode())
    if found is None:
        raise ValueError("nothing matches")
    return found[1] if found.re.groups else found[0]


TAKES: Mapping[str, Callable[[str, bytes, bytes], str]] = {
    "json": _from_json,
    "header": _from_header,
    "regex": _from_regex,
}
"""How a value is taken from an answer: given what stands after the colon, the answer's first bytes, and its body."""


def taken(take: Mapping[str, str], received: bytes, body: bytes) -> dict[str, str]:
    """The values by their names. ValueError, in words, for one that the answer does not have."""
    found = {}
    for name, where in take.items():
        kind, _, what = where.partition(":")
        try:
            found[name] = TAKES[kind](what, received, body)
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(f"the answer has no {name} at {where}: {type(error).__name__}: {error}") from error
    return found
