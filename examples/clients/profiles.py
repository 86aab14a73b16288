"""A profile of one client: where its CPU time went, what its pool did, and what that comes to for each call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath

ROOT = Path(__file__).resolve().parents[2]

FINDING = "finding a connection"
CONNECTING = "opening and closing connections"
REST = "the rest of the client"
SERVICE = "the service's own code"
LOOP = "event loop and standard library"
PARTS = (FINDING, CONNECTING, REST, SERVICE, LOOP)
"""What a client's CPU time goes into."""

_WORK: Mapping[str, str] = {
    "_assign_requests_to_connections": FINDING,
    "BaseConnector._get": FINDING,
    "BaseConnector._available_connections": FINDING,
    "BaseConnector._release": FINDING,
    "connect_tcp": CONNECTING,
    "try_connect": CONNECTING,
    "_create_connection": CONNECTING,
    "_close_connections": CONNECTING,
}
_LOOP = frozenset({"asyncio", "standard library", "uvloop"})
_SERVICE = frozenset({"fastapi_app", "pydantic", "examples"})
_CALLS_LOOP = ("examples", "main")
"""What runs the event loop: while the loop is in C, no Python function lies nearer."""

COUNTED: Mapping[str, str] = {
    "AsyncConnectionPool._assign_requests_to_connections": "passes over the pool",
    "AsyncHTTPConnection.is_idle": "connections asked whether idle",
    "AsyncHTTPConnection.can_handle_request": "connections asked whether they fit",
    "is_socket_readable": "sockets polled",
}
"""The functions of httpcore and httpcore2 whose calls are counted, and of what; none of them is a coroutine."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function, its package, and for which of PARTS it ran."""

    package: str
    function: str
    part: str


@dataclass(frozen=True, slots=True)
class Spent:
    """Samples of the CPU clock that fell on a place: on the function itself, or on what it called that is no Python."""

    place: Place
    samples: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A client that kept `at_once` calls under way, for `wall_s` seconds of which it used the CPU for `cpu_s`.

    `calls` were answered meanwhile, `failed` were not; `connections` were opened. `counted`: how often the functions of
    COUNTED were called while, after that, `counted_calls` were answered.
    """

    client: str
    at_once: int
    calls: int
    failed: int
    cpu_s: float
    wall_s: float
    connections: int
    spent: tuple[Spent, ...]
    counted_calls: int
    counted: Mapping[str, int]


def place(stack: Iterable[tuple[str, str]]) -> Place:
    """Where a sample fell: `stack` is (file, qualified name) of each function that ran, the innermost first."""
    frames = [(package(file), _enclosing(name)) for file, name in stack]
    if not frames:
        return Place("standard library", "-", LOOP)
    inside, function = frames[0]
    works = (_WORK.get(name) or _WORK.get(name.rpartition(".")[2]) for _, name in frames)
    return Place(inside, function, next((work for work in works if work is not None), _part(inside, function)))


@lru_cache(maxsize=1024)
def package(file: str) -> str:
    """The package that a file of Python code belongs to; "standard library" of one that is in none."""
    path = PurePath(file)
    if "site-packages" in path.parts:
        return path.parts[len(path.parts) - path.parts[::-1].index("site-packages")].removesuffix(".py")
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).parts[0]
    return "asyncio" if "asyncio" in path.parts else "standard library"


def call_s(profile: Profile) -> float | None:
    """CPU seconds of a call; None where none was answered."""
    return profile.cpu_s / profile.calls if profile.calls else None


def parts_s(profile: Profile) -> dict[str, float]:
    """CPU seconds of a call by PARTS; empty where no call was answered or no sample taken."""
    whole_s, samples = call_s(profile), _samples(profile)
    if whole_s is None or not samples:
        return {}
    return {
        part: whole_s * sum(one.samples for one in profile.spent if one.place.part == part) / samples for part in PARTS
    }


def top(profile: Profile, most: int) -> tuple[tuple[Place, float], ...]:
    """At most so many places that took the most time, each with its share of it; the first took the most."""
    samples = _samples(profile)
    ordered = sorted(profile.spent, key=lambda one: (-one.samples, one.place.package, one.place.function))
    return tuple((one.place, one.samples / samples) for one in ordered[:most])


def counted_a_call(profile: Profile, function: str) -> float | None:
    """How often one of COUNTED was called for each call of the client; None where it never was."""
    count = profile.counted.get(function, 0)
    return count / profile.counted_calls if count and profile.counted_calls else None


def _samples(profile: Profile) -> int:
    return sum(one.samples for one in profile.spent)


def _part(inside: str, function: str) -> str:
    """The part of what runs for nothing that is in _WORK."""
    if inside in _LOOP or (inside, function) == _CALLS_LOOP:
        return LOOP
    return SERVICE if inside in _SERVICE else REST


def _enclosing(name: str) -> str:
    """A comprehension is part of the function that it stands in, as it is from Python 3.12 on."""
    return name.partition(".<locals>.<")[0]
