"""The rates that a search tries, how long it tries one, and what it asks for or ends with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.model.search import Ending, Part, Step

RATES_A_DECADE = 60
RATIO = 10 ** (1 / RATES_A_DECADE)
"""Neighbouring rates are 4 % apart."""

WINDOW_S, FEWEST_ARRIVALS, LONGEST_WINDOW_S = 1.5, 80, 12.0
"""A window lasts until so many requests have arrived on average, but no longer than LONGEST_WINDOW_S."""

SETTLING_S, SETTLING_ARRIVALS, SETTLING_MOST_S = 2.0, 200, 4.0
"""While a search settles they last longer, so that the empty start counts for less."""

COMMON_RPS = 100.0
"""Every search begins with a window at this rate, at which the stacks can be compared whatever they carry."""

LOWEST_RPS = 1.0
LEAST_RPS = 0.001
ROUNDING = 1e-6

MOST_UNKNOWN = 3
"""A rate at which so many windows could not be judged is not tried again."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A window to be tried next, of `length_s` seconds; `part`: see `Step`."""

    rate_rps: float
    length_s: float
    part: Part


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended: see `Search`."""

    ending: Ending
    rate_rps: float | None = None
    why: str = ""


def level_of(rate_rps: float) -> int:
    """The place on the grid that is nearest to a rate."""
    return round(RATES_A_DECADE * math.log10(rate_rps))


def rate_at(level: float) -> float:
    """The rate at a place on the grid, or between two."""
    return math.pow(10, level / RATES_A_DECADE)


LOWEST = level_of(LOWEST_RPS)


def top_of(most_rps: float) -> int:
    """The highest place on the grid that is no more than this rate."""
    return math.floor(RATES_A_DECADE * math.log10(max(most_rps, LEAST_RPS)) + ROUNDING)


def ask_at(level: int, part: Part) -> Ask:
    """The window to be tried at a place on the grid."""
    rate_rps = rate_at(level)
    length_s = min(max(WINDOW_S, FEWEST_ARRIVALS / rate_rps), LONGEST_WINDOW_S)
    if part in ("settle", "check"):
        length_s = max(length_s, min(max(SETTLING_S, SETTLING_ARRIVALS / rate_rps), SETTLING_MOST_S))
    return Ask(rate_rps, length_s, part)


def doubts(steps: Sequence[Step]) -> str:
    """Why the last of these could not be judged; empty where it could."""
    return "; ".join(problem.detail for step in steps[-1:] for problem in step.problems)
