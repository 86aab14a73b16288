"""The two load models, and when the requests of an open-loop load arrive."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed-loop load: users without think time, each of whom sends again as soon as it has its answer."""

    users: int


@dataclass(frozen=True, slots=True)
class Open:
    """An open-loop load: requests on schedule, whatever the server does, but for those beyond `max_in_flight`."""

    rate_rps: float
    arrivals: str
    max_in_flight: int
    seed: int


def load_of(handed: Mapping[str, Any]) -> Closed | Open:
    """The load that a plan describes. Raises TypeError where its model or a key is unknown, or a key is absent."""
    keys = dict(handed)
    model = keys.pop("model", None)
    if model == "closed":
        return Closed(**keys)
    if model == "open":
        return Open(**keys)
    raise TypeError(f"no load model: {model!r}")


def offsets_s(load: Open, ramp_s: float) -> Iterator[float]:
    """Each arrival's distance from the begin of the load, in seconds, without end: the same seed, the same schedule.

    The rate rises linearly from 0 over the first `ramp_s` seconds. Arrivals of unit rate are mapped through the
    inverse of the cumulative rate, R t^2 / (2 ramp) on the ramp and R (t - ramp / 2) after it (Cinlar, Introduction
    to Stochastic Processes, 1975, chapter 4.7: this makes a Poisson process of varying rate).
    """
    ramp_arrivals = load.rate_rps * ramp_s / 2
    for count in ARRIVALS[load.arrivals](load.seed):
        if count < ramp_arrivals:
            yield math.sqrt(2 * ramp_s * count / load.rate_rps)
        else:
            yield count / load.rate_rps + ramp_s / 2


def _fixed(seed: int) -> Iterator[float]:  # noqa: ARG001 (nothing here is left to chance)
    count = 0.5
    while True:
        yield count
        count += 1.0


def _poisson(seed: int) -> Iterator[float]:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    count = 0.0
    while True:
        count += chance.expovariate(1.0)
        yield count


ARRIVALS: Mapping[str, Callable[[int], Iterator[float]]] = {"fixed": _fixed, "poisson": _poisson}
"""Arrivals of unit rate by the name of their kind, made from a seed."""
