"""What is kept of a flame graph: the functions of the server with their shares of its CPU time."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.judge.flame.stacks import Profile, by_function
from examples.clients.profiles import package

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Function:
    """A function by its qualified name, its share of the CPU time, and that share with all that it called (`total`)."""

    name: str
    package: str
    share: float
    total: float


@dataclass(frozen=True, slots=True)
class Flame:
    """A client under a closed-loop load, and all functions of the server that were seen, in descending order."""

    client: str
    users: int
    samples: int
    functions: tuple[Function, ...]


def flame(client: str, users: int, profile: Profile) -> Flame:
    """What is kept of a profile of the server."""
    functions = (
        Function(
            found.frame.function,
            package(found.frame.file),
            round(found.share, DIGITS),
            round(found.total, DIGITS),
        )
        for found in by_function(profile)
    )
    return Flame(client, users, profile.samples, tuple(functions))


def by_package(found: Flame) -> Mapping[str, float]:
    """The share of each package, by the function that ran itself."""
    shares: dict[str, float] = {}
    for one in found.functions:
        shares[one.package] = shares.get(one.package, 0.0) + one.share
    return shares


def total(found: Flame, name: str) -> float:
    """The share of a function with what it called; 0 where it was never seen."""
    return sum(one.total for one in found.functions if one.name == name)
