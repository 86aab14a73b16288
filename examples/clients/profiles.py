"""A profile of one client: its CPU time by function, the work of its pool, and both per call."""

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
"""The parts of a client's CPU time."""

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
"""The function that runs the event loop. While the loop is in C, it is the innermost Python function."""

COUNTED: Mapping[str, str] = {
    "AsyncConnectionPool._assign_requests_to_connections": "passes over the pool",
    "AsyncHTTPConnection.is_idle": "idle checks of connections",
    "AsyncHTTPConnection.can_handle_request": "origin checks of connections",
    "is_socket_readable": "sockets polled",
}
"""The functions of httpcore and httpcore2 whose calls are counted, with a title each. None is a coroutine."""


@dataclass(frozen=True, slots=True)
class Place:
    """A function, its package, and which of PARTS it ran for."""

    package: str
    function: str
    part: str


@dataclass(frozen=True, slots=True)
class Spent:
    """The number of CPU samples in a function itself or in the C code that it called."""

    place: Place
    samples: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A client with `concurrency` calls in flight, measured for `wall_s` seconds, of which it used the CPU for `cpu_s`.

    Meanwhile `calls` were answered, `failed` were not, and `connections` were opened. `counted`: how often the
    functions of COUNTED were called in a second pass, in which `counted_calls` were answered.
    """

    client: str
    concurrency: int
    calls: int
    failed: int
    cpu_s: float
    wall_s: float
    connections: int
    spent: tuple[Spent, ...]
    counted_calls: int
    counted: Mapping[str, int]


def place(stack: Iterable[tuple[str, str]]) -> Place:
    """The place of a sample. `stack`: (file, qualified name) of each function on the stack, the innermost first."""
    frames = [(package(file), _enclosing(name)) for file, name in stack]
    if not frames:
        return Place("standard library", "-", LOOP)
    inside, function = frames[0]
    works = (_WORK.get(name) or _WORK.get(name.rpartition(".")[2]) for _, name in frames)
    return Place(inside, function, next((work for work in works if work is not None), _part(inside, function)))


@lru_cache(maxsize=1024)
def package(file: str) -> str:
    """The package that a Python file belongs to; "standard library" if it is in none."""
    path = PurePath(file)
    if "site-packages" in path.parts:
        return path.parts[len(path.parts) - path.parts[::-1].index("site-packages")].removesuffix(".py")
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).parts[0]
    return "asyncio" if "asyncio" in path.parts else "standard library"


def call_s(profile: Profile) -> float | None:
    """CPU seconds per call; None if no call was answered."""
    return profile.cpu_s / profile.calls if profile.calls else None


def parts_s(profile: Profile) -> dict[str, float]:
    """CPU seconds per call by PARTS; empty if no call was answered or no sample was taken."""
    whole_s, samples = call_s(profile), _samples(profile)
    if whole_s is None or not samples:
        return {}
    return {
        part: whole_s * sum(one.samples for one in profile.spent if one.place.part == part) / samples for part in PARTS
    }


def top(profile: Profile, most: int) -> tuple[tuple[Place, float], ...]:
    """The places with the most CPU time, at most `most`, each with its share, in descending order."""
    samples = _samples(profile)
    ordered = sorted(profile.spent, key=lambda one: (-one.samples, one.place.package, one.place.function))
    return tuple((one.place, one.samples / samples) for one in ordered[:most])


def counted_a_call(profile: Profile, function: str) -> float | None:
    """How often one of COUNTED was called per call of the client; None if it never was."""
    count = profile.counted.get(function, 0)
    return count / profile.counted_calls if count and profile.counted_calls else None


def _samples(profile: Profile) -> int:
    return sum(one.samples for one in profile.spent)


def _part(inside: str, function: str) -> str:
    """The part of a function that runs for none of _WORK."""
    if inside in _LOOP or (inside, function) == _CALLS_LOOP:
        return LOOP
    return SERVICE if inside in _SERVICE else REST


def _enclosing(name: str) -> str:
    """The function that contains a comprehension, as from Python 3.12 on; other names unchanged."""
    return name.partition(".<locals>.<")[0]
