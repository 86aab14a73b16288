"""What an A/B measures of each stack, and its family of tests: both from pilots, cells of base alone."""

from collections.abc import Iterable, Sequence

from bench import units
from bench.judge.gate.policy import PAIRED
from bench.model.cell import Cell
from bench.model.config import Closed, Load, Open
from bench.model.run import Gated

OPEN_SHARE = 0.6
"""The offered load as a share of base's throughput: busy, but far enough from saturation that P95 does not jump."""

IN_FLIGHT_SHARE = 10
"""Arrivals are dropped above so many times the closed-loop load's users in flight: a short stall drops none."""


def in_flight(users: Iterable[int]) -> int:
    """The most requests that an A/B of closed-loop loads with so many users has in flight."""
    return IN_FLIGHT_SHARE * max(users)


def loads(pilot: Cell, *, closed_only: bool) -> tuple[Load, ...]:
    """The closed-loop load of a pilot and, unless `closed_only`, an open-loop load derived from its throughput.

    ValueError where the pilot is not a closed-loop cell, or served nothing.
    """
    throughput_rps = pilot.measurement.throughput_rps
    if not isinstance(pilot.load, Closed) or not throughput_rps:
        raise ValueError("a pilot is a closed-loop cell that served something")
    if closed_only:
        return (pilot.load,)
    rate_rps = float(units.significant(OPEN_SHARE * throughput_rps, 2))
    return pilot.load, Open(rate_rps=rate_rps, arrivals="fixed", max_in_flight=in_flight([pilot.load.users]))


def family(pilots: Sequence[Cell], *, closed_only: bool) -> tuple[Gated, ...]:
    """What is gated of each stack under each of its loads: see docs/regression-gate.md."""
    return tuple(
        Gated(pilot.stack, pilot.scenario, load, name)
        for pilot in pilots
        for load in loads(pilot, closed_only=closed_only)
        for name in PAIRED.gated(load, [pilot.measurement])
    )


def size(pairs: int, *, closed_only: bool) -> int:
    """The size of the family for so many pairs of stack and scenario."""
    return pairs * (len(PAIRED.closed) + (0 if closed_only else len(PAIRED.open)))
