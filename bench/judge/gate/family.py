"""What an A/B measures of each stack, and the family of metrics that its verdict rests on, from cells of base alone."""

import math
from collections.abc import Iterable, Sequence

from bench import units
from bench.model.cell import Cell
from bench.model.config import Closed, Load, Open
from bench.model.run import Gated

OPEN_SHARE = 0.6
"""Of what base can do: busy, and far enough from the knee that P95 does not double by chance."""

IN_FLIGHT_SHARE = 10
"""An arrival is dropped where so many times the closed load's users are under way: a stall is no reason yet."""

CLOSED_METRICS = 3
OPEN_METRICS = ("p95", "errors")


def in_flight(users: Iterable[int]) -> int:
    """The most requests that an A/B of closed loads of so many users has under way at once."""
    return IN_FLIGHT_SHARE * max(users)


def loads(pilot: Cell, *, closed_only: bool) -> tuple[Load, ...]:
    """The closed load of a pilot and, unless it is to be alone, the open one that goes with it."""
    if not isinstance(pilot.load, Closed) or not pilot.throughput_rps:
        raise ValueError("a pilot is a closed cell that served something")
    if closed_only:
        return (pilot.load,)
    rate_rps = float(units.significant(OPEN_SHARE * pilot.throughput_rps, 2))
    return pilot.load, Open(rate_rps=rate_rps, arrivals="fixed", max_in_flight=in_flight([pilot.load.users]))


def family(pilots: Sequence[Cell], *, closed_only: bool) -> tuple[Gated, ...]:
    """What is gated of each stack: see docs/regression-gate.md.

    Throughput only where the CPU of base's server is what binds: elsewhere it is blind to a slower service.
    """
    found = []
    for pilot in pilots:
        closed, *opened = loads(pilot, closed_only=closed_only)
        full = pilot.ceiling is not None and pilot.ceiling.bound == "server cpu"
        metrics = ("throughput" if full else "cpu", "memory", "errors")
        wanted = [(closed, name) for name in metrics] + [(load, name) for load in opened for name in OPEN_METRICS]
        found += [Gated(pilot.stack, pilot.scenario, load, name) for load, name in wanted]
    return tuple(found)


def size(pairs: int, *, closed_only: bool) -> int:
    """How many members the family of so many stacks under a scenario has."""
    return pairs * (CLOSED_METRICS if closed_only else CLOSED_METRICS + len(OPEN_METRICS))


def least_restarts(members: int, alpha: float) -> int:
    """The fewest restarts with which the exact sign-flip test of one of so many can reach `alpha` after Holm.

    The smallest p of n restarts is 2^-n, and the first rejection needs alpha / members.
    """
    return math.ceil(math.log2(members / alpha))
